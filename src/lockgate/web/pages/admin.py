"""Administration: people and roles, one-time links, the audit of access, health."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from lockgate.base.errors import LockgateError
from lockgate.services import access
from lockgate.services.access_audit import read_access_audit
from lockgate.store.access import people, person_by_id, sessions_of, tokens_of
from lockgate.web.pages.oidc import redirect_uri_of
from lockgate.web.respond import page, respond
from lockgate.web.site import site_of
from lockgate.web.visitors import Administration

router = APIRouter(prefix="/admin")

AUDIT_ROWS = 200
AUDIT_COLUMNS = ("seq", "at", "type", "about", "actor", "data")
AUDIT_TYPES = (
    "LoggedIn", "LoggedOut", "PasswordSet", "PersonAdded", "PersonChanged", "PersonInvited", "IdentityLinked", "TokenCreated", "TokenRevoked", "WebhookAdded", "WebhookRemoved",
    "SecretRead",
)  # fmt: skip


@router.get("")
def show_people(request: Request, visitor: Administration) -> Response:
    """Everybody with their roles, and the last events of access."""
    return people_page(request, visitor)


def people_page(
    request: Request,
    visitor: access.Visitor,
    status: int = 200,
    problems: tuple[LockgateError, ...] = (),
    link: str = "",
) -> Response:
    """The page of people, with a one-time link that was just made where there is one."""
    site = site_of(request)
    with site.registry.read() as work:
        rows = people(work.connection)
    data = [
        {"id": row.id, "name": row.name, "roles": list(row.roles), "agency": row.agency, "organisation": row.organisation, "disabled": row.disabled}
        for row in rows
    ]  # fmt: skip
    if request.state.format != "html":
        return respond(request, "admin/people.html", rows=data)
    settings = {
        "database": site.registry.url.render_as_string(hide_password=True),
        "oidc": site.settings.oidc_issuer,
        "client_id": site.settings.oidc_client_id,
        "has_secret": bool(site.settings.oidc_client_secret.get_secret_value()),
        "redirect_uri": redirect_uri_of(request),
        "linked": sum(row.oidc_subject is not None for row in rows),
        "session_hours": site.settings.session_hours,
        "secure_cookies": site.settings.secure_cookies,
    }
    return page(
        request,
        "admin/people.html",
        status,
        visitor=visitor,
        people=rows,
        roles=access.GRANTABLE_ROLES,
        problems=problems,
        link=link,
        settings=settings,
    )


@router.post("/people")
def add_person(
    request: Request, visitor: Administration, id: Annotated[str, Form()] = "", name: Annotated[str, Form()] = "",  # noqa: A002 the form's word
    roles: Annotated[list[str], Form()] = [], agency: Annotated[str, Form()] = "", organisation: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Add a person and show their one-time link, once."""
    access.require_administrator(visitor)
    try:
        with site_of(request).registry.work() as work:
            key = access.add_person(work, visitor, id, name, roles, agency, organisation)
    except LockgateError as error:
        return people_page(request, visitor, 422, error.problems)
    return people_page(request, visitor, link=link_of(request, key))


@router.post("/people/{person_id}/invite")
def invite_again(request: Request, visitor: Administration, person_id: str) -> Response:
    """A new one-time link for a person."""
    access.require_administrator(visitor)
    with site_of(request).registry.work() as work:
        if person_by_id(work.connection, person_id) is None:
            raise LockgateError(f"there is no person {person_id!r}", code="not-found")
        key = access.invite(work, person_id, by=visitor.id)
    return people_page(request, visitor, link=link_of(request, key))


@router.get("/audit")
def show_audit(
    request: Request, visitor: Administration, about: str = "", type: str = "", before: Annotated[int, Query(ge=0, le=2**53)] = 0  # noqa: A002
) -> Response:  # fmt: skip
    """Everything that was done to access, and every reading of what is withheld, the newest first."""
    found = read_access_audit(
        site_of(request).registry, visitor.actor, about=about, type=type, before=before, limit=AUDIT_ROWS + 1
    )
    rows = found[:AUDIT_ROWS]
    following = rows[-1]["seq"] if len(found) > AUDIT_ROWS else 0
    return respond(
        request, "admin/audit.html", data={"events": rows, "next": following or None}, rows=rows, header=AUDIT_COLUMNS, events=rows,
        about=about, type=type, types=AUDIT_TYPES, following=following,
    )  # fmt: skip


@router.post("/people/{person_id}/sessions/end")
def end_sessions(request: Request, visitor: Administration, person_id: str) -> Response:
    """Log a person out everywhere."""
    with site_of(request).registry.work() as work:
        access.end_sessions_of(work, visitor, person_id)
    return RedirectResponse(f"/admin/people/{person_id}#sessions", 303)


@router.get("/people/{person_id}")
def show_person(request: Request, visitor: Administration, person_id: str) -> Response:
    """One person's roles, to change them."""
    with site_of(request).registry.read() as work:
        row = person_by_id(work.connection, person_id)
        if row is None:
            raise LockgateError(f"there is no person {person_id!r}", code="not-found")
        sessions, tokens = sessions_of(work.connection, person_id), tokens_of(work.connection, person_id)
    events = read_access_audit(site_of(request).registry, visitor.actor, about=person_id, limit=AUDIT_ROWS)
    return page(
        request,
        "admin/person.html",
        visitor=visitor,
        row=row,
        roles=access.GRANTABLE_ROLES,
        sessions=sessions,
        tokens=tokens,
        events=events,
    )


@router.post("/people/{person_id}")
def change_person(
    request: Request, visitor: Administration, person_id: str, roles: Annotated[list[str], Form()] = [],
    agency: Annotated[str, Form()] = "", organisation: Annotated[str, Form()] = "", disabled: Annotated[bool, Form()] = False,
    identity: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Change a person."""
    with site_of(request).registry.work() as work:
        access.change_person(
            work, visitor, person_id, roles=roles, agency=agency, organisation=organisation, disabled=disabled
        )
        access.link_identity(work, visitor, person_id, identity)
    return RedirectResponse("/admin", 303)


def link_of(request: Request, key: str) -> str:
    """The address of a one-time link."""
    base = site_of(request).settings.public_url or str(request.base_url).rstrip("/")
    return f"{base}/invitation/{key}"
