"""What a person may see of a case, field by field."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.authorisation import sees
from lockgate.casework.case import Case
from lockgate.casework.history import find_commitments
from lockgate.casework.items import Item
from lockgate.casework.roles import Actor, Visibility
from lockgate.services.case_record import case_actions, case_deadlines, case_stream, case_tasks, load_case
from lockgate.services.ledger import OFFICIALS
from lockgate.services.people import READERS, WITHHELD
from lockgate.services.practice import load_practice
from lockgate.services.registry import Registry
from lockgate.store.work import Work

GOODS = ("batch", "request", "round", "allotment", "shipment", "report", "task")


def is_official(person: Actor) -> bool:
    """Whether somebody reads as an official: an officer, adviser, countersigner, auditor or administrator."""
    return any(person.holds(role) for role in OFFICIALS)


def may_see(person: Actor, case: Case, visible: str) -> bool:
    """Whether a person may see what is marked so (``casework.authorisation``).

    What is restricted is shown only with a reason, which is recorded.
    """
    return Visibility(visible) in sees(case, person)


def round_public(quantity: int) -> int:
    """A quantity as the public sees it: two leading figures.

    >>> [round_public(quantity) for quantity in (7, 804, 81_250, 400_000)]
    [7, 800, 81000, 400000]
    """
    return int(round(quantity, 2 - len(str(abs(quantity))))) if quantity else 0


def view_case(registry: Registry, person: Actor, case_id: str, *, reason: str = "") -> dict[str, Any]:
    """A case as a person may see it; what they may not see is ``withheld``.

    Args:
        registry: Whose record.
        person: Who looks.
        case_id: The case.
        reason: Why restricted fields are read; with it, they are shown to those entitled, and that is recorded.

    Raises:
        LockgateError: ``unknown-case``, ``not-allowed`` where a reason is given by somebody not entitled.
    """
    with registry.read() as work:
        case = load_case(work, case_id)
        goods = {kind: work.items(kind, case_id=case_id) for kind in GOODS}
    if reason:
        _record_reading(registry, person, case, reason)
    kind = load_practice(case.kind).kind
    fields: dict[str, Any] = {}
    for item in kind.fields:
        if item.id in case.fields:
            seen = may_see(person, case, item.visible) and (item.visible != "restricted" or bool(reason))
            fields[item.id] = case.fields[item.id] if seen else WITHHELD
    near = may_see(person, case, "parties")
    found: dict[str, Any] = {
        "id": case.id,
        "kind": case.kind,
        "state": case.state.value,
        "applicant": case.applicant if near else WITHHELD,
        "version": case.version,
        "fields": fields,
        "granted": dict(case.granted)
        if near
        else {name: round_public(units) for name, units in case.granted.items()},
        "dates": {name: str(day) for name, day in case.dates.items()} if near else {},
        "actions": case_actions(registry, case, person),
    }
    if near:
        found |= _inner_parts(registry, person, case)
        found["goods"] = _goods_rows(goods)
    if may_see(person, case, "office"):
        found |= {"queue": case.queue, "assigned_to": case.assigned_to, "flags": sorted(case.flags)}
    if may_see(person, case, "review"):
        found["advice"] = [plain(advice) for advice in case.advice]
    return found


def _inner_parts(registry: Registry, person: Actor, case: Case) -> dict[str, Any]:
    deadlines = case_deadlines(registry, case, person)
    return {
        "documents": [plain(item) for item in case.documents],
        "conditions": [plain(item) for item in case.conditions],
        "decisions": [plain(item) for item in case.decisions],
        "deadlines": {name: str(getattr(item, "due", item)) for name, item in deadlines.items()},
        "tasks": [
            {"title": task.title, "before": task.before, "hint": task.hint}
            for task in case_tasks(case)
            if not task.done
        ],
    }


def _goods_rows(goods: Mapping[str, Iterable[Item]]) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "id": item.id, "state": item.state, "subject": item.subject, "due_on": item.due_on,
         "quantity": item.data.get("quantity")}
        for kind, items in goods.items()
        for item in items
    ]  # fmt: skip


def _record_reading(registry: Registry, person: Actor, case: Case, reason: str) -> None:
    if not may_see(person, case, "restricted"):
        raise LockgateError(f"{person.id} may not read restricted fields of {case.id}", code="not-allowed")
    restricted = [item.id for item in load_practice(case.kind).kind.fields if item.visible == "restricted"]
    read = [name for name in restricted if name in case.fields]
    if not read:
        return
    with registry.work() as work:
        data = {"case": case.id, "fields": read, "reason": reason}
        work.append(f"person:{person.id}", "SecretRead", data, actor=person.id)


def plain(value: Any) -> Any:
    """A value of the domain as plain data."""
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(part) for part in value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def visible_items(work: Work, person: Actor, items: Iterable[Item]) -> list[Item]:
    """Those entries that a person may see: about their own organisation, or of a case whose inner parts they see.

    So an adviser sees those of the cases its agency was asked about, an administrator none, and nobody those of a case
    they have withdrawn from.

    Raises:
        LockgateError: ``not-allowed``, for the public.
    """
    if not is_official(person) and not person.organisation:
        raise LockgateError(f"{person.id} may not read this", code="not-allowed")
    seen: dict[str, bool] = {}

    def sees_case(case_id: str) -> bool:
        if case_id not in seen:
            seen[case_id] = may_see(person, load_case(work, case_id), "parties")
        return seen[case_id]

    return [
        item
        for item in items
        if (person.organisation and item.subject == person.organisation)
        or (sees_case(item.case_id) if item.case_id else is_official(person))
    ]


def openable(work: Work, person: Actor, case_id: str) -> dict[str, Any]:
    """Secrets of a case's events that a person may take along: all for those entitled, none for others."""
    if not any(person.holds(role) for role in READERS):
        return {}
    events = work.events(case_stream(case_id))
    return work.openings(commitment for event in events for commitment in find_commitments(event.data))
