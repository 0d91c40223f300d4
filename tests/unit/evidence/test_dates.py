import datetime as dt

import pytest

from lockgate.evidence.dates import DateSpan
from lockgate.evidence.lexer import lex
from lockgate.evidence.reading import Reader

ON = dt.date(2026, 1, 28)  # a Wednesday


def dates(reader: Reader, text: str, on: dt.date | None = ON) -> list[DateSpan]:
    return [
        thing
        for thing in lex(text, reader.grammar.lexicon, on).payload.values()
        if isinstance(thing, DateSpan)
    ]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("in November 2025", "2025-11"),
        ("on Nov. 13, 2023", "2023-11-13"),
        ("on 13 November 2023", "2023-11-13"),
        ("on January 14th, 2026", "2026-01-14"),
        ("2026-01-15", "2026-01-15"),
        ("2026年1月28日", "2026-01-28"),
        ("1月14日", "2026-01-14"),
        ("2025年11月", "2025-11"),
        ("on December 8", "2025-12-08"),
        ("on Tuesday", "2026-01-27"),
        ("this week", "2026-01-26/2026-02-01"),
        ("last month", "2025-12"),
        ("去年", "2025"),
        ("in the second quarter of 2026", "2026-04-01/2026-06-30"),
        ("Q1 2026", "2026-01-01/2026-03-31"),
        ("yesterday", "2026-01-27"),
        ("late January", "2026-01-20/2026-01-31"),
    ],
)
def test_a_date_is_read(reader: Reader, text: str, iso: str) -> None:
    assert [span.iso for span in dates(reader, text)] == [iso]


def test_a_relative_date_without_a_document_date_stays_open(reader: Reader) -> None:
    assert [span.iso for span in dates(reader, "this week", None)] == ["this week (relative to article)"]


@pytest.mark.parametrize(
    "text", ["it may help", "they march on", "February 31, 2026", "the second most powerful", "2099999"]
)
def test_what_only_looks_like_a_date(reader: Reader, text: str) -> None:
    assert [span for span in dates(reader, text) if span.low and span.low == span.high] == []


def test_a_year_far_away_does_not_overflow(reader: Reader) -> None:
    dates(reader, "1月31日 last month next year", dt.date(1, 1, 1))
    dates(reader, "1月31日 last month next year", dt.date(9999, 12, 31))
