"""What the items of many rows are: `lockgate.controls.classification` and `foundry` over arrays."""

from dataclasses import dataclass

import numpy as np

from lockgate.controls.classification import NOTE_2, OLD, PROVISIONS, STATED, A, B, C
from lockgate.controls.foundry import BOUND, NOTE_1
from lockgate.controls.naming import is_named
from lockgate.controls.table import Numbers
from lockgate.controls.table_rows import Named, Range, Rows, among
from lockgate.controls.truth_arrays import (
    NO,
    UNKNOWN,
    YES,
    Mask,
    Truths,
    all_of,
    any_of,
    choose,
    negate,
    of_mask,
)

CODES: tuple[str | None, ...] = (None, OLD, A, B, C)


@dataclass(frozen=True, slots=True)
class ItemRows:
    """`Classification`, over rows. ``code`` is a position in `CODES`; ``tests`` are the provisions looked at."""

    truths: dict[str, Truths]
    datacenter: Truths
    quantities: dict[str, Range]
    code: np.ndarray[tuple[int], np.dtype[np.int8]]
    undetermined: Mask
    missing: tuple[Named, ...]
    tests: tuple[Named, ...]

    def among(self, rows: Rows, items: tuple[str, ...]) -> Truths:
        """Whether the item is among ``items``."""
        if "*" in items:
            return rows.all(True)
        return any_of(rows.all(False), *(self.truths[item] for item in items if item in self.truths))

    @property
    def lesser(self) -> Truths:
        """Whether it is anything but an item for datacenters that meets 3A090.a."""
        return negate(all_of(self.datacenter, self.truths[A]))


def classify_rows(rows: Rows) -> ItemRows:
    """Classify the item of every row."""
    table, law = rows.table, rows.law
    presumed, lacking, noted = presume_rows(rows)
    datacenter = choose(presumed == YES, YES, table.truth("datacenter"))
    quantities = rows.quantities(datacenter)
    without_tpp = np.isnan(table.number("tpp"))
    memory = without_tpp & ~np.isnan(table.number("memory_bandwidth_density"))
    truths = {code: rows.all(False) for code in PROVISIONS}
    tests: list[Named] = []
    asked: list[tuple[Mask, tuple[Named, ...]]] = []
    for code, id_ in PROVISIONS.items():
        version = law.in_force(id_)
        if version is not None:
            where = memory if code == C else ~memory
            result = rows.run_test(version, quantities)
            truths[code] = choose(where, result.truth, NO)
            tests.append((id_, where))
            asked.append((where, result.missing))
    note_2 = law.in_force(NOTE_2)
    if note_2 is not None:
        excluded = rows.run_test(note_2, quantities)
        tests.append((NOTE_2, ~memory))
        asked.append((~memory, excluded.missing))
        for code in (A, B):
            truths[code] = choose(memory, truths[code], all_of(truths[code], negate(excluded.truth)))
    stated = law.in_force(STATED)
    if stated is not None:
        below = without_tpp & (
            rows.ask(table.names["item"], lambda item: is_named(item, stated.items)) == YES
        )
        truths = {code: choose(below, NO, truth) for code, truth in truths.items()}
        tests.insert(0, (STATED, below))
    truths[A] = any_of(truths[A], presumed)
    truths[B] = all_of(truths[B], negate(truths[A]))
    certain = np.zeros(rows.count, dtype=np.int8)
    for name in (B, A, C, OLD):  # the last that is certain stands
        certain[truths[name] == YES] = CODES.index(name)
    undetermined: Mask = (certain == 0) & (any_of(*truths.values()) == UNKNOWN)
    missing = [named for where, found in asked for named in among(found, where & undetermined)]
    return ItemRows(
        truths,
        datacenter,
        quantities,
        certain,
        undetermined,
        (*missing, *among(lacking, undetermined)),
        (*tests, (NOTE_1, noted)),
    )


def presume_rows(rows: Rows) -> tuple[Truths, tuple[Named, ...], Mask]:
    """Whether the presumption of Note 1 applies, what would tell, and where it was looked at."""
    version = rows.law.in_force(NOTE_1)
    nowhere = np.zeros(rows.count, dtype=np.bool_)
    if version is None or "exporter_role" not in rows.table.stated_words:
        return rows.all(False), (), nowhere
    bound = rows.ask(rows.table.evidence_word("exporter_role"), lambda role: role in BOUND) == YES
    until = np.datetime64(str(version.values["designer_until"]), "D")
    in_time = rows.table.on <= until
    status = rows.table.evidence_word("designer_status")
    attested = rows.ask(status, lambda word: None if word is None else word == "approved")
    attested = choose(rows.is_value(status, "authorized") & in_time, YES, attested)
    count = rows.table.evidence_number("transistor_count_billion")
    below = below_or_unknown(count, float(version.number("transistor_count_billion")))
    applies = choose(bound, negate(any_of(attested, below)), NO)
    missing = (
        ("designer_status", bound & (attested == UNKNOWN)),
        ("transistor_count_billion", bound & (below == UNKNOWN)),
    )
    return applies, missing, bound


def below_or_unknown(number: Numbers, limit: float) -> Truths:
    """Whether a number lies below a limit; unknown where it is not known."""
    return choose(np.isnan(number), UNKNOWN, of_mask(number < limit))
