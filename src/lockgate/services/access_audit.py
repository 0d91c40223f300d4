"""The audit of access: who was let in, given or shut out, and who read what is withheld."""

import json
from typing import Any

from sqlalchemy import select

from lockgate.casework.history import Event, reveal
from lockgate.casework.roles import Actor, Role
from lockgate.services.ledger import require_role
from lockgate.services.people import WITHHELD
from lockgate.services.registry import Registry
from lockgate.store import schema
from lockgate.store.access import people

STREAMS = ("access", "person")
"""Streams with a person's id behind them: what was done to their access; what they read that is withheld."""


def read_access_audit(
    registry: Registry, person: Actor, *, about: str = "", type: str = "", before: int = 0, limit: int = 100,  # noqa: A002
) -> list[dict[str, Any]]:  # fmt: skip
    """Events of access, the newest first.

    Args:
        registry: Whose record.
        person: An administrator or auditor.
        about: Only those of this person.
        type: Only of this type, such as ``LoggedIn`` or ``SecretRead``.
        before: Only those before this position; 0: from the newest.
        limit: At most so many.

    Raises:
        LockgateError: ``not-allowed``.
    """
    require_role(person, Role.ADMINISTRATOR, Role.AUDITOR, to="read the audit of access")
    table = schema.event
    with registry.read() as work:
        ids = [about] if about else [row.id for row in people(work.connection)]
        streams = [f"{stream}:{one}" for stream in STREAMS for one in ids]
        query = (
            select(table.c.payload)
            .where(table.c.stream.in_(streams))
            .order_by(table.c.seq.desc())
            .limit(limit)
        )
        if type:
            query = query.where(table.c.type == type)
        if before:
            query = query.where(table.c.seq < before)
        return [row_of(Event(**json.loads(payload))) for payload in work.connection.execute(query).scalars()]


def row_of(event: Event) -> dict[str, Any]:
    """An event of access as a row."""
    return {
        "seq": event.seq, "at": event.at, "type": event.type, "about": event.stream.partition(":")[2], "actor": event.actor,
        "data": reveal(event.data, {}, WITHHELD),
    }  # fmt: skip
