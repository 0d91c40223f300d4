"""Days, periods and values that hold for a time, under two clocks."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from lockgate.base.errors import LockgateError

Value = TypeVar("Value")


def parse_date(text: str | dt.date) -> dt.date:
    """A day from ISO text (``2026-01-28``).

    Raises:
        LockgateError: ``bad-date``, where it is no such day.

    >>> parse_date("2026-01-28")
    datetime.date(2026, 1, 28)
    """
    if isinstance(text, dt.datetime):
        return text.date()
    if isinstance(text, dt.date):
        return text
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise LockgateError(
            f"{text!r} is not a date", code="bad-date", hint="write it as YYYY-MM-DD, for example 2026-01-28"
        ) from None


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from ``start_on`` (included) to ``end_on`` (not included; None: open).

    >>> dt.date(2026, 1, 15) in Period(dt.date(2026, 1, 15), None)
    True
    """

    start_on: dt.date
    end_on: dt.date | None = None

    def __contains__(self, day: dt.date) -> bool:
        return self.start_on <= day and (self.end_on is None or day < self.end_on)


@dataclass(frozen=True, slots=True)
class DatedValue(Generic[Value]):
    """A value that holds from ``from_on`` until the next one, and is known since ``known_on`` (None: since it holds)."""

    from_on: dt.date
    value: Value
    known_on: dt.date | None = None


class DatedSeries(Generic[Value]):
    """Values over time under two clocks. Values are appended, never edited.

    A later entry for the same day replaces an earlier one from its ``known_on`` on.

    >>> rate = DatedSeries([DatedValue(dt.date(2022, 10, 7), "2022 test"), DatedValue(dt.date(2023, 11, 17), "2023 test")])
    >>> rate.on(dt.date(2023, 11, 16)), rate.on(dt.date(2023, 11, 17)), rate.on(dt.date(2020, 1, 1))
    ('2022 test', '2023 test', None)
    """

    def __init__(self, values: Iterable[DatedValue[Value]]) -> None:
        self._values = sorted(values, key=lambda item: item.from_on)
        self._starts = [item.from_on for item in self._values]

    def on(self, day: dt.date, known_at: dt.date | None = None) -> Value | None:
        """The value that holds on ``day`` as known on ``known_at`` (None: all that is known); None before the first."""
        index = bisect_right(self._starts, day)
        for item in reversed(self._values[:index]):
            if known_at is None or (item.known_on or item.from_on) <= known_at:
                return item.value
        return None

    def __iter__(self) -> Iterator[DatedValue[Value]]:
        return iter(self._values)
