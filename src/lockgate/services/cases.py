"""Cases: opening them, acting on them, what follows from that for quantities and for other cases, lists."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Select, and_, or_, select

from lockgate.base.errors import LockgateError
from lockgate.casework.case import Case
from lockgate.casework.clocks import Deadline, find_deadlines
from lockgate.casework.commands import FORMS, OpenForm
from lockgate.casework.completeness import Task, list_tasks
from lockgate.casework.conditions import ConditionState
from lockgate.casework.folding import fold_case, fold_event
from lockgate.casework.guards import Question, effective_expiry
from lockgate.casework.history import Event, find_commitments, reveal
from lockgate.casework.kinds import route
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.progress import decide, list_actions, open_event
from lockgate.casework.progress import permit as permit_in
from lockgate.casework.quantities import empty, grant, lower
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action, CaseState
from lockgate.services.ledger import OFFICIALS, append_once
from lockgate.services.people import check_id, require_party
from lockgate.services.practice import load_practice
from lockgate.services.registry import Registry
from lockgate.store import schema
from lockgate.store.work import Secret, Work

SYSTEM = "lockgate"  # acts where one fact follows from another
ENDED = {
    CaseState.REVOKED: AccountKind.REVOKED,
    CaseState.EXPIRED: AccountKind.LAPSED,
    CaseState.SURRENDERED: AccountKind.LAPSED,
    CaseState.SUPERSEDED: AccountKind.LAPSED,
}


# ---------------------------------------------------------------------------------------------------- reading
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


# ---------------------------------------------------------------------------------------------------- acting
TAKEN_IDS = frozenset({"new", "find", "assign"})  # pages of their own beside those of cases
TWIN_ENDINGS = (".json", ".jsonl", ".csv")  # ask a page for its data


def check_case_id(text: str) -> str:
    """A number as a case may have one.

    Raises:
        LockgateError: ``bad-id``.
    """
    check_id(text)
    if text.lower() in TAKEN_IDS or text.lower().endswith(TWIN_ENDINGS) or not text.strip("."):
        raise LockgateError(
            f"{text!r} cannot be the number of a case", code="bad-id", where="case",
            hint="its address means something else; add a letter or a digit",
        )  # fmt: skip
    return text


def open_case(
    registry: Registry,
    person: Actor,
    kind: str,
    applicant: str,
    *,
    case_id: str,
    fields: Mapping[str, Any] | None = None,
    about: str = "",
    key: str = "",
) -> Event:
    """Open a case as a draft, with answers where some are given.

    Args:
        registry: Whose record.
        person: Of the applicant's organisation, or an officer who enters a paper form.
        kind: Its kind, by id or alias.
        applicant: Party id.
        case_id: Its number.
        fields: Answers by field id.
        about: The case it is about, for an amendment or appeal.
        key: Idempotency key.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-party``, ``bad-id``, ``conflict``; every answer that does not fit.
    """
    check_case_id(case_id)
    practice = load_practice(kind)

    def begin(work: Work, request: str) -> Event:
        require_party(work.lock(), applicant)
        if work.stream_version(case_stream(case_id)):
            raise LockgateError(f"the case {case_id!r} is open already", code="conflict", where="case")
        if about:
            load_case(work, about)
        opened = open_event(case_id, practice, applicant, person, registry.today(), about=about)
        event = work.append(
            case_stream(case_id), opened.type, opened.data, actor=person.id, key=key, request=request
        )
        save_case(work, read_case(work, [event]), event)
        if fields:
            do(registry, work, person, case_id, Action.EDIT, {"fields": dict(fields)})
        return event

    return append_once(registry, key, ["open", kind, applicant, case_id, dict(fields or {}), about], begin)[0]


def act(
    registry: Registry,
    person: Actor,
    case_id: str,
    action: Action,
    data: Mapping[str, Any] | None = None,
    *,
    key: str = "",
    version: int | None = None,
) -> Event:
    """Do something to a case: the one way in for every action that is not about goods.

    Args:
        registry: Whose record.
        person: Who.
        case_id: To which case.
        action: What.
        data: Its form (``casework.commands``).
        key: Idempotency key.
        version: The version of the case that the person saw; None: whatever it is now.

    Raises:
        InvalidInputError: Every field of the form that does not fit.
        LockgateError: ``edited-meanwhile``; where it may not be done; ``moves-goods`` for actions that quantities depend on.
    """
    if (
        FORMS[action] is OpenForm
    ):  # these come with postings, or the record would say what the ledger does not
        raise LockgateError(
            f"{action} moves quantities and is not done to a case alone", code="moves-goods", where="action",
            hint="use the commands for batches, shipments and reports",
        )  # fmt: skip

    def perform(work: Work, request: str) -> Event:
        if version is not None:
            require_version(work.lock(), case_id, version)
        return do(registry, work.lock(), person, case_id, action, data or {}, key=key, request=request)

    return append_once(registry, key, ["act", case_id, str(action), dict(data or {})], perform)[0]


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


def do(
    registry: Registry,
    work: Work,
    person: Actor,
    case_id: str,
    action: Action,
    data: Mapping[str, Any],
    *,
    key: str = "",
    request: str = "",
    postings: Sequence[Posting] = (),
    bound: Mapping[str, Iterable[Any]] | None = None,
    proposers: Iterable[str] = (),
) -> Event:
    """Act on a case within a unit of work, with the postings that belong to it, and with what follows from it."""
    case = load_case(work, case_id)
    decided = decide(ask(registry, case, person, proposers=proposers), action, data)
    after = fold_event(case, decided.type, decided.data, person.id)
    own = [*postings, *_grants(case, after)]
    event = work.append(
        case_stream(case_id), decided.type, _seal(case, decided.data), actor=person.id, key=key, request=request,
        postings=own, bound=bound, version=case.version + 1,
    )  # fmt: skip
    save_case(work, after, event)
    _follow(work, case, after, person)
    return event


def _seal(case: Case, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of an event, with answers to restricted fields as secrets."""
    form = data.get("form", {})
    answers = form.get("fields")
    if not isinstance(answers, Mapping):
        return data
    kind = load_practice(case.kind).kind
    sealed = {
        name: Secret(answer, "restricted-field", case.applicant)
        if answer is not None and kind.field_by_id(name).visible == "restricted"
        else answer
        for name, answer in answers.items()
    }
    return {**data, "form": {**form, "fields": sealed}}


def licence_account(case_id: str, line: str) -> str:
    """The account of what a case was granted on a line.

    >>> licence_account("cn-1", "1")
    'licence:cn-1:1'
    """
    return f"{AccountKind.LICENCE}:{case_id}:{check_id(line)}"


def _grants(before: Case, after: Case) -> list[Posting]:
    """What a decision grants: the difference to what was granted before; a lower figure than is in use is a breach."""
    postings: list[Posting] = []
    for line in sorted({*before.granted, *after.granted}):
        change = after.granted.get(line, 0) - before.granted.get(line, 0)
        account = licence_account(after.id, line)
        name = f"grant/{after.id}/{after.version}/{line}"
        if change > 0:
            postings += grant(name, account, change)
        elif change < 0 and after.state not in ENDED:
            postings += lower(name, account, -change)
    return postings


def _follow(work: Work, before: Case, after: Case, person: Actor) -> None:
    """What follows from a case's new state: quantities fall back, what depends on it is suspended."""
    if after.state is before.state:
        return
    stage = ENDED.get(after.state)
    if stage:
        _end_quantities(work, after, stage)
    if before.state is CaseState.APPROVED and load_practice(after.kind).kind.issues == "qualification":
        _cascade(work, after)
    if after.about and after.state is CaseState.APPROVED:
        _note_amended(work, after, person)


def _end_quantities(work: Work, case: Case, stage: AccountKind) -> None:
    from lockgate.services.batches import empty_batches

    empty_batches(work, case.id, stage, reason=f"{case.id} is {case.state.value}")
    postings: list[Posting] = []
    for account in work.accounts(prefix=f"{AccountKind.LICENCE}:{case.id}:").values():
        postings += empty(f"end/{account.id}/{case.version}", account, stage)
    if postings:
        note(work, case.id, "GrantEnded", {"case": case.id, "state": case.state.value}, postings=postings)


def note(
    work: Work, case_id: str, type: str, data: Mapping[str, Any], *, actor: str = SYSTEM, key: str = "",  # noqa: A002
    request: str = "", postings: Sequence[Posting] = (),
) -> Event:  # fmt: skip
    """Record a fact about a case's goods that does not move the case itself."""
    return work.append(
        f"goods:{case_id}", type, data, actor=actor, key=key, request=request, postings=postings
    )


def _cascade(work: Work, laboratory: Case) -> None:
    """A laboratory that lost its qualification: its tests count no more, and what relies on it is suspended or flagged."""
    lots = [
        item.id
        for item in work.items("lot", state="tested")
        if item.data["test"]["laboratory"] == laboratory.applicant
    ]
    cause = f"{laboratory.id} is {laboratory.state.value}"
    if lots:
        work.append(
            f"party:{laboratory.applicant}", "TestsVoided", {"lots": lots, "reason": cause}, actor=SYSTEM
        )
    for item in work.items("dependency", subject=laboratory.applicant):
        if item.case_id == laboratory.id:
            continue
        case = load_case(work, item.case_id)
        if case.state is CaseState.APPROVED:
            system_act(work, case, "LicenceSuspended", Action.SUSPEND, CaseState.SUSPENDED, {"reason": cause})
        elif case.state is not CaseState.CLOSED:
            system_act(work, case, "CaseFlagged", Action.FLAG, case.state, {"add": ["laboratory-lost"]})


def system_act(
    work: Work,
    case: Case,
    type: str,  # noqa: A002
    action: Action,
    target: CaseState,
    data: Mapping[str, Any],
) -> Event:
    """Record on a case what follows from another fact; nobody's permission is asked, and the record says so."""
    filled = {
        "action": str(action), "role": "system", "on": work.at[:10], "agency": "", "state": str(target),
        "form": dict(data),
    }  # fmt: skip
    after = fold_event(case, type, filled, SYSTEM)
    event = work.append(case_stream(case.id), type, filled, actor=SYSTEM, version=case.version + 1)
    save_case(work, after, event)
    return event


def _note_amended(work: Work, amendment: Case, person: Actor) -> None:
    """An amendment in force: said in the goods' stream of what it amends, so that its readers see it."""
    note(work, amendment.about, "AmendmentApproved", {"amendment": amendment.id}, actor=person.id)


# ---------------------------------------------------------------------------------------------------- lists
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
