"""Cases: the list with its queues and views, assigning many at once, one case as one person reads it."""

import datetime as dt
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.casework.case import Decision
from lockgate.casework.states import CaseState
from lockgate.reports.letters import LETTERS
from lockgate.services.access import Visitor
from lockgate.services.case_lists import list_cases
from lockgate.services.case_queues import CaseCounter, QueueCounts, assign_cases, cases_naming, mask_rows
from lockgate.services.case_reading import CaseReading, open_reading, party_names
from lockgate.services.case_timeline import list_timeline, prove_case_event, verify_case
from lockgate.services.ledger import OFFICIALS
from lockgate.services.letters import write_letter
from lockgate.services.people import READERS, WITHHELD, list_people, read_names
from lockgate.services.practice import list_kinds, load_practice
from lockgate.services.registry import Registry
from lockgate.services.uploads import read_paper
from lockgate.web.respond import encode, page, respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/cases")

ROWS = 50
TIMELINE_ROWS = 200
FILTERS = ("state", "kind", "applicant", "assigned_to", "queue")
PENDING = (
    "registered,initial_review,held,referred,recommendations_in,operating_committee,advisory_committee,"
    "review_board,president"
)
PROPOSED = "approval_proposed,denial_proposed,return_proposed,no_licence_needed_proposed,revocation_proposed"
OFFICE_VIEWS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("Everything", {}),
    ("Assigned to me", {"assigned_to": "me"}),
    ("Assigned to nobody, waiting", {"assigned_to": "nobody", "state": PENDING}),
    ("Under review", {"state": PENDING}),
    ("Out for advice", {"state": "referred"}),
    ("Waiting for a second signature", {"state": PROPOSED}),
    ("Paused or held", {"state": "paused,held"}),
    ("In force", {"state": "approved,suspended"}),
)
PARTY_VIEWS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("Everything", {}),
    ("Drafts", {"state": "draft"}),
    ("Under review", {"state": f"{PENDING},{PROPOSED},paused"}),
    ("In force", {"state": "approved,suspended"}),
    ("Denial intended or denied", {"state": "intent_to_deny,denied,appealed"}),
)
STATE_TAGS: Mapping[str, str] = {
    "approved": "met", "denied": "not-met", "revoked": "not-met", "suspended": "not-met", "intent_to_deny": "not-met",
    "referred": "undetermined", "paused": "undetermined", "held": "undetermined",
    **dict.fromkeys(PROPOSED.split(","), "undetermined"),
}  # fmt: skip
COUNTER = CaseCounter()


def reading_of(request: Request, visitor: Visitor, case_id: str) -> CaseReading:
    """A case as the visitor reads it.

    Raises:
        LockgateError: ``unknown-case``, ``not-allowed``.
    """
    return open_reading(site_of(request).registry, visitor.actor, case_id)


@cache
def kind_titles() -> Mapping[str, str]:
    """Title of every kind of case, by id."""
    return {name: load_practice(name).kind.title for name in list_kinds()}


@cache
def clock_titles(kind: str) -> Mapping[str, str]:
    """Title of every clock of a kind, by id."""
    procedure = load_practice(kind).procedure
    return {clock.id: clock.title for clock in procedure.clocks} if procedure else {}


@router.get("")
def show_list(request: Request, visitor: KnownVisitor) -> Response:
    """The cases the visitor may see, the latest changed first."""
    return list_page(request, visitor)


def require_answer(value: str, where: str, message: str) -> str:
    """An answer that must be there.

    Raises:
        LockgateError: ``missing``.
    """
    if not value:
        raise LockgateError(message, code="missing", where=where)
    return value


def list_page(
    request: Request, visitor: Visitor, status: int = 200, problems: tuple[LockgateError, ...] = (), notice: str = ""
) -> Response:  # fmt: skip
    """The list, with what was just done to it."""
    registry, person = site_of(request).registry, visitor.actor
    filters = {name: request.query_params.get(name, "") for name in FILTERS}
    asked = {
        **filters,
        "assigned_to": person.id if filters["assigned_to"] == "me" else filters["assigned_to"],
    }
    check_states(asked["state"])
    after = read_after(request.query_params.get("after", ""))
    if request.state.format in ("csv", "jsonl"):
        return respond(request, "cases/list.html", rows=every_row(registry, visitor, asked))
    rows = list_rows(registry, visitor, asked, after, ROWS + 1)
    following = mark_of(rows[ROWS - 1]) if len(rows) > ROWS else ""
    rows = rows[:ROWS]
    official = any(person.holds(role) for role in OFFICIALS)
    counts = COUNTER.count(registry, person)
    may_assign = bool({"officer", "administrator"} & {str(role) for role in person.roles})
    context = {
        "rows_shown": [decorated(row, registry.today()) for row in rows],
        "counts": counts,
        "views": view_links(OFFICE_VIEWS if official else PARTY_VIEWS, filters, counts),
        "named": [decorated(row, registry.today()) for row in cases_naming(registry, person)],
        "names": names_of(registry, rows),
        "kinds": kind_titles(),
        "states": [state.value for state in CaseState],
        "filters": filters,
        "following": following,
        "official": official,
        "may_assign": may_assign,
        "may_apply": "applicant" in visitor.roles or "officer" in visitor.roles,
        "officers": officer_ids(registry) if may_assign else (),
        "key": secrets.token_urlsafe(12),
        "notice": notice,
    }
    if request.state.format != "html":
        return respond(request, "cases/list.html", data={"cases": rows, "next": following or None})
    return page(request, "cases/list.html", status, problems=problems, **context)


def view_links(
    views: tuple[tuple[str, Mapping[str, str]], ...], filters: Mapping[str, str], counts: QueueCounts
) -> list[dict[str, Any]]:  # fmt: skip
    """Views as links with the number of cases in each."""
    chosen = {name: value for name, value in filters.items() if value}
    found = []
    for label, view in views:
        count: int | str = sum(counts.states.get(name, 0) for name in view.get("state", "").split(","))
        if view.get("assigned_to"):
            count = counts.mine if view["assigned_to"] == "me" else ""
        found.append(
            {"label": label, "address": "/cases" + ("?" + urlencode(view) if view else ""), "on": dict(view) == chosen,
             "count": count if view else counts.total}
        )  # fmt: skip
    return found


def names_of(registry: Registry, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Names of the applicants in a list, as far as they are not withheld."""
    with registry.read() as work:
        return party_names(work, {str(row["applicant"]) for row in rows} - {WITHHELD})


def list_rows(
    registry: Registry, visitor: Visitor, filters: Mapping[str, str], after: tuple[str, str] | None, limit: int
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of a page, with what the visitor may not see of them withheld.

    Raises:
        LockgateError: ``bad-filter``, ``not-allowed``.
    """
    for name, value in [*filters.items(), ("after", "".join(after or ()))]:
        if not value.isprintable():
            raise LockgateError("this cannot be looked for", code="bad-filter", where=name)
    person = visitor.actor
    rows = list_cases(registry, person, **filters, after=after, limit=limit)
    return mask_rows(registry, person, rows)


def every_row(registry: Registry, visitor: Visitor, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Every row under the filters, page by page."""
    after: tuple[str, str] | None = None
    while rows := list_rows(registry, visitor, filters, after, 200):
        yield from rows
        after = rows[-1]["changed_at"], rows[-1]["id"]


def mark_of(row: Mapping[str, Any]) -> str:
    """Where the next page goes on."""
    return f"{row['changed_at']}~{row['id']}"


def read_after(text: str) -> tuple[str, str] | None:
    """Where a page begins.

    Raises:
        LockgateError: ``bad-mark``.
    """
    if not text:
        return None
    changed_at, mark, case_id = text.partition("~")
    if not mark or not case_id:
        raise LockgateError(
            "the page's mark is broken", code="bad-mark", where="after", hint="take it from the page before"
        )
    return changed_at, case_id


def check_states(text: str) -> None:
    """Make sure that a filter names states.

    Raises:
        InvalidInputError: ``bad-choice`` for each that is none.
    """
    known = {state.value for state in CaseState}
    wrong = [
        LockgateError(f"there is no state {name!r}", code="bad-choice", where="state", hint=", ".join(sorted(known)))
        for name in text.split(",")
        if name and name not in known
    ]  # fmt: skip
    if wrong:
        raise InvalidInputError(wrong)


def decorated(row: Mapping[str, Any], today: dt.date) -> dict[str, Any]:
    """A row with its age and its clock in days."""
    opened = dt.date.fromisoformat(row["opened_at"][:10])
    due = row["due_on"]
    left = (dt.date.fromisoformat(due[:10]) - today).days if due and due != "stands" else None
    return {
        **row,
        "age": (today - opened).days,
        "left": left,
        "tag": STATE_TAGS.get(row["state"], ""),
        "kind_title": kind_titles().get(row["kind"], row["kind"]),
        "clock_title": clock_titles(row["kind"]).get(row["clock"], row["clock"]) if row["clock"] else "",
        "flag_list": row["flags"].split(),
    }


def officer_ids(registry: Registry) -> list[str]:
    """Ids of the people a case can be assigned to."""
    return [
        person.id for person in list_people(registry) if "officer" in {str(role) for role in person.roles}
    ]


@router.post("/assign")
def assign_many(
    request: Request, visitor: KnownVisitor, case: Annotated[list[str], Form()] = [], to: Annotated[str, Form()] = "",
    queue: Annotated[str, Form()] = "", key: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Assign every case that was ticked."""
    if not case:
        error = LockgateError("tick at least one case", code="nothing-given", where="cases")
        return list_page(request, visitor, 422, (error,))
    try:
        done = assign_cases(
            site_of(request).registry, visitor.actor, case, to=to.strip(), queue=queue.strip(),
            key=own_key(visitor, key),
        )  # fmt: skip
    except LockgateError as error:
        return list_page(request, visitor, 422, error.problems)
    COUNTER.forget()
    problems = tuple(
        LockgateError(f"{name}: {error.problems[0].message}", code=error.problems[0].code, where="cases", hint=error.problems[0].hint)
        for name, error in done.items()
        if error is not None
    )  # fmt: skip
    count = sum(error is None for error in done.values())
    return list_page(request, visitor, 422 if problems else 200, problems, notice=str(count))


def own_key(visitor: Visitor, key: str) -> str:
    """A form's idempotency key, which nobody else's form can meet; empty where the form has none."""
    kept = "".join(char for char in key[:100] if char.isascii() and char.isprintable())
    return f"form/{visitor.id}/{kept}" if kept else ""


@router.get("/find")
def find(request: Request, visitor: KnownVisitor, number: str = "") -> Response:
    """Open a case by its number."""
    reading = reading_of(request, visitor, number.strip())
    return RedirectResponse(f"/cases/{quote(reading.case.id)}", 303)


# ---------------------------------------------------------------------------------------------------- one case
@router.get("/{case_id}")
def show_case(request: Request, visitor: KnownVisitor, case_id: str) -> Response:
    """A case as the visitor may see it."""
    return case_page(request, reading_of(request, visitor, case_id))


def case_page(request: Request, reading: CaseReading, status: int = 200, **context: Any) -> Response:
    """The page of a case."""
    registry = site_of(request).registry
    if request.state.format != "html":
        return respond(request, "cases/show.html", data=reading.as_dict(), rows=field_rows(reading))
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
