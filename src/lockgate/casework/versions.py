"""What changed between two versions of a decision, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lockgate.casework.case import Case, Decision
from lockgate.casework.conditions import Condition, ConditionState


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that differs: where, and what it was and is (None: it was or is not there)."""

    path: str
    before: Any
    after: Any


def standing_decision(case: Case) -> Decision | None:
    """The latest decision with the conditions as they stand now: those removed since are gone, those added are there."""
    if not case.decisions:
        return None
    standing = tuple(item for item in case.conditions if item.state is not ConditionState.REMOVED)
    return replace(case.decisions[-1], conditions=standing)


def diff_decisions(before: Decision, after: Decision) -> tuple[Difference, ...]:
    """Every part in which two versions of a decision differ: outcome, grants, expiry, reasons, and condition by condition."""
    found: list[Difference] = []
    for name in ("outcome", "expires_on", "reasons", "criteria"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append(Difference(name, old, new))
    found += _diff_mappings("granted", before.granted, after.granted)
    olds, news = ({item.id: item for item in version.conditions} for version in (before, after))
    for name in dict.fromkeys([*olds, *news]):
        old, new = olds.get(name), news.get(name)
        if old is None or new is None:
            found.append(Difference(f"conditions.{name}", old and old.text, new and new.text))
        else:
            found += _diff_conditions(old, new)
    return tuple(found)


def _diff_mappings(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Difference(f"{path}.{name}", before.get(name), after.get(name))


def _diff_conditions(before: Condition, after: Condition) -> Iterator[Difference]:
    path = f"conditions.{before.id}"
    for name in ("text", "agency", "addressed_to", "due_on"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Difference(f"{path}.{name}", old, new)
    yield from _diff_mappings(f"{path}.terms", before.terms.model_dump(), after.terms.model_dump())
