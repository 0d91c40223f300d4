"""Rows as columns: each column read once for each different cell, and the table that the gates are asked of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from math import nan
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from lockgate.controls.table import KINDS, QUANTITIES, TRUTHS, Coded, Numbers, Table, as_float
from lockgate.controls.transaction import Transaction
from lockgate.controls.truth_arrays import NUMBERS, Mask, Truths
from lockgate.services.transaction_rows import ALIASES, COLUMNS, SHORTHANDS, Row

LARGEST_KEY = 2**62


Positions = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Item:
    """What the rows of one item share.

    Attributes:
        number: Its number among the items seen.
        transaction: Its facts, as a transaction of nothing else.
        warnings: What is to say about the facts.
        sources: The sources of the facts.
        head: How the answer begins.
    """

    number: int
    transaction: Transaction
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    head: bytes


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of some rows: the position of each row's value among the different ones; 0 is "not known", and bad where unread."""

    codes: Positions
    values: tuple[Any, ...]
    bad: Mask

    def take(self, rows: npt.NDArray[np.intp]) -> "Cells":
        """The column of some rows."""
        return Cells(self.codes[rows], self.values, self.bad[rows])

    def spread(self, each: Callable[[Any], Any], dtype: Any) -> Any:
        """What ``each`` makes of every row's value."""
        return np.array([each(value) for value in self.values], dtype=dtype)[self.codes]

    @property
    def numbers(self) -> Numbers:
        """The column as numbers."""
        found: Numbers = self.spread(lambda value: nan if value is None else as_float(value), np.float64)
        return found

    @property
    def truths(self) -> Truths:
        """The column as truths."""
        found: Truths = self.spread(
            lambda value: NUMBERS[value if isinstance(value, bool) else None], np.int8
        )
        return found

    @property
    def coded(self) -> Coded:
        """The column as codes."""
        return Coded(self.codes, self.values)


def combine_columns(
    columns: Sequence[npt.NDArray[Any]],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """A number for each different combination of numbers from 0 up, and a row that has it."""
    key, limit = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        size = int(column.max(initial=0)) + 1
        if limit * size > LARGEST_KEY:
            different, key = np.unique(key, return_inverse=True)
            limit = len(different)
        key = key * size + column
        limit *= size
    _, examples, codes = np.unique(key, return_index=True, return_inverse=True)
    return codes, examples


def cells_of(name: str, rows: Sequence[Row]) -> list[Any]:
    """The cells of a column; None where a row ends before it."""
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name) for row in rows]


def plain_columns(rows: Sequence[Row]) -> dict[str, str] | None:
    """Columns and how rows call them; None where a name is unknown, stands for several or is written in two ways."""
    names = dict.fromkeys(chain.from_iterable(rows))
    known = {ALIASES.get(name, name): name for name in names}
    strange = any(name in SHORTHANDS for name in names) or any(name not in COLUMNS for name in known)
    return None if strange or len(known) < len(names) else known


def make_table(
    columns: Mapping[str, Cells],
    on: npt.NDArray[np.datetime64],
    items: Sequence[Item | None],
    codes: Positions,
) -> Table:
    """The table of rows: their own cells, and the facts of their items."""
    count = len(on)
    unknown = Cells(np.zeros(count, dtype=np.int32), (None,), np.zeros(count, dtype=np.bool_))
    by_field = {COLUMNS[name].field: cells for name, cells in columns.items() if COLUMNS[name].field}
    said = {name: cells for name, cells in columns.items() if not COLUMNS[name].field}
    facts = [Transaction() if item is None else item.transaction for item in items]
    bounded = sorted({name for each in facts for name in each.bounds})

    def of_item(name: str) -> Coded:
        return Coded(codes, tuple(getattr(each, name) for each in facts))

    def fact(values: Iterable[Decimal | None]) -> Numbers:
        return np.array([nan if value is None else as_float(value) for value in values])[codes]

    def side(position: int) -> dict[str, Numbers]:
        return {
            name: fact(each.bounds.get(name, (None, None))[position] for each in facts) for name in bounded
        }

    def given(name: str) -> Cells:
        return by_field.get(name, unknown)

    marketed = np.array([NUMBERS[each.datacenter] for each in facts], dtype=np.int8)[codes]
    kinds = (*KINDS[:-1], None)
    return Table(
        on=on,
        kind=given("kind").spread(kinds.index, np.int32),
        names={
            "item": of_item("item"),
            "manufacturer": of_item("manufacturer"),
            "exporter": given("exporter").coded,
            "end_user": given("end_user").coded,
        },
        places={
            "designer_country": of_item("designer_country"),
            **{
                name: given(name).coded
                for name in ("from_place", "to_place", "end_user_hq", "ultimate_parent")
            },
        },
        truths={
            **{name: by_field[name].truths for name in TRUTHS if name in by_field},
            "datacenter": marketed,
        },
        numbers={
            **{name: fact(getattr(each, name) for each in facts) for name in QUANTITIES},
            "quantity": given("quantity").numbers,
        },
        lows=side(0),
        highs=side(1),
        stated={
            name: cells.truths
            for name, cells in said.items()
            if COLUMNS[name].kind in ("truth", "truth-or-day")
        },
        stated_numbers={
            name: cells.numbers for name, cells in said.items() if COLUMNS[name].kind == "number"
        },
        stated_words={name: cells.coded for name, cells in said.items() if COLUMNS[name].kind == "word"},
    )
