"""A gate's answer, and the determination that joins the answers."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, word
from lockgate.catalogue.law import LawOnDate
from lockgate.controls.transaction import Transaction


class Verdict(StrEnum):
    """What a gate says. ``NOT_IN_FORCE``: there is no such gate on that day, or for that destination."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    UNDETERMINED = "UNDETERMINED"
    NOT_IN_FORCE = "NOT_IN_FORCE"


class ConditionStatus(StrEnum):
    """Whether a condition is met."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"


CONDITION_STATUS: Mapping[Truth, ConditionStatus] = {
    True: ConditionStatus.MET,
    False: ConditionStatus.UNMET,
    None: ConditionStatus.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: the provision it comes from, whether it is met, and the evidence it needs."""

    id: str
    status: ConditionStatus
    needs: str
    note: str = ""
    column: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As plain data; ``column`` is where the evidence is stated."""
        more = {"column": self.column, "note": self.note}
        return {"id": self.id, "status": str(self.status), "needs": self.needs} | {
            name: text for name, text in more.items() if text
        }


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a quantity stands from a line: ``value`` less ``limit`` (None where the quantity is not known)."""

    provision: str
    line: str
    quantity: str
    value: Decimal | None
    operator: str
    limit: Decimal
    unit: str = ""

    @property
    def margin(self) -> Decimal | None:
        """``value - limit``."""
        return None if self.value is None else self.value - self.limit

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "provision": self.provision,
            "line": self.line,
            "quantity": self.quantity,
            "value": number(self.value),
            "operator": self.operator,
            "limit": number(self.limit),
            "unit": self.unit,
            "margin": number(self.margin),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """What one gate says about one transaction.

    Attributes:
        gate: ``us-export`` or ``cn-import``.
        verdict: The answer.
        basis: Ids of the provisions that decide.
        explanation: How it came about; its citations are the answer's citations.
        missing: Columns whose values would settle or support the answer, in order of weight.
        conditions: Conditions with their status.
        warnings: What a reader must know (a rule that is only reported, a text not verified …).
        state: cn-import: the reported state.
        licence_required: us-export: by the text.
        licence_enforced: us-export: as the agency enforces it.
        exceptions: us-export: licence exceptions that are open.
        review_policy: us-export: how an application would be reviewed.
        distances: How far the item stands from each line.
    """

    gate: str
    verdict: Verdict
    explanation: Explanation
    basis: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    warnings: tuple[str, ...] = ()
    state: str = ""
    licence_required: Truth = None
    licence_enforced: Truth = None
    exceptions: tuple[str, ...] = ()
    review_policy: str = ""
    distances: tuple[Distance, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The gate's part of the JSON answer."""
        if self.gate != "us-export":
            return {
                "verdict": str(self.verdict),
                "state": self.state,
                "basis": list(self.basis),
                "conditions": [condition.as_dict() for condition in self.conditions],
            }
        return {
            "verdict": str(self.verdict),
            "licence_required": word(self.licence_required),
            "licence_enforced": word(self.licence_enforced),
            "basis": list(self.basis),
            "exceptions": list(self.exceptions),
            "review_policy": self.review_policy,
            "conditions": [condition.as_dict() for condition in self.conditions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A duty that goes to the deal's cost; it opens or closes nothing.

    Attributes:
        charge: ``us-section-232``.
        applies: Whether it is due.
        rate_fraction: The rate where it applies or may apply (None: none).
        explanation: How it came about.
        basis: Ids of the provisions that decide.
        missing: Columns whose values would settle it.
        warnings: What a reader must know.
    """

    charge: str
    applies: Truth
    explanation: Explanation
    rate_fraction: Decimal | None = None
    basis: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The charge's part of the JSON answer."""
        return {
            "applies": word(self.applies),
            "rate_fraction": None if self.rate_fraction is None else float(self.rate_fraction),
            "basis": list(self.basis),
        }


Gate = Callable[[Transaction, LawOnDate], GateAnswer]
"""Answers for one gate. The law carries both clocks: ``law.on`` and ``law.known_at``."""

Levy = Callable[[Transaction, LawOnDate], Charge]
"""Answers for one charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """What all gates say about one transaction on one day, as known on another."""

    transaction: Transaction
    on: dt.date
    known_at: dt.date | None
    classification: str | None
    undetermined: bool = False
    """Whether ``classification`` is None because something is not known."""
    gates: tuple[GateAnswer, ...]
    charges: tuple[Charge, ...] = ()
    warnings: tuple[str, ...] = ()
    proposed: tuple[Explanation, ...] = ()
    facts: Explanation | None = None
    """What is known of the item, with sources."""
    distances: tuple[Distance, ...] = ()
    """How far the item stands from every line that was looked at."""

    @property
    def parts(self) -> tuple[GateAnswer | Charge, ...]:
        """Gates, then charges."""
        return (*self.gates, *self.charges)

    @property
    def verdict(self) -> Verdict:
        """MET only if every gate there is says so."""
        return join_verdicts(answer.verdict for answer in self.gates)

    @property
    def missing(self) -> tuple[str, ...]:
        """Everything missing, each once; what gates miss first."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.missing))

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """Every warning, each once: of the facts first, then of the parts."""
        return tuple(
            dict.fromkeys((*self.warnings, *(text for part in self.parts for text in part.warnings)))
        )

    @property
    def explanation(self) -> Explanation:
        """The whole tree."""
        return Explanation(
            f"determination on {self.on.isoformat()}",
            str(self.verdict),
            children=(
                *(() if self.facts is None else (self.facts,)),
                *(part.explanation for part in self.parts),
                *self.proposed,
            ),
        )

    def as_dict(self, *, explain: bool = False) -> dict[str, Any]:
        """The JSON answer."""
        given = self.transaction
        explanation = self.explanation
        answer: dict[str, Any] = {
            "id": given.id,
            "on": self.on.isoformat(),
            "known_at": None if self.known_at is None else self.known_at.isoformat(),
            "item": given.item or None,
            "tpp": number(given.tpp),
            "performance_density": number(given.performance_density),
            "classification": self.classification,
            "classification_status": "undetermined" if self.undetermined else "determined",
            "verdict": str(self.verdict),
            "gates": {part.gate: part.as_dict() for part in self.gates},
            "charges": {part.charge: part.as_dict() for part in self.charges},
            "missing": list(self.missing),
            "distances": [distance.as_dict() for distance in self.distances],
            "citations": list(explanation.citations()),
            "warnings": list(self.all_warnings),
        }
        if self.proposed:
            answer["proposed"] = [
                {"id": step.citation, "reaches": step.value, "summary": step.note} for step in self.proposed
            ]
        return answer | ({"explanation": explanation.as_dict()} if explain else {})


def join_verdicts(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of all gates together: the gates that are in force must all be met.

    >>> str(join_verdicts([Verdict.MET, Verdict.UNDETERMINED])), str(join_verdicts([Verdict.MET, Verdict.NOT_IN_FORCE]))
    ('UNDETERMINED', 'MET')
    """
    found = set(verdicts)
    for verdict in (Verdict.NOT_MET, Verdict.UNDETERMINED, Verdict.MET):
        if verdict in found:
            return verdict
    return Verdict.NOT_IN_FORCE


def number(value: Decimal | None) -> int | float | None:
    """A number for JSON: whole numbers as integers."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
