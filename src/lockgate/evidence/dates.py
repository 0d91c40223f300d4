"""Dates as texts write them, absolute or relative to the document's date, as an interval of days."""

import calendar
from datetime import date, timedelta
from typing import NamedTuple

from lockgate.evidence.pieces import NUMBER, Pieces

MONTHS = {
    name.lower(): number
    for number in range(1, 13)
    for name in (calendar.month_name[number], calendar.month_abbr[number])
} | {"sept": 9}
WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "final": 4}
RELATIVE = {"today": 0, "yesterday": -1, "tomorrow": 1, "今天": 0, "昨天": -1, "昨日": -1, "今日": 0}
SPANS = {"week": "week", "month": "month", "year": "year", "quarter": "quarter"}
HAN_RELATIVE = {
    ("本", "周"): ("this", "week"), ("本", "週"): ("this", "week"), ("这", "周"): ("this", "week"),
    ("上", "周"): ("last", "week"), ("上", "週"): ("last", "week"), ("下", "周"): ("next", "week"),
    ("本", "月"): ("this", "month"), ("上", "月"): ("last", "month"), ("上", "个", "月"): ("last", "month"),
    ("上", "個", "月"): ("last", "month"), ("下", "月"): ("next", "month"), ("今", "年"): ("this", "year"),
    ("去", "年"): ("last", "year"), ("明", "年"): ("next", "year"),
}  # fmt: skip
STARTS = frozenset(MONTHS) | frozenset(WEEKDAYS) | frozenset({
    "this", "last", "next", "earlier", "today", "yesterday", "tomorrow", "early", "late", "mid", "q", "q1", "q2", "q3", "q4",
    "first", "second", "third", "fourth", "本", "上", "下", "今", "去", "明", "昨", "这",
})  # fmt: skip


class DateSpan(NamedTuple):
    """A date expression: the days it may mean, both None where it hangs on a document date that is unknown."""

    low: date | None
    high: date | None
    relative: str = ""  # the words, where the date is relative to the document's
    impossible: str = ""  # the words of a day that no calendar has

    @property
    def shown(self) -> str:
        """As a claim shows it: in ISO form, but the words of a day that is none, and a week or a quarter told from the day of the text in its words."""
        if self.impossible:
            return self.impossible
        return f"{self.relative} (relative to article)" if self.relative and "/" in self.iso else self.iso

    @property
    def iso(self) -> str:
        """The shortest ISO form: day, month, year or ``low/high``."""
        if self.impossible:
            return self.impossible
        if self.low is None or self.high is None:
            return f"{self.relative} (relative to article)"
        if self.low == self.high:
            return self.low.isoformat()
        if self.low.day == 1 and self.high == month_end(self.low.year, self.low.month):
            return f"{self.low.year}-{self.low.month:02d}"
        if (self.low.month, self.low.day, self.high.month, self.high.day) == (1, 1, 12, 31):
            return str(self.low.year)
        return f"{self.low.isoformat()}/{self.high.isoformat()}"


def month_end(year: int, month: int) -> date:
    """Last day of a month."""
    return date(year, month, calendar.monthrange(year, month)[1])


def month_span(year: int, month: int) -> tuple[date, date]:
    """First and last day of a month."""
    return date(year, month, 1), month_end(year, month)


def parse_date(pieces: Pieces, start: int, on: date | None) -> tuple[int, DateSpan] | None:
    """The date expression that starts at a piece, with the piece behind it.

    Args:
        pieces: The text in pieces.
        start: Where to look.
        on: The document's date, for "January 28" and "this week"; None if unknown.
    """
    try:
        return (
            _numeric(pieces, start, on)
            or _month_first(pieces, start, on)
            or _day_first(pieces, start, on)
            or _quarter(pieces, start)
            or _relative(pieces, start, on)
        )
    except (ValueError, OverflowError, IndexError):  # an impossible day, or the text ends within the date
        return _impossible(pieces, start)


def _impossible(pieces: Pieces, at: int) -> tuple[int, DateSpan] | None:
    """A day that its month does not have: April 31, 31 April, 2025-02-30, 4月31日."""
    year: int | None = None
    if _year(pieces, at) and _word(pieces, at + 1) in ("-", "/", "年"):
        year, month, day, end = (
            _year(pieces, at),
            _day(_word(pieces, at + 2)),
            _day(_word(pieces, at + 4)),
            at + 5,
        )
        end += _word(pieces, end) in ("日", "号", "號")
    elif _word(pieces, at) in MONTHS and pieces.text[pieces.starts[at]].isupper():
        month = MONTHS[_word(pieces, at)]
        end = _skip_mark(pieces, at + 1, ".")
        day, end = _day(_word(pieces, end)), end + 1
    elif _word(pieces, at + 1) in MONTHS:
        day, month, end = _day(_word(pieces, at)), MONTHS[_word(pieces, at + 1)], at + 2
    elif _word(pieces, at + 1) == "月":
        month, day, end = _day(_word(pieces, at)), _day(_word(pieces, at + 2)), at + 4
    else:
        return None
    if year is None:
        end = _skip_mark(pieces, end, ",")
        year = _year(pieces, end)
        end += year is not None
    if not month or not day or month > 12 or day <= calendar.monthrange(year or 2024, month)[1]:
        return None
    end = min(end, len(pieces.words))
    return end, DateSpan(None, None, impossible=pieces.text[pieces.starts[at] : pieces.ends[end - 1]])


def _word(pieces: Pieces, at: int) -> str:
    return pieces.words[at] if 0 <= at < len(pieces.words) else ""


def _year(pieces: Pieces, at: int) -> int | None:
    word = _word(pieces, at)
    if word.isascii() and word.isdigit() and len(word) == 4 and 1990 <= int(word) <= 2059:
        return int(word)
    return None


def _day(word: str) -> int | None:
    return (
        int(word) if word.isascii() and word.isdigit() and len(word) <= 2 and 1 <= int(word) <= 31 else None
    )


def _guess_year(month: int, day: int, on: date) -> int:
    """The year that puts a bare "January 28" closest to the document's date."""
    candidates = [
        year for year in (on.year - 1, on.year, on.year + 1) if day <= calendar.monthrange(year, month)[1]
    ]
    return (
        min(candidates, key=lambda year: abs((date(year, month, day) - on).days)) if candidates else on.year
    )


def _numeric(pieces: Pieces, at: int, on: date | None) -> tuple[int, DateSpan] | None:
    """2026-01-28, 2026/1/28, 2026年1月28日, 1月28日, a bare year."""
    year = _year(pieces, at)
    if year is not None:
        mark = _word(pieces, at + 1)
        month, day = _day(_word(pieces, at + 2)), _day(_word(pieces, at + 4))
        if mark in ("-", "/", ".") and _word(pieces, at + 3) == mark and month and day and month <= 12:
            found = date(year, month, day)
            return at + 5, DateSpan(found, found)
        if mark == "年":
            if month and month <= 12 and _word(pieces, at + 3) == "月":
                if day and _word(pieces, at + 5) in ("日", "号", "號"):
                    found = date(year, month, day)
                    return at + 6, DateSpan(found, found)
                return at + 4, DateSpan(*month_span(year, month))
            return at + 2, DateSpan(date(year, 1, 1), date(year, 12, 31))
        return at + 1, DateSpan(date(year, 1, 1), date(year, 12, 31))
    month = _day(_word(pieces, at))
    if month and month <= 12 and _word(pieces, at + 1) == "月":
        day = _day(_word(pieces, at + 2))
        if day and _word(pieces, at + 3) in ("日", "号", "號"):
            if on is None:
                return at + 4, DateSpan(None, None, pieces.text[pieces.starts[at] : pieces.ends[at + 3]])
            found = date(_guess_year(month, day, on), month, day)
            return at + 4, DateSpan(found, found)
        if on is not None:
            return at + 2, DateSpan(*month_span(_guess_year(month, 1, on), month))
    return None


def _skip_mark(pieces: Pieces, at: int, *marks: str) -> int:
    return at + 1 if _word(pieces, at) in marks else at


def _ordinal(pieces: Pieces, at: int) -> int:
    return at + 1 if _word(pieces, at) in ("st", "nd", "rd", "th") and pieces.glued(at) else at


def _month_first(pieces: Pieces, at: int, on: date | None) -> tuple[int, DateSpan] | None:
    """November 2025, Nov. 13, 2023, January 28, "early January"."""
    begin = at
    part = _word(pieces, at)
    if part in ("early", "mid", "late"):
        at += 1
    else:
        part = ""
    word = _word(pieces, at)
    month = MONTHS.get(word)
    if month is None or not pieces.text[pieces.starts[at]].isupper():
        return None
    at = _skip_mark(pieces, at + 1, ".") if len(word) <= 4 and word != "may" else at + 1
    day = _day(_word(pieces, at))
    if day and not part:
        at = _ordinal(pieces, at + 1)
        year = _year(pieces, at + 1) if _word(pieces, at) == "," else _year(pieces, at)
        if year:
            at += 2 if _word(pieces, at) == "," else 1
        elif on is None:
            return at, DateSpan(None, None, pieces.text[pieces.starts[begin] : pieces.ends[at - 1]])
        else:
            year = _guess_year(month, day, on)
        found = date(year, month, day)
        return at, DateSpan(found, found)
    year = _year(pieces, at + 1) if _word(pieces, at) in (",", "of") else _year(pieces, at)
    if year:
        at += 2 if _word(pieces, at) in (",", "of") else 1
    elif (
        word in ("may", "march")
        and not part
        and _word(pieces, begin - 1) not in ("in", "since", "by", "until", "last", "of", "from")
    ):
        return None
    elif on is None:
        return at, DateSpan(None, None, pieces.text[pieces.starts[begin] : pieces.ends[at - 1]])
    else:
        year = _guess_year(month, 15, on)
    low, high = month_span(year, month)
    if part:
        low, high = {
            "early": (low, date(year, month, 10)),
            "mid": (date(year, month, 10), date(year, month, 20)),
            "late": (date(year, month, 20), high),
        }[part]
    return at, DateSpan(low, high)


def _day_first(pieces: Pieces, at: int, on: date | None) -> tuple[int, DateSpan] | None:
    """13 November 2023, 28 January."""
    day = _day(_word(pieces, at)) if pieces.kinds[at] == NUMBER else None
    if day is None:
        return None
    behind = _ordinal(pieces, at + 1)
    behind = _skip_mark(pieces, behind, "of")
    month = MONTHS.get(_word(pieces, behind))
    if month is None or not pieces.text[pieces.starts[behind]].isupper():
        return None
    end = _skip_mark(pieces, behind + 1, ".", ",")
    year = _year(pieces, end)
    if year is None:
        end = behind + 1
        if on is None:
            return end, DateSpan(None, None, pieces.text[pieces.starts[at] : pieces.ends[behind]])
        year = _guess_year(month, day, on)
        found = date(year, month, day)
        return end, DateSpan(found, found)
    found = date(year, month, day)
    return end + 1, DateSpan(found, found)


def _quarter(pieces: Pieces, at: int) -> tuple[int, DateSpan] | None:
    """Q2 2025, second quarter of 2026."""
    word = _word(pieces, at)
    number = int(word[1]) if word in ("q1", "q2", "q3", "q4") else QUARTERS.get(word)
    if number is None:
        return None
    end = at + 1
    if word in QUARTERS:
        if _word(pieces, end) not in ("quarter", "half"):
            return None
        half = _word(pieces, end) == "half"
        end += 1
    else:
        half = False
    if _word(pieces, end) in ("of", "fiscal"):
        end += 1
    year = _year(pieces, end)
    if year is None:
        return None
    months = (number * 6 - 5, number * 6) if half else (number * 3 - 2, number * 3)
    if months[1] > 12:
        return None
    return end + 1, DateSpan(date(year, months[0], 1), month_end(year, months[1]))


def _relative(pieces: Pieces, at: int, on: date | None) -> tuple[int, DateSpan] | None:
    """This week, last month, on Wednesday, yesterday, 本周."""
    word = _word(pieces, at)
    end = at + 1
    if word in ("early", "late", "mid", "earlier"):
        if _word(pieces, end) not in ("this", "last", "next"):
            return None
        word, end = _word(pieces, end), end + 1
    name = ""
    for length in (3, 2):
        key = tuple(pieces.words[at : at + length])
        if len(key) == length and key in HAN_RELATIVE:
            word, name = HAN_RELATIVE[key]
            end = at + length
            break
    if not name and word in ("this", "last", "next"):
        name = _word(pieces, end)
        end += 1
        if name in WEEKDAYS:
            word, name, end = name, "", end
        elif name in MONTHS and pieces.text[pieces.starts[end - 1]].isupper():
            if on is None:
                return end, DateSpan(None, None, pieces.text[pieces.starts[at] : pieces.ends[end - 1]])
            return end, DateSpan(*month_span(_guess_year(MONTHS[name], 15, on), MONTHS[name]))
        elif name not in SPANS:
            return None
    text = pieces.text[pieces.starts[at] : pieces.ends[end - 1]]
    if word in WEEKDAYS and not name:
        if not pieces.text[pieces.starts[end - 1]].isupper():
            return None
        if on is None:
            return end, DateSpan(None, None, text)
        found = on - timedelta(days=(on.weekday() - WEEKDAYS[word]) % 7)
        return end, DateSpan(found, found)
    if word in RELATIVE:
        if on is None:
            return end, DateSpan(None, None, text)
        found = on + timedelta(days=RELATIVE[word])
        return end, DateSpan(found, found)
    if not name:
        return None
    if on is None:
        return end, DateSpan(None, None, text)
    return end, DateSpan(*around(on, name, {"last": -1, "this": 0, "next": 1}[word]), text)


def around(on: date, span: str, shift: int) -> tuple[date, date]:
    """The week, month, quarter or year of a day, moved by ``shift`` of them."""
    if span == "week":
        monday = on - timedelta(days=on.weekday()) + timedelta(weeks=shift)
        return monday, monday + timedelta(days=6)
    if span == "year":
        return date(on.year + shift, 1, 1), date(on.year + shift, 12, 31)
    step = 3 if span == "quarter" else 1
    first = on.month - (on.month - 1) % step
    index = on.year * 12 + first - 1 + shift * step
    year, month = divmod(index, 12)
    last_year, last_month = divmod(index + step - 1, 12)
    return date(year, month + 1, 1), month_end(last_year, last_month + 1)


def months_before(on: date, months: float) -> tuple[date, date]:
    """The calendar month that lies some months before a day: what "three months after" points at."""
    year, month = divmod(on.year * 12 + on.month - 1 - round(months), 12)
    return month_span(year, month + 1)
