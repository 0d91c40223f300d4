"""Quantities: posting, reading balances, letting reservations lapse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from sqlalchemy import or_, select

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event, canonical_json, digest_rows
from lockgate.casework.ledger import Account, Hold, Posting, PostingKind, account_unit
from lockgate.casework.roles import Actor, Role
from lockgate.services.registry import Registry
from lockgate.store import schema
from lockgate.store.work import Work

LEDGER = "ledger"  # the stream of events that belong to no case


def append_once(
    registry: Registry, key: str, asked: Any, act: Callable[[Work, str], Event]
) -> tuple[Event, bool]:
    """Do something once: a second call under the same key gives the first one's event, and that it was a repetition.

    Args:
        registry: Whose record.
        key: Idempotency key of the caller; empty: do it now.
        asked: What was asked for, as plain data: a repetition must ask for the same.
        act: Does it: takes the unit of work and the hash of ``asked``, appends under the key.

    Raises:
        LockgateError: ``key-reused``, where the key was used for something else; whatever ``act`` raises.
    """
    refuse_nul(asked)
    request = sha256(canonical_json(asked)).hexdigest() if key else ""
    try:
        with registry.work() as work:
            return act(work, request), False
    except LockgateError:
        # The first call may have used up what this one asks for: any refusal may be a repetition.
        earlier = None
        if key:
            with registry.read() as work:
                earlier = work.event_with_key(key)
        if earlier is None:
            raise
        if earlier.request != request:
            raise LockgateError(
                f"the key {key!r} was used for something else (event {earlier.seq})",
                code="key-reused",
                where="key",
                hint="use a new key for each thing you do, and the same one only to repeat it",
            ) from None
        return earlier, True


def refuse_nul(value: Any) -> None:
    """Make sure that no text holds the character NUL, which a database may not be able to keep.

    Raises:
        LockgateError: ``bad-character``.
    """
    if isinstance(value, str) and "\x00" in value:
        raise LockgateError("the text holds the character NUL", code="bad-character", hint="take it out")
    if isinstance(value, Mapping):
        for name, part in value.items():
            refuse_nul(name)
            refuse_nul(part)
    elif isinstance(value, list | tuple):
        for part in value:
            refuse_nul(part)


def post(
    registry: Registry, person: Actor, postings: Sequence[Posting], *, key: str, note: str = ""
) -> tuple[Event, bool]:
    """Make postings by hand: all of them, once, or none.

    Args:
        registry: Whose record.
        person: An administrator.
        postings: In an order in which each holds.
        key: Idempotency key.
        note: Why.

    Raises:
        LockgateError: ``not-allowed``, ``key-reused``, or the ledger's refusal.
    """
    require_role(person, Role.ADMINISTRATOR, to="post by hand")
    refuse_nul(note)
    refuse_nul(key)

    def ask() -> dict[str, Any]:
        return {"postings": digest_rows(posting.row() for posting in postings), "note": note}

    def describe() -> tuple[dict[str, Any], str]:
        asked = ask()
        return asked["postings"], sha256(canonical_json(asked)).hexdigest()

    if key and len(postings) == 1:
        event = registry.quick.append(
            LEDGER, "PostingsMade", {"note": note}, at=registry.now(), actor=person.id, key=key,
            posting=postings[0], describe=describe,
        )  # fmt: skip
        if event:
            return event, False

    def act(work: Work, request: str) -> Event:
        return work.append(
            LEDGER,
            "PostingsMade",
            {"note": note},
            actor=person.id,
            key=key,
            request=request,
            postings=postings,
        )

    return append_once(registry, key, ask(), act)


def require_role(person: Actor, *roles: Role, to: str) -> None:
    """Let only holders of one of the roles go on.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if not any(person.holds(role) for role in roles):
        raise LockgateError(
            f"{person.id} may not {to}",
            code="not-allowed",
            hint="only for " + ", ".join(role.value for role in roles),
        )


OFFICIALS = (Role.OFFICER, Role.ADVISER, Role.COUNTERSIGNER, Role.AUDITOR, Role.ADMINISTRATOR)


def require_account_reader(person: Actor, account: str) -> None:
    """Officials read every account, an applicant or laboratory those of its own organisation.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if not (person.organisation and person.organisation in account.split(":")):
        require_role(person, *OFFICIALS, to="read this account")


def read_accounts(registry: Registry, person: Actor, prefix: str = "") -> list[dict[str, Any]]:
    """Accounts whose id begins with ``prefix``, by id, as far as the person may see them.

    Raises:
        LockgateError: ``not-allowed``, where the person may see none at all.
    """
    if not person.organisation:
        require_role(person, *OFFICIALS, to="read accounts")
    official = any(person.holds(role) for role in OFFICIALS)
    with registry.read() as work:
        found = work.accounts(prefix=prefix).values()
    return [account_row(item) for item in found if official or person.organisation in item.id.split(":")]


def account_row(account: Account) -> dict[str, Any]:
    """An account as plain data."""
    return {
        "id": account.id,
        "unit": account_unit(account.id),
        **{name: getattr(account, name) for name in ("posted_in", "posted_out", "held_in", "held_out")},
        "balance": account.balance,
        "headroom": account.headroom,
        "breach": account.breach,
    }


def read_account(registry: Registry, person: Actor, account: str, limit: int = 200) -> dict[str, Any]:
    """An account with what is reserved in it and its latest postings, newest first.

    Raises:
        LockgateError: ``not-allowed``, ``bad-account``.
    """
    account_unit(account)
    require_account_reader(person, account)
    table = schema.posting
    query = (
        select(table)
        .where(or_(table.c.from_account == account, table.c.to_account == account))
        .order_by(table.c.event_seq.desc(), table.c.position.desc())
        .limit(limit)
    )
    with registry.read() as work:
        return {
            "account": account_row(work.account(account)),
            "holds": [asdict(hold) for hold in work.holds(from_account=account)],
            "postings": [dict(row) for row in work.connection.execute(query).mappings()],
        }


def release_expired(registry: Registry, person: Actor) -> list[Hold]:
    """Give back what expired reservations hold. Returns them as they were."""
    require_role(person, Role.OFFICER, Role.ADMINISTRATOR, to="let reservations lapse")
    with registry.work() as work:
        expired = work.holds(expired_at=work.at)
        if expired:
            postings = [
                Posting(
                    f"{hold.key}/lapse",
                    PostingKind.RELEASE,
                    hold.from_account,
                    hold.to_account,
                    hold.remaining,
                    hold=hold.key,
                )
                for hold in expired
            ]
            work.append(
                LEDGER, "ReservationsLapsed", {"count": len(expired)}, actor=person.id, postings=postings
            )
    return expired
