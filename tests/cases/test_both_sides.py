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
from lockgate.catalogue.law import Law
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


def holds_from_its_day(law: Law, statement: Statement) -> bool:
    """Whether a version holds on its day and the next, not the day before, and is known from its day of knowledge on."""
    id_, on, known, status = statement
    before, told = law.on(on - DAY).get(id_), law.on(on, known).get(id_)
    untold = law.on(on, known - DAY).get(id_)
    now = [law.on(day).get(id_) for day in (on, on + DAY)]
    return (
        all(version is None or version.from_on < on for version in (before, untold))
        and all(version is not None and version.status == status for version in now)
        and all(version is not None and version.from_on == on for version in (*now, told))
    )


def holds_as_stated(law: Law, bound: Bound) -> bool:
    """Whether a line holds just below, on and just above a number as the operator has it, its other quantities well inside."""
    id_, on, line_id, quantity, operator, number = bound
    version = next((item for item in law.provision(id_).versions if item.from_on == on), None)
    if version is None:
        return False
    line = version.line(line_id)
    inside = {">": STEP, "<": -STEP}
    well: dict[str, Bounds] = {}
    for limit in line.limits:
        value = limit.value + inside.get(limit.operator, Decimal(0))
        well[limit.quantity] = (value, value)
    alone = version.model_copy(update={"lines": (line,)})
    found = tuple(
        run_test(id_, alone, {**well, quantity: (number + shift, number + shift)}).truth
        for shift in (-STEP, Decimal(0), STEP)
    )
    return found == HOLDS[operator]


@pytest.mark.parametrize("statement", DAYS, ids=name_of)
def test_the_day_before_on_and_after(statement: Statement) -> None:
    assert holds_from_its_day(load_catalogue().law, statement)


@pytest.mark.parametrize("bound", BOUNDS, ids=name_of)
def test_just_below_on_and_just_above(bound: Bound) -> None:
    assert holds_as_stated(load_catalogue().law, bound)


def test_there_are_many() -> None:
    assert len(DAYS) > 100
    assert len(BOUNDS) > 40
