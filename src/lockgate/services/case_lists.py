"""Cases in rows: what a list shows of each, with its next clock, and the pages of it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, and_, or_, select

from lockgate.base.errors import LockgateError
from lockgate.casework.case import Case
from lockgate.casework.clocks import Deadline, find_deadlines
from lockgate.casework.history import Event
from lockgate.casework.roles import Actor
from lockgate.casework.states import CaseState
from lockgate.services.case_record import ENDED
from lockgate.services.ledger import OFFICIALS
from lockgate.services.practice import load_practice
from lockgate.services.registry import Registry
from lockgate.store import schema
from lockgate.store.work import Work

CLOCKLESS = frozenset({CaseState.DRAFT, CaseState.WITHDRAWN, CaseState.CLOSED, *ENDED})
"""States in which no clock matters to whoever looks at a list."""


DECIDED = frozenset(
    {CaseState.APPROVED, CaseState.SUSPENDED, CaseState.REVOCATION_PROPOSED, CaseState.INTENT_TO_DENY, CaseState.DENIED,
     CaseState.RETURNED_WITHOUT_ACTION, CaseState.RETURNED_NO_LICENCE_NEEDED}
)  # fmt: skip
"""States that a decision led to."""


def save_case(work: Work, case: Case, event: Event) -> None:
    """Write the row that lists show, as an event left the case."""
    work.put_case(case_row(case, event.at))


REVIEW_DAYS = frozenset(
    {"opened", "registered", "referred", "recommendations_in", "held", "escalated_to_oc", "escalated_to_acep",
     "escalated_to_earb", "escalated_to_president", "oc_decided", "acep_decided", "earb_decided"}
)  # fmt: skip
"""Days that clocks of the review count from."""


def open_clocks(case: Case, found: Mapping[str, Deadline]) -> dict[str, Deadline]:
    """The clocks that still matter: none of an ended case, and those of the review no more once it is decided."""
    procedure = load_practice(case.kind).procedure
    if procedure is None or case.state in CLOCKLESS:
        return {}
    of_review: set[str] = set()
    if case.state in DECIDED:
        for clock in procedure.clocks:
            known = [name for name in clock.starts if name in case.dates]
            if REVIEW_DAYS.issuperset(known) if known else clock.after in of_review:
                of_review.add(clock.id)
    return {
        name: item
        for name, item in found.items()
        if name not in of_review and (item.standing or item.due is not None)
    }


def next_due(case: Case, on: dt.date) -> tuple[str, str]:
    """The clock that runs out next after a day, and its last day as ISO text, or ``stands`` where it stands still.

    Both are empty where no clock runs.
    """
    practice = load_practice(case.kind)
    if practice.procedure is None:
        return "", ""
    found = open_clocks(
        case, find_deadlines(practice.procedure, case.dates, case.stops, practice.calendar)
    ).values()
    running = [item for item in found if item.due is not None and day_of(item.due) >= on]
    if running:
        first = min(running, key=lambda item: (str(item.due), item.clock))
        return first.clock, str(first.due)
    return next(((item.clock, "stands") for item in found if item.standing), ("", ""))


def day_of(instant: dt.date) -> dt.date:
    """The day of a day or an instant."""
    return instant.date() if isinstance(instant, dt.datetime) else instant


def case_row(case: Case, at: str) -> dict[str, Any]:
    """The row of a case for lists."""
    clock, due_on = next_due(case, dt.date.fromisoformat(at[:10]))
    kind = load_practice(case.kind).kind
    public = [item.id for item in kind.fields if item.visible == "public" and item.type == "text"]
    title = next((case.fields[name] for name in public if case.fields.get(name)), kind.title)
    return {
        "id": case.id,
        "kind": case.kind,
        "state": case.state.value,
        "title": str(title)[:200],
        "applicant": case.applicant,
        "queue": case.queue,
        "assigned_to": case.assigned_to,
        "opened_at": at,
        "changed_at": at,
        "version": case.version,
        "flags": " ".join(sorted(case.flags)),
        "clock": clock,
        "due_on": due_on,
    }


def list_cases(
    registry: Registry,
    person: Actor,
    *,
    state: str = "",
    kind: str = "",
    applicant: str = "",
    assigned_to: str = "",
    queue: str = "",
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """A page of cases, the latest changed first. Applicants see their own organisation's only.

    Args:
        registry: Whose record.
        person: Who looks.
        state: Only in this state, or in one of several with commas between.
        kind: Only of this kind.
        applicant: Only of this party.
        assigned_to: Only assigned to this person; ``nobody``: to none.
        queue: Only in this queue.
        after: ``changed_at`` and ``id`` of the last row of the page before.
        limit: Rows of a page, at most 200.

    Raises:
        LockgateError: ``not-allowed``.
    """
    applicant = listed_applicant(person, applicant)
    query = page_query(
        state=state, kind=kind, applicant=applicant, assigned_to=assigned_to, queue=queue, after=after, limit=limit,
    )  # fmt: skip
    with registry.read() as work:
        return [dict(row) for row in work.connection.execute(query).mappings()]


def listed_applicant(person: Actor, applicant: str = "") -> str:
    """Whose cases a list may show: officials every applicant's, others their own organisation's only.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if any(person.holds(role) for role in OFFICIALS):
        return applicant
    if not person.organisation or applicant not in ("", person.organisation):
        raise LockgateError(f"{person.id} may see no other cases than the own", code="not-allowed")
    return person.organisation


def page_query(
    *, state: str = "", kind: str = "", applicant: str = "", assigned_to: str = "", queue: str = "",
    after: tuple[str, str] | None = None, limit: int = 50,
) -> Select[Any]:  # fmt: skip
    """The query of a page: walks an index from the last row of the page before."""
    table = schema.case_file
    query = select(table)
    states = [name for name in state.split(",") if name]
    if states:
        query = query.where(
            table.c.state == states[0] if len(states) == 1 else table.c.state.in_(sorted(states))
        )
    if assigned_to:
        query = query.where(table.c.assigned_to == ("" if assigned_to == "nobody" else assigned_to))
    for column, value in (("kind", kind), ("applicant", applicant), ("queue", queue)):
        if value:
            query = query.where(table.c[column] == value)
    if after:
        changed_at, case_id = after
        query = query.where(
            or_(table.c.changed_at < changed_at, and_(table.c.changed_at == changed_at, table.c.id < case_id))
        )
    return query.order_by(table.c.changed_at.desc(), table.c.id.desc()).limit(max(1, min(limit, 200)))
