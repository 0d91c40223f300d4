"""Rows of a table under one state of the law: scopes, routes and tests, as arrays.

Each function is that of the same name for one transaction (`lockgate.controls.destination`, `lockgate.controls.limits`), over
rows; what a scope or a pattern says of a value is asked once for each different value.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lockgate.base.three_valued import Truth
from lockgate.catalogue.law import LawOnDate, Limit, Scope, Version
from lockgate.controls import destination
from lockgate.controls.limits import BYTE_PER_GB, COLUMNS
from lockgate.controls.table import KINDS, Coded, Numbers, Table
from lockgate.controls.transaction import Movement
from lockgate.controls.truth_arrays import (
    NO,
    NUMBERS,
    UNKNOWN,
    YES,
    Mask,
    Truths,
    all_of,
    any_of,
    choose,
)

HOME = destination.HOME
Named = tuple[str, Mask]
"""A name, and the rows that it is said of."""
Range = tuple[Numbers, Numbers]
"""Lowest and highest possible values, NaN where there is no bound."""
PARTIES = ("end_user_hq", "ultimate_parent")
IN_GB_PER_S = ("dram_bandwidth_gb_per_s", "io_bandwidth_gb_per_s", "dram_plus_io_gb_per_s")
"""Quantities that provisions give in GB/s, and that are compared in byte/s."""


@dataclass(frozen=True, slots=True)
class TestRows:
    """What a test says of each row, and the columns it would need to know, each with its rows."""

    __test__ = False
    truth: Truths
    missing: tuple[Named, ...]


class Rows:
    """Rows of one state of the law.

    Args:
        table: Rows of days that fall into the same state.
        law: The law of these days.
    """

    def __init__(self, table: Table, law: LawOnDate) -> None:
        self.table, self.law, self.count = table, law, len(table)

    def all(self, truth: Truth) -> Truths:
        """The same truth for every row."""
        return np.full(self.count, NUMBERS[truth])

    def ask(self, column: Coded, question: Callable[[Any], Truth]) -> Truths:
        """What ``question`` says of each row's value of a column."""
        answers = np.array([NUMBERS[question(value)] for value in column.values], dtype=np.int8)
        return answers[column.codes]

    def is_value(self, column: Coded, value: Any) -> Mask:
        """Whether a row's value of a column is ``value``."""
        mask: Mask = np.array([held == value for held in column.values], dtype=np.bool_)[column.codes]
        return mask

    def lacks_place(self, name: str) -> Mask:
        """Where a place is not known."""
        return self.is_value(self.table.places[name], None)

    def is_kind(self, *kinds: Movement | None) -> Mask:
        """Where it moves in one of these kinds, as given."""
        return np.isin(self.table.kind, [KINDS.index(kind) for kind in kinds])

    # Destinations

    def reaches(self, scope: Scope | None, name: str) -> Truths:
        """Whether a scope holds the place of a column."""
        return self.ask(self.table.places[name], lambda place: destination.reaches(self.law, scope, place))

    def reaches_party(self, scope: Scope | None) -> Truths:
        """Whether headquarters or ultimate parent is in a scope."""
        if scope is None:
            return self.all(False)
        return any_of(*(self.reaches(scope, name) for name in PARTIES))

    def reaches_route(self, version: Version) -> Truths:
        """Whether a version reaches the destination or a party."""
        return any_of(self.reaches(version.scope, "to_place"), self.reaches_party(version.party_scope))

    @cached_property
    def leaves_home(self) -> Truths:
        """Whether goods move to somewhere outside the United States."""
        leaves = self.ask(
            self.table.places["to_place"], lambda place: None if place is None else place != HOME
        )
        return choose(self.is_kind(Movement.REMOTE_ACCESS), NO, leaves)

    @cached_property
    def same_place(self) -> Mask:
        """Where it leaves from the place to which it goes, both known."""
        start, end = self.table.places["from_place"], self.table.places["to_place"]
        places = list({*start.values, *end.values} - {None})
        left, right = (
            np.array([-other if value is None else places.index(value) for value in column.values])
            for column, other in ((start, 1), (end, 2))
        )
        mask: Mask = left[start.codes] == right[end.codes]
        return mask

    @cached_property
    def movement(self) -> Coded:
        """How it moves, as given or as the route tells."""
        kinds = {kind: np.int32(position) for position, kind in enumerate(KINDS)}
        told = np.where(self.same_place, kinds[Movement.IN_COUNTRY_TRANSFER], kinds[Movement.REEXPORT])
        told = np.where(self.lacks_place("to_place"), kinds[None], told)
        start = self.table.places["from_place"]
        told = np.where(self.is_value(start, HOME), kinds[Movement.EXPORT], told)
        told = np.where(self.is_value(start, None), kinds[None], told)
        given = self.table.kind
        return Coded(np.where(given == kinds[None], told, given), KINDS)

    def moves_as(self, kinds: str) -> Truths:
        """Whether it moves in one of ``kinds``."""
        if not kinds:
            return self.all(True)
        return self.ask(self.movement, lambda kind: None if kind is None else str(kind) in kinds.split())

    def starts_from(self, place: str) -> Truths:
        """Whether it leaves from ``place``."""
        start = self.table.places["from_place"]
        known = self.ask(start, lambda value: None if value is None else value == place)
        if place != HOME:
            return known
        return choose((known == UNKNOWN) & self.is_kind(Movement.EXPORT), YES, known)

    def qualifies(self, version: Version) -> Truths:
        """Whether how and where it moves fits a version."""
        from_place = str(version.values.get("from_place", ""))
        return all_of(
            self.moves_as(str(version.values.get("kinds", ""))),
            self.starts_from(from_place) if from_place else YES,
            self.reaches_route(version),
        )

    def missing_places(self, version: Version, where: Mask) -> Iterator[Named]:
        """Columns whose values would tell whether a version reaches the route."""
        yield "to", where & self.lacks_place("to_place")
        if version.party_scope is not None:
            for name in PARTIES:
                yield name, where & self.lacks_place(name)

    # Quantities

    def range_of(self, name: str) -> Range:
        """The lowest and the highest possible value of a quantity."""
        value = self.table.number(name)
        low, high = (
            np.where(np.isnan(value), side[name], value) if name in side else value
            for side in (self.table.lows, self.table.highs)
        )
        return low, high

    def quantities(self, datacenter: Truths) -> dict[str, Range]:
        """Every quantity that a provision may compare, by the name it has there, in base units."""
        dram, io = self.range_of("dram_bandwidth_byte_per_s"), self.range_of("io_bandwidth_byte_per_s")
        low = np.where(np.isnan(dram[0]), io[0], np.where(np.isnan(io[0]), dram[0], dram[0] + io[0]))
        marketed = np.where(datacenter == UNKNOWN, np.nan, datacenter == YES)
        return {
            "tpp": self.range_of("tpp"),
            "performance_density": self.range_of("performance_density"),
            "dram_bandwidth_gb_per_s": dram,
            "io_bandwidth_gb_per_s": io,
            "dram_plus_io_gb_per_s": (low, dram[1] + io[1]),
            "memory_bandwidth_density": self.range_of("memory_bandwidth_density"),
            "datacenter": (marketed, marketed),
        }

    def run_test(self, version: Version, quantities: dict[str, Range]) -> TestRows:
        """Whether any line of a provision holds."""
        truth = self.all(False)
        lacking: list[tuple[str, Truths, Truths]] = []
        for line in version.lines:
            kept = [holds(limit, quantities[limit.quantity]) for limit in line.limits]
            holding = all_of(*kept)
            truth = any_of(truth, holding)
            for limit, keeps in zip(line.limits, kept, strict=True):
                lacking += [(name, holding, keeps) for name in COLUMNS.get(limit.quantity, (limit.quantity,))]
        missing = tuple(
            (name, (truth == UNKNOWN) & (holding == UNKNOWN) & (keeps == UNKNOWN))
            for name, holding, keeps in lacking
        )
        return TestRows(truth, missing)


def holds(limit: Limit, bounds: Range) -> Truths:
    """Whether a quantity within ``bounds`` keeps a limit; `UNKNOWN` where its values are on both sides."""
    low, high = bounds
    value = float(limit.value * BYTE_PER_GB if limit.quantity in IN_GB_PER_S else limit.value)
    if limit.operator == "==":
        sure = (low == value) & (high == value)
        return choose(sure, YES, choose((low > value) | (high < value), NO, UNKNOWN))
    if limit.operator in (">=", ">"):
        strict = limit.operator == ">"
        sure = low > value if strict else low >= value
        return choose(sure, YES, choose(high <= value if strict else high < value, NO, UNKNOWN))
    strict = limit.operator == "<"
    sure = high < value if strict else high <= value
    return choose(sure, YES, choose(low >= value if strict else low > value, NO, UNKNOWN))


def among(named: tuple[Named, ...], where: Mask) -> Iterator[Named]:
    """Names, for some of their rows only."""
    for name, mask in named:
        yield name, mask & where
