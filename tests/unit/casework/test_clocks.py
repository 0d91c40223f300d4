"""Clocks beyond the published examples: every kind of limit, stops at the edges, days that do not exist."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.base.errors import LockgateError
from lockgate.casework.advice import consolidate
from lockgate.casework.calendars import Calendar, HolidayRule, add_months, month_end, parse_calendar
from lockgate.casework.case import Stop
from lockgate.casework.clocks import (
    Limit,
    apply_limit,
    due_after,
    elapsed_days,
    find_deadlines,
    merge_stops,
    parse_procedure,
    stopped_days,
)
from lockgate.casework.folding import fold_event
from lockgate.casework.guards import Question
from lockgate.casework.progress import decide, open_event
from lockgate.casework.states import Action
from lockgate.catalogue.procedures import find_procedure, read_procedures
from lockgate.services.practice import load_practice
from tests.unit.casework.walking import EXPORTER, HASH, OFFICER

DAY = dt.date(2026, 3, 2)
FEDERAL = parse_calendar(find_procedure("calendars", "us-federal"))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def stop(first: str, last: str | None = None, kind: str = "x") -> Stop:
    return Stop(kind, day(first), day(last) if last else None)


@pytest.mark.parametrize(
    ("stops", "due", "lost"),
    [
        ([], "2026-03-12", 0),
        ([stop("2026-03-01", "2026-03-03")], "2026-03-13", 1),  # begins before the clock does
        ([stop("2026-02-01", "2026-03-02")], "2026-03-12", 0),  # over before it starts
        ([stop("2026-03-11", "2026-03-15")], "2026-03-16", 4),  # the last counting day
        ([stop("2026-03-12", "2026-03-15")], "2026-03-12", 0),  # on the due day: too late to move it
        ([stop("2026-03-05", "2026-03-05")], "2026-03-12", 0),  # an empty stop
        ([stop("2026-03-05", "2026-03-10"), stop("2026-03-10", "2026-03-11")], "2026-03-18", 6),  # one after the other
        ([stop("2026-03-05", "2026-03-10"), stop("2026-03-13", "2026-03-14")], "2026-03-18", 6),  # reached by the first
        ([stop("2026-03-05", "2026-03-20"), stop("2026-03-06", "2026-03-08")], "2026-03-27", 15),  # one within the other
    ],
)  # fmt: skip
def test_ten_days_with_stops(stops: list[Stop], due: str, lost: int) -> None:
    assert due_after(DAY, 10, stops) == (day(due), lost)


def test_a_stop_without_end() -> None:
    assert due_after(DAY, 10, [stop("2026-03-05"), stop("2026-03-06", "2026-03-09")]) == (None, 0)
    assert due_after(DAY, 10, [stop("2026-03-20")]) == (day("2026-03-12"), 0)
    assert merge_stops([stop("2026-03-05", "2026-03-09"), stop("2026-03-06")]) == [stop("2026-03-05")]
    assert (
        merge_stops([stop("2026-03-05", "2026-03-09", "a"), stop("2026-03-06", "2026-03-10", "b")])[0].kind
        == "several"
    )


def test_a_stop_that_runs_backwards() -> None:
    with pytest.raises(LockgateError, match="ends on 2026-03-01, before it starts"):
        merge_stops([stop("2026-03-05", "2026-03-01")])


days = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
stops = st.lists(
    st.tuples(days, st.integers(0, 40)).map(
        lambda pair: Stop("x", pair[0], pair[0] + dt.timedelta(days=pair[1]))
    ),
    max_size=6,
)


@given(days, st.integers(0, 90), stops)
def test_exactly_the_days_outside_every_stop_count(start: dt.date, limit: int, found: list[Stop]) -> None:
    """Against counting day by day."""
    due, lost = due_after(start, limit, found)
    assert due is not None
    running = [start + dt.timedelta(days=at) for at in range((due - start).days)]
    stopped = [
        one
        for one in running
        if any(item.start_on <= one and item.end_on and one < item.end_on for item in found)
    ]
    assert (len(running) - len(stopped), len(stopped)) == (limit, lost)
    assert elapsed_days(found, start, due) == limit
    assert stopped_days(found, start, due) == lost


@given(days, st.integers(0, 60), stops, days, st.integers(0, 20))
def test_another_stop_never_shortens_a_clock(
    start: dt.date, limit: int, found: list[Stop], first: dt.date, length: int
) -> None:
    more = [*found, Stop("y", first, first + dt.timedelta(days=length))]
    before, after = due_after(start, limit, found)[0], due_after(start, limit, more)[0]
    assert before is not None
    assert after is not None
    assert before <= after  # by more than its own length, where the clock then runs into a later stop


@pytest.mark.parametrize(
    ("limit", "start", "due"),
    [
        ({"months": 1}, "2028-01-31", "2028-02-29"),
        ({"months": 6}, "2026-08-31", "2027-02-28"),
        ({"years": 5}, "2028-02-29", "2033-03-01"),
        ({"years": 4}, "2028-02-29", "2032-02-29"),
        ({"end_of_month_after": 0}, "2026-02-03", "2026-02-28"),
        ({"end_of_month_after": 1}, "2026-12-31", "2027-01-31"),
        ({"end_of_month_after": 2}, "2027-12-31", "2028-02-29"),
        ({"holiday_rolls": True}, "2030-07-04", "2030-07-05"),
        ({"holiday_rolls": True}, "2026-07-04", "2026-07-06"),  # a Saturday: the holiday itself
        ({"holiday_rolls": True}, "2026-07-03", "2026-07-06"),  # the Friday on which it is observed
        ({"holiday_rolls": True}, "2026-07-11", "2026-07-11"),  # a plain Saturday is no legal holiday
        ({"holiday_rolls": True}, "2026-12-25", "2026-12-28"),
        ({"working_days": 15}, "2026-03-02", "2026-03-23"),
        ({"working_days": 3}, "2026-07-01", "2026-07-07"),  # 3 July is observed, then a weekend
        ({"working_days": 1}, "2026-03-07", "2026-03-09"),
        ({"working_days": 0}, "2026-03-07", "2026-03-07"),
        ({"days": 0}, "2026-03-07", "2026-03-07"),
    ],
)  # fmt: skip
def test_limits(limit: dict[str, Any], start: str, due: str) -> None:
    assert apply_limit(Limit.model_validate(limit), day(start), (), FEDERAL) == (day(due), 0)


def test_working_days_outside_stops() -> None:
    three = Limit(working_days=3)
    assert apply_limit(three, day("2026-03-02"), [stop("2026-03-03", "2026-03-05")], FEDERAL) == (
        day("2026-03-09"),
        2,
    )
    assert apply_limit(three, day("2026-03-02"), [stop("2026-03-03")], FEDERAL) == (None, 0)


def test_hours_need_an_instant_and_days_take_one() -> None:
    noon = dt.datetime.fromisoformat("2026-05-10T12:00")
    assert apply_limit(Limit(hours_before=24), noon, (), FEDERAL) == (
        dt.datetime.fromisoformat("2026-05-09T12:00"),
        0,
    )
    assert apply_limit(Limit(days=10), noon, (), FEDERAL) == (day("2026-05-20"), 0)
    with pytest.raises(LockgateError, match="need an instant"):
        apply_limit(Limit(hours_before=2), day("2026-05-10"), (), FEDERAL)
    procedure = parse_procedure(find_procedure("clocks", "us-bis"))
    assert find_deadlines(procedure, {"exported": noon, "reexported": day("2027-01-01")})[
        "records_kept"
    ].due == day("2032-01-01")


def test_clocks_that_wait_for_one_that_stands_still() -> None:
    procedure = parse_procedure(find_procedure("clocks", "us-bis"))
    found = find_deadlines(procedure, {"registered": DAY}, [stop("2026-03-05")])
    assert found["bis_initial"].standing
    assert found["agency_recommendation"].standing
    assert found["agency_recommendation"].due is None
    assert not found["denial_final"].standing


@pytest.mark.parametrize(
    ("clocks", "message"),
    [
        ([{"id": "a", "title": "t", "limit": {"days": 1}}], "give the days it starts from"),
        ([{"id": "a", "title": "t", "starts": ["x"], "limit": {}}], "exactly one kind of limit, not 0"),
        ([{"id": "a", "title": "t", "starts": ["x"], "limit": {"days": 1, "years": 1}}], "not 2"),
        ([{"id": "a", "title": "t", "starts": ["x"], "limit": {"days": 1}}] * 2, "is there twice"),
        ([{"id": "a", "title": "t", "after": "b", "limit": {"days": 1}}], "which must stand before it"),
    ],
)
def test_a_procedure_that_does_not_fit(clocks: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(LockgateError, match=message):
        parse_procedure({"id": "p", "title": "t", "clock": clocks})


def test_an_unknown_clock() -> None:
    with pytest.raises(LockgateError, match="has no clock 'tea'"):
        parse_procedure(find_procedure("clocks", "us-bis")).clock("tea")


def test_every_procedure_of_every_kind_loads() -> None:
    for name in read_procedures("kinds"):
        assert load_practice(name).procedure is not None


# calendars


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2026, "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"),
        (2021, "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31"),
        (2020, "01-01 01-20 02-17 05-25 07-03 07-04 09-07 10-12 11-11 11-26 12-25"),
    ],
)
def test_federal_holidays(year: int, expected: str) -> None:
    """Against the lists published by the Office of Personnel Management, with the days themselves besides the observed."""
    every = [dt.date(year, 1, 1) + dt.timedelta(days=at) for at in range(366)]
    found = [one for one in every if one.year == year and FEDERAL.is_holiday(one)]
    assert " ".join(f"{one:%m-%d}" for one in found) == expected


def test_holidays_that_do_not_fit() -> None:
    with pytest.raises(LockgateError, match="give either day, or weekday with nth"):
        parse_calendar({"id": "x", "holiday": [{"name": "h", "month": 1}]})
    assert HolidayRule(name="h", month=7, day=4, observed=False).in_year(2026) == {day("2026-07-04")}


def test_a_calendar_without_working_days() -> None:
    with pytest.raises(LockgateError, match="no working day in a year"):
        Calendar("never", weekend=frozenset(range(7))).next_working(DAY)


def test_days_off_and_months() -> None:
    calendar = Calendar(days_off=frozenset({day("2026-03-03")}))
    assert calendar.add_working(DAY, 1) == day("2026-03-04")
    assert add_months(day("2026-11-30"), 3) == day("2027-02-28")
    assert month_end(day("2026-12-05")) == day("2026-12-31")


# a kind whose procedure has no clock for advice: silence means nothing


def test_silence_without_a_clock_is_only_silence() -> None:
    practice = load_practice("import-approval")
    event = open_event("c", practice, "vendor", EXPORTER, DAY)
    case = fold_event(None, event.type, event.data, EXPORTER.id)

    def do(actor: Any, action: Action, **data: Any) -> None:
        nonlocal case
        made = decide(Question(case, actor, DAY, practice), action, data)
        case = fold_event(case, made.type, made.data, actor.id)

    fields = {
        "recipient": "r",
        "product": "h200",
        "quantity": 5,
        "basis": "press",
        "necessity": "n",
        "site_place": "CN",
        "state_funded": False,
    }
    do(EXPORTER, Action.EDIT, fields=fields)
    for kind in ("import_contract", "business_licence", "use_report"):
        do(EXPORTER, Action.ATTACH_DOCUMENT, kind=kind, name=kind, sha256=HASH)
    do(EXPORTER, Action.SUBMIT)
    do(OFFICER, Action.BEGIN_REVIEW)
    do(OFFICER, Action.REFER, agencies=["miit"])
    position = consolidate(case, dt.date(2040, 1, 1)).positions[0]
    assert (position.recommendation, position.due_on) == (None, None)
