"""Many rows at once: the same JSON lines as one by one, from arrays.

Rows are answered in chunks. What stands in a cell is read once for each different cell, an item completed once, the gates asked of
arrays, and each part of an answer written once for each different answer. A row that has a problem, or whose answer names numbers of
its own (units shipped, days of certificates), is answered one by one.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from json.encoder import encode_basestring
from math import nan
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from lockgate.base.errors import LockgateError
from lockgate.catalogue.law import LawOnDate
from lockgate.controls.cn_import import CONDITIONS, reported_condition
from lockgate.controls.conditions import MILITARY_STATED, NOT_MILITARY, NOTIFIED_ON, TPP, UNITS
from lockgate.controls.determination import Condition, ConditionStatus, number
from lockgate.controls.determine_table import Answers, Sets, determine_table, make_sets
from lockgate.controls.limits import quantities_of, run_test
from lockgate.controls.table import KINDS, QUANTITIES, TRUTHS, Coded, Numbers, Table, as_float
from lockgate.controls.table_import import ABOVE
from lockgate.controls.transaction import Transaction
from lockgate.controls.truth_arrays import NUMBERS, YES, Mask, Truths
from lockgate.controls.us_section_232 import DUTY
from lockgate.services.determine import OVERRIDING, Determiner, RowAnswer, answer_as_dict, cite_under, future
from lockgate.services.transaction_rows import ALIASES, COLUMNS, SHORTHANDS, SPECIFICATIONS, Row

FIRST, CHUNK = 200, 100_000
"""How many rows are answered one by one before arrays pay, and how many at once from there."""
ITEM_COLUMNS = ("item", *OVERRIDING, "memory_bandwidth_density")
ALONE = frozenset({NOTIFIED_ON, *UNITS, *TPP, "exporter_role"})
"""Columns that an answer quotes: rows that give them are answered one by one."""
KEPT = 50_000
"""How many written parts are kept."""
LARGEST_KEY = 2**62
Numbered = tuple[int, Row | LockgateError]
Positions = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number from 1, and either its answer as a line of JSON, in UTF-8, or what is wrong with it."""

    number: int
    data: bytes = b""
    error: LockgateError | None = None


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


def answer_lines(determiner: Determiner, rows: Iterable[Numbered]) -> Iterator[Line]:
    """The JSON line of each row, in order.

    Args:
        determiner: Answers a row.
        rows: Rows with their numbers.
    """
    stream = iter(rows)
    writer = Writer(determiner)
    yield from writer.write_each(islice(stream, FIRST))
    while chunk := list(islice(stream, CHUNK)):
        yield from writer.write(chunk)


@dataclass(slots=True)
class Writer:
    """Answers chunks of rows, and keeps what it wrote for the next.

    Attributes:
        determiner: Answers a row by itself.
        items: Items by their cells; None for cells that no item has.
        parts: Written parts of answers, by what they say.
        sets: Sets of names that answers have.
    """

    determiner: Determiner
    items: dict[Any, Item | None] = field(default_factory=dict)
    parts: dict[Any, bytes] = field(default_factory=dict)
    sets: dict[str, Sets] = field(default_factory=make_sets)

    def write_each(self, chunk: Iterable[Numbered]) -> Iterator[Line]:
        """The lines of rows answered one by one."""
        for answer in self.determiner.answer_rows(chunk):
            yield self.one_line(answer)

    def one_line(self, answer: RowAnswer) -> Line:
        """The line of a row answered by itself."""
        if answer.determination is None:
            return Line(answer.number, error=answer.error)
        plain = answer_as_dict(answer.determination, self.determiner.catalogue)
        return Line(answer.number, dump(plain).encode())

    def write(self, chunk: Sequence[Numbered]) -> Iterator[Line]:
        """The lines of a chunk."""
        if max(len(self.parts), len(self.items)) > KEPT:
            self.items, self.parts, self.sets = {}, {}, make_sets()
        empty: Row = {}
        rows = [empty if isinstance(row, LockgateError) else row for _, row in chunk]
        known = plain_columns(rows)
        if known is None or self.determiner.with_proposed:
            yield from self.write_each(chunk)
            return
        columns = {name: self.read(name, cells_of(given, rows)) for name, given in known.items()}
        items, codes = self.find_items(columns, len(chunk))
        alone: Mask = np.array([item is None for item in items], dtype=np.bool_)[codes]
        for name, column in columns.items():
            alone |= column.bad
            if name in ALONE:
                alone |= column.codes != 0
            if COLUMNS[name].kind == "truth-or-day":
                alone |= column.spread(lambda value: isinstance(value, dt.date), np.bool_)
        together = np.flatnonzero(~alone)
        taken = {name: column.take(together) for name, column in columns.items()}
        numbers = [chunk[place][0] for place in together.tolist()]
        lines = self.answer(numbers, taken, items, codes[together])
        for (row_number, row), by_itself in zip(chunk, alone.tolist(), strict=True):
            data = b"" if by_itself else next(lines)
            if data:
                yield Line(row_number, data)
            else:
                yield from self.write_each([(row_number, row)])

    def read(self, name: str, cells: Sequence[Any]) -> Cells:
        """Read a column: each different cell once, and equal values as one."""
        column, parser = COLUMNS[name], self.determiner.parser
        values: list[Any] = [None]
        known: dict[Any, int] = {None: 0, "": 0}

        def read_one(cell: Any) -> int:
            try:
                value = parser.read_cell(name, column, cell)
            except LockgateError:
                return -1
            if value not in known:
                known[value] = len(values)
                values.append(value)
            return known[value]

        if set(map(type, cells)) <= {str}:
            positions = {cell: read_one(cell) for cell in set(cells)}
            codes = np.fromiter(map(positions.__getitem__, cells), np.int32, len(cells))
        else:
            codes = np.fromiter(map(read_one, cells), np.int32, len(cells))
        bad: Mask = codes < 0
        codes[bad] = 0
        return Cells(codes, tuple(values), bad)

    def find_items(self, columns: Mapping[str, Cells], count: int) -> tuple[list[Item | None], Positions]:
        """The different items, None where a row has none that can be completed; and the position of each row's."""
        given = [name for name in ITEM_COLUMNS if name in columns]
        keys = zip(*(columns[name].codes.tolist() for name in given), strict=True) if given else [()] * count
        positions: dict[Any, int] = {}
        codes = np.fromiter((positions.setdefault(key, len(positions)) for key in keys), np.int32, count)
        cells = [
            {name: columns[name].values[code] for name, code in zip(given, key, strict=True) if code}
            for key in positions
        ]
        return [self.find_item(values) for values in cells], codes

    def find_item(self, values: Mapping[str, Any]) -> Item | None:
        """The item of some cells."""
        key = tuple(values.items())
        if key not in self.items:
            self.items[key] = self.make_item(values)
        return self.items[key]

    def make_item(self, values: Mapping[str, Any]) -> Item | None:
        """Complete an item with what the catalogue knows; None where a row of it is refused."""
        if not values.get("item") and not any(name in values for name in SPECIFICATIONS):
            return None
        try:
            transaction, warnings, facts = self.determiner.complete(values)
        except LockgateError:
            return None
        head = {
            "item": transaction.item or None,
            "tpp": number(transaction.tpp),
            "performance_density": number(transaction.performance_density),
        }
        sources = facts.citations() if facts is not None else ()
        return Item(len(self.items), transaction, warnings, sources, dump(head)[1:-1].encode())

    def answer(
        self,
        numbers: Sequence[int],
        columns: Mapping[str, Cells],
        items: Sequence[Item | None],
        codes: Positions,
    ) -> Iterator[bytes]:
        """The lines of rows that are answered together; empty where one has to be answered by itself."""
        count = len(numbers)
        ids = columns.get("id")
        names = [""] * count if ids is None else [ids.values[code] or "" for code in ids.codes.tolist()]
        table = make_table(columns, self.days(columns, count), items, codes)
        known_at = self.determiner.known_at
        answers = determine_table(table, self.determiner.catalogue.law, known_at, self.sets)
        kinds = [items[code] for code in codes.tolist()]
        parts = Parts(self, answers, table, [item for item in kinds if item is not None]).columns()
        known = "null" if known_at is None else f'"{known_at.isoformat()}"'
        above = np.array([ABOVE in texts for texts in answers.warning_sets])[answers.warnings].tolist()
        days = np.datetime_as_string(table.on, unit="D").tolist()
        for skip, name, number_, day, part in zip(
            above, names, numbers, days, zip(*parts, strict=True), strict=True
        ):
            if skip:
                yield b""
            else:
                quoted = encode_basestring(name or str(number_))
                start = f'{{"id": {quoted}, "on": "{day}", "known_at": {known}'
                yield b", ".join((start.encode(), *part)) + b"}"

    def days(self, columns: Mapping[str, Cells], count: int) -> npt.NDArray[np.datetime64]:
        """The day of each row."""
        default = self.determiner.on or self.determiner.today
        if self.determiner.on is not None or "on" not in columns:
            return np.full(count, default, dtype="datetime64[D]")
        found: npt.NDArray[np.datetime64] = columns["on"].spread(
            lambda value: default if value is None else value, "datetime64[D]"
        )
        return found


@dataclass(frozen=True, slots=True)
class Parts:
    """Writes what follows id and day, for rows answered together, each different part once."""

    writer: Writer
    answers: Answers
    table: Table
    items: Sequence[Item]

    def columns(self) -> list[list[bytes]]:
        """The parts of every row, column by column."""
        found = self.answers
        item = np.array([each.number for each in self.items], dtype=np.int32)
        military = self.table.truth("military_end_use") == YES
        future_ = self.table.on > np.datetime64(self.writer.determiner.today, "D")
        ahead = np.where(future_, self.table.on.astype(np.int64), 0)
        gates = (
            found.span, found.classification, found.undetermined, found.verdict, found.export_verdict, found.licence_required,
            found.licence_enforced, found.export_basis, found.exceptions, found.review_policy, found.conditions,
            found.import_verdict, found.import_state, found.import_basis, found.import_conditions, found.duty_applies,
            found.duty_basis, found.missing, military,
        )  # fmt: skip
        return [
            [each.head for each in self.items],
            self.each("gates", gates, self.gates),
            self.each("distances", (found.span, found.blocks, item), self.distances),
            self.each("citations", (found.span, found.citations, item), self.citations),
            self.each("warnings", (found.warnings, item, ahead), self.warnings),
        ]

    def each(self, name: str, columns: Sequence[Any], write: Callable[[int], str]) -> list[bytes]:
        """A part of every row: written by ``write`` from one row for each different combination of ``columns``."""
        codes, examples = combine_columns(columns)
        kept = self.writer.parts
        texts = []
        for example in examples.tolist():
            held = (name, *(int(column[example]) for column in columns))
            if held not in kept:
                kept[held] = write(example).encode()
            texts.append(kept[held])
        return [texts[code] for code in codes.tolist()]

    def law(self, row: int) -> LawOnDate:
        """The law of a row's day."""
        determiner = self.writer.determiner
        return determiner.catalogue.law.on(self.table.on[row].astype(object), determiner.known_at)

    def gates(self, row: int) -> str:
        """Classification, verdicts, gates, charges and what is missing."""
        plain, law = self.answers.row(row), self.law(row)
        military = bool(self.table.truth("military_end_use")[row] == YES)
        for gate in plain["gates"].values():
            gate["conditions"] = [
                condition_of(found["id"], found["status"], law, military).as_dict()
                for found in gate["conditions"]
            ]
        return dump({name: plain[name] for name in plain if name not in ("citations", "warnings")})[1:-1]

    def distances(self, row: int) -> str:
        """How far the item stands from every limit that was looked at."""
        law = self.law(row)
        quantities = quantities_of(self.items[row].transaction)
        ids = self.answers.block_sets[self.answers.blocks[row]]
        blocks = [*ids, *((DUTY,) if law.in_force(DUTY) else ())]
        found = [away.as_dict() for id_ in blocks for away in run_test(id_, law[id_], quantities).distances]
        return f'"distances": {dump(found)}'

    def citations(self, row: int) -> str:
        """Sources and provisions, written out."""
        ids = dict.fromkeys(
            (*self.items[row].sources, *self.answers.citation_sets[self.answers.citations[row]])
        )
        law, catalogue = self.law(row), self.writer.determiner.catalogue
        return f'"citations": {dump([cite_under(id_, law, catalogue) for id_ in ids])}'

    def warnings(self, row: int) -> str:
        """What a reader must know besides."""
        day = self.table.on[row].astype(object)
        ahead = (future(day),) if day > self.writer.determiner.today else ()
        texts = (
            *self.items[row].warnings,
            *ahead,
            *self.answers.warning_sets[self.answers.warnings[row]],
        )
        return f'"warnings": {dump(list(dict.fromkeys(texts)))}'


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


def condition_of(id_: str, status: str, law: LawOnDate, military: bool) -> Condition:
    """A condition as it stands in the answer of one row."""
    version = law[id_]
    if id_.startswith(CONDITIONS):
        return reported_condition(id_, version)
    note = MILITARY_STATED if id_ == NOT_MILITARY and military else ""
    return Condition(id_, ConditionStatus(status), version.needs, note, str(version.values["column"]))


def dump(plain: Any) -> str:
    """Plain data as JSON."""
    return json.dumps(plain, ensure_ascii=False)
