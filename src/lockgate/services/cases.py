"""Cases: opening them, acting on them, what follows from that for quantities and for other cases, lists."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.case import Case
from lockgate.casework.commands import FORMS, OpenForm
from lockgate.casework.folding import fold_event
from lockgate.casework.history import Event
from lockgate.casework.ledger import AccountKind, Posting
from lockgate.casework.progress import decide, open_event
from lockgate.casework.quantities import empty, grant, lower
from lockgate.casework.roles import Actor
from lockgate.casework.states import Action, CaseState
from lockgate.services.allotments import empty_batches
from lockgate.services.case_lists import save_case
from lockgate.services.case_record import (
    ENDED,
    SYSTEM,
    ask,
    case_stream,
    load_case,
    note,
    read_case,
    require_version,
)
from lockgate.services.ledger import append_once
from lockgate.services.people import check_id, require_party
from lockgate.services.practice import load_practice
from lockgate.services.registry import Registry
from lockgate.store.work import Secret, Work

TAKEN_IDS = frozenset({"new", "find", "assign", "views"})  # pages of their own beside those of cases
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
    sealed = _seal(case, decided.data)
    if action is Action.ATTACH_DOCUMENT and work.keeps_document(sealed["form"]["sha256"]):
        sealed = {**sealed, "kept": True}  # from here on it is missed where it is gone
    event = work.append(
        case_stream(case_id), decided.type, sealed, actor=person.id, key=key, request=request,
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
    empty_batches(work, case.id, stage, reason=f"{case.id} is {case.state.value}")
    postings: list[Posting] = []
    for account in work.accounts(prefix=f"{AccountKind.LICENCE}:{case.id}:").values():
        postings += empty(f"end/{account.id}/{case.version}", account, stage)
    if postings:
        note(work, case.id, "GrantEnded", {"case": case.id, "state": case.state.value}, postings=postings)


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
