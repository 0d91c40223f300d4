"""What people decided about claims and findings: events that are only ever added, and what they amount to."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from lockgate.base.errors import LockgateError
from lockgate.evidence.claims import Claim

Action = Literal["accept", "reject", "merge", "unmerge"]
ACTIONS: tuple[Action, ...] = ("accept", "reject", "merge", "unmerge")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: who decided what about which claim or finding, when and why.

    ``other`` is the claim that ``target`` is merged into: both tell the same, and ``other`` stands for them.
    ``previous`` is the hash of the decision before, so that none can be taken out unseen.
    """

    at: str
    by: str
    action: Action
    target: str
    reason: str
    other: str = ""
    previous: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the decision and, through ``previous``, of all before it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def decide(
    history: Sequence[Decision], *, at: str, by: str, action: str, target: str, reason: str, other: str = ""
) -> Decision:
    """The next decision, checked against those before.

    Raises:
        LockgateError: ``bad-decision`` for an unknown action, a missing reason or name, a merge without a second claim or
            with itself, an un-merge of what is not merged.
    """
    problem = ""
    if action not in ACTIONS:
        problem = f"no action {action!r}: {', '.join(ACTIONS)}"
    elif not reason.strip() or not by.strip():
        problem = "a decision needs a reason and a name"
    elif (action == "merge") != bool(other):
        problem = "a merge names a second claim, other actions do not"
    elif action == "merge" and (other == target or root(merged(history), other) == target):
        problem = "a claim cannot be merged into itself"
    elif action == "unmerge" and target not in merged(history):
        problem = f"{target} is not merged"
    if problem:
        raise LockgateError(problem, code="bad-decision", where=("decision", target))
    return Decision(at, by, action, target, reason, other, history[-1].hash if history else "")  # type: ignore[arg-type]


def check_history(history: Sequence[Decision]) -> None:
    """See that no decision was taken out or changed.

    Raises:
        LockgateError: ``broken-journal``, with the first place that does not fit.
    """
    previous = ""
    for number, decision in enumerate(history):
        if decision.previous != previous:
            raise LockgateError(
                "the decision before this one was changed or taken out", code="broken-journal", where=(number,),
                hint="restore the journal from a copy",
            )  # fmt: skip
        previous = decision.hash


def standing(history: Iterable[Decision]) -> dict[str, Decision]:
    """The last acceptance or rejection of each claim or finding."""
    return {decision.target: decision for decision in history if decision.action in ("accept", "reject")}


def merged(history: Iterable[Decision]) -> dict[str, str]:
    """Claim -> the claim it is merged into, as things stand."""
    into: dict[str, str] = {}
    for decision in history:
        if decision.action == "merge":
            into[decision.target] = decision.other
        elif decision.action == "unmerge":
            into.pop(decision.target, None)
    return into


def root(into: Mapping[str, str], claim: str) -> str:
    """The claim that stands for a claim after all merges."""
    seen = {claim}
    while claim in into and into[claim] not in seen:
        claim = into[claim]
        seen.add(claim)
    return claim


def apply(claims: Sequence[Claim], history: Sequence[Decision]) -> list[Claim]:
    """Claims after the decisions: rejected ones left out, merged ones told with the value of the one that stands for them."""
    verdicts, into = standing(history), merged(history)
    by_id = {claim.id: claim for claim in claims}
    kept = []
    for claim in claims:
        verdict = verdicts.get(claim.id)
        if verdict is not None and verdict.action == "reject":
            continue
        head = by_id.get(root(into, claim.id))
        if head is not None and head.id != claim.id:
            claim = replace(
                claim, value=head.value, unit=head.unit, low=head.low, high=head.high, subject=head.subject,
                subject_id=head.subject_id,
            )  # fmt: skip
        kept.append(claim)
    return kept


def accepted(claims: Iterable[Claim], history: Iterable[Decision]) -> list[Claim]:
    """The claims that somebody accepted and nobody rejected since."""
    verdicts = standing(history)
    return [claim for claim in claims if claim.id in verdicts and verdicts[claim.id].action == "accept"]


def decision_of(fields: Mapping[str, Any]) -> Decision:
    """A decision from its JSON form.

    Raises:
        LockgateError: ``bad-decision`` where a field is missing or unknown.
    """
    try:
        decision = Decision(**fields)
    except TypeError as error:
        raise LockgateError(f"not a decision: {error}", code="bad-decision") from error
    if decision.action not in ACTIONS:
        raise LockgateError(f"no action {decision.action!r}", code="bad-decision")
    return decision
