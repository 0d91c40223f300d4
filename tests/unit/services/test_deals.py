"""A deal file: every figure sourced, every problem told at once and in its place."""

import datetime as dt
from pathlib import Path

import pytest

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.services.deals import read_deal

GOOD = """
id = "d"
title = "A deal"
on = 2026-01-28
[[facts]]
column = "item"
value = "h200-sxm"
sources = ["a"]
[[facts]]
column = "us_licence"
value = false
sources = ["a"]
[[facts]]
column = "us_licence"
value = true
from_on = 2026-03-01
sources = ["a"]
[quantity]
low = 10
high = 20
basis = "b"
[[quantity.reports]]
low = 10
sources = ["a"]
[[recipients]]
name = "ByteDance"
role = "buyer"
sources = ["a"]
[[sources]]
id = "a"
title = "An article"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "deal.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(LockgateError) as caught:
        read_deal(write(tmp_path, text))
    return [
        (found.code, found.path.removeprefix(str(tmp_path / "deal.toml") + "."))
        for found in caught.value.problems
    ]


def test_a_fact_holds_from_its_day_until_the_next(tmp_path: Path) -> None:
    deal = read_deal(write(tmp_path, GOOD))
    assert deal.facts_on(dt.date(2026, 2, 28))["us_licence"].value == "no"
    assert deal.facts_on(dt.date(2026, 3, 1))["us_licence"].value == "yes"
    assert deal.facts_on(dt.date(2020, 1, 1))["item"].value == "h200-sxm"


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace('role = "buyer"', 'role = "friend"')
        .replace('id = "d"\n', "")
        .replace("low = 10\nhigh", "low = 0\nhigh")
    )
    assert {where for _, where in problems(tmp_path, text)} >= {"id", "recipients[0].role", "quantity.low"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("low = 10\nhigh = 20", "low = 30\nhigh = 20", ("value-error", "quantity")),
        ("low = 10\nhigh = 20", "low = 9\nhigh = 20", ("value-error", "quantity")),
        ('name = "ByteDance"\n', "", ("value-error", "recipients[0]")),
        ('value = "h200-sxm"\nsources = ["a"]', 'value = "h200-sxm"\nsources = []', ("too-short", "facts[0].sources")),
        ('value = "h200-sxm"\nsources = ["a"]', 'value = "h200-sxm"\nsources = ["b"]', ("unknown-source", "facts[0].sources")),
        ('title = "An article"', 'title = "An article"\n[[sources]]\nid = "c"\ntitle = "t"', ("unused-source", "sources[1].id")),
        ('title = "An article"', 'title = "An article"\n[[sources]]\nid = "a"\ntitle = "t"', ("duplicate-source", "sources[1].id")),
        ('title = "An article"', 'titel = "An article"', ("extra-forbidden", "sources[0].titel")),
        ('id = "d"', 'id = "d', ("bad-toml", "")),
    ],
)  # fmt: skip
def test_a_problem_is_told_in_its_place(
    tmp_path: Path, old: str, new: str, expected: tuple[str, str]
) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new))
    assert expected[0] in {code for code, _ in found}
    if expected[1]:
        assert expected in found


def test_a_source_of_the_catalogue_need_not_be_declared(tmp_path: Path) -> None:
    text = GOOD.replace('value = "h200-sxm"\nsources = ["a"]', 'value = "h200-sxm"\nsources = ["known"]')
    assert read_deal(write(tmp_path, text), {"known"}).facts[0].sources == ("known",)
    with pytest.raises(InvalidInputError):
        read_deal(write(tmp_path, text))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(LockgateError, match="cannot be read") as caught:
        read_deal(tmp_path / "none.toml")
    assert caught.value.code == "unreadable-file"
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(LockgateError, match="cannot be read"):
        read_deal(tmp_path / "bytes.toml")
