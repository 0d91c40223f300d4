"""Laws of the export gate that hold for every transaction."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lockgate.catalogue import load_catalogue
from lockgate.controls.destination import movement
from lockgate.controls.determination import Verdict
from lockgate.controls.determine import determine
from lockgate.controls.transaction import Movement, Transaction

FIRST, LAST = dt.date(2022, 8, 26), dt.date(2026, 11, 22)
LAW = load_catalogue().law
DAYS = sorted(
    {FIRST, LAST}
    | {day + dt.timedelta(shift) for day in LAW.change_days for shift in (-1, 0) if FIRST <= day <= LAST}
)
PLACES = ("CN", "HK", "MO", "RU", "DE", "SG", "SA", "AE", "IL", "NI", "KH", "IN", "TW", "US", "IR")
TRUTHS = (True, False)


def numbers(*edges: str) -> st.SearchStrategy[Decimal]:
    near = [
        Decimal(edge) + shift for edge in edges for shift in (Decimal("-0.01"), Decimal(0), Decimal("0.01"))
    ]
    return st.sampled_from([value for value in near if value >= 0])


GB = 10**9
KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(Movement),
    "from_place": st.sampled_from(("US", "TW", "CN")),
    "to_place": st.sampled_from(PLACES),
    "exporter": st.sampled_from(("NVIDIA", "AMD", "Intel", "Dell")),
    "end_user": st.just("Somebody"),
    "end_user_hq": st.sampled_from(PLACES),
    "ultimate_parent": st.sampled_from(PLACES),
    "military_end_use": st.sampled_from(TRUTHS),
    "datacenter": st.sampled_from(TRUTHS),
    "tpp": numbers("0", "1600", "2400", "4800", "21000", "36000"),
    "performance_density": numbers("0", "1.6", "3.2", "5.92", "9"),
    "dram_bandwidth_byte_per_s": numbers("0", "1400", "4000", "6500").map(lambda value: value * GB),
    "io_bandwidth_byte_per_s": numbers("0", "600", "1028", "1100").map(lambda value: value * GB),
    "us_licence": st.sampled_from(TRUTHS),
    "supp8_approved": st.sampled_from(TRUTHS),
}
ITEM = ("tpp", "performance_density", "dram_bandwidth_byte_per_s", "io_bandwidth_byte_per_s")
DETERMINED = (Verdict.MET, Verdict.NOT_MET, Verdict.NOT_IN_FORCE)
POLICIES = ("none", "presumption-of-approval", "case-by-case", "presumption-of-denial")


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    return Transaction(**{name: draw(values) for name, values in KNOWN.items()})


@settings(max_examples=400, deadline=None)
@given(transactions(), st.sets(st.sampled_from(sorted(KNOWN)), min_size=1), st.sampled_from(DAYS))
def test_a_fact_never_overturns_what_was_determined(
    known: Transaction, hidden: set[str], on: dt.date
) -> None:
    nothing: dict[str, Any] = dict.fromkeys(hidden)
    less = replace(known, **nothing)
    # An export that names no place leaves from the United States; a route that is given tells how goods move; remote access has to be named.
    assume("kind" not in hidden or movement(less) in (None, known.kind))
    assume("from_place" not in hidden or known.kind is not Movement.EXPORT or known.from_place == "US")
    assume(known.kind is not Movement.REMOTE_ACCESS or "kind" not in hidden)
    before, after = determine(less, LAW, on), determine(known, LAW, on)
    was, is_ = before.gates[0], after.gates[0]
    for name in ("licence_required", "licence_enforced"):
        if getattr(was, name) is not None:
            assert getattr(is_, name) is getattr(was, name), name
    if was.review_policy != "undetermined":
        assert is_.review_policy == was.review_policy
    if was.verdict in DETERMINED:
        assert is_.verdict is was.verdict
    if not before.undetermined:
        assert after.classification == before.classification
    if was.verdict is Verdict.UNDETERMINED:
        assert was.missing


@settings(max_examples=400, deadline=None)
@given(transactions(), st.sampled_from(ITEM), st.sampled_from(DAYS), st.data())
def test_more_is_never_treated_more_leniently(
    given_: Transaction, name: str, on: dt.date, data: st.DataObject
) -> None:
    more = max(getattr(given_, name), data.draw(KNOWN[name]))
    lower = determine(given_, LAW, on).gates[0]
    higher = determine(replace(given_, **{name: more}), LAW, on).gates[0]
    assert (higher.licence_required, lower.licence_required) not in (
        (False, True),
        (False, None),
        (None, True),
    )
    assert (higher.licence_enforced, lower.licence_enforced) not in (
        (False, True),
        (False, None),
        (None, True),
    )
    if lower.review_policy in POLICIES and higher.review_policy in POLICIES:
        assert POLICIES.index(higher.review_policy) >= POLICIES.index(lower.review_policy)
    if lower.licence_required is True:
        assert set(higher.exceptions) <= set(lower.exceptions)


@pytest.mark.parametrize("provision", LAW.provisions("us-"), ids=lambda item: item.id)
def test_one_value_on_every_day(provision: Any) -> None:
    """From its first day on, each provision has exactly one version a day, whose status says if it is not known to hold."""
    starts = [version.from_on for version in provision.versions]
    assert len(starts) == len(set(starts))
    day = max(FIRST, starts[0])
    while day <= LAST:
        assert provision.on(day) is not None
        day += dt.timedelta(1)
    assert all(version.status != "unknown" or version.open for version in provision.versions)
