"""Determinations of many transactions at once, as arrays: the answers of `lockgate.controls.determine`, field by field.

Rows are sorted into spans of days within which the law does not change. Within a span every question is asked of all rows at
once; what it says of a name, a place or an item, once for each different one.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lockgate.base.three_valued import word
from lockgate.catalogue.law import Law
from lockgate.controls.determination import CONDITION_STATUS, Verdict, join_verdicts
from lockgate.controls.review import UNDETERMINED
from lockgate.controls.table import Table
from lockgate.controls.table_classification import CODES, classify_rows
from lockgate.controls.table_export import ExportRows, answer_export
from lockgate.controls.table_import import (
    ALL_STATES,
    VERDICTS,
    ChargeRows,
    answer_import,
    charge_rows,
)
from lockgate.controls.table_rows import Rows
from lockgate.controls.truth_arrays import NO, TRUTHS, UNKNOWN, YES, Mask, Truths
from lockgate.controls.us_export import before_any_rule

Positions = npt.NDArray[np.int32]
Small = npt.NDArray[np.int8]
JOINED = np.array(
    [[VERDICTS.index(join_verdicts([one, other])) for other in VERDICTS] for one in VERDICTS], dtype=np.int8
)
VERDICT_OF_TRUTH = np.array(
    [VERDICTS.index(verdict) for verdict in (Verdict.NOT_MET, Verdict.UNDETERMINED, Verdict.MET)],
    dtype=np.int8,
)
NOT_IN_FORCE = VERDICTS.index(Verdict.NOT_IN_FORCE)
Conditions = tuple[tuple[str, str], ...]
"""Ids of conditions and their status."""


@dataclass(slots=True)
class Answers:
    """One answer a row, in arrays of the length of the table.

    Truths are 0 no, 1 not known, 2 yes; verdicts are positions in `VERDICTS`, other columns positions in the tuple of the same
    name with the values.

    Attributes:
        classification: Position in `CODES`.
        undetermined: Whether the classification is None because something is not known.
        licence_required: By the text.
        licence_enforced: As enforced.
        review_policy: Position in ``policies``.
        exceptions: Position in ``exception_sets``.
        conditions: Position in ``condition_sets``.
        export_verdict: The export gate's verdict.
        import_state: Position in `ALL_STATES`.
        import_verdict: The import gate's verdict.
        import_conditions: Position in ``import_condition_sets``.
        verdict: The verdict of both.
        duty_applies: Whether the Section 232 duty is due.
        duty_rate: Its rate, NaN where it is not due.
        missing: Position in ``missing_sets``.
        export_basis: Position in ``basis_sets``.
        import_basis: Position in ``basis_sets``.
        duty_basis: Position in ``basis_sets``.
        warnings: Position in ``warning_sets``; `table_import.ABOVE` stands for a text that names the quantity.
        citations: Position in ``citation_sets``: provisions cited, in order.
        blocks: Position in ``block_sets``: provisions whose limits were looked at, in order.
        span: Number of the span of days within which the law does not change.
    """

    classification: Small
    undetermined: Mask
    licence_required: Truths
    licence_enforced: Truths
    review_policy: Small
    exceptions: Positions
    conditions: Positions
    export_verdict: Small
    import_state: Small
    import_verdict: Small
    import_conditions: Positions
    verdict: Small
    duty_applies: Truths
    duty_rate: npt.NDArray[np.float64]
    missing: Positions
    export_basis: Positions
    import_basis: Positions
    duty_basis: Positions
    warnings: Positions
    citations: Positions
    blocks: Positions
    span: Positions
    policies: tuple[str, ...] = ()
    exception_sets: tuple[tuple[str, ...], ...] = ()
    condition_sets: tuple[Conditions, ...] = ()
    import_condition_sets: tuple[tuple[str, ...], ...] = ()
    missing_sets: tuple[tuple[str, ...], ...] = ()
    basis_sets: tuple[tuple[str, ...], ...] = ()
    warning_sets: tuple[tuple[str, ...], ...] = ()
    citation_sets: tuple[tuple[str, ...], ...] = ()
    block_sets: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.verdict)

    def row(self, position: int) -> dict[str, Any]:
        """One row's answer as plain data, with the keys of the JSON answer."""
        i = position
        statuses = self.condition_sets[self.conditions[i]]
        reported = self.import_condition_sets[self.import_conditions[i]]
        rate = float(self.duty_rate[i])
        return {
            "classification": CODES[self.classification[i]],
            "classification_status": "undetermined" if self.undetermined[i] else "determined",
            "verdict": str(VERDICTS[self.verdict[i]]),
            "gates": {
                "us-export": {
                    "verdict": str(VERDICTS[self.export_verdict[i]]),
                    "licence_required": word(TRUTHS[self.licence_required[i]]),
                    "licence_enforced": word(TRUTHS[self.licence_enforced[i]]),
                    "basis": list(self.basis_sets[self.export_basis[i]]),
                    "exceptions": list(self.exception_sets[self.exceptions[i]]),
                    "review_policy": self.policies[self.review_policy[i]],
                    "conditions": [{"id": id_, "status": status} for id_, status in statuses],
                },
                "cn-import": {
                    "verdict": str(VERDICTS[self.import_verdict[i]]),
                    "state": ALL_STATES[self.import_state[i]],
                    "basis": list(self.basis_sets[self.import_basis[i]]),
                    "conditions": [{"id": id_, "status": "unknown"} for id_ in reported],
                },
            },
            "charges": {
                "us-section-232": {
                    "applies": word(TRUTHS[self.duty_applies[i]]),
                    "rate_fraction": None if np.isnan(rate) else rate,
                    "basis": list(self.basis_sets[self.duty_basis[i]]),
                }
            },
            "missing": list(self.missing_sets[self.missing[i]]),
            "citations": list(self.citation_sets[self.citations[i]]),
            "warnings": list(self.warning_sets[self.warnings[i]]),
        }


class Sets:
    """Different sets that rows have, each with a number; `find` gives the numbers of some rows."""

    def __init__(self) -> None:
        self.positions: dict[Any, int] = {}

    def position(self, members: Any) -> int:
        """The number of a set."""
        return self.positions.setdefault(members, len(self.positions))

    def find(self, count: int, named: Sequence[tuple[Any, Mask]]) -> Positions:
        """The number of the set of each row: the names that are said of it, in their order, each once."""
        merged: list[tuple[Any, Mask]] = []
        for name, mask in named:
            if mask.any():
                if merged and merged[-1][0] == name:
                    merged[-1] = (name, merged[-1][1] | mask)
                else:
                    merged.append((name, mask))
        if not merged:
            return np.full(count, self.position(()), dtype=np.int32)
        codes, examples = combine(count, [mask for _, mask in merged])
        held = np.array([mask[examples] for _, mask in merged]).T
        names = [name for name, _ in merged]
        members = [
            tuple(dict.fromkeys(names[place] for place in np.flatnonzero(row).tolist())) for row in held
        ]
        return np.array([self.position(found) for found in members], dtype=np.int32)[codes]

    def values(self) -> tuple[Any, ...]:
        """Every set, by number."""
        return tuple(self.positions)


def combine(count: int, masks: Iterable[Mask]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """A number for each different combination of masks, and a row that has it.

    Returns:
        The number of each row; a row of each number.
    """
    key, bits = np.zeros(count, dtype=np.int64), 0
    for mask in masks:
        if bits > 61:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            bits = int(key.max(initial=0)).bit_length()
        key = key << 1 | mask
        bits += 1
    _, examples, codes = np.unique(key, return_index=True, return_inverse=True)
    return codes, examples


SETS = ("policies", "exceptions", "conditions", "reported", "missing", "basis", "warnings", "citations", "blocks")  # fmt: skip


def make_sets() -> dict[str, Sets]:
    """Empty sets, for tables that are to number theirs alike."""
    return {name: Sets() for name in SETS}


def determine_table(
    table: Table, law: Law, known_at: dt.date | None = None, sets: dict[str, Sets] | None = None
) -> Answers:
    """What every gate says of every row.

    Args:
        table: The transactions.
        law: The law.
        known_at: The day of knowledge (None: all that is known).
        sets: Numbers of sets to go on from (None: new ones).
    """
    days = np.array(law.turning_days(), dtype="datetime64[D]")
    spans = np.searchsorted(days, table.on, side="right")
    order = np.argsort(spans, kind="stable")
    edges = np.flatnonzero(np.diff(spans[order])) + 1
    collector = Collector(len(table), make_sets() if sets is None else sets)
    for chosen in np.split(order, edges) if len(table) else ():
        part = table.take(chosen) if len(chosen) < len(table) else table
        day = np.asarray(part.on).min().astype(object)
        collector.add(int(spans[chosen[0]]), chosen, Rows(part, law.on(day, known_at)))
    return collector.answers()


class Collector:
    """Puts the answers of spans together.

    Args:
        count: Number of rows of the table.
        sets: Numbers of sets.
    """

    def __init__(self, count: int, sets: dict[str, Sets]) -> None:
        self.sets = sets
        self.columns: dict[str, npt.NDArray[Any]] = {
            name: np.zeros(count, dtype=dtype) for name, dtype in DTYPES.items()
        }

    def add(self, span: int, chosen: npt.NDArray[np.intp], rows: Rows) -> None:
        """Answer the rows of one span.

        Args:
            span: Its number.
            chosen: Where they stand in the table.
            rows: The rows.
        """
        item = classify_rows(rows)
        importing, charge = answer_import(rows), charge_rows(rows)
        early = before_any_rule(rows.law)
        export = None if early else answer_export(rows, item)
        found = self.export_columns(rows, export)
        import_verdict = importing.verdict
        if early:
            import_verdict = np.full(rows.count, NOT_IN_FORCE, dtype=np.int8)
        found |= {
            "classification": item.code,
            "undetermined": item.undetermined,
            "import_state": importing.state,
            "import_verdict": import_verdict,
            "import_conditions": self.sets["reported"].find(rows.count, importing.conditions),
            "import_basis": self.sets["basis"].find(rows.count, importing.basis),
            "verdict": JOINED[found["export_verdict"], import_verdict],
            "duty_applies": charge.applies,
            "duty_rate": rates(charge),
            "duty_basis": self.basis_of(rows.count, charge.basis),
            "missing": self.sets["missing"].find(
                rows.count,
                [
                    named
                    for part in (export, None if early else importing, charge)
                    if part
                    for named in part.missing
                ],
            ),
            "warnings": self.sets["warnings"].find(
                rows.count,
                [named for part in (export, importing, charge) if part for named in part.warnings],
            ),
            "citations": self.sets["citations"].find(
                rows.count,
                [named for part in (export, importing, charge) if part for named in part.citations],
            ),
            "blocks": self.sets["blocks"].find(rows.count, () if export is None else export.blocks),
            "span": np.full(rows.count, span, dtype=np.int32),
        }
        for name, column in found.items():
            self.columns[name][chosen] = column

    def export_columns(self, rows: Rows, export: ExportRows | None) -> dict[str, npt.NDArray[Any]]:
        """Columns of the export gate; before any rule, that there is none."""
        count = rows.count
        if export is None:
            nothing: dict[str, npt.NDArray[Any]] = {
                name: self.sets[set_].find(count, ())
                for name, set_ in (
                    ("exceptions", "exceptions"),
                    ("conditions", "conditions"),
                    ("export_basis", "basis"),
                )
            }
            return nothing | {
                "licence_required": rows.all(None),
                "licence_enforced": rows.all(None),
                "review_policy": np.full(count, self.sets["policies"].position(UNDETERMINED), dtype=np.int8),
                "export_verdict": np.full(count, NOT_IN_FORCE, dtype=np.int8),
            }
        policies = [self.sets["policies"].position(policy) for policy in export.review.policies]
        shown = [(exception.name, exception.shown) for exception in export.exceptions]
        return {
            "licence_required": export.required,
            "licence_enforced": export.enforced,
            "review_policy": np.array(policies, dtype=np.int8)[export.review.policy],
            "exceptions": self.sets["exceptions"].find(count, shown),
            "conditions": self.sets["conditions"].find(count, statuses_of(export)),
            "export_verdict": VERDICT_OF_TRUTH[export.verdict],
            "export_basis": self.sets["basis"].find(count, export.basis),
        }

    def basis_of(self, count: int, ids: tuple[str, ...]) -> Positions:
        """The same basis for every row."""
        return np.full(count, self.sets["basis"].position(ids), dtype=np.int32)

    def answers(self) -> Answers:
        """All answers."""
        return Answers(
            **self.columns,
            policies=self.sets["policies"].values(),
            exception_sets=self.sets["exceptions"].values(),
            condition_sets=self.sets["conditions"].values(),
            import_condition_sets=self.sets["reported"].values(),
            missing_sets=self.sets["missing"].values(),
            basis_sets=self.sets["basis"].values(),
            warning_sets=self.sets["warnings"].values(),
            citation_sets=self.sets["citations"].values(),
            block_sets=self.sets["blocks"].values(),
        )


DTYPES: Mapping[str, Any] = {
    "classification": np.int8, "undetermined": np.bool_, "licence_required": np.int8, "licence_enforced": np.int8,
    "review_policy": np.int8, "exceptions": np.int32, "conditions": np.int32, "export_verdict": np.int8, "import_state": np.int8,
    "import_verdict": np.int8, "import_conditions": np.int32, "verdict": np.int8, "duty_applies": np.int8,
    "duty_rate": np.float64, "missing": np.int32, "export_basis": np.int32, "import_basis": np.int32, "duty_basis": np.int32, "warnings": np.int32,
    "citations": np.int32, "blocks": np.int32, "span": np.int32,
}  # fmt: skip


def statuses_of(export: ExportRows) -> list[tuple[tuple[str, str], Mask]]:
    """Each condition with each status, and the rows that have it so; conditions in their order, each once."""
    where: dict[str, Mask] = {}
    truths: dict[str, Truths] = {}
    for id_, here, truth in export.conditions:
        if id_ in where:
            truths[id_] = np.where(where[id_], truths[id_], truth)
            where[id_] = where[id_] | here
        else:
            where[id_], truths[id_] = here, truth
    return [
        ((id_, str(CONDITION_STATUS[TRUTHS[number]])), here & (truths[id_] == number))
        for id_, here in where.items()
        for number in (NO, UNKNOWN, YES)
    ]


def rates(charge: ChargeRows) -> npt.NDArray[np.float64]:
    """The rate where the duty is due or may be; NaN elsewhere."""
    rate = np.nan if charge.rate_fraction is None else charge.rate_fraction
    return np.where(charge.applies == NO, np.nan, rate)
