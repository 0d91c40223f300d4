"""What a deal costs at the border: price times quantity times rate, each as a range."""

from decimal import Decimal
from typing import Any

from lockgate.base.three_valued import word
from lockgate.controls.determination import Charge
from lockgate.services.assessment import Assessment


def charge_costs(assessment: Assessment) -> list[dict[str, Any]]:
    """Every charge that applies, or may, with its cost for each reported price and each end of the quantity.

    Amounts are in US dollars. The reported price stands in for the customs value. Bounds are None where no price is given.
    """
    return [
        cost_of(assessment, part)
        for part in assessment.reference.determination.charges
        if part.applies is not False
    ]


def cost_of(assessment: Assessment, part: Charge) -> dict[str, Any]:
    """The cost of one charge."""
    quantity = assessment.deal.quantity
    prices = sorted(assessment.deal.figures_named("unit_price_usd"), key=lambda figure: figure.value)
    rate = part.rate_fraction or Decimal(0)
    cases: list[dict[str, Any]] = [
        {
            "price_usd": float(figure.value),
            "units": units,
            "value_usd": float(figure.value * units),
            "duty_usd": float(figure.value * units * rate),
            "duty_per_unit_usd": float(figure.value * rate),
            "sources": list(figure.sources),
            "note": figure.note,
        }
        for figure in prices
        for units in dict.fromkeys((quantity.low, quantity.high))
    ]
    return {
        "charge": part.charge,
        "applies": word(part.applies),
        "rate_fraction": float(rate),
        "cases": cases,
        "duty_usd_low": min((case["duty_usd"] for case in cases), default=None),
        "duty_usd_high": max((case["duty_usd"] for case in cases), default=None),
        "missing": [] if prices else ["unit_price_usd"],
    }
