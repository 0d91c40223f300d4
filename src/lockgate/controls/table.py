"""Many transactions as columns of arrays."""

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from math import inf, nan, nextafter
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lockgate.controls.transaction import Movement, Transaction
from lockgate.controls.truth_arrays import NUMBERS, UNKNOWN, Truths

Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

NAMES = ("item", "exporter", "manufacturer", "end_user")
PLACES = ("from_place", "to_place", "end_user_hq", "ultimate_parent", "designer_country")
TRUTHS = ("military_end_use", "datacenter", "us_licence", "cn_approval", "us_entry", "supp8_approved")
QUANTITIES = (
    "tpp", "performance_density", "dram_bandwidth_byte_per_s", "io_bandwidth_byte_per_s", "memory_bandwidth_density"
)  # fmt: skip
KINDS: tuple[Movement | None, ...] = (*Movement, None)


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of a few different values: a number for each row, and the value that each number stands for.

    Attributes:
        codes: Positions in ``values``.
        values: The values; None is "not known".
    """

    codes: Codes
    values: tuple[Any, ...]

    @classmethod
    def of(cls, cells: Iterable[Hashable]) -> Self:
        """The column of these cells.

        >>> Coded.of(["CN", None, "CN"]).values
        ('CN', None)
        """
        positions: dict[Hashable, int] = {}
        codes = np.fromiter((positions.setdefault(cell, len(positions)) for cell in cells), np.int32)
        return cls(codes, tuple(positions))

    def __getitem__(self, rows: Any) -> "Coded":
        return Coded(self.codes[rows], self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Transactions by column; attributes are those of `Transaction`, in the same units.

    A number that is not known is NaN, a truth that is not known `UNKNOWN`, a day that is not known NaT. A float stands for the
    shortest decimal that it is read from, so that 5.92 is 5.92.

    Attributes:
        on: The day each moves on.
        kind: How; positions in `KINDS`.
        names: ``item`` (empty where only specifications are given), ``exporter``, ``manufacturer``, ``end_user``.
        places: ``from_place``, ``to_place``, ``end_user_hq``, ``ultimate_parent``, ``designer_country``.
        truths: ``military_end_use``, ``datacenter``, ``us_licence``, ``cn_approval``, ``us_entry``, ``supp8_approved``.
        numbers: ``tpp`` and the other quantities of the item, and ``quantity``.
        lows: Lowest possible values of quantities that are only known to lie between.
        highs: Highest possible values of them.
        stated: Evidence that is yes or no, by column.
        stated_numbers: Evidence that is a number.
        stated_days: Evidence that is a day.
        stated_words: Evidence that is a word.
    """

    on: Days
    kind: Codes
    names: Mapping[str, Coded]
    places: Mapping[str, Coded]
    truths: Mapping[str, Truths] = field(default_factory=dict)
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    lows: Mapping[str, Numbers] = field(default_factory=dict)
    highs: Mapping[str, Numbers] = field(default_factory=dict)
    stated: Mapping[str, Truths] = field(default_factory=dict)
    stated_numbers: Mapping[str, Numbers] = field(default_factory=dict)
    stated_days: Mapping[str, Days] = field(default_factory=dict)
    stated_words: Mapping[str, Coded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.on)

    def take(self, rows: npt.NDArray[np.intp]) -> "Table":
        """The table of some rows."""
        parts: dict[str, Any] = {}
        for part in fields(self):
            held = getattr(self, part.name)
            parts[part.name] = (
                {name: column[rows] for name, column in held.items()}
                if isinstance(held, Mapping)
                else held[rows]
            )
        return Table(**parts)

    @classmethod
    def of(cls, transactions: Sequence[Transaction], on: Sequence[dt.date]) -> Self:
        """The table of transactions.

        Args:
            transactions: The transactions.
            on: The day of each.
        """
        given = {name for each in transactions for name in each.evidence}
        bounded = {name for each in transactions for name in each.bounds}
        said = {name: [each.evidence.get(name) for each in transactions] for name in sorted(given)}

        def of_type(type_: type) -> dict[str, list[Any]]:
            found = {
                name: [cell if isinstance(cell, type_) else None for cell in cells]
                for name, cells in said.items()
            }
            return {name: cells for name, cells in found.items() if any(cell is not None for cell in cells)}

        def side(position: int) -> dict[str, Numbers]:
            return {
                name: numbers_of(each.bounds.get(name, (None, None))[position] for each in transactions)
                for name in sorted(bounded)
            }

        return cls(
            on=np.array(on, dtype="datetime64[D]"),
            kind=np.array([KINDS.index(each.kind) for each in transactions], dtype=np.int32),
            names={name: Coded.of(getattr(each, name) for each in transactions) for name in NAMES},
            places={name: Coded.of(getattr(each, name) for each in transactions) for name in PLACES},
            truths={
                name: np.array([NUMBERS[getattr(each, name)] for each in transactions]) for name in TRUTHS
            },
            numbers={
                name: numbers_of(getattr(each, name) for each in transactions)
                for name in (*QUANTITIES, "quantity")
            },
            lows=side(0),
            highs=side(1),
            stated={
                name: np.array([NUMBERS[cell] for cell in cells]) for name, cells in of_type(bool).items()
            },
            stated_numbers={name: numbers_of(cells) for name, cells in of_type(Decimal).items()},
            stated_days={
                name: np.array(cells, dtype="datetime64[D]") for name, cells in of_type(dt.date).items()
            },
            stated_words={name: Coded.of(cells) for name, cells in of_type(str).items()},
        )

    def truth(self, name: str) -> Truths:
        """A truth of the transactions; unknown where there is no such column."""
        return self.truths[name] if name in self.truths else np.full(len(self), UNKNOWN)

    def evidence(self, name: str) -> Truths:
        """A statement that is yes or no."""
        return self.stated[name] if name in self.stated else np.full(len(self), UNKNOWN)

    def number(self, name: str) -> Numbers:
        """A number of the transactions, NaN where it is not known."""
        return self.numbers[name] if name in self.numbers else np.full(len(self), nan)

    def evidence_number(self, name: str) -> Numbers:
        """A statement that is a number."""
        return self.stated_numbers[name] if name in self.stated_numbers else np.full(len(self), nan)

    def evidence_day(self, name: str) -> Days:
        """A statement that is a day."""
        if name in self.stated_days:
            return self.stated_days[name]
        return np.full(len(self), np.datetime64("NaT"), dtype="datetime64[D]")

    def evidence_word(self, name: str) -> Coded:
        """A statement that is a word."""
        if name in self.stated_words:
            return self.stated_words[name]
        return Coded(np.zeros(len(self), dtype=np.int32), (None,))


def numbers_of(cells: Iterable[Decimal | None]) -> Numbers:
    """Decimals as floats that stand on the same side of every short decimal."""
    return np.fromiter((nan if cell is None else as_float(cell) for cell in cells), np.float64)


def as_float(number: Decimal) -> float:
    """The float that stands for a decimal: on the same side of every decimal of few digits as itself.

    >>> as_float(Decimal("5.92")), as_float(Decimal("5.92") - Decimal("1e-25")) < 5.92
    (5.92, True)
    """
    near = float(number)
    short = Decimal(repr(near))
    return near if short == number else nextafter(near, -inf if number < short else inf)
