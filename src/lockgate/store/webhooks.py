"""Webhooks: who wants to be told of which events, how far they were told, and when to try again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from lockgate.store.access import webhook
from lockgate.store.schema import event


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """One subscription.

    Attributes:
        id: Its id.
        person: Whose it is.
        url: Where to.
        secret: Signs the deliveries; it must be kept as it is, since each delivery is signed with it.
        types: Types of events; none: all.
        after_seq: The last event that was delivered or passed over.
        attempts: Failures in a row.
        due_at: UTC instant of the next attempt.
        problem: Why the last attempt failed; empty where it did not.
    """

    id: str
    person: str
    url: str
    secret: str
    types: tuple[str, ...]
    after_seq: int
    attempts: int = 0
    due_at: str = ""
    problem: str = ""


def _row(values: Mapping[str, Any]) -> WebhookRow:
    return WebhookRow(**{**values, "types": tuple(json.loads(values["types"]))})


def add_webhook(connection: Connection, row: WebhookRow) -> None:
    """Remember a subscription."""
    values = {name: getattr(row, name) for name in WebhookRow.__slots__} | {"types": json.dumps(row.types)}
    connection.execute(insert(webhook).values(values))


def webhooks_of(connection: Connection, person_id: str) -> list[WebhookRow]:
    """A person's subscriptions, by id."""
    query = select(webhook).where(webhook.c.person == person_id).order_by(webhook.c.id)
    return [_row(dict(row)) for row in connection.execute(query).mappings()]


def remove_webhook(connection: Connection, person_id: str, webhook_id: str) -> int:
    """End a person's subscription; returns how many were."""
    query = delete(webhook).where(webhook.c.person == person_id, webhook.c.id == webhook_id)
    return connection.execute(query).rowcount


def newest_seq(connection: Connection) -> int:
    """Position of the last event of the record."""
    return connection.execute(select(func.max(event.c.seq))).scalar() or 0


def due_webhooks(connection: Connection, at: str, newest: int) -> list[WebhookRow]:
    """Subscriptions that have something to be told and whose time has come."""
    query = (
        select(webhook).where(webhook.c.due_at <= at, webhook.c.after_seq < newest).order_by(webhook.c.due_at)
    )
    return [_row(dict(row)) for row in connection.execute(query).mappings()]


def claim(connection: Connection, row: WebhookRow, until: str) -> bool:
    """Take a subscription for this process until an instant; False where another process was faster."""
    query = update(webhook).where(
        webhook.c.id == row.id, webhook.c.due_at == row.due_at, webhook.c.after_seq == row.after_seq
    )
    return connection.execute(query.values(due_at=until)).rowcount == 1


def settle(
    connection: Connection, webhook_id: str, *, after_seq: int, attempts: int, due_at: str, problem: str
) -> None:
    """Note how far a subscription was told, and when to go on."""
    query = update(webhook).where(webhook.c.id == webhook_id)
    connection.execute(
        query.values(after_seq=after_seq, attempts=attempts, due_at=due_at, problem=problem[:500])
    )


def events_after(connection: Connection, seq: int, limit: int) -> list[dict[str, Any]]:
    """What a delivery says of the events beyond a position, in order: never what they hold."""
    names = ("seq", "type", "stream", "at", "hash")
    query = (
        select(*(event.c[name] for name in names)).where(event.c.seq > seq).order_by(event.c.seq).limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
