"""Webhooks: telling other systems that something was recorded; what it was, they ask for with their own token.

A delivery names the event and holds nothing of it. It is signed, tried again with growing pauses until it is taken, and
carries the event's position, by which a receiver knows a delivery that came twice.
"""

import hmac
import ipaddress
import json
import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event
from lockgate.casework.roles import Actor, Role
from lockgate.services.access import Visitor, instant, later
from lockgate.services.ledger import OFFICIALS, append_once, require_role
from lockgate.services.registry import Registry
from lockgate.store import access, webhooks
from lockgate.store.webhooks import WebhookRow
from lockgate.store.work import Work

WEBHOOKS_MAX = 20  # of one person
EVENTS_AT_ONCE = 100
LEASE_S = 120
PAUSE_S, PAUSE_MAX_S = 5, 3600
OFFICE_STREAMS = ("access:", "person:")  # who logs in and who reads secrets: for administrators and auditors

Send = Callable[[WebhookRow, bytes, dict[str, str]], str]
"""Sends a body with headers; returns what went wrong, empty where it was taken."""
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a delivery goes.

    Attributes:
        host: Name in the URL.
        port: Port.
        ip: The address the name was found to have when it was checked, which is the one to connect to.
        tls: Whether over TLS.
    """

    host: str
    port: int
    ip: str
    tls: bool


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def check_address(url: str, *, allow_loopback: bool = False, find: Resolve = resolve) -> Address:
    """Where a URL leads, after making sure that it does not lead into our own network.

    Args:
        url: https, or http to this machine where that is allowed.
        allow_loopback: Whether this machine itself may be told.
        find: Finds the addresses of a host.

    Raises:
        LockgateError: ``unsafe-address``, ``unreachable-address``.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        host, port = "", 0
    if (
        not host
        or parts.scheme not in ("https", "http")
        or parts.username
        or parts.password
        or parts.fragment
    ):
        raise _unsafe(f"{url!r} is no address to deliver to")
    try:
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in find(host, port)]
    except (OSError, UnicodeError):
        raise LockgateError(
            f"the host {host!r} is not known", code="unreachable-address", where="url", hint="check the name"
        ) from None
    for ip in found:
        inner = getattr(ip, "ipv4_mapped", None) or ip
        if inner.is_loopback and allow_loopback:
            continue
        if not inner.is_global or inner.is_multicast:
            raise _unsafe(f"{host} leads to {ip}, which is not on the public network")
        if parts.scheme != "https":
            raise _unsafe("deliveries over the public network go by https")
    if not found:
        raise LockgateError(f"the host {host!r} has no address", code="unreachable-address", where="url")
    return Address(host, port, str(found[0]), parts.scheme == "https")


def _unsafe(message: str) -> LockgateError:
    return LockgateError(
        message, code="unsafe-address", where="url", hint="give an https address on the public network"
    )


def add_webhook(
    registry: Registry,
    visitor: Visitor,
    url: str,
    types: Iterable[str],
    *,
    key: str,
    allow_loopback: bool = False,
) -> WebhookRow:
    """Subscribe to events from now on.

    Args:
        registry: Whose record.
        visitor: An official.
        url: Where to deliver.
        types: Types of events; none: all.
        key: Idempotency key.
        allow_loopback: Whether this machine may be told.

    Raises:
        LockgateError: ``not-allowed``, ``unsafe-address``, ``too-many``.
    """
    require_role(visitor.actor, *OFFICIALS, to="follow the record")
    address = check_address(url, allow_loopback=allow_loopback)
    chosen = tuple(sorted(set(types)))

    def act(work: Work, request: str) -> Event:
        if len(webhooks.webhooks_of(work.connection, visitor.id)) >= WEBHOOKS_MAX:
            raise LockgateError(f"you have {WEBHOOKS_MAX} webhooks", code="too-many", hint="remove one first")
        row = WebhookRow(
            secrets.token_hex(6),
            visitor.id,
            url,
            "whsec_" + secrets.token_urlsafe(32),
            chosen,
            0,
            due_at=work.at,
        )
        data = {"webhook": row.id, "host": address.host, "types": list(chosen)}
        made = work.append(
            f"access:{visitor.id}", "WebhookAdded", data, actor=visitor.id, key=key, request=request
        )
        started = WebhookRow(**{n: getattr(row, n) for n in row.__slots__} | {"after_seq": made.seq})
        webhooks.add_webhook(work.connection, started)
        return made

    event, _ = append_once(registry, key, ["webhook", url, list(chosen)], act)
    found = [row for row in list_webhooks(registry, visitor) if row.id == event.data["webhook"]]
    if not found:
        raise LockgateError("the webhook was removed meanwhile", code="not-found")
    return found[0]


def list_webhooks(registry: Registry, visitor: Visitor) -> list[WebhookRow]:
    """One's own subscriptions."""
    with registry.read() as work:
        return webhooks.webhooks_of(work.connection, visitor.id)


def remove_webhook(registry: Registry, visitor: Visitor, webhook_id: str, *, key: str) -> None:
    """End a subscription of one's own.

    Raises:
        LockgateError: ``not-found``.
    """

    def act(work: Work, request: str) -> Event:
        if not webhooks.remove_webhook(work.connection, visitor.id, webhook_id):
            raise LockgateError(f"you have no webhook {webhook_id!r}", code="not-found")
        return work.append(
            f"access:{visitor.id}", "WebhookRemoved", {"webhook": webhook_id}, actor=visitor.id, key=key, request=request,
        )  # fmt: skip

    append_once(registry, key, ["webhook-removed", webhook_id], act)


def may_follow(person: Actor, stream: str) -> bool:
    """Whether a person may be told that something happened in a stream.

    >>> may_follow(Actor("o", frozenset({Role.OFFICER})), "case:c1")
    True
    >>> may_follow(Actor("o", frozenset({Role.OFFICER})), "access:admin")
    False
    """
    if stream.startswith(OFFICE_STREAMS):
        return person.holds(Role.ADMINISTRATOR) or person.holds(Role.AUDITOR)
    return any(person.holds(role) for role in OFFICIALS)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a delivery: HMAC-SHA256 over timestamp, a full stop, and body.

    >>> sign("whsec_x", "1", b"{}")[:11]
    'v1=36ee2f74'
    """
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()


def pause_s(attempts: int) -> int:
    """Seconds until the next attempt after that many failures in a row.

    >>> [pause_s(n) for n in (1, 2, 3, 20)]
    [5, 10, 20, 3600]
    """
    return int(min(PAUSE_MAX_S, PAUSE_S * 2 ** min(attempts - 1, 30)))


def deliver_due(registry: Registry, send: Send) -> int:
    """Deliver what is due, each subscription in order; returns how many deliveries were taken.

    Any number of processes may do this at once: a subscription is claimed first, and one whose process was killed is
    claimed anew when its lease is over.
    """
    with registry.read() as work:
        waiting = webhooks.due_webhooks(work.connection, work.at, webhooks.newest_seq(work.connection))
    taken = 0
    for row in waiting:
        with registry.engine.begin() as connection:
            if not webhooks.claim(connection, row, later(registry.now(), seconds=LEASE_S)):
                continue
        taken += _deliver(registry, row, send)
    return taken


def _deliver(registry: Registry, row: WebhookRow, send: Send) -> int:
    with registry.read() as work:
        person = access.person_by_id(work.connection, row.person)
        events = webhooks.events_after(work.connection, row.after_seq, EVENTS_AT_ONCE)
    actor = Visitor(person).actor if person is not None and not person.disabled else None
    done, taken, problem = row.after_seq, 0, ""
    for event in events:
        if (
            actor is not None
            and may_follow(actor, event["stream"])
            and (not row.types or event["type"] in row.types)
        ):
            problem = send(row, *_letter(row, event, registry.now()))
            if problem:
                break
            taken += 1
        done = event["seq"]
    attempts = row.attempts + 1 if problem else 0
    due = later(registry.now(), seconds=pause_s(attempts)) if problem else registry.now()
    with registry.engine.begin() as connection:
        webhooks.settle(connection, row.id, after_seq=done, attempts=attempts, due_at=due, problem=problem)
    return taken


def _letter(row: WebhookRow, event: dict[str, Any], at: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a delivery."""
    body = json.dumps({"webhook": row.id, **event}).encode()
    timestamp = str(int(instant(at).timestamp()))
    return body, {
        "content-type": "application/json",
        "lockgate-delivery": f"{row.id}-{event['seq']}",
        "lockgate-timestamp": timestamp,
        "lockgate-signature": sign(row.secret, timestamp, body),
    }
