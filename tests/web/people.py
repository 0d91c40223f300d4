"""People of a test installation, logged in without the slow password hash."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from fastapi.testclient import TestClient

from lockgate.services import access
from lockgate.store.access import PersonRow, add_person, person_by_id
from lockgate.web import visitors
from lockgate.web.app import create_app
from lockgate.web.settings import Settings
from lockgate.web.site import Site

ROLES = ("applicant", "officer", "adviser", "countersigner", "lab", "auditor", "administrator")


def open_app(folder: Path, **settings: Any) -> TestClient:
    """A client of a fresh installation; use it as a context manager."""
    chosen = {"db": f"sqlite:///{folder}/web.db", "evidence": folder / "reports", **settings}
    return TestClient(create_app(Settings(**chosen)))


def site_in(client: TestClient) -> Site:
    return cast(Site, client.app.state.site)  # type: ignore[attr-defined]


def make_person(client: TestClient, name: str, roles: Iterable[str], organisation: str = "") -> PersonRow:
    row = PersonRow(name, name, tuple(roles), organisation=organisation, created_at="2026-01-01T00:00:00Z")
    with site_in(client).registry.work() as work:
        found = person_by_id(work.connection, name)
        if found is None:
            add_person(work.connection, row)
    return found or row


def session_of(client: TestClient, name: str, roles: Iterable[str], organisation: str = "") -> dict[str, str]:
    """The header of a browser that is logged in as this person."""
    row = make_person(client, name, roles, organisation)
    with site_in(client).registry.work() as work:
        key = access.start_session(work, row, 12)
    return {"cookie": f"{visitors.COOKIE}={key}"}


def token_of(
    client: TestClient,
    name: str,
    roles: Iterable[str],
    scopes: Iterable[str] = access.SCOPES,
    organisation: str = "",
) -> dict[str, str]:
    """The header of a program with a token of this person."""
    visitor = access.Visitor(make_person(client, name, roles, organisation))
    with site_in(client).registry.work() as work:
        secret, _ = access.create_token(work, visitor, "test", scopes, 1)
    return {"authorization": f"Bearer {secret}"}
