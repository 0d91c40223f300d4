"""Rounds as plain data: read from tables and JSON, written to the log, replayed, compared, run batch after batch."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.casework.allocation import allocate
from lockgate.casework.calendars import WEEKENDS, Calendar
from lockgate.casework.requests import AllocationResult, AllocationRound, RecipientRequest, render_fraction
from lockgate.casework.rules import AllocationRule, parse_rule

DIGITS_MAX = 30  # of a number somebody means


def parse_units(text: Any) -> int:
    """A whole number of units; thousands may be set off by commas or underscores.

    >>> parse_units("75,000")
    75000

    Raises:
        LockgateError: ``not-a-whole-number``.
    """
    digits = str(text).strip().replace(",", "").replace("_", "")
    if not digits.removeprefix("-").isdecimal() or len(digits) > DIGITS_MAX:
        raise LockgateError(f"{text!r} is no whole number of units", code="not-a-whole-number")
    return int(digits)


def parse_fraction(text: Any) -> Fraction:
    """An exact number: ``0.5``, ``1/3``, ``600000``.

    Raises:
        LockgateError: ``not-a-number``.
    """
    try:
        written = str(text).strip()
        # "1e999999999" is short to write and too long to work with.
        too_long = len(written) > 2 * DIGITS_MAX or re.search(r"e[+-]?\d{3}", written, re.IGNORECASE)
        return Fraction("" if too_long else written)
    except (ValueError, ZeroDivisionError):
        raise LockgateError(f"{text!r} is no number", code="not-a-number", hint="write 0.5 or 1/2") from None


REQUEST_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "recipient": lambda text: str(text).strip(),
    "quantity": parse_units,
    "accepted_on": parse_date,
    "recipient_class": lambda text: str(text).strip(),
    "weight": parse_fraction,
    "score": parse_fraction,
    "ceiling": parse_units,
    "held": parse_units,
    "useful_min": parse_units,
    "group": lambda text: str(text).strip(),
}
"""Columns of a table of requests. Only ``recipient`` must be there; which others count is for the rule to say."""


def parse_requests(rows: Iterable[Mapping[str, Any]]) -> tuple[RecipientRequest, ...]:
    """Requests from the rows of a table. An empty cell is as good as none.

    Raises:
        InvalidInputError: With the problem of every row and column.

    >>> parse_requests([{"recipient": "A", "quantity": "400", "accepted_on": "2026-03-02"}])[0].quantity
    400
    """
    problems, found = ProblemCollector(), list[RecipientRequest]()
    for at, row in enumerate(rows):
        values: dict[str, Any] = {}
        for name, text in row.items():
            if text is None or text == "":
                continue
            with problems.at("requests", at, str(name)):
                if name not in REQUEST_FIELDS:
                    raise LockgateError(
                        f"there is no column {name!r}",
                        code="unknown-field",
                        hint="one of " + ", ".join(REQUEST_FIELDS),
                    )
                values[name] = REQUEST_FIELDS[name](text)
        if not values.get("recipient"):
            problems.add("the row names no recipient", code="missing", where=("requests", at, "recipient"))
        else:
            found.append(RecipientRequest(**values))
    problems.raise_if_any()
    return tuple(found)


def round_as_dict(given: AllocationRound) -> dict[str, Any]:
    """A round as plain data, whole: what the log keeps so that the round can be replayed."""
    return {
        "rule": given.rule.model_dump(mode="json", exclude_defaults=True),
        "supply": given.supply,
        "opening_supply": given.opening_supply,
        "denominator": None if given.denominator is None else str(given.denominator),
        "coefficient": None if given.coefficient is None else str(given.coefficient),
        "calendar": calendar_as_dict(given.calendar),
        "requests": [request_as_dict(item) for item in given.requests],
    }


def calendar_as_dict(calendar: Calendar) -> dict[str, Any]:
    """A calendar as plain data."""
    return {
        "id": calendar.id,
        "holiday": [rule.model_dump(mode="json", exclude_defaults=True) for rule in calendar.rules],
        "days_off": sorted(map(str, calendar.days_off)),
        "weekend": sorted(calendar.weekend),
    }


def request_as_dict(request: RecipientRequest) -> dict[str, Any]:
    """A request as plain data; fields at their default are left out."""
    found: dict[str, Any] = {}
    for item in fields(request):
        value = getattr(request, item.name)
        if value != item.default:
            found[item.name] = str(value) if isinstance(value, Fraction | dt.date) else value
    return found


def parse_round(raw: Mapping[str, Any], rule: AllocationRule | None = None) -> AllocationRound:
    """A round from plain data: ``supply``, ``requests`` and, unless given apart, ``rule``.

    Raises:
        InvalidInputError: With every field that does not fit.
    """
    problems, values = ProblemCollector(), dict[str, Any]()
    known = {"rule", "supply", "opening_supply", "denominator", "coefficient", "calendar", "requests"}
    for name in raw:
        if name not in known:
            problems.add(
                f"a round has no field {name!r}",
                code="unknown-field",
                where=str(name),
                hint="one of " + ", ".join(sorted(known)),
            )
    readers = {
        "supply": parse_units,
        "opening_supply": parse_units,
        "denominator": parse_fraction,
        "coefficient": parse_fraction,
    }
    for name, read in readers.items():
        if raw.get(name) is not None:
            with problems.at(name):
                values[name] = read(raw[name])
    with problems.at():
        values["requests"] = parse_requests(raw.get("requests", ()))
    with problems.at():
        values["calendar"] = parse_calendar_data(raw.get("calendar"))
    if rule is None:
        with problems.at("rule"):
            if not isinstance(raw.get("rule"), Mapping):
                raise LockgateError(
                    "the round holds no rule", code="missing", hint="give the tables of a rule"
                )
            rule = parse_rule(raw["rule"])
    problems.raise_if_any()
    return AllocationRound(rule=rule, supply=values.pop("supply", None), **values)


def parse_calendar_data(raw: Mapping[str, Any] | None) -> Calendar:
    """A calendar from what `calendar_as_dict` wrote; None: only weekends are off."""
    from lockgate.casework.calendars import parse_calendar

    if raw is None:
        return WEEKENDS
    found = parse_calendar({**raw, "days_off": map(parse_date, raw.get("days_off", ()))})
    return replace(found, weekend=frozenset(raw.get("weekend", WEEKENDS.weekend)))


def result_as_dict(result: AllocationResult) -> dict[str, Any]:
    """A result as plain data, with reasons."""
    return {
        "rule": result.rule,
        "supply": result.supply,
        "allocated": result.allocated,
        "unallocated": result.unallocated,
        "remainder_reason": result.remainder_reason,
        "digest": result.digest,
        "allotments": [
            {
                "recipient": item.recipient,
                "quantity": item.quantity,
                "requested": item.requested,
                "exact": str(item.exact),
                "binding": str(item.binding),
                "reason": item.reason,
                "would_change": item.would_change,
                "may_withdraw": item.may_withdraw,
            }
            for item in result.allotments
        ],
        "stages": [
            {
                "name": stage.name,
                "supply": render_fraction(stage.supply),
                "requested": stage.requested,
                "coefficient": None if stage.coefficient is None else str(stage.coefficient),
                "allocated": sum(stage.allocated.values()),
                "left": render_fraction(stage.left),
            }
            for stage in result.stages
        ],
    }


def replay(logged_round: Mapping[str, Any], logged_digest: str) -> AllocationResult:
    """The result of a past round, worked again from what the log kept of its inputs.

    Raises:
        LockgateError: ``replay-differs``, where inputs, rule or numbers are not those that were logged.
    """
    result = allocate(parse_round(logged_round))
    if result.digest != logged_digest:
        raise LockgateError(
            "the round does not come out as logged", code="replay-differs",
            hint=f"logged {logged_digest[:12]}…, worked again {result.digest[:12]}…",
        )  # fmt: skip
    return result


@dataclass(frozen=True, slots=True)
class Change:
    """A recipient whose number differs between two results."""

    recipient: str
    before: int
    after: int


def list_changes(before: AllocationResult, after: AllocationResult) -> tuple[Change, ...]:
    """Everybody whose number differs, in the order of the second result."""
    old = before.quantities
    return tuple(
        Change(who, old.get(who, 0), units)
        for who, units in after.quantities.items()
        if units != old.get(who, 0)
    )


LINKED = "linked recipients share one cap: whoever of them is served first, on an earlier day or in an earlier class, uses it up"


def why_less(given: AllocationRound) -> tuple[str, ...]:
    """Why, in this round, a larger supply could give somebody less; empty where it cannot."""
    rule = given.rule
    capped = rule.caps.per_recipient is not None or rule.caps.share_of_supply is not None
    names = [(rule.caps.linked_as_one and item.group) or item.recipient for item in given.requests]
    linked = capped and len(set(names)) < len(names) and bool(rule.order.keys or rule.classes)
    return (*rule.may_fall_with_supply, *([LINKED] if linked else []))


def find_losers(given: AllocationRound, supply: int) -> tuple[Change, ...]:
    """Recipients who get less from another, larger supply. Empty unless `why_less` says why."""
    less, more = sorted((given.supply or 0, supply))
    small, large = (allocate(replace(given, supply=units)) for units in (less, more))
    return tuple(change for change in list_changes(small, large) if change.after < change.before)


@dataclass(frozen=True, slots=True)
class Levers:
    """What alone would give one recipient at least one lot more; None where that lever cannot.

    Attributes:
        supply: The smallest such supply.
        quantity: The smallest such request of its own; where a request over the maximum falls out, the maximum.
        accepted_on: The latest such day of acceptance among the days of the round.
    """

    supply: int | None
    quantity: int | None
    accepted_on: dt.date | None


def find_levers(given: AllocationRound, recipient: str) -> Levers:
    """What would change one recipient's number, found by working the round again; of several requests, by the first.

    Under a rule that may fall with supply the supply found is one that helps, and not surely the smallest.

    Raises:
        LockgateError: ``unknown-recipient``.
    """
    at = next((at for at, item in enumerate(given.requests) if item.recipient == recipient), None)
    if at is None:
        raise LockgateError(f"nobody named {recipient!r} asked", code="unknown-recipient")
    result = allocate(given)
    found, now = result.allotments[at], result.quantities[recipient]

    def gains(other: AllocationRound) -> bool:
        return allocate(other).quantities[recipient] > now

    def asking(**changes: Any) -> AllocationRound:
        requests = list(given.requests)
        requests[at] = replace(requests[at], **changes)
        return replace(given, requests=tuple(requests))

    supply = given.supply
    asked, day = given.requests[at].quantity, given.requests[at].accepted_on
    return Levers(
        supply=None if supply is None else _least(lambda units: gains(replace(given, supply=units)), supply),
        quantity=None
        if asked is None
        else _helping_request(lambda units: gains(asking(quantity=units)), asked, found.maximum),
        accepted_on=_latest_helping(lambda earlier: gains(asking(accepted_on=earlier)), day, given.requests),
    )


def _least(helps: Callable[[int], bool], start: int) -> int | None:
    """The least number above ``start`` that helps, for something that keeps helping once it does."""
    low, step = start, max(1, start)
    while not helps(low + step):
        low += step
        step *= 2
        if low > 2**48:
            return None
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if helps(middle) else (middle, high)
    return high


def _helping_request(helps: Callable[[int], bool], asked: int, most: int | None) -> int | None:
    """A larger request that helps; else the maximum, where a request over it falls out."""
    larger = _least(helps, asked)
    if larger is not None or most is None or most >= asked:
        return larger
    return most if helps(most) else None


def _latest_helping(
    helps: Callable[[dt.date], bool], day: dt.date | None, requests: Sequence[RecipientRequest]
) -> dt.date | None:
    earlier = sorted(
        {item.accepted_on for item in requests if item.accepted_on and day and item.accepted_on < day}
    )
    low, high = -1, len(earlier)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if helps(earlier[middle]) else (low, middle)
    return earlier[low] if low >= 0 else None
