"""The clocks of a procedure: when each starts, how long it runs, what stops it, what silence means at its end.

A clock counts from a named day (day 0), or from another clock's end. Its limit is data: calendar days, working days, months,
the end of a month, years, hours. Times that do not count are half-open intervals; only their union is taken off, so that
overlapping stops count once.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lockgate.base.errors import LockgateError, problems_from_validation
from lockgate.casework.calendars import DAY, WEEKENDS, Calendar, add_months, month_end
from lockgate.casework.case import Stop


class Limit(BaseModel):
    """How long a clock runs: exactly one of these.

    Attributes:
        days: Calendar days after day 0.
        working_days: Working days after day 0.
        end_of_month_after: The last day of so many months later (0: of the same month).
        months: The same day so many months later, or the last of that month.
        years: The same day so many years later; 1 March for 29 February in a common year.
        hours_before: So many hours before the named instant.
        holiday_rolls: Whether the day itself stands, unless it is a holiday: then the next working day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    days: Annotated[int, Field(ge=0)] | None = None
    working_days: Annotated[int, Field(ge=0)] | None = None
    end_of_month_after: Annotated[int, Field(ge=0)] | None = None
    months: Annotated[int, Field(ge=0)] | None = None
    years: Annotated[int, Field(ge=0)] | None = None
    hours_before: Annotated[int, Field(ge=0)] | None = None
    holiday_rolls: Literal[True] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name, value in self if value is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one kind of limit, not {len(given)}")
        return self


class Clock(BaseModel):
    """One clock of a procedure.

    Attributes:
        id: Its name, such as ``agency_recommendation``.
        title: What must happen by its end.
        starts: Named days from which it counts; of several that are known, the latest.
        after: Clock from whose end it counts where none of the named days is known yet.
        limit: How long it runs.
        stoppable: Kinds of stop that do not count towards it; ``*`` for all.
        silence: What it means that nothing happened by its end.
        obliges: Who must act: ``applicant``, ``agency``, ``authority``.
        source: Id of the source.
        pinpoint: Where in it.
        note: What a reader should know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: str
    starts: tuple[str, ...] = ()
    after: str = ""
    limit: Limit
    stoppable: tuple[str, ...] = ()
    silence: str = ""
    obliges: Literal["applicant", "agency", "authority", "nobody"] = "authority"
    source: str = ""
    pinpoint: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _starts_somewhere(self) -> Self:
        if not self.starts and not self.after:
            raise ValueError("give the days it starts from, or the clock it follows")
        return self


class StopKind(BaseModel):
    """A kind of time that does not count."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: str
    source: str = ""
    pinpoint: str = ""
    note: str = ""


class Procedure(BaseModel):
    """The clocks of one authority, the times that do not count, and the calendar it works by."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    title: str
    calendar: str = ""
    stops: Annotated[tuple[StopKind, ...], Field(alias="stop")] = ()
    clocks: tuple[Clock, ...] = Field(alias="clock")

    @model_validator(mode="after")
    def _no_loops(self) -> Self:
        known: set[str] = set()
        for clock in self.clocks:
            if clock.id in known:
                raise ValueError(f"clock {clock.id!r} is there twice")
            if clock.after and clock.after not in known:
                raise ValueError(f"clock {clock.id!r} follows {clock.after!r}, which must stand before it")
            known.add(clock.id)
        return self

    def clock(self, name: str) -> Clock:
        """A clock by its id.

        Raises:
            LockgateError: ``unknown-clock``.
        """
        for clock in self.clocks:
            if clock.id == name:
                return clock
        raise LockgateError(
            f"{self.id} has no clock {name!r}",
            code="unknown-clock",
            hint="one of " + ", ".join(item.id for item in self.clocks),
        )


@dataclass(frozen=True, slots=True)
class Deadline:
    """Where a clock stands.

    Attributes:
        clock: Id of the clock.
        started_on: Day 0; None where it has not started.
        due: The last day in time (or the instant, for limits in hours); None where it has not started or stands still.
        stopped_days: Days that did not count up to then.
        standing: Whether it stands still now, with no end of the stop known.
    """

    clock: str
    started_on: dt.date | None
    due: dt.date | None
    stopped_days: int = 0
    standing: bool = False


def merge_stops(stops: Iterable[Stop]) -> list[Stop]:
    """The union of stops as disjoint intervals in order; a stop without an end runs on.

    >>> a = Stop("answer", dt.date(2026, 3, 20), dt.date(2026, 3, 30))
    >>> b = Stop("check", dt.date(2026, 3, 25), dt.date(2026, 4, 15))
    >>> [(stop.start_on.isoformat(), stop.end_on.isoformat()) for stop in merge_stops([b, a])]
    [('2026-03-20', '2026-04-15')]
    """
    merged: list[Stop] = []
    for stop in sorted(stops, key=lambda item: item.start_on):
        if stop.end_on is not None and stop.end_on <= stop.start_on:
            if stop.end_on < stop.start_on:
                raise LockgateError(
                    f"the stop {stop.kind!r} ends on {stop.end_on}, before it starts on {stop.start_on}",
                    code="stop-reversed", where="stops",
                )  # fmt: skip
            continue
        last = merged[-1] if merged else None
        if last is None or (last.end_on is not None and last.end_on < stop.start_on):
            merged.append(stop)
        elif last.end_on is not None:
            end = None if stop.end_on is None else max(last.end_on, stop.end_on)
            merged[-1] = Stop(last.kind if last.kind == stop.kind else "several", last.start_on, end)
    return merged


def stopped_days(stops: Iterable[Stop], start_on: dt.date, end_on: dt.date) -> int:
    """Days in the union of the stops from ``start_on`` (included) to ``end_on`` (not included)."""
    total = 0
    for stop in merge_stops(stops):
        first, last = max(stop.start_on, start_on), min(stop.end_on or end_on, end_on)
        total += max(0, (last - first).days)
    return total


def elapsed_days(stops: Iterable[Stop], start_on: dt.date, on: dt.date) -> int:
    """Days that count from ``start_on`` (day 0) to ``on``."""
    return max(0, (on - start_on).days - stopped_days(stops, start_on, on))


def due_after(start_on: dt.date, days: int, stops: Iterable[Stop] = ()) -> tuple[dt.date | None, int]:
    """The day by which ``days`` calendar days have counted, and the days that did not count until then.

    A stop that begins on or after the due day no longer moves it. None: a stop without an end comes first.

    >>> due_after(dt.date(2026, 3, 2), 90, [Stop("check", dt.date(2026, 3, 20), dt.date(2026, 4, 15))])
    (datetime.date(2026, 6, 26), 26)
    """
    due, lost = start_on + DAY * days, 0
    for stop in merge_stops(stops):
        if stop.start_on >= due:
            break
        if stop.end_on is None:
            return None, lost
        gone = max(0, (stop.end_on - max(stop.start_on, start_on)).days)
        lost += gone
        due += DAY * gone
    return due, lost


def add_years(day: dt.date, years: int) -> dt.date:
    """The same day some years on; 29 February becomes 1 March, so that a period is never cut short.

    >>> add_years(dt.date(2028, 2, 29), 5)
    datetime.date(2033, 3, 1)
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def apply_limit(
    limit: Limit, start: dt.date, stops: Sequence[Stop], calendar: Calendar
) -> tuple[dt.date | None, int]:
    """The end of a limit counted from ``start`` and the days that did not count.

    Raises:
        LockgateError: ``no-instant``, where hours are counted from a day without a time.
    """
    if limit.hours_before is not None:
        if not isinstance(start, dt.datetime):
            raise LockgateError(
                "hours need an instant, not a day", code="no-instant", hint="give date and time"
            )
        return start - dt.timedelta(hours=limit.hours_before), 0
    day = start.date() if isinstance(start, dt.datetime) else start
    if limit.days is not None:
        return due_after(day, limit.days, stops)
    if limit.working_days is not None:
        return _working_due(day, limit.working_days, stops, calendar)
    if limit.holiday_rolls:
        return (calendar.next_working(day) if calendar.is_holiday(day) else day), 0
    if limit.years is not None:
        return add_years(day, limit.years), 0
    if limit.months is not None:
        return add_months(day, limit.months), 0
    return month_end(add_months(day.replace(day=1), limit.end_of_month_after or 0)), 0


def _working_due(
    day: dt.date, count: int, stops: Sequence[Stop], calendar: Calendar
) -> tuple[dt.date | None, int]:
    """Working days counted outside the stops; a stopped working day is one that did not count."""
    merged, lost = merge_stops(stops), 0
    while count > 0:
        day = calendar.next_working(day + DAY)
        running = next(
            (stop for stop in merged if stop.start_on <= day and (stop.end_on is None or day < stop.end_on)),
            None,
        )
        if running is None:
            count -= 1
        elif running.end_on is None:
            return None, lost
        else:
            lost += 1
    return day, lost


def find_deadlines(
    procedure: Procedure,
    days: Mapping[str, dt.date],
    stops: Sequence[Stop] = (),
    calendar: Calendar = WEEKENDS,
) -> dict[str, Deadline]:
    """Every clock of the procedure as it stands on what is known.

    Args:
        procedure: The clocks.
        days: Named days that have happened, such as ``registered``; instants for limits in hours.
        stops: Times that do not count, with their kinds.
        calendar: Working days and holidays.
    """
    found: dict[str, Deadline] = {}
    for clock in procedure.clocks:
        known = [days[name] for name in clock.starts if name in days]
        if clock.limit.hours_before is None:
            known = [day.date() if isinstance(day, dt.datetime) else day for day in known]
        start = max(known) if known else (found[clock.after].due if clock.after else None)
        if start is None:
            standing = bool(clock.after) and found[clock.after].standing
            found[clock.id] = Deadline(clock.id, None, None, standing=standing)
            continue
        counted = [stop for stop in stops if "*" in clock.stoppable or stop.kind in clock.stoppable]
        due, lost = apply_limit(clock.limit, start, counted, calendar)
        found[clock.id] = Deadline(clock.id, start, due, lost, standing=due is None)
    return found


def parse_procedure(raw: Mapping[str, Any]) -> Procedure:
    """A procedure from the tables of its file.

    Raises:
        InvalidInputError: With every field that does not fit.
    """
    try:
        return Procedure.model_validate(dict(raw))
    except ValidationError as error:
        raise problems_from_validation(error, str(raw.get("id", "procedure"))) from None
