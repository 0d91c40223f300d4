"""One case as one person reads it: its page, its restricted parts, timeline, proofs, letters and papers."""

import datetime as dt
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.casework.case import Decision
from lockgate.casework.states import CaseState
from lockgate.reports.letters import LETTERS
from lockgate.services.access import Visitor
from lockgate.services.case_reading import CaseReading, open_reading
from lockgate.services.case_timeline import list_timeline, prove_case_event, verify_case
from lockgate.services.letters import write_letter
from lockgate.services.people import READERS, WITHHELD, read_names
from lockgate.services.uploads import read_paper
from lockgate.web.cases import STATE_TAGS, reading_of
from lockgate.web.forms import own_key
from lockgate.web.query import reads
from lockgate.web.respond import encode, page, respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/cases")

TIMELINE_ROWS = 200
FIELD_COLUMNS = ("case", "field", "label", "answer")


@router.get("/{case_id}")
@reads("done")
def show_case(request: Request, visitor: KnownVisitor, case_id: str) -> Response:
    """A case as the visitor may see it."""
    return case_page(request, reading_of(request, visitor, case_id))


def case_page(request: Request, reading: CaseReading, status: int = 200, **context: Any) -> Response:
    """The page of a case."""
    registry = site_of(request).registry
    if request.state.format != "html":
        return respond(
            request, "cases/show.html", data=reading.as_dict(), rows=field_rows(reading), header=FIELD_COLUMNS
        )
    kind = reading.practice.kind
    stage = (
        {clock.id: clock for clock in reading.practice.procedure.clocks} if reading.practice.procedure else {}
    )
    today = registry.today()
    person: Visitor = request.state.person
    reads_names = any(person.actor.holds(role) for role in READERS)
    shared = {
        "reading": reading,
        "case": reading.case,
        "kind": kind,
        "tag": STATE_TAGS.get(reading.case.state.value, ""),
        "clocks": clock_rows(reading, stage, today),
        "fields": [(item, f"fields.{item.id}") for item in kind.fields if item.id in reading.case.fields],
        "positions": reading.positions(registry),
        "routing": reading.routing(),
        "versions_of_decision": decision_rows(reading),
        "timeline": list_timeline(reading)[-TIMELINE_ROWS:],
        "older": max(0, len(reading.events) - TIMELINE_ROWS),
        "has_letter": reading.is_party and reading.case.state is not CaseState.DRAFT and (reading.is_review or not reading.case.proposal),
        "key": secrets.token_urlsafe(12),
        "may_read_names": WITHHELD in reading.parties.values() and reads_names,
        "check": None,
        "done": request.query_params.get("done", ""),
    }  # fmt: skip
    return page(request, "cases/show.html", status, **(shared | context))


def field_rows(reading: CaseReading) -> Iterator[dict[str, Any]]:
    """The answers of an application as rows."""
    answers = reading.as_dict()["fields"]
    for item in reading.practice.kind.fields:
        if item.id in answers:
            yield {"case": reading.case.id, "field": item.id, "label": item.label, "answer": answers[item.id]}


def clock_rows(reading: CaseReading, clocks: Mapping[str, Any], today: dt.date) -> list[dict[str, Any]]:
    """The clocks that run or stand, the next first."""
    rows, running = [], reading.running()
    for name, item in reading.deadlines.items():
        if item.started_on is None and not item.standing:
            continue
        due = item.due.date() if isinstance(item.due, dt.datetime) else item.due
        clock = clocks[name]
        rows.append(
            {
                "title": clock.title, "started_on": item.started_on, "due": item.due, "stopped_days": item.stopped_days,
                "standing": item.standing, "left": None if due is None else (due - today).days, "runs": name in running, "silence": clock.silence,
                "source": clock.source, "pinpoint": clock.pinpoint,
            }
        )  # fmt: skip
    return sorted(
        rows,
        key=lambda row: (not row["runs"], row["left"] is None, row["left"] if row["left"] is not None else 0),
    )


def decision_rows(reading: CaseReading) -> list[tuple[Decision, list[tuple[str, str, str]]]]:
    """Each decision, the latest first, with what it changed against the one before it."""
    decisions: tuple[Decision, ...] = reading.shown.get("decisions", ())
    found = [
        (item, diff_decisions(decisions[at - 1], item) if at else []) for at, item in enumerate(decisions)
    ]
    return found[::-1]


def diff_decisions(before: Decision, after: Decision) -> list[tuple[str, str, str]]:
    """What differs between two decisions: name, before, after."""

    def flat(item: Decision) -> dict[str, str]:
        rows = {"outcome": item.outcome.value, "reasons": item.reasons, "grounds": ", ".join(item.criteria)}
        rows["last day"] = str(item.expires_on or "")
        rows |= {f"granted, line {line}": f"{units:,}" for line, units in item.granted.items()}
        rows |= {f"condition {one.id}": one.text for one in item.conditions}
        return rows

    left, right = flat(before), flat(after)
    return [
        (name, left.get(name, ""), right.get(name, ""))
        for name in dict.fromkeys([*left, *right])
        if left.get(name, "") != right.get(name, "")
    ]


@router.post("/{case_id}/read")
def read_restricted(
    request: Request, visitor: KnownVisitor, case_id: str, reason: Annotated[str, Form()] = "", key: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Show the restricted parts, for a reason that is recorded."""
    reading = reading_of(request, visitor, case_id)
    if not reason.strip():
        error = LockgateError("say why you read it", code="no-reason", where="reason")
        return case_page(request, reading, status=422, problems=(error,))
    reading = open_reading(
        site_of(request).registry, visitor.actor, case_id, reason=reason.strip(), key=own_key(visitor, key)
    )
    return case_page(request, reading)


@router.post("/{case_id}/names")
def show_names(
    request: Request, visitor: KnownVisitor, case_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """The case with the names of its parties, for somebody entitled; that they were read, and why, is recorded."""
    reading = reading_of(request, visitor, case_id)
    if not reason.strip():
        error = LockgateError(
            "say why you need the names",
            code="missing-reason",
            where="names-reason",
            hint="the record keeps it",
        )
        return case_page(request, reading, 422, problems=(error,))
    names = read_names(site_of(request).registry, visitor.actor, reading.parties, reason=reason.strip())
    return case_page(request, replace(reading, parties=names))


@router.get("/{case_id}/verify")
def verify(request: Request, visitor: KnownVisitor, case_id: str) -> Response:
    """Check every event of the case."""
    reading = reading_of(request, visitor, case_id)
    check = verify_case(site_of(request).registry, case_id)
    if request.state.format != "html":
        faults = [{"seq": seq, "reason": reason} for seq, reason in check.faults]
        return respond(
            request, "", data={"case": case_id, "count": check.count, "holds": check.holds, "faults": faults}
        )
    return case_page(request, reading, check=check)


@router.get("/{case_id}/events")
def show_events(request: Request, visitor: KnownVisitor, case_id: str) -> Response:
    """The events of the case as data; the page has them as its timeline."""
    reading = reading_of(request, visitor, case_id)
    if request.state.format == "html":
        return RedirectResponse(f"/cases/{case_id}#timeline", 303)
    return respond(request, "", rows=[entry.as_dict() for entry in list_timeline(reading)])


@router.get("/{case_id}/events/{seq}/proof")
def prove(request: Request, visitor: KnownVisitor, case_id: str, seq: int) -> Response:
    """The proof of one event, to keep and to verify anywhere."""
    reading = reading_of(request, visitor, case_id)
    body = encode(prove_case_event(site_of(request).registry, reading, seq))
    headers = {"content-disposition": f'attachment; filename="{case_id}-{seq}-proof.json"'}
    return Response(body, media_type="application/json", headers=headers)


@router.get("/{case_id}/letter")
def show_letter(request: Request, visitor: KnownVisitor, case_id: str, letter: str = "") -> Response:
    """The letter that the case's last step calls for, or a preview of another one."""
    reading = reading_of(request, visitor, case_id)
    text = write_letter(site_of(request).registry, visitor.actor, case_id, letter)
    if request.state.format != "html":
        return respond(request, "", data={"case": case_id, "letter": text})
    others = list(LETTERS) if reading.is_review else []
    return page(
        request,
        "cases/letter.html",
        reading=reading,
        case=reading.case,
        text=text,
        letters=others,
        chosen=letter,
    )


@router.get("/{case_id}/documents/{digest}")
def give_document(request: Request, visitor: KnownVisitor, case_id: str, digest: str) -> Response:
    """A paper of the case, as a file to save: it is never shown as a page of ours."""
    reading = reading_of(request, visitor, case_id)
    content, media_type, name = read_paper(site_of(request).registry, reading, digest)
    safe = "".join(char if char.isascii() and (char.isalnum() or char in "-_. ") else "_" for char in name)
    return Response(
        content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{safe}"'}
    )
