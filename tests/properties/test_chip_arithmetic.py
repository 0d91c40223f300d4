"""Laws of what follows from a chip's facts: TPP is exact and grows with each rate; density bounds hold the real density."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lockgate.catalogue import Chip
from lockgate.catalogue.facts import BIT_LENGTHS, FORMATS_OUTSIDE_TPP

SOURCE = {"source": "s", "kind": "stated"}
RATES = st.dictionaries(
    st.sampled_from(sorted(BIT_LENGTHS)), st.decimals("0.01", "100000", places=3), min_size=1, max_size=10
)
AREAS = st.decimals("1", "5000", places=2)


def make_chip(rates: dict[str, Decimal], **facts: Any) -> Chip:
    return Chip.model_validate(
        {
            "id": "c", "name": "C", "vendor": "V", "vendor_country": "US", "facts": facts,
            "rates": [
                {"formats": [name], "bit_length": BIT_LENGTHS[name], "value": value, "unit": "tflops", **SOURCE}
                for name, value in rates.items()
            ],
        }
    )  # fmt: skip


@given(RATES)
def test_tpp_is_the_exact_maximum(rates: dict[str, Decimal]) -> None:
    products = [
        Fraction(value) * BIT_LENGTHS[name]
        for name, value in rates.items()
        if name not in FORMATS_OUTSIDE_TPP
    ]
    tpp = make_chip(rates).tpp
    assert (None if tpp is None else Fraction(tpp)) == max(products, default=None)


@given(RATES, st.sampled_from(sorted(BIT_LENGTHS)), st.decimals("0.01", "100000", places=3))
def test_a_higher_rate_never_lowers_tpp(rates: dict[str, Decimal], name: str, more: Decimal) -> None:
    raised = {**rates, name: rates.get(name, Decimal(0)) + more}
    assert (make_chip(raised).tpp or 0) >= (make_chip(rates).tpp or 0)


@given(RATES, AREAS, AREAS, AREAS)
def test_the_bounds_hold_the_density_of_any_area_between(
    rates: dict[str, Decimal], first: Decimal, second: Decimal, third: Decimal
) -> None:
    low, real, high = sorted((first, second, third))
    chip = make_chip(rates, logic_die_area={"low": low, "high": high, "unit": "mm2", **SOURCE})
    at_least, at_most = chip.performance_density_range
    if chip.tpp is None:
        assert (at_least, at_most) == (None, None)
    else:
        assert at_least is not None
        assert at_most is not None
        assert at_least <= chip.tpp / real <= at_most
