"""Kinds of values in requests: what JSON and queries give as text, and nothing else that happens to be readable as it."""

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Strict


def require_day(value: Any) -> Any:
    """A day as text: pydantic alone would take ``12`` for twelve seconds after 1970.

    >>> require_day("2026-01-28")
    '2026-01-28'
    """
    if value is None or isinstance(value, dt.date) or (isinstance(value, str) and DAY.fullmatch(value)):
        return value
    raise ValueError("is no day: write it as 2026-01-28")


def require_instant(value: Any) -> Any:
    """An instant as text with its zone."""
    if value is None or isinstance(value, dt.datetime) or (isinstance(value, str) and "T" in value):
        return value
    raise ValueError("is no instant: write it as 2026-01-28T09:30:00Z")


def require_whole(value: Any) -> Any:
    """A number as a number: pydantic alone would take ``"12"`` for twelve and ``true`` for one."""
    if not isinstance(value, str | bool):
        return value
    raise ValueError("is no whole number: write it without quotation marks")


DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Day = Annotated[dt.date, BeforeValidator(require_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(require_instant)]
Whole = Annotated[int, BeforeValidator(require_whole)]
Flag = Annotated[bool, Strict()]
