"""Doing something to a case: the form of each action that the case's state and the person's role allow."""

import secrets
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.casework.commands import FORMS, Nothing, OpenForm
from lockgate.casework.conditions import ConditionState
from lockgate.casework.states import Action
from lockgate.services.access import Visitor
from lockgate.services.case_reading import CaseReading
from lockgate.services.case_timeline import list_timeline
from lockgate.services.cases import act
from lockgate.services.people import list_parties
from lockgate.services.practice import list_kinds, load_practice
from lockgate.services.registry import Registry
from lockgate.services.uploads import TYPES, attach_upload
from lockgate.web.case_inputs import Choices, Part, Typed, build_parts, labels_of, place_problems, read_parts
from lockgate.web.cases import COUNTER, officer_ids, reading_of
from lockgate.web.forms import own_key, require_answer
from lockgate.web.query import reads
from lockgate.web.respond import page
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/cases")

ELSEWHERE = {
    **{action: "/batches" for action in FORMS if FORMS[action] is OpenForm},
    Action.RECORD_SHIPMENT: "/shipments",
    Action.RECORD_DELIVERY: "/shipments",
    Action.RECORD_TEST: "/shipments",
    Action.REPORT_END_USE: "/shipments",
}
"""Actions about goods, which have pages of their own."""
GRAVE = frozenset(
    {
        Action.WITHDRAW, Action.COUNTERSIGN, Action.MAKE_FINAL, Action.SUSPEND, Action.SURRENDER, Action.EXPIRE,
        Action.EXHAUST, Action.SUPERSEDE, Action.CLOSE, Action.RECUSE, Action.DISMISS_APPEAL,
    }
)  # fmt: skip
"""Actions that cannot simply be taken back: the page says so."""
EVIDENCE_KIND = "condition_evidence"


def action_named(reading: CaseReading, name: str) -> Action:
    """An action that the person may do to the case now.

    Raises:
        LockgateError: ``not-found``, where there is no such action; ``not-in-this-state``, where it may not be done now.
    """
    if name not in set(Action):
        raise LockgateError(f"there is no action {name!r}", code="not-found", where="action")
    if name not in reading.actions:
        state = reading.case.state.value.replace("_", " ")
        raise LockgateError(
            f"{name.replace('_', ' ')} is not for you while {reading.case.id} is {state}", code="not-in-this-state",
            hint="you may: " + (", ".join(reading.actions) or "read it"),
        )  # fmt: skip
    return Action(name)


@router.get("/{case_id}/actions/{action}")
@reads("*")
def ask(request: Request, visitor: KnownVisitor, case_id: str, action: str) -> Response:
    """The form of an action."""
    reading = reading_of(request, visitor, case_id)
    chosen = action_named(reading, action)
    if chosen in ELSEWHERE:
        return RedirectResponse(f"{ELSEWHERE[chosen]}?case={case_id}", 303)
    if chosen is Action.EDIT:
        return RedirectResponse(f"/cases/{case_id}/apply", 303)
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    lent = lend(reading, chosen, {name: tuple(values) for name, values in query.items()})
    return action_page(request, reading, chosen, build_parts(chosen, Typed(), lent), reading.case.version)


@router.post("/{case_id}/actions/{action}")
async def do(request: Request, visitor: KnownVisitor, case_id: str, action: str) -> Response:
    """Do it, or ask for more of the form."""
    form = await request.form()
    typed: dict[str, list[str]] = {}
    upload: tuple[str, bytes] | None = None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                upload = value.filename, await value.read()
        else:
            typed.setdefault(name, []).append(value.replace("\r\n", "\n"))
    await form.close()
    return await run_in_threadpool(take, request, visitor, case_id, action, Typed(typed, fresh=False), upload)


def take(
    request: Request, visitor: Visitor, case_id: str, action: str, typed: Typed, upload: tuple[str, bytes] | None
) -> Response:  # fmt: skip
    """What was sent: done, or shown again with what is wrong."""
    registry = site_of(request).registry
    reading = reading_of(request, visitor, case_id)
    key, seen = own_key(visitor, typed.one("key")), typed.one("version")
    version = int(seen) if seen.isascii() and seen.isdigit() else None
    if action not in reading.actions and action in set(Action):
        return refused(request, reading, Action(action), typed, version, key)
    chosen = action_named(reading, action)
    parts = build_parts(chosen, typed, lend(reading, chosen, {}))
    if typed.one("again"):
        return action_page(request, reading, chosen, parts, version, typed=typed)
    try:
        perform(registry, visitor, reading, chosen, read_parts(parts), upload, key, version)
    except LockgateError as error:
        labels = labels_of(parts) | {"file": "File"}
        problems = place_problems(error, labels, "action-form")
        stale = any(problem.code == "edited-meanwhile" for problem in problems)
        status = 412 if stale else 422
        return action_page(request, reading, chosen, parts, version, status, problems, typed, stale)
    COUNTER.forget()
    return RedirectResponse(f"/cases/{case_id}?done={chosen}", 303)


def refused(
    request: Request, reading: CaseReading, action: Action, typed: Typed, version: int | None, key: str
) -> Response:  # fmt: skip
    """A form whose action is no longer possible: a repetition of what was done, or somebody was faster; nothing typed is lost."""
    with site_of(request).registry.read() as work:
        repeated = key and work.event_with_key(key)
    if repeated:
        return RedirectResponse(f"/cases/{reading.case.id}?done={action}", 303)
    try:
        action_named(reading, action)
    except LockgateError as error:
        changed = version is not None and version != reading.case.version
        problems = place_problems(error, {}, "action-form")
        if action in ELSEWHERE or not changed:
            raise
        parts = build_parts(action, typed, lend(reading, action, {}))
        return action_page(request, reading, action, parts, version, 412, problems, typed, True)
    raise LockgateError("this cannot be done", code="not-in-this-state")


def perform(
    registry: Registry, visitor: Visitor, reading: CaseReading, action: Action, data: dict[str, Any],
    upload: tuple[str, bytes] | None, key: str, version: int | None,
) -> None:  # fmt: skip
    """Do it, with the file that came along kept first."""
    person, case_id = visitor.actor, reading.case.id
    if action is Action.ATTACH_DOCUMENT:
        kind = require_answer(str(data.get("kind", "")), "kind", "say what paper it is")
        name, content = upload or ("", b"")
        attach_upload(registry, person, case_id, kind, name, content, key=key, version=version)
        return
    if action is Action.EVIDENCE_CONDITION and upload:
        attached = attach_upload(
            registry, person, case_id, EVIDENCE_KIND, *upload, key=f"{key}/paper", version=version
        )
        data["document"] = attached.data["form"]["sha256"]
        version = None if version is None else version + 1
    act(registry, person, case_id, action, data, key=key, version=version)


def action_page(
    request: Request, reading: CaseReading, action: Action, parts: tuple[Part, ...], version: int | None, status: int = 200,
    problems: tuple[LockgateError, ...] = (), typed: Typed | None = None, stale: bool = False,
) -> Response:  # fmt: skip
    """The page of an action's form."""
    registry = site_of(request).registry
    takes_file = action is Action.ATTACH_DOCUMENT or (
        action is Action.EVIDENCE_CONDITION and str(Action.ATTACH_DOCUMENT) in reading.actions
    )
    news = [item for item in list_timeline(reading) if version is not None and item.version > version]
    fields: type[BaseModel] = FORMS[action]
    return page(
        request, "cases/action.html", status, problems=problems, reading=reading, case=reading.case, action=str(action),
        parts=parts, version=reading.case.version if stale or version is None else version, stale=stale, news=news,
        key=(typed.one("key") if typed and not stale else "") or secrets.token_urlsafe(12), takes_file=takes_file,
        endings=list(TYPES), grave=action in GRAVE, empty=fields is Nothing, open_now=str(action) in reading.actions,
        parties=list_parties(registry), officers=officer_ids(registry) if action is Action.ASSIGN else (),
        queues=queue_names() if action is Action.ASSIGN else (), proposal=reading.shown.get("proposal"),
    )  # fmt: skip


def queue_names() -> list[str]:
    """Every queue that a routing rule names."""
    return sorted(
        {rule.queue for name in list_kinds() for rule in load_practice(name).kind.routing if rule.queue}
    )


def lend(reading: CaseReading, action: Action, query: dict[str, tuple[str, ...]]) -> Choices:
    """What a case lends to the form of an action; the address may fill inputs in beforehand."""
    case, practice = reading.case, reading.practice
    standing = [item for item in case.conditions if item.state is not ConditionState.REMOVED]
    conditions = tuple((item.id, f"{item.id}: {item.text[:80]}") for item in standing)
    papers = tuple((item.sha256, f"{item.kind}: {item.name}") for item in case.documents)
    stops = tuple((item.id, item.title) for item in practice.procedure.stops) if practice.procedure else ()
    choices: dict[str, tuple[tuple[str, str], ...]] = {"condition": conditions, "supersedes": conditions}
    defaults: dict[str, tuple[str, ...]] = {}
    hidden: set[str] = set()
    hints = {"addressed_to": "party id", "id": "letters, digits and hyphens"}
    match action:
        case Action.ATTACH_DOCUMENT:
            kinds = tuple((item.kind, item.title) for item in practice.kind.documents)
            choices["kind"] = (*kinds, ("other", "Another paper"))
            hidden |= {"name", "sha256"}
        case Action.REMOVE_CONDITION:
            choices["condition"] = tuple(item for item in conditions if item[0] in reading.removable)
        case Action.EVIDENCE_CONDITION:
            choices["document"] = papers
        case Action.REQUEST_INFORMATION:
            defaults["id"] = (f"q{len(case.information_requests) + 1}",)
            choices["stop"] = (
                ("applicant_information", "applicant information"),
                *(item for item in stops if item[0] != "applicant_information"),
            )
        case Action.ANSWER_INFORMATION:
            waiting = [item for item in case.information_requests if item.answered_on is None]
            choices["id"] = tuple((item.id, f"{item.id}: {item.question[:80]}") for item in waiting)
        case Action.STOP_CLOCK:
            choices["kind"] = stops
        case Action.RESTART_CLOCK:
            running = {item.kind for item in case.noted_stops if item.end_on is None}
            choices["kind"] = tuple(item for item in stops if item[0] in running)
        case Action.PROPOSE_DENIAL:
            choices["criteria"] = tuple(practice.kind.criteria.items())
        case Action.RESOLVE_DISCREPANCY:
            choices["id"] = tuple((name, name) for name in sorted(case.discrepancies))
        case Action.OPEN_DISCREPANCY:
            defaults["id"] = (f"d{len(case.discrepancies) + 1}",)
        case Action.PROPOSE_CONDITION:
            defaults["id"] = (f"c{len(case.conditions) + 1}",)
        case Action.FLAG:
            choices["remove"] = tuple((name, name) for name in sorted(case.flags))
        case Action.REFER:
            asked = {item.agency for item in case.referrals}
            routing = reading.routing()
            wanted = [name for name in (routing.agencies if routing else ()) if name not in asked]
            defaults["agencies"] = ("\n".join(wanted),)
        case Action.ASSIGN:
            routing = reading.routing()
            defaults["to"] = (case.assigned_to or "",)
            defaults["queue"] = (case.queue or (routing.queue if routing else ""),)
        case _:
            pass
    if action is Action.FLAG and not case.flags:
        hidden.add("remove")
    quantity = case.fields.get("quantity")
    granted = (("1", str(quantity)),) if quantity and practice.kind.quantities else ()
    return Choices(choices, defaults | query, hints, granted, frozenset(hidden))
