"""The duty: two boxes with strict bounds, entry into the United States, exempt uses, and the day it began."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import lockgate
from lockgate.base.three_valued import Truth
from lockgate.catalogue.law import Law, read_law
from lockgate.controls.determination import Charge
from lockgate.controls.transaction import Movement, Transaction
from lockgate.controls.us_section_232 import charge_section_232

DATA = Path(lockgate.__file__).parent / "data" / "law"
GB = Decimal(10) ** 9


@pytest.fixture(scope="module")
def law() -> Law:
    return read_law(DATA, lambda *_: frozenset())


def charge(
    law: Law,
    on: str = "2026-02-01",
    *,
    tpp: str | None = "15832",
    gb_per_s: str | None = "4800",
    **given: Any,
) -> Charge:
    facts = {
        "item": "h200-sxm",
        "kind": Movement.EXPORT,
        "from_place": "US",
        "to_place": "CN",
        "datacenter": True,
    }
    rates = {
        "tpp": None if tpp is None else Decimal(tpp),
        "dram_bandwidth_byte_per_s": None if gb_per_s is None else Decimal(gb_per_s) * GB,
    }
    return charge_section_232(
        Transaction(**{**facts, **rates, **given}),
        law.on(dt.date.fromisoformat(on)),
    )


BOXES = {"box-a": (14000, 17500, 4500, 5000), "box-b": (20800, 21100, 5800, 6200)}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES.keys())
def test_all_four_bounds_are_strict(law: Law, box: tuple[int, int, int, int]) -> None:
    tpp_min, tpp_max, bandwidth_min, bandwidth_max = map(Decimal, box)
    tpp, bandwidth = (tpp_min + tpp_max) / 2, (bandwidth_min + bandwidth_max) / 2
    step = Decimal("0.01")
    for value, expected in [
        (tpp_min, False), (tpp_min + step, True), (tpp_max - step, True), (tpp_max, False), (tpp_max + step, False),
        (tpp_min - step, False),
    ]:  # fmt: skip
        assert charge(law, tpp=str(value), gb_per_s=str(bandwidth)).applies is expected, value
    for value, expected in [
        (bandwidth_min, False), (bandwidth_min + step, True), (bandwidth_max - step, True), (bandwidth_max, False),
        (bandwidth_max + step, False), (bandwidth_min - step, False),
    ]:  # fmt: skip
        assert charge(law, tpp=str(tpp), gb_per_s=str(value)).applies is expected, value


def test_more_performance_can_leave_a_box(law: Law) -> None:
    assert [charge(law, tpp=str(tpp)).applies for tpp in (13_000, 15_832, 18_000)] == [False, True, False]


def test_the_day_it_began(law: Law) -> None:
    assert [charge(law, on).applies for on in ("2026-01-14", "2026-01-15", "2026-01-16")] == [
        False,
        True,
        True,
    ]
    assert charge(law, "2026-01-14").rate_fraction is None
    assert charge(law).rate_fraction == Decimal("0.25")


@pytest.mark.parametrize(
    ("tpp", "gb_per_s", "expected", "missing"),
    [
        (None, "4800", None, ("tpp",)),
        ("15832", None, None, ("dram_bandwidth_gb_per_s",)),
        (None, "3350", False, ()),
        ("36000", None, False, ()),
        (None, None, None, ("tpp", "dram_bandwidth_gb_per_s")),
    ],
)
def test_an_unknown_that_decides_is_undetermined(
    law: Law, tpp: str | None, gb_per_s: str | None, expected: Truth, missing: tuple[str, ...]
) -> None:
    answer = charge(law, tpp=tpp, gb_per_s=gb_per_s)
    assert (answer.applies, answer.missing) == (expected, missing)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, True),
        ({"to_place": "MO"}, True),
        ({"to_place": "HK"}, True),
        ({"us_entry": True, "from_place": "TW", "kind": Movement.REEXPORT}, True),
        ({"us_entry": False}, False),
        ({"from_place": "TW", "kind": Movement.REEXPORT}, False),
        ({"to_place": "DE"}, None),
        ({"to_place": "DE", "us_entry": True}, True),
        ({"from_place": None}, None),
        ({"to_place": None}, None),
        ({"from_place": "TW", "to_place": "US"}, None),
        ({"kind": Movement.REMOTE_ACCESS}, False),
        ({"datacenter": False}, None),
        ({"datacenter": None}, None),
    ],
)
def test_entry_and_exempt_uses(law: Law, given: dict[str, Any], expected: Truth) -> None:
    answer = charge(law, **given)
    assert answer.applies is expected
    if (
        expected is None
        and given != {"from_place": "TW", "to_place": "US"}
        and given != {"datacenter": False}
    ):
        assert answer.missing


def test_the_test_makes_them_enter_only_since_the_rule(law: Law) -> None:
    steps = {step.label: step for _, step in charge(law).explanation.walk()}
    assert steps["entered in the United States"].citation == "us-section-232.entry-by-test"


def test_the_answer_as_data(law: Law) -> None:
    assert charge(law).as_dict() == {
        "applies": "yes",
        "rate_fraction": 0.25,
        "basis": ["us-section-232.duty"],
    }
