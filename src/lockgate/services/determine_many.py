"""Many rows at once: the same JSON lines as one by one, from arrays.

Rows are answered in chunks. What stands in a cell is read once for each different cell, an item completed once, the gates asked of
arrays, and each part of an answer written once for each different answer. A row that has a problem, or whose answer names numbers of
its own (units shipped, days of certificates), is answered one by one.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from json.encoder import encode_basestring
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
from lockgate.controls.table import Table
from lockgate.controls.table_import import ABOVE
from lockgate.controls.truth_arrays import YES, Mask
from lockgate.controls.us_section_232 import DUTY
from lockgate.services.determine import OVERRIDING, Determiner, RowAnswer, answer_as_dict, cite_under, future
from lockgate.services.row_columns import (
    Cells,
    Item,
    Positions,
    cells_of,
    combine_columns,
    make_table,
    plain_columns,
)
from lockgate.services.transaction_rows import COLUMNS, SPECIFICATIONS, Row

FIRST, CHUNK = 200, 100_000
"""How many rows are answered one by one before arrays pay, and how many at once from there."""
ITEM_COLUMNS = ("item", *OVERRIDING, "memory_bandwidth_density")
ALONE = frozenset({NOTIFIED_ON, *UNITS, *TPP, "exporter_role"})
"""Columns that an answer quotes: rows that give them are answered one by one."""
KEPT = 50_000
"""How many written parts are kept."""
Numbered = tuple[int, Row | LockgateError]


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number from 1, and either its answer as a line of JSON, in UTF-8, or what is wrong with it."""

    number: int
    data: bytes = b""
    error: LockgateError | None = None


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
