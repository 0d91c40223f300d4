"""The dossier's sums: the half of US shipments that may go to China, and the duty."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lockgate.base.three_valued import Truth, word
from lockgate.reports.outline import Cite, DossierSection
from lockgate.services.assessment import Assessment
from lockgate.services.border_costs import charge_costs
from lockgate.services.deals import Figure
from lockgate.services.dossier_gates import clause


def cap_section(assessment: Assessment) -> DossierSection | None:
    """The cap worked for this quantity: what may go to China and Macau is at most a share of what went to US customers.

    None where no cap is a condition on the day.
    """
    provision = cap_provision(assessment)
    if provision is None:
        return None
    version = assessment.law_on[provision]
    share = Fraction(version.number("cap_fraction"))
    transaction = assessment.reference.determination.transaction
    tpp = tpp_of_one(assessment)
    quantity = assessment.deal.quantity
    before = units_of(transaction.evidence.get("dd_cn_units_shipped")) or 0
    us_units = units_of(transaction.evidence.get("dd_us_units_shipped"))
    stock = assessment.deal.figures_named("stock_units")
    data = {
        "clause": clause(assessment, provision),
        "share": float(share),
        "tpp": None if tpp is None else float(tpp),
        "units_before": before,
        "rows": [
            cap_row(units, before, tpp, share) for units in dict.fromkeys((quantity.low, quantity.high))
        ],
        "us_units": us_units,
        "met": word(cap_met(quantity.low + before, quantity.high + before, us_units, share)),
        "stock": [stock_row(figure, quantity.low, quantity.high, share) for figure in stock],
        "missing": [] if us_units is not None else [version.needs],
        "open": list(version.open),
    }
    cites = [Cite(provision, "the cap")] + [Cite(id_, "stock") for figure in stock for id_ in figure.sources]
    return DossierSection(
        id="cap", title="The 50 % cap, worked", order=70, template="cap.html", data=data, cites=tuple(cites)
    )


def cap_provision(assessment: Assessment) -> str | None:
    """Id of the cap among the conditions of the reference buyer; None where it is not one."""
    for part in assessment.reference.determination.gates:
        for item in part.conditions:
            version = assessment.law_on.get(item.id)
            if version is not None and "cap_fraction" in version.values:
                return item.id
    return None


def tpp_of_one(assessment: Assessment) -> Decimal | None:
    """Total processing performance of one of what moves: of all chips of a system; None where it is not known."""
    transaction = assessment.reference.determination.transaction
    systems = assessment.catalogue.system_shelf
    count = systems[transaction.item].chip_count if transaction.item in systems else 1
    return None if transaction.tpp is None else transaction.tpp * count


def units_of(value: object) -> int | None:
    """A number of pieces among the certificates; None where it is not given."""
    return int(value) if isinstance(value, Decimal) else None


def cap_row(units: int, before: int, tpp: Decimal | None, share: Fraction) -> dict[str, Any]:
    """The arithmetic for one number of chips: what must have gone to US customers, with what went to China before.

    >>> cap_row(400000, 0, Decimal(15832), Fraction(1, 2))["us_units_needed"], cap_row(1, 2, None, Fraction(1, 2))["us_units_needed"]
    (800000, 6)
    """
    needed = math.ceil((units + before) / share)
    return {
        "units": units,
        "tpp": None if tpp is None else float(tpp * (units + before)),
        "us_units_needed": needed,
        "us_tpp_needed": None if tpp is None else float(tpp * needed),
    }


def cap_met(low: int, high: int, us_units: int | None, share: Fraction) -> Truth:
    """Whether the cap is kept: yes if the highest quantity keeps it, no if the lowest breaks it.

    >>> half = Fraction(1, 2)
    >>> cap_met(400000, 500000, 1000000, half), cap_met(400000, 500000, 700000, half), cap_met(400000, 500000, None, half)
    (True, False, None)
    """
    if us_units is None:
        return None
    if high <= us_units * share:
        return True
    return False if low > us_units * share else None


def stock_row(figure: Figure, low: int, high: int, share: Fraction) -> dict[str, Any]:
    """If the reported stock were all there is: how many of it could go to China, the rest going to US customers.

    ``x <= share (stock - x)``: for a half, a third of the stock.
    """
    stock = int(figure.value)
    most = int(stock * share / (1 + share))
    return {
        "stock": stock,
        "most": most,
        "low_fits": low <= most,
        "high_fits": high <= most,
        "hedge": figure.hedge,
        "note": figure.note,
        "sources": list(figure.sources),
    }


def cost_section(assessment: Assessment) -> DossierSection | None:
    """What the deal costs at the border. None where no charge may apply."""
    costs = charge_costs(assessment)
    if not costs:
        return None
    basis = {part.charge: part.basis for part in assessment.reference.determination.charges}
    rows = [
        cost | {"clause": clause(assessment, basis[cost["charge"]][0]) if basis[cost["charge"]] else None}
        for cost in costs
    ]
    cites = [Cite(row["clause"]["id"], "the rate") for row in rows if row["clause"]]
    cites += [
        Cite(id_, f"price of one: {figure.value:,f} USD")
        for figure in assessment.deal.figures_named("unit_price_usd")
        for id_ in figure.sources
    ]
    return DossierSection(
        id="cost", title="What it costs at the border", order=80, template="cost.html",
        data={"charges": rows}, cites=tuple(cites),
    )  # fmt: skip
