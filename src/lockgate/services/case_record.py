"""A case as the record has it: its events folded, the question what may be done, and notes beside it."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.case import Case
from lockgate.casework.clocks import Deadline
from lockgate.casework.completeness import Task, list_tasks
from lockgate.casework.conditions import ConditionState
from lockgate.casework.folding import fold_case
from lockgate.casework.guards import Question, effective_expiry
from lockgate.casework.history import Event, find_commitments, reveal
from lockgate.casework.kinds import route
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.progress import list_actions
from lockgate.casework.progress import permit as permit_in
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action, CaseState
from lockgate.services.practice import load_practice
from lockgate.services.registry import Registry
from lockgate.store.work import Work

SYSTEM = "lockgate"  # acts where one fact follows from another


ENDED = {
    CaseState.REVOKED: AccountKind.REVOKED,
    CaseState.EXPIRED: AccountKind.LAPSED,
    CaseState.SURRENDERED: AccountKind.LAPSED,
    CaseState.SUPERSEDED: AccountKind.LAPSED,
}


def case_stream(case_id: str) -> str:
    """The stream of a case's events."""
    return f"case:{case_id}"


def load_case(work: Work, case_id: str) -> Case:
    """A case as its events leave it, its secrets opened: for deciding, not for showing.

    Raises:
        LockgateError: ``unknown-case``.
    """
    events = list(work.events(case_stream(case_id)))
    if not events:
        raise LockgateError(f"there is no case {case_id!r}", code="unknown-case", where="case")
    return read_case(work, events)


def read_case(work: Work, events: Sequence[Event]) -> Case:
    """The case that events make, with their secrets opened where they are still kept."""
    sealed = [commitment for event in events for commitment in find_commitments(event.data)]
    openings = work.openings(sealed) if sealed else {}
    return fold_case((event.type, reveal(event.data, openings, "destroyed"), event.actor) for event in events)


def ask(
    registry: Registry, case: Case, person: Actor, *, condition: str = "", proposers: Iterable[str] = ()
) -> Question:
    """The question whether a person may do something to a case today."""
    return Question(case, person, registry.today(), load_practice(case.kind), condition, frozenset(proposers))


def permit(registry: Registry, work: Work, person: Actor, case_id: str, action: Action) -> Case:
    """The case, where the person may do this to it today.

    Raises:
        LockgateError: ``unknown-case``, ``not-in-this-state``, ``not-allowed``, or what the guard says.
    """
    case = load_case(work, case_id)
    permit_in(ask(registry, case, person), action)
    return case


def require_usable(work: Work, case_id: str, on: dt.date, *, strict: bool = True) -> str:
    """Make sure that what a case issued is in force on a day; returns why it is not, empty where it is.

    Args:
        work: The unit of work.
        case_id: The case.
        on: The day.
        strict: Whether to raise where it is not.

    Raises:
        LockgateError: ``unknown-case``; ``not-in-force`` where ``strict``.
    """
    case = load_case(work, case_id)
    last = effective_expiry(case, load_practice(case.kind))
    reason = ""
    if case.state is not CaseState.APPROVED:
        reason = f"{case_id} is {case.state.value.replace('_', ' ')}"
    elif last is not None and on > last:
        reason = f"{case_id} ran out on {last}"
    if reason and strict:
        raise LockgateError(reason, code="not-in-force", where="case", hint="nothing ships on it")
    return reason


def require_version(work: Work, case_id: str, version: int) -> None:
    """Make sure that nobody changed a case since it was seen.

    Raises:
        LockgateError: ``edited-meanwhile``.
    """
    found = work.stream_version(case_stream(case_id))
    if found and found != version:
        raise LockgateError(
            f"{case_id} was changed meanwhile: it is at version {found}, you saw version {version}",
            code="edited-meanwhile",
            hint="look at what changed, then do it again if you still want to",
        )


def note(
    work: Work, case_id: str, type: str, data: Mapping[str, Any], *, actor: str = SYSTEM, key: str = "",  # noqa: A002
    request: str = "", postings: Sequence[Posting] = (),
) -> Event:  # fmt: skip
    """Record a fact about a case's goods that does not move the case itself."""
    return work.append(
        f"goods:{case_id}", type, data, actor=actor, key=key, request=request, postings=postings
    )


def case_tasks(case: Case) -> tuple[Task, ...]:
    """What the application still needs."""
    return list_tasks(
        load_practice(case.kind).kind, case.fields, frozenset(item.kind for item in case.documents)
    )


def case_deadlines(registry: Registry, case: Case, person: Actor) -> Mapping[str, Deadline]:
    """The clocks of a case as they stand today."""
    return ask(registry, case, person).deadlines()


def case_actions(registry: Registry, case: Case, person: Actor) -> list[str]:
    """What a person may do to a case now."""
    return [str(action) for action in list_actions(ask(registry, case, person))]


def removable_conditions(registry: Registry, case: Case, person: Actor) -> list[str]:
    """Ids of the conditions that a person may remove now: that is asked of each by itself."""
    found = []
    for item in case.conditions:
        if item.state is not ConditionState.REMOVED:
            with suppress(LockgateError):
                permit_in(ask(registry, case, person, condition=item.id), Action.REMOVE_CONDITION)
                found.append(item.id)
    return found


def case_routing(case: Case) -> Any:
    """Where the routing rules send a case."""
    return route(load_practice(case.kind).kind, case.fields)
