"""A round of allocation from files: the dry run that needs no record. Files in, numbers with reasons out."""

import csv
import io
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError
from lockgate.casework.allocation import allocate
from lockgate.casework.calendars import parse_calendar
from lockgate.casework.requests import AllocationResult, AllocationRound, render_fraction
from lockgate.casework.rounds import find_levers, list_changes, parse_round, parse_units, result_as_dict
from lockgate.casework.rules import AllocationRule, parse_rule
from lockgate.casework.waiting_list import Batch, measure_concentration, measure_waiting, run_batches
from lockgate.catalogue.procedures import find_procedure
from lockgate.catalogue.shelf import read_toml


@dataclass(frozen=True)
class RoundOptions:
    """What is given beside the file; each overrides what the file says.

    Attributes:
        rule: Id of a rule, or a TOML file that holds one.
        changes: ``part.name=value`` for parts of the rule, such as ``rounding.lot=8``.
        values: Fields of the round besides its rule and requests, such as ``supply``.
        days_off: Single days that are not worked.
        calendar: Id of a calendar.
    """

    rule: str = ""
    changes: Sequence[str] = ()
    values: Mapping[str, Any] | None = None
    days_off: Sequence[str] = ()
    calendar: str = ""


def read_round(
    path: Path | None, text: str, options: RoundOptions, data_folder: Path | None = None
) -> AllocationRound:
    """A round from a file: CSV with one request a row, or TOML or JSON with the whole round.

    Args:
        path: Name of the file; None for standard input, whose first character tells JSON from CSV.
        text: What it holds.
        options: What is given beside it.
        data_folder: The user's own folder, over ours.

    Raises:
        InvalidInputError: With every problem of file and options.
    """
    name = "-" if path is None else str(path)
    try:
        raw = _parse_text(path, text)
        given = {name: value for name, value in (options.values or {}).items() if value is not None}
        raw = {**raw, **given}
        rule = find_rule(options.rule or raw.pop("rule", ""), options.changes, data_folder)
        raw.pop("rule", None)
        calendar = raw.pop("calendar", "") if not isinstance(raw.get("calendar"), Mapping) else ""
        calendar = options.calendar or calendar
        days_off = [*raw.pop("days_off", ()), *options.days_off]
        found = parse_round(raw, rule)
    except LockgateError as error:
        raise error.within(name) from None
    if calendar:
        found = replace(found, calendar=parse_calendar(find_procedure("calendars", calendar, data_folder)))
    if days_off:
        off = found.calendar.days_off | {parse_date(day) for day in days_off}
        found = replace(found, calendar=replace(found.calendar, days_off=off))
    return found


def _parse_text(path: Path | None, text: str) -> dict[str, Any]:
    kind = path.suffix.lower() if path is not None else ".json" if text.lstrip()[:1] == "{" else ".csv"
    try:
        if kind == ".json":
            found = json.loads(text, parse_float=Decimal)
        elif kind == ".toml":
            found = tomllib.loads(text, parse_float=Decimal)
        else:
            rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
            return {"requests": [_clean_row(at, row) for at, row in enumerate(rows)]}
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise LockgateError(f"cannot be read: {error}", code="unreadable-file") from None
    if not isinstance(found, dict):
        raise LockgateError(
            "holds no round", code="unreadable-file", hint="an object with rule, supply and requests"
        )
    return found


def _clean_row(at: int, row: dict[Any, Any]) -> dict[str, Any]:
    if None in row:
        raise LockgateError("has more cells than the head", code="ragged-row", where=("requests", at))
    return {str(name).strip().lower().replace(" ", "_"): value for name, value in row.items()}


def find_rule(rule: Any, changes: Iterable[str] = (), data_folder: Path | None = None) -> AllocationRule:
    """A rule by id, from a TOML file, or from tables; tables with a ``base`` change the rule of that id.

    Raises:
        LockgateError: ``no-rule``, ``unknown-procedure``, ``bad-change``.
    """
    raw: Mapping[str, Any]
    if isinstance(rule, Mapping):
        raw = _merged(find_rule_tables(rule["base"], data_folder), rule) if "base" in rule else rule
    elif not rule:
        raise LockgateError(
            "no rule is named",
            code="no-rule",
            where="rule",
            hint="`lockgate rules` lists them; give --rule ID",
        )
    else:
        raw = find_rule_tables(str(rule), data_folder)
    for change in changes:
        raw = _merged(raw, _parse_change(change))
    return parse_rule(raw)


def find_rule_tables(name: str, data_folder: Path | None) -> Mapping[str, Any]:
    """The tables of a rule by id, or of a TOML file."""
    if name.endswith(".toml"):
        path = Path(name)
        tables = read_toml(path)
        return {"id": path.stem, "title": path.stem, **tables}
    return find_procedure("rules", name, data_folder)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(base)
    for name, value in changes.items():
        if name == "base":
            continue
        old = found.get(name)
        found[name] = (
            _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
        )
    return found


def _parse_change(change: str) -> dict[str, Any]:
    """``rounding.lot=8`` as tables; the value is read as TOML, or else is text."""
    name, equals, text = change.partition("=")
    parts = name.strip().split(".")
    if not equals or not all(parts):
        raise LockgateError(
            f"{change!r} changes nothing", code="bad-change", where="set", hint="write it as rounding.lot=8"
        )
    try:
        value: Any = tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        value = text
    for part in reversed(parts):
        value = {part: value}
    return dict(value)


def work_round(given: AllocationRound) -> dict[str, Any]:
    """A round's result as plain data, with how concentrated it is."""
    result = allocate(given)
    return {**result_as_dict(result), "concentration": describe_concentration(result, given)}


def describe_concentration(result: AllocationResult, given: AllocationRound) -> dict[str, Any]:
    """Shares of the largest recipients and the Herfindahl-Hirschman index, linked recipients as one."""
    groups = {item.recipient: item.group for item in given.requests if item.group}
    spread = measure_concentration(result.quantities, groups)
    largest = {who: f"{float(share):.4f}" for who, share in list(spread.shares.items())[:10]}
    return {"hhi": spread.hhi, "recipients": len(spread.shares), "largest_shares": largest}


def compare_round(given: AllocationRound, supply: int) -> list[dict[str, Any]]:
    """Whose number differs with another supply, with whether a larger supply took something away."""
    other = allocate(replace(given, supply=supply))
    grows = supply >= (given.supply or 0)
    return [
        {
            "recipient": item.recipient,
            "before": item.before,
            "after": item.after,
            "against_supply": (item.after < item.before) == grows,
        }
        for item in list_changes(allocate(given), other)
    ]


def explain_recipient(given: AllocationRound, recipient: str) -> dict[str, Any]:
    """One recipient's number, why, and what alone would give it more."""
    result, levers = allocate(given), find_levers(given, recipient)
    found = [item for item in result.allotments if item.recipient == recipient]
    return {
        "recipient": recipient,
        "quantity": result.quantities[recipient],
        "reason": "; ".join(item.reason for item in found),
        "would_change": "; ".join(dict.fromkeys(item.would_change for item in found)),
        "exact": render_fraction(sum((item.exact for item in found), Fraction(0))),
        "more_with": {
            "supply": levers.supply,
            "quantity": levers.quantity,
            "accepted_on": None if levers.accepted_on is None else str(levers.accepted_on),
        },
    }


def parse_batches(texts: Iterable[str]) -> tuple[Batch, ...]:
    """Batches from ``DAY=UNITS``.

    Raises:
        LockgateError: ``bad-batch``.
    """
    found = []
    for at, text in enumerate(texts, 1):
        day, equals, units = text.partition("=")
        if not equals:
            raise LockgateError(
                f"{text!r} is no batch", code="bad-batch", where="batch", hint="write it as 2026-01-28=400000"
            )
        found.append(Batch(f"batch-{at}", parse_date(day), parse_units(units)))
    return tuple(sorted(found, key=lambda batch: batch.released_on))


def work_batches(given: AllocationRound, batches: Sequence[Batch]) -> dict[str, Any]:
    """Batch after batch to one waiting list: every result, waiting times, concentration of the whole."""
    outcomes = run_batches(given.rule, batches, given.requests)
    waiting, totals = measure_waiting(outcomes), dict[str, int]()
    for outcome in outcomes:
        for who, units in outcome.result.quantities.items():
            totals[who] = totals.get(who, 0) + units
    spread = measure_concentration(
        totals, {item.recipient: item.group for item in given.requests if item.group}
    )
    return {
        "batches": [
            {
                "id": item.batch.id,
                "released_on": str(item.batch.released_on),
                "quantity": item.batch.quantity,
                **result_as_dict(item.result),
            }
            for item in outcomes
        ],
        "totals": totals,
        "hhi": spread.hhi,
        "waiting": {
            "mean_days": None if waiting.mean_days is None else float(Fraction(waiting.mean_days)),
            "median_days": waiting.median_days,
            "longest_days": waiting.longest_days,
            "still": [
                {"recipient": item.recipient, "quantity": item.quantity, "waited_days": item.waited_days}
                for item in waiting.still
            ],
        },
    }
