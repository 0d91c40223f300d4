"""The list of cases: queues and views with their counts, filters, assigning many at once."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.casework.states import CaseState
from lockgate.services.access import Visitor
from lockgate.services.case_queues import QueueCounts, assign_cases, cases_naming
from lockgate.services.case_reading import party_names
from lockgate.services.ledger import OFFICIALS
from lockgate.services.people import WITHHELD
from lockgate.services.registry import Registry
from lockgate.services.saved_views import delete_view, list_views, open_view, save_view
from lockgate.web.cases import (
    COUNTER,
    FILTERS,
    PENDING,
    PROPOSED,
    STATE_TAGS,
    check_states,
    clock_titles,
    every_row,
    kind_titles,
    list_rows,
    mark_of,
    officer_ids,
    read_after,
    reading_of,
)
from lockgate.web.forms import own_key
from lockgate.web.query import reads
from lockgate.web.respond import page, respond
from lockgate.web.site import site_of
from lockgate.web.visitors import KnownVisitor

router = APIRouter(prefix="/cases")

ROWS = 50
COLUMNS = (
    "id", "kind", "state", "title", "applicant", "queue", "assigned_to", "opened_at", "changed_at", "version", "flags", "clock", "due_on",
)  # fmt: skip
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


@router.get("")
@reads(*FILTERS, "after")
def show_list(request: Request, visitor: KnownVisitor) -> Response:
    """The cases the visitor may see, the latest changed first."""
    return list_page(request, visitor)


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
        return respond(request, "cases/list.html", rows=every_row(registry, visitor, asked), header=COLUMNS)
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
        "saved": saved_links(registry, visitor, filters),
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


def saved_links(registry: Registry, visitor: Visitor, filters: Mapping[str, str]) -> list[dict[str, Any]]:
    """The visitor's own views as links."""
    chosen = urlencode({name: value for name, value in filters.items() if value})
    return [
        {"id": row.id, "name": row.name, "address": f"/cases?{row.query}", "on": row.query == chosen}
        for row in list_views(registry, visitor.actor)
    ]


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


@router.post("/views")
def save(
    request: Request, visitor: KnownVisitor, name: Annotated[str, Form()] = "", state: Annotated[str, Form()] = "", kind: Annotated[str, Form()] = "",
    applicant: Annotated[str, Form()] = "", assigned_to: Annotated[str, Form()] = "", queue: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Save the view under a name; an earlier one of that name gives way."""
    filters = dict(zip(FILTERS, (state, kind, applicant, assigned_to, queue), strict=True))
    try:
        check_states(state)
        row = save_view(site_of(request).registry, visitor.actor, name, filters)
    except LockgateError as error:
        return list_page(request, visitor, 422, error.problems)
    return RedirectResponse(f"/cases?{row.query}#views", 303)


@router.get("/views/{view_id}")
def show_view(request: Request, _: KnownVisitor, view_id: str) -> Response:
    """The list as a saved view narrows it; the link can be sent on."""
    return RedirectResponse("/cases?" + urlencode(open_view(site_of(request).registry, view_id)), 303)


@router.post("/views/{view_id}/delete")
def forget_view(request: Request, visitor: KnownVisitor, view_id: str) -> Response:
    """Delete a view of one's own."""
    delete_view(site_of(request).registry, visitor.actor, view_id)
    return RedirectResponse("/cases#views", 303)


@router.get("/find")
def find(request: Request, visitor: KnownVisitor, number: str = "") -> Response:
    """Open a case by its number."""
    reading = reading_of(request, visitor, number.strip())
    return RedirectResponse(f"/cases/{quote(reading.case.id)}", 303)
