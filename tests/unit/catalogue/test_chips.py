"""Facts, rates, and what follows from them."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from lockgate.catalogue import Chip, Listing, Membership, Place, Rate, System, load_catalogue
from lockgate.catalogue.chips import plain

SOURCE = {"source": "some-source", "kind": "stated"}


def make_rate(value: float | str, *formats: str, bits: int = 8, **more: Any) -> Rate:
    return Rate.model_validate(
        {
            "formats": formats,
            "bit_length": bits,
            "value": Decimal(str(value)),
            "unit": "tflops",
            **SOURCE,
            **more,
        }
    )


def make_chip(**fields: Any) -> Chip:
    return Chip.model_validate(
        {"id": "some-chip", "name": "Some", "vendor": "Maker", "vendor_country": "US", **fields}
    )


def fact(value: Any, unit: str = "", **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, **SOURCE, **more}


def test_tpp_is_the_highest_rate_times_bits() -> None:
    chip = make_chip(
        rates=[
            make_rate("989.5", "bf16", "fp16", bits=16),
            make_rate(1979, "fp8"),
            make_rate(67, "fp64", bits=64),
        ]
    )
    assert chip.tpp == Decimal(15832)
    assert {name for rate in chip.decisive_rates for name in rate.formats} == {"bf16", "fp16", "fp8"}


def test_tpp_is_exact_where_floats_are_not() -> None:
    chip = make_chip(rates=[make_rate("0.1", "fp8"), make_rate("0.3", "fp4", bits=4)])
    assert chip.tpp == Decimal("1.2")


def test_tf32_does_not_count() -> None:
    chip = make_chip(rates=[make_rate(160, "tf32", bits=19), make_rate(320, "int8")])
    assert chip.tpp == 2560
    assert "does not count" in chip.explain_tpp().as_text()
    assert make_chip(rates=[make_rate(160, "tf32", bits=19)]).tpp is None


def test_an_unpublished_rate_leaves_only_a_lower_bound() -> None:
    chip = make_chip(rates=[make_rate(97, "fp32", bits=32)], unpublished_rates=["fp8"])
    assert chip.tpp is None
    assert chip.tpp_min == 97 * 32
    assert "at least 3104" in chip.explain_tpp().as_text()
    assert "not published" in (make_chip(unpublished_rates=["fp8"]).explain_tpp().note)


def test_a_chip_without_rates_knows_nothing() -> None:
    chip = make_chip()
    assert (chip.tpp, chip.tpp_min, chip.performance_density, chip.density_bound) == (
        None,
        None,
        None,
        "unknown",
    )
    assert chip.explain_tpp().note == "no rate is known"
    assert chip.explain_density().value is None
    assert chip.sources() == ()
    assert chip.io_bandwidth_byte_per_s is None
    assert chip.io_bandwidth_min_byte_per_s == 0
    assert chip.dram_capacity_byte is None


@pytest.mark.parametrize(
    ("area", "density", "bounds", "bound"),
    [
        (fact(100, "mm2"), Decimal(8), (Decimal(8), Decimal(8)), "exact"),
        (fact(100, "mm2", low=100), Decimal(8), (None, Decimal(8)), "upper"),
        ({"high": 200, "unit": "mm2", **SOURCE}, None, (Decimal(4), None), "lower"),
        (fact(100, "mm2", low=80, high=200), Decimal(8), (Decimal(4), Decimal(10)), "range"),
    ],
)
def test_density_says_what_its_area_is_worth(area: Any, density: Any, bounds: Any, bound: str) -> None:
    chip = make_chip(rates=[make_rate(100, "fp8")], facts={"logic_die_area": area})
    assert (chip.performance_density, chip.performance_density_range, chip.density_bound) == (
        density,
        bounds,
        bound,
    )
    assert chip.explain_density().citation == "some-source"


def test_density_needs_rates() -> None:
    assert make_chip(facts={"logic_die_area": fact(100, "mm2")}).performance_density_range == (None, None)


def test_units_of_the_trade_become_base_units() -> None:
    chip = make_chip(
        rates=[make_rate(100, "fp8")],
        facts={
            "dram_capacity": fact(80, "gib"),
            "dram_bandwidth": fact(Decimal("4.8"), "tb_per_s"),
            "logic_die_area": fact(814, "mm2"),
            "power": fact(700, "w"),
            "price": fact(27000, "usd"),
            "chip_link_bandwidth": fact(900, "gb_per_s"),
            "pcie_generation": fact(5, "count"),
            "pcie_lane_count": fact(16, "count"),
        },
    )
    assert chip.dram_capacity_byte == 80 * 2**30
    assert chip.dram_bandwidth_byte_per_s == 4.8e12
    assert (chip.logic_die_area_mm2, chip.power_w, chip.price_usd) == (814, 700, 27000)
    assert chip.pcie_bandwidth_byte_per_s == 128e9
    assert chip.io_bandwidth_byte_per_s == chip.io_bandwidth_min_byte_per_s == 1028e9
    assert dict(chip.peak_flop_per_s) == {"fp8": 1e14}
    assert chip.rate_of["fp8"].flop_per_s == 10**14


def test_an_unknown_port_leaves_the_transfer_rate_open() -> None:
    links = {"chip_link_bandwidth": fact(900, "gb_per_s")}
    chip = make_chip(facts=links)
    assert (chip.io_bandwidth_byte_per_s, chip.io_bandwidth_min_byte_per_s) == (None, 900e9)
    odd = make_chip(facts=links | {"pcie_generation": fact(9, "count"), "pcie_lane_count": fact(16, "count")})
    assert odd.pcie_bandwidth_byte_per_s is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"facts": {"dram_bandwith": fact(1, "gb_per_s")}}, "unknown fact 'dram_bandwith'"),
        ({"facts": {"power": fact(1, "gb_per_s")}}, "the unit is w"),
        ({"facts": {"power": fact("much")}}, "the unit is w"),
        ({"facts": {"dram_type": fact(3)}}, "wants a text"),
        ({"facts": {"power": {"value": -1, "unit": "w", **SOURCE}}}, "zero or more"),
        ({"facts": {"power": fact(Decimal("NaN"), "w")}}, "of a size"),
        ({"facts": {"power": fact(Decimal("Infinity"), "w")}}, "of a size"),
        ({"facts": {"power": fact(value=True, unit="w")}}, "must be a number or a text"),
        ({"facts": {"power": fact(10**400, "w")}}, "of a size that something can have"),
        ({"facts": {"power": fact(1, "parsec")}}, "unknown unit 'parsec'"),
        ({"facts": {"power": {"unit": "w", **SOURCE}}}, "needs a value, or a bound"),
        ({"facts": {"power": fact(5, "w", low=6)}}, "low must not exceed"),
        ({"facts": {"chip_link": fact("NVLink", "w")}}, "is text, but the unit"),
        ({"rates": [{"formats": ["fp8"], "bit_length": 16, **fact(1, "tflops")}]}, "fp8 has 8 bits, not 16"),
        ({"rates": [{"formats": ["fp8"], "bit_length": 8, **fact(1, "w")}]}, "tflops or tops"),
        ({"rates": [{"formats": ["fp8"], "bit_length": 8, **fact("1", "tflops")}]}, "is text, but the unit"),
        (
            {"rates": [{"formats": ["fp8"], "bit_length": 8, "low": 1, "unit": "tflops", **SOURCE}]},
            "a rate needs a number",
        ),
        ({"rates": [{"formats": ["fp8"], "bit_length": 8, **fact(1, "tflops")}] * 2}, "two rates for fp8"),
        ({"colour": "green"}, "Extra inputs"),
        ({"vendor_country": "usa"}, "pattern"),
        ({"released_on": "May 2024"}, "pattern"),
    ],
)
def test_a_bad_record_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make_chip(**fields)
    assert message in str(caught.value)


def test_records_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(make_chip(), "name", "other")  # noqa: B010 mypy knows that it is frozen


def test_sources_name_each_once() -> None:
    chip = load_catalogue().chip("h200-sxm")
    assert len(chip.sources()) == len(set(chip.sources()))
    assert "fr-2026-00789" in chip.sources()


def test_numbers_are_written_plainly() -> None:
    assert [plain(Decimal(text)) for text in ("4500", "1.50", "1E+3", "0")] == ["4500", "1.5", "1000", "0"]
    assert plain(None) is None


def test_a_membership_holds_from_its_first_day_until_its_last() -> None:
    first, last = dt.date(2024, 3, 15), dt.date(2026, 7, 10)
    held = Membership(group="D:4", from_on=first, until_on=last, source="s")
    day = dt.timedelta(days=1)
    assert [held.holds_on(on) for on in (first - day, first, last - day, last)] == [False, True, True, False]
    assert Membership(group="D:4", source="s").holds_on(dt.date(1999, 1, 1))
    assert not held.holds_on(first, known_at=first - day)
    assert held.holds_on(last, known_at=last - day)
    assert not held.holds_on(last, known_at=last)
    told = held.model_copy(update={"known_on": first - 9 * day, "end_known_on": last + 9 * day})
    assert told.holds_on(first, known_at=first - 9 * day)
    assert told.holds_on(last, known_at=last)
    place = Place(id="aa", code="AA", name="A", memberships=(held,))
    assert place.groups(first) == {"D:4"}
    assert place.in_group("D:4", first)
    assert not place.in_group("D:5", first)
    assert place.sources() == ("s",)


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="is not a date"):
        Membership.model_validate({"group": "B", "from_on": "soon", "source": "s"})


def test_a_listing_without_a_first_day_is_unknown() -> None:
    listing = Listing(listing="entity-list", source="s")
    assert listing.holds_on(dt.date(2026, 1, 1)) is None
    ended = Listing(
        listing="entity-list", from_on=dt.date(2020, 1, 1), until_on=dt.date(2021, 1, 1), source="s"
    )
    assert [ended.holds_on(dt.date(year, 1, 1)) for year in (2019, 2020, 2021)] == [False, True, False]


def test_a_system_checks_its_facts() -> None:
    base = {"id": "s", "name": "S", "vendor": "V", "vendor_country": "US", "chip": "c", "chip_count": 8}
    good = System.model_validate(
        base | {"facts": {"power": fact(10, "kw", alternatives=[{"value": 11, "source": "other"}])}}
    )
    assert good.base_value("power") == 10_000
    assert good.base_value("price") is None
    assert good.sources() == ("some-source", "other")
    for facts, message in (
        ({"speed": fact(1)}, "unknown fact"),
        ({"power": fact(1, "usd")}, "the unit is w or kw"),
        ({"host": fact(1)}, "wants a text"),
    ):
        with pytest.raises(ValidationError, match=message):
            System.model_validate(base | {"facts": facts})
