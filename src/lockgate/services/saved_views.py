"""Views of the list of cases that a person saved under a name. The link of one can be sent on; what it shows depends on who looks."""

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from lockgate.base.errors import LockgateError
from lockgate.casework.roles import Actor
from lockgate.services.registry import Registry
from lockgate.store import access
from lockgate.store.access import ViewRow

VIEWS_MAX = 50
NAME_LENGTH_MAX = 60


def save_view(registry: Registry, person: Actor, name: str, filters: Mapping[str, str]) -> ViewRow:
    """Save a view, in place of the person's earlier one of that name.

    Args:
        registry: Whose record.
        person: Whose view.
        name: Its name, up to 60 characters.
        filters: What it narrows the list by; empty ones are left out.

    Raises:
        LockgateError: ``missing``, ``bad-name``, ``nothing-given``, ``too-many``.
    """
    title = " ".join(name.split())
    if not title:
        raise LockgateError("give the view a name", code="missing", where="view-name")
    if len(title) > NAME_LENGTH_MAX or not title.isprintable():
        raise LockgateError(
            "the name is too long or cannot be shown",
            code="bad-name",
            where="view-name",
            hint="up to 60 characters",
        )
    query = urlencode({name: value for name, value in filters.items() if value})
    if not query:
        raise LockgateError(
            "this view narrows nothing", code="nothing-given", where="view-name", hint="filter the list first"
        )
    row = ViewRow(secrets.token_urlsafe(9), person.id, title, query)
    with registry.work() as work:
        others = [item for item in access.views_of(work.connection, person.id) if item.name != title]
        if len(others) >= VIEWS_MAX:
            raise LockgateError(
                "you have saved fifty views", code="too-many", where="view-name", hint="delete one first"
            )
        access.put_view(work.connection, row)
    return row


def list_views(registry: Registry, person: Actor) -> list[ViewRow]:
    """A person's views, by name."""
    with registry.read() as work:
        return access.views_of(work.connection, person.id)


def open_view(registry: Registry, view_id: str) -> dict[str, str]:
    """What a view narrows the list by, whoever saved it.

    Raises:
        LockgateError: ``not-found``.
    """
    with registry.read() as work:
        row = access.view_by_id(work.connection, view_id)
    if row is None:
        raise LockgateError("this view is not there any more", code="not-found", hint="see /cases")
    return dict(parse_qsl(row.query))


def delete_view(registry: Registry, person: Actor, view_id: str) -> None:
    """Delete a view of one's own.

    Raises:
        LockgateError: ``not-found``.
    """
    with registry.work() as work:
        if not access.drop_view(work.connection, person.id, view_id):
            raise LockgateError("you have no such view", code="not-found", hint="see /cases")
