"""Deadlines of a procedure from days that have happened, without any record."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.casework.calendars import WEEKENDS, parse_calendar
from lockgate.casework.case import Stop
from lockgate.casework.clocks import Procedure, find_deadlines, parse_procedure
from lockgate.catalogue.procedures import find_procedure


def parse_days(texts: Iterable[str], procedure: Procedure) -> dict[str, dt.date]:
    """Named days from ``NAME=DAY``; an instant is written as ``2026-05-10T12:00``.

    Raises:
        InvalidInputError: With every one that does not fit.
    """
    known = sorted({name for clock in procedure.clocks for name in clock.starts})
    found, problems = dict[str, dt.date](), ProblemCollector()
    for text in texts:
        name, _, day = text.partition("=")
        with problems.at("day", name):
            if name not in known:
                raise LockgateError(
                    f"no clock counts from {name!r}", code="unknown-day", hint="one of " + ", ".join(known)
                )
            found[name] = parse_instant(day)
    problems.raise_if_any()
    return found


def parse_instant(text: str) -> dt.date:
    """A day, or an instant where a time is given.

    Raises:
        LockgateError: ``bad-date``.
    """
    if "T" not in text:
        return parse_date(text)
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise LockgateError(
            f"{text!r} is no instant", code="bad-date", hint="write it as 2026-05-10T12:00"
        ) from None


def parse_stops(texts: Iterable[str]) -> list[Stop]:
    """Stops from ``KIND=FROM..TO``; without ``TO`` it runs on. The day ``TO`` counts again.

    Raises:
        LockgateError: ``bad-date``.
    """
    found = []
    for text in texts:
        kind, _, span = text.rpartition("=")
        first, _, last = span.partition("..")
        found.append(Stop(kind or "stop", parse_date(first), parse_date(last) if last else None))
    return found


def work_clocks(
    procedure: str, days: Iterable[str], stops: Iterable[str], data_folder: Path | None = None
) -> list[dict[str, Any]]:
    """Every clock of a procedure that has started, with its last day in time and what silence then means.

    Raises:
        LockgateError: ``unknown-procedure``, ``unknown-day``, ``bad-date``.
    """
    found = parse_procedure(find_procedure("clocks", procedure, data_folder))
    calendar = (
        parse_calendar(find_procedure("calendars", found.calendar, data_folder))
        if found.calendar
        else WEEKENDS
    )
    deadlines = find_deadlines(found, parse_days(days, found), parse_stops(stops), calendar)
    return [
        {
            "clock": clock.id,
            "title": clock.title,
            "started_on": None if (item := deadlines[clock.id]).started_on is None else str(item.started_on),
            "due": None if item.due is None else item.due.isoformat(),
            "stopped_days": item.stopped_days,
            "standing": item.standing,
            "silence": clock.silence,
            "source": f"{clock.source} {clock.pinpoint}".strip(),
        }
        for clock in found.clocks
        if deadlines[clock.id].started_on is not None or deadlines[clock.id].standing
    ]
