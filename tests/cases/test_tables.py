"""The tables of dates and thresholds beside the cases: every day and every number of the law, asked from both sides.

The tables were checked against the documents they name; a number or a day of ``data/law`` that differs from them, or that they lack,
fails here.
"""

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.catalogue.law import Law, Limit
from lockgate.controls.limits import run_test
from lockgate.controls.transaction import Bounds

TABLES = Path(__file__).parent / "tables"
DATES: list[dict[str, Any]] = tomllib.loads((TABLES / "dates.toml").read_text(encoding="utf-8"))["dates"]
THRESHOLDS: list[dict[str, Any]] = tomllib.loads((TABLES / "thresholds.toml").read_text(encoding="utf-8"))[
    "thresholds"
]
DAY = dt.timedelta(1)
STEP = Decimal("0.0001")
HOLDS = {
    "at least": (False, True, True),
    "more than": (False, False, True),
    "less than": (True, False, False),
    "at most": (True, True, False),
    "exactly": (False, True, False),
}
"""What holds just below, on and just above a number."""


def words_of(threshold: dict[str, Any]) -> tuple[str, Decimal]:
    words, _, number = str(threshold["words"]).rpartition(" ")
    return words, Decimal(number)


def satisfying(limit: Limit) -> Decimal:
    """A value that keeps a limit."""
    return limit.value + {">": STEP, "<": -STEP}.get(limit.operator, Decimal(0))


def name_of(entry: dict[str, Any]) -> str:
    return " ".join(str(entry[key]) for key in ("provision", "from_on", "line", "words") if key in entry)


def law_alone() -> Law:
    return load_catalogue().law


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=name_of)
def test_just_below_on_and_just_above(threshold: dict[str, Any]) -> None:
    """A line holds as its words say, the other quantities of it being well inside."""
    provision = law_alone().provision(threshold["provision"])
    version = next(item for item in provision.versions if item.from_on == threshold["from_on"])
    line = version.line(threshold["line"])
    alone = version.model_copy(update={"lines": (line,)})
    words, value = words_of(threshold)
    for shift, expected in zip((-STEP, Decimal(0), STEP), HOLDS[words], strict=True):
        asked = value + shift
        quantities: dict[str, Bounds] = {}
        for limit in line.limits:
            inside = satisfying(limit)
            quantities[limit.quantity] = (inside, inside)
        quantities[threshold["quantity"]] = (asked, asked)
        bounding = [
            limit for limit in line.limits if limit.quantity == threshold["quantity"] and limit.value != value
        ]
        assert all(abs(limit.value - value) > STEP for limit in bounding)
        assert run_test(provision.id, alone, quantities).truth is expected, (asked, words)


def test_every_threshold_is_in_the_table() -> None:
    stated = {
        (item["provision"], item["from_on"], item["line"], item["quantity"], words_of(item)[1])
        for item in THRESHOLDS
    }
    written = {
        (provision.id, version.from_on, line.id, limit.quantity, limit.value)
        for provision in law_alone().provisions()
        for version in provision.versions
        for line in version.lines
        for limit in line.limits
    }  # fmt: skip
    assert written == stated
    assert len(THRESHOLDS) == len(stated)


@pytest.mark.parametrize("entry", DATES, ids=name_of)
def test_the_day_before_on_and_after(entry: dict[str, Any]) -> None:
    """A version holds from its day on, and was not known before it was published."""
    law, id_, on, known = law_alone(), entry["provision"], entry["from_on"], entry["known_on"]
    versions = law.provision(id_).versions
    before = law.on(on - DAY).get(id_)
    assert before is None or before.from_on < on
    for day in (on, on + DAY):
        now = law.on(day).get(id_)
        assert now is not None
        assert (now.from_on, now.status) == (on, entry["status"])
    asked = max(on, known)
    told = law.on(asked, known).get(id_)
    assert told is not None
    assert told.from_on == on or told.from_on in {item.from_on for item in versions if item.from_on > on}
    untold = law.on(on, known - DAY).get(id_)
    assert untold is None or untold.from_on < on


def test_every_day_is_in_the_table() -> None:
    stated = {(item["provision"], item["from_on"], item["known_on"]) for item in DATES}
    written = {
        (provision.id, version.from_on, version.known_on or version.from_on)
        for provision in law_alone().provisions()
        for version in provision.versions
        if not provision.id.startswith("cn-import.")  # its days are in the tests of the reports
    }
    assert written == stated
    assert len(DATES) == len(stated)
