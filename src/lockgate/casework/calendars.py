"""Working days and holidays: which days an office works, as data."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lockgate.base.errors import LockgateError, problems_from_validation

DAY = dt.timedelta(days=1)
SATURDAY, SUNDAY = 5, 6


class HolidayRule(BaseModel):
    """A holiday that returns every year.

    Attributes:
        name: What it is called.
        month: Month of the year.
        day: Fixed day of the month; or
        weekday: a day of the week (0: Monday) with
        nth: which one of the month (-1: the last).
        since: First year it is kept.
        observed: Whether it is also kept on Friday where it falls on Saturday, on Monday where on Sunday.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    weekday: Annotated[int, Field(ge=0, le=6)] | None = None
    nth: Literal[-1, 1, 2, 3, 4] | None = None
    since: int = 1
    observed: bool = True

    @model_validator(mode="after")
    def _one_way(self) -> "HolidayRule":
        if (self.day is None) == (self.weekday is None or self.nth is None):
            raise ValueError("give either day, or weekday with nth")
        return self

    def in_year(self, year: int) -> frozenset[dt.date]:
        """The days on which it is kept for that year; an observed day may fall into the year before.

        >>> sorted(HolidayRule(name="Independence Day", month=7, day=4).in_year(2026))
        [datetime.date(2026, 7, 3), datetime.date(2026, 7, 4)]
        """
        if year < self.since:
            return frozenset()
        if self.day is not None:
            kept = dt.date(year, self.month, self.day)
            shift = {SATURDAY: -DAY, SUNDAY: DAY}.get(kept.weekday(), dt.timedelta())
            return frozenset({kept, kept + shift} if self.observed else {kept})
        weekday, nth = self.weekday or 0, self.nth or 1
        if nth > 0:
            first = dt.date(year, self.month, 1)
            return frozenset({first + DAY * ((weekday - first.weekday()) % 7 + 7 * (nth - 1))})
        last = month_end(dt.date(year, self.month, 1))
        return frozenset({last - DAY * ((last.weekday() - weekday) % 7)})


@dataclass(frozen=True)
class Calendar:
    """Which days are worked.

    Attributes:
        id: Its name, such as ``us-federal``.
        rules: Holidays that return every year.
        days_off: Single days off besides.
        weekend: Days of the week that are never worked (0: Monday).
    """

    id: str = "weekends"
    rules: tuple[HolidayRule, ...] = ()
    days_off: frozenset[dt.date] = frozenset()
    weekend: frozenset[int] = frozenset({SATURDAY, SUNDAY})

    def is_holiday(self, day: dt.date) -> bool:
        """Whether the day is a holiday (a plain weekend day is none)."""
        return day in self.days_off or day in kept_days(self.rules, day.year)

    def is_working(self, day: dt.date) -> bool:
        """Whether the day is worked."""
        return day.weekday() not in self.weekend and not self.is_holiday(day)

    def next_working(self, day: dt.date) -> dt.date:
        """The day itself where it is worked, else the next that is."""
        for _ in range(366):
            if self.is_working(day):
                return day
            day += DAY
        raise LockgateError(f"calendar {self.id!r} has no working day in a year", code="no-working-day")

    def add_working(self, day: dt.date, count: int) -> dt.date:
        """The ``count``-th working day after ``day``, which itself is day 0.

        >>> Calendar().add_working(dt.date(2026, 3, 2), 15)
        datetime.date(2026, 3, 23)
        """
        for _ in range(count):
            day = self.next_working(day + DAY)
        return day


WEEKENDS = Calendar()
"""Saturdays and Sundays off, no holidays."""


@lru_cache(maxsize=256)
def kept_days(rules: tuple[HolidayRule, ...], year: int) -> frozenset[dt.date]:
    """Every day of the year on which one of the holidays is kept."""
    days = (day for rule in rules for base in (year, year + 1) for day in rule.in_year(base))
    return frozenset(day for day in days if day.year == year)


def month_end(day: dt.date) -> dt.date:
    """The last day of the month.

    >>> month_end(dt.date(2028, 2, 1))
    datetime.date(2028, 2, 29)
    """
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day some months on; the last of the month where there is no such day.

    >>> add_months(dt.date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    first = dt.date(day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1, 1)
    return first.replace(day=min(day.day, month_end(first).day))


def parse_calendar(raw: Mapping[str, Any]) -> Calendar:
    """A calendar from the tables of its file: ``id``, ``[[holiday]]``, ``days_off``.

    Raises:
        InvalidInputError: With every field that does not fit.
    """
    try:
        rules = tuple(HolidayRule.model_validate(item) for item in raw.get("holiday", ()))
    except ValidationError as error:
        raise problems_from_validation(error, str(raw.get("id", "calendar"))) from None
    return Calendar(str(raw.get("id", "")), rules, frozenset(raw.get("days_off", ())))
