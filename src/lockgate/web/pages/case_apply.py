"""Applying: open a case, fill its form one section a page, save and return, add papers, check the answers, submit."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.casework.states import Action
from lockgate.services.access import Visitor
from lockgate.services.case_determination import FIELD, determine_case, write_determination
from lockgate.services.case_reading import CaseReading
from lockgate.services.cases import act, open_case
from lockgate.services.people import list_parties
from lockgate.services.practice import list_kinds, load_practice
from lockgate.services.registry import Registry
from lockgate.services.uploads import TYPES, attach_upload
from lockgate.web.answers import Section, asked_now, read_answers, section_of_task, sections_of, show_answer
from lockgate.web.cases import COUNTER, reading_of
from lockgate.web.forms import own_key, require_answer
from lockgate.web.query import reads
from lockgate.web.respond import page
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/cases")


# ---------------------------------------------------------------------------------------------------- opening
@router.get("/new")
def ask_new(request: Request, visitor: KnownVisitor, kind: str = "", about: str = "") -> Response:
    """Which kind of case, for whom, under which number."""
    return new_page(request, visitor, {"kind": kind, "about": about})


def new_page(
    request: Request, visitor: Visitor, typed: dict[str, str], status: int = 200, problems: tuple[LockgateError, ...] = ()
) -> Response:  # fmt: skip
    """The page that opens a case, with what was typed."""
    registry = site_of(request).registry
    person = visitor.actor
    kinds = [load_practice(name).kind for name in list_kinds()]
    typed = {
        "kind": "",
        "about": "",
        "applicant": person.organisation,
        "case_id": f"{registry.today():%Y}-{secrets.token_hex(3)}",
        "key": secrets.token_urlsafe(12),
        **{name: value for name, value in typed.items() if value},
    }
    return page(
        request, "cases/new.html", status, typed=typed, kinds=kinds, problems=problems, parties=list_parties(registry),
    )  # fmt: skip


@router.post("/new")
def make_new(
    request: Request, visitor: KnownVisitor, kind: Annotated[str, Form()] = "", applicant: Annotated[str, Form()] = "",
    case_id: Annotated[str, Form()] = "", about: Annotated[str, Form()] = "", key: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Open a case as a draft."""
    typed = {
        "kind": kind,
        "applicant": applicant.strip(),
        "case_id": case_id.strip(),
        "about": about.strip(),
        "key": key,
    }
    try:
        require_answer(kind, "kind", "choose a kind")
        event = open_case(
            site_of(request).registry, visitor.actor, kind, typed["applicant"], case_id=typed["case_id"],
            about=typed["about"], key=own_key(visitor, key),
        )  # fmt: skip
    except LockgateError as error:
        places = {"bad-id": "case_id", "conflict": "case_id", "unknown-party": "applicant", "not-allowed": "applicant",
                  "no-subject": "about", "unknown-case": "about", "unknown-procedure": "kind"}  # fmt: skip
        problems = tuple(
            LockgateError(item.message, code=item.code, where=places.get(item.code, item.path or "kind"), hint=item.hint)
            for item in error.problems
        )  # fmt: skip
        return new_page(request, visitor, typed, 422, problems)
    COUNTER.forget()
    return RedirectResponse(f"/cases/{event.data['id']}/apply", 303)


# ---------------------------------------------------------------------------------------------------- the form
def writable(request: Request, visitor: Visitor, case_id: str) -> CaseReading:
    """A draft that the visitor may write.

    Raises:
        LockgateError: ``unknown-case``, ``not-in-this-state``, ``not-allowed``.
    """
    reading = reading_of(request, visitor, case_id)
    if str(Action.EDIT) not in reading.actions:
        state = reading.case.state.value
        drafted = state == "draft"
        raise LockgateError(
            "somebody else writes this application" if drafted else f"{case_id} is {state.replace('_', ' ')}: its answers are fixed",
            code="not-allowed" if drafted else "not-in-this-state", hint="see the case itself",
        )  # fmt: skip
    return reading


def shared_of(request: Request, reading: CaseReading) -> dict[str, Any]:
    """What every page of the application shows."""
    kind = reading.practice.kind
    open_tasks: dict[str, int] = {}
    for task in reading.tasks:
        if not task.done and task.before == "submission":
            name = section_of_task(kind, task)
            open_tasks[name] = open_tasks.get(name, 0) + 1
    return {
        "reading": reading,
        "case": reading.case,
        "kind": kind,
        "sections": sections_of(kind),
        "open_tasks": open_tasks,
        "open_count": sum(open_tasks.values()),
        "computes": any(item.id == FIELD for item in kind.fields),
        "saved": request.query_params.get("saved", ""),
        "key": secrets.token_urlsafe(12),
        "show_answer": show_answer,
        "asked_now": asked_now,
        "section_of_task": section_of_task,
    }


@router.get("/{case_id}/apply")
@reads("saved")
def show_tasks(request: Request, visitor: KnownVisitor, case_id: str) -> Response:
    """The task list of an application."""
    reading = writable(request, visitor, case_id)
    return page(request, "cases/tasks.html", **shared_of(request, reading))


@router.get("/{case_id}/apply/check")
@reads("saved")
def check_answers(request: Request, visitor: KnownVisitor, case_id: str) -> Response:
    """All answers on one page, before they are submitted."""
    reading = writable(request, visitor, case_id)
    return page(request, "cases/check.html", **shared_of(request, reading))


@router.post("/{case_id}/apply/check")
def submit(
    request: Request, visitor: KnownVisitor, case_id: str, key: Annotated[str, Form()] = "", version: Annotated[int | None, Form()] = None,
) -> Response:  # fmt: skip
    """Submit the application."""
    try:
        act(
            site_of(request).registry, visitor.actor, case_id, Action.SUBMIT, {}, key=own_key(visitor, key),
            version=version,
        )  # fmt: skip
    except LockgateError as error:
        reading = writable(request, visitor, case_id)
        problems = tuple(
            LockgateError(item.message, code=item.code, where="tasks", hint=item.hint)
            for item in error.problems
        )
        status = 412 if error.problems[0].code == "edited-meanwhile" else 422
        return page(request, "cases/check.html", status, problems=problems, **shared_of(request, reading))
    COUNTER.forget()
    return RedirectResponse(f"/cases/{case_id}?done=submit", 303)


@router.get("/{case_id}/apply/documents")
@reads("saved")
def show_documents(request: Request, visitor: KnownVisitor, case_id: str) -> Response:
    """The papers of an application."""
    return documents_page(request, writable(request, visitor, case_id))


def documents_page(
    request: Request, reading: CaseReading, status: int = 200, problems: tuple[LockgateError, ...] = (), chosen: str = ""
) -> Response:  # fmt: skip
    """The page of papers."""
    needed = [task for task in reading.tasks if task.id.startswith("document:")]
    return page(
        request, "cases/documents.html", status, problems=problems, needed=needed, endings=list(TYPES), chosen=chosen,
        **shared_of(request, reading),
    )  # fmt: skip


@router.post("/{case_id}/apply/documents")
def add_document(
    request: Request, visitor: KnownVisitor, case_id: str, file: UploadFile | None = None, kind: Annotated[str, Form()] = "",
    other: Annotated[str, Form()] = "", key: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Add a paper."""
    reading = writable(request, visitor, case_id)
    wanted = other.strip() if kind in ("", "other") else kind
    try:
        require_answer(wanted, "kind", "say what paper it is")
        content = file.file.read() if file is not None else b""
        attach_upload(
            site_of(request).registry, visitor.actor, case_id, wanted, (file.filename or "") if file else "", content,
            key=own_key(visitor, key),
        )  # fmt: skip
    except LockgateError as error:
        return documents_page(request, reading, 422, error.problems, kind)
    return RedirectResponse(f"/cases/{case_id}/apply/documents?saved=1", 303)


@router.post("/{case_id}/apply/determination")
def compute(
    request: Request, visitor: KnownVisitor, case_id: str, key: Annotated[str, Form()] = ""
) -> Response:
    """Compute the determination from the answers, and keep it with them."""
    reading = writable(request, visitor, case_id)
    site = site_of(request)
    try:
        found = determine_case(reading.case, site.catalogue, site.registry.today())
        text = write_determination(
            found, f"software {site.versions['software']}, data {site.versions['data']}"
        )
        if text != reading.case.fields.get(FIELD):
            act(
                site.registry,
                visitor.actor,
                case_id,
                Action.EDIT,
                {"fields": {FIELD: text}},
                key=own_key(visitor, key),
            )
    except LockgateError as error:
        problems = tuple(
            LockgateError(item.message, code=item.code, where="determination", hint=item.hint)
            for item in error.problems
        )
        return page(request, "cases/tasks.html", 422, problems=problems, **shared_of(request, reading))
    return RedirectResponse(f"/cases/{case_id}/apply?saved=1#determination", 303)


def section_named(reading: CaseReading, name: str) -> Section:
    """A section of the form.

    Raises:
        LockgateError: ``not-found``.
    """
    for section in sections_of(reading.practice.kind):
        if section.id == name:
            return section
    raise LockgateError(f"the form has no section {name!r}", code="not-found", where="section")


@router.get("/{case_id}/apply/{section_id}")
@reads("saved")
def ask_section(request: Request, visitor: KnownVisitor, case_id: str, section_id: str) -> Response:
    """One page of the form."""
    reading = writable(request, visitor, case_id)
    section = section_named(reading, section_id)
    typed = {item.id: show_answer(reading.case.fields.get(item.id)) for item in section.fields}
    return section_page(request, reading, section, typed)


def section_page(
    request: Request, reading: CaseReading, section: Section, typed: dict[str, str], status: int = 200,
    problems: tuple[LockgateError, ...] = (), version: int | None = None,
) -> Response:  # fmt: skip
    """One page of the form, with what was typed."""
    site = site_of(request)
    ids = [one.id for one in sections_of(reading.practice.kind)] + ["documents"]
    following = ids[ids.index(section.id) + 1]
    return page(
        request, "cases/section.html", status, problems=problems, section=section, typed=typed, following=following,
        places=site.catalogue.places(), parties=list_parties(site.registry), chips=site.catalogue.chips(),
        version=reading.case.version if version is None else version, **shared_of(request, reading),
    )  # fmt: skip


@router.post("/{case_id}/apply/{section_id}")
async def save_section(request: Request, visitor: KnownVisitor, case_id: str, section_id: str) -> Response:
    """Save a page of the form."""
    from starlette.concurrency import run_in_threadpool

    form = await request.form()
    typed = {name: str(value) for name, value in form.items() if isinstance(value, str)}
    await form.close()
    return await run_in_threadpool(save_typed, request, visitor, case_id, section_id, typed)


def save_typed(
    request: Request, visitor: Visitor, case_id: str, section_id: str, typed: dict[str, str]
) -> Response:
    """Keep what was typed on a page of the form, and go on."""
    reading = writable(request, visitor, case_id)
    section = section_named(reading, section_id)
    given = {
        item.id: typed.get(f"field-{item.id}", "") for item in section.fields if f"field-{item.id}" in typed
    }
    given = {name: text.replace("\r\n", "\n") for name, text in given.items()}
    changed = read_answers(section.fields, given, reading.case.fields)
    seen = typed.get("version", "")
    version = int(seen) if seen.isascii() and seen.isdigit() else None
    try:
        if changed:
            keep(
                site_of(request).registry,
                visitor,
                case_id,
                changed,
                own_key(visitor, typed.get("key", "")),
                version,
            )
    except LockgateError as error:
        problems = tuple(
            LockgateError(
                item.message, code=item.code, hint=item.hint,
                where=f"field-{item.where[-1]}" if item.where[:1] == ("fields",) else "main",
            )
            for item in error.problems
        )  # fmt: skip
        status = 412 if error.problems[0].code == "edited-meanwhile" else 422
        return section_page(request, reading, section, given, status, problems)
    following = typed.get("next", "")
    onward = f"/{following}" if is_page(reading, following) else ""
    return RedirectResponse(f"/cases/{case_id}/apply{onward}?saved=1", 303)


def is_page(reading: CaseReading, name: str) -> bool:
    """Whether the form has a page of that name."""
    return name in {"documents", "check", *(one.id for one in sections_of(reading.practice.kind))}


def keep(
    registry: Registry, visitor: Visitor, case_id: str, changed: dict[str, Any], key: str, version: int | None
) -> None:  # fmt: skip
    """Record changed answers."""
    act(registry, visitor.actor, case_id, Action.EDIT, {"fields": changed}, key=key, version=version)
