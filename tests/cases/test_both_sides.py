"""Every day and every limit that ``provisions.toml`` states, asked of the law from both sides.

A version holds from its day on and not the day before, and was not known the day before it was published. A limit says no, yes or
yes just below, on and just above its number, as its operator has it.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from lockgate.catalogue import load_catalogue
from lockgate.controls.limits import run_test
from lockgate.controls.transaction import Bounds

DAY = dt.timedelta(1)
STEP = Decimal("0.0001")
HOLDS = {
    ">=": (False, True, True),
    ">": (False, False, True),
    "<": (True, False, False),
    "<=": (True, True, False),
    "==": (False, True, False),
}
"""What holds just below, on and just above a number."""
Statement = tuple[str, dt.date, dt.date, str]
"""Provision, first day, day of knowledge, status."""
Bound = tuple[str, dt.date, str, str, str, Decimal]
"""Provision, first day, line, quantity, operator, number."""


def read_statements() -> tuple[list[Statement], list[Bound]]:
    """Every day and every limit that is stated."""
    text = (Path(__file__).parent / "provisions.toml").read_text(encoding="utf-8")
    days: list[Statement] = []
    bounds: list[Bound] = []
    for provision in tomllib.loads(text)["provisions"]:
        for state in provision["states"]:
            if match := re.match(r"from (\S+), known (\S+), ([\w-]+)", state):
                on, known = dt.date.fromisoformat(match[1]), dt.date.fromisoformat(match[2])
                days.append((provision["id"], on, known, match[3]))
            else:
                line, _, limits = state.partition(": ")
                bounds += [(provision["id"], days[-1][1], line, *limit) for limit in read_limits(limits)]
    return days, bounds


def read_limits(text: str) -> Iterator[tuple[str, str, Decimal]]:
    for limit in text.split(" and "):
        quantity, operator, number = limit.split()
        yield quantity, operator, Decimal(number)


DAYS, BOUNDS = read_statements()


def name_of(entry: tuple[object, ...]) -> str:
    return " ".join(map(str, entry))


@pytest.mark.parametrize("statement", DAYS, ids=name_of)
def test_the_day_before_on_and_after(statement: Statement) -> None:
    id_, on, known, status = statement
    law = load_catalogue().law
    before = law.on(on - DAY).get(id_)
    assert before is None or before.from_on < on
    for day in (on, on + DAY):
        now = law.on(day).get(id_)
        assert now is not None
        assert (now.from_on, now.status) == (on, status)
    told = law.on(on, max(on, known)).get(id_)
    assert told is not None
    assert told.from_on == on
    untold = law.on(on, known - DAY).get(id_)
    assert untold is None or untold.from_on < on


@pytest.mark.parametrize("bound", BOUNDS, ids=name_of)
def test_just_below_on_and_just_above(bound: Bound) -> None:
    id_, on, line_id, quantity, operator, number = bound
    version = next(item for item in load_catalogue().law.provision(id_).versions if item.from_on == on)
    line = version.line(line_id)
    inside = {">": STEP, "<": -STEP}
    well: dict[str, Bounds] = {}
    for limit in line.limits:
        value = limit.value + inside.get(limit.operator, Decimal(0))
        well[limit.quantity] = (value, value)
    alone = version.model_copy(update={"lines": (line,)})
    for shift, expected in zip((-STEP, Decimal(0), STEP), HOLDS[operator], strict=True):
        asked = number + shift
        assert run_test(id_, alone, {**well, quantity: (asked, asked)}).truth is expected, asked


def test_there_are_many() -> None:
    assert len(DAYS) > 100
    assert len(BOUNDS) > 40
