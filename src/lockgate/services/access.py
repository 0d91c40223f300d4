"""Who may come in: people and roles, logins, API tokens, invitations.

Every change of access is an event of the record. Keys, tokens and links are random, shown once, and kept as digests.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import Connection

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.casework.roles import Actor, Role
from lockgate.store import access
from lockgate.store.access import PersonRow, SessionRow, TokenRow
from lockgate.store.work import Work

SCOPES = ("read", "determine", "estimate", "cases", "ledger", "admin")
"""What a token may be limited to; a person's roles limit it besides."""

GRANTABLE_ROLES = tuple(role for role in Role if role is not Role.PUBLIC)
PASSWORD_LENGTH_MIN = 12
INVITATION_HOURS = 48
START_S = 30  # in which the processes of one start are up
TOKEN_DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is asking: a person by session or token, with what the token is limited to."""

    row: PersonRow
    scopes: frozenset[str] = frozenset(SCOPES)
    session: str = ""
    token: str = ""

    @property
    def id(self) -> str:
        """The person's id."""
        return self.row.id

    @property
    def name(self) -> str:
        """The person's name."""
        return self.row.name

    @property
    def roles(self) -> tuple[str, ...]:
        """The person's roles."""
        return self.row.roles

    @property
    def actor(self) -> Actor:
        """The person as casework knows them."""
        return Actor(
            self.row.id, frozenset(map(Role, self.row.roles)), self.row.agency, self.row.organisation
        )


def digest_of(key: str) -> str:
    """What is kept of a key, token or link."""
    return hashlib.sha256(key.encode()).hexdigest()


@cache
def hasher() -> "object":
    """The password hasher (argon2id at its library's defaults)."""
    from argon2 import PasswordHasher

    return PasswordHasher()


def hash_password(password: str) -> str:
    """A password's hash, after checking that it is long enough.

    Raises:
        LockgateError: ``weak-password``.
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        raise LockgateError(
            f"the password has {len(password)} characters", code="weak-password", where="password",
            hint=f"use at least {PASSWORD_LENGTH_MIN}; a few unrelated words do",
        )  # fmt: skip
    return str(hasher().hash(password))  # type: ignore[attr-defined]


@cache
def hash_of_nothing() -> str:
    """Compared against where there is no such person, so that the answer takes as long as for one who exists."""
    return str(hasher().hash(secrets.token_urlsafe(16)))  # type: ignore[attr-defined]


def check_password(row: PersonRow | None, password: str) -> PersonRow:
    """The person, if the password is theirs. Slow on purpose: call it outside any transaction.

    Raises:
        LockgateError: ``wrong-login``; it does not say whether the name or the password is wrong.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    known = row.password_hash if row is not None and row.password_hash else hash_of_nothing()
    try:
        hasher().verify(known, password)  # type: ignore[attr-defined]
        right = row is not None and bool(row.password_hash) and not row.disabled
    except (VerificationError, InvalidHashError):
        right = False
    if not right or row is None:
        raise LockgateError(
            "name or password is wrong",
            code="wrong-login",
            hint="try again, or ask an administrator for a new link",
        )
    return row


def instant(text: str) -> dt.datetime:
    """An instant of the record as a time."""
    return dt.datetime.fromisoformat(text)


def later(at: str, **by: float) -> str:
    """The instant that much after ``at``, written the same way."""
    moved = instant(at) + dt.timedelta(**by)
    return moved.isoformat().replace("+00:00", "Z") if at.endswith("Z") else moved.isoformat()


# ------------------------------------------------------------------------------------------------- people
def invite_first_administrator(work: Work) -> str | None:
    """Where nobody can log in yet: an administrator's one-time link (its key); else None.

    An administrator who was entered before, on the command line say, is invited; where there is none, one is added.
    """
    if _somebody_can_log_in(work):
        return None
    work.lock()  # several processes may start at once: one of them invites, and its link is the one that works
    everybody = access.people(work.connection)
    if _somebody_can_log_in(work) or access.invited_since(work.connection, _just_now(work.at)):
        return None
    found = next(
        (row for row in everybody if Role.ADMINISTRATOR.value in row.roles and not row.disabled), None
    )
    if found is None:
        found = PersonRow("admin", "Administrator", (Role.ADMINISTRATOR.value,), created_at=work.at)
        access.add_person(work.connection, found)
        work.append(f"access:{found.id}", "PersonAdded", {"roles": list(found.roles)}, actor="installation")
    return invite(work, found.id, by="installation")


def _somebody_can_log_in(work: Work) -> bool:
    everybody = access.people(work.connection)
    return any((row.password_hash or row.oidc_subject) and not row.disabled for row in everybody)


def _just_now(at: str) -> str:
    """When a link ends that another process of the same start may have made."""
    return later(later(at, hours=INVITATION_HOURS), seconds=-START_S)


def invite(work: Work, person_id: str, *, by: str) -> str:
    """A one-time link's key with which a person sets their password; earlier links of theirs end."""
    key = secrets.token_urlsafe(32)
    access.add_invitation(work.connection, digest_of(key), person_id, later(work.at, hours=INVITATION_HOURS))
    work.append(f"access:{person_id}", "PersonInvited", {}, actor=by)
    return key


def accept_invitation(work: Work, key: str, password_hash: str) -> PersonRow:
    """Set the password of the person a link belongs to; the link is used up and other logins of theirs end.

    Raises:
        LockgateError: ``link-used``.
    """
    person_id = access.use_invitation(work.connection, digest_of(key), work.at)
    row = access.person_by_id(work.connection, person_id) if person_id else None
    if row is None:
        raise LockgateError(
            "this link is used up or too old", code="link-used", hint="ask an administrator for a new one"
        )
    changed = replace(row, password_hash=password_hash)
    access.change_person(work.connection, changed)
    access.end_sessions(work.connection, row.id)
    work.append(f"access:{row.id}", "PasswordSet", {}, actor=row.id)
    return changed


def read_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """Roles as given, checked.

    Raises:
        InvalidInputError: ``unknown-role`` for each that is none.
    """
    known = {role.value for role in GRANTABLE_ROLES}
    problems = ProblemCollector()
    chosen = tuple(dict.fromkeys(roles))
    for role in chosen:
        if role not in known:
            problems.add(
                f"there is no role {role!r}",
                code="unknown-role",
                where="roles",
                hint=", ".join(sorted(known)),
            )
    problems.raise_if_any()
    return chosen


def add_person(
    work: Work,
    by: Visitor,
    person_id: str,
    name: str,
    roles: Iterable[str],
    agency: str = "",
    organisation: str = "",
) -> str:
    """Add a person; returns the key of their one-time link.

    Raises:
        LockgateError: ``not-allowed``, ``bad-id``, ``unknown-role``, ``conflict``.
    """
    require_administrator(by)
    if not person_id.replace("-", "").replace(".", "").replace("_", "").isalnum() or len(person_id) > 64:
        raise LockgateError(
            f"{person_id!r} cannot be an id",
            code="bad-id",
            where="id",
            hint="letters, digits, '-', '.', '_'; at most 64",
        )
    row = PersonRow(
        person_id, name.strip() or person_id, read_roles(roles), agency, organisation, created_at=work.at
    )
    access.add_person(work.connection, row)
    work.append(
        f"access:{person_id}",
        "PersonAdded",
        {"roles": list(row.roles), "agency": agency, "organisation": organisation},
        actor=by.id,
    )
    return invite(work, person_id, by=by.id)


def change_person(
    work: Work,
    by: Visitor,
    person_id: str,
    *,
    roles: Iterable[str],
    agency: str,
    organisation: str,
    disabled: bool,
) -> None:
    """Change a person's roles, or shut them out; their logins end, so that it holds at once.

    Raises:
        LockgateError: ``not-allowed``, ``unknown-role``, ``unknown-person``, ``last-administrator``.
    """
    require_administrator(by)
    row = access.person_by_id(work.connection, person_id)
    if row is None:
        raise LockgateError(f"there is no person {person_id!r}", code="not-found")
    changed = replace(
        row, roles=read_roles(roles), agency=agency, organisation=organisation, disabled=disabled
    )
    administrators = [
        other.id for other in access.people(work.connection)
        if Role.ADMINISTRATOR.value in other.roles and not other.disabled and other.id != person_id
    ]  # fmt: skip
    if not administrators and (disabled or Role.ADMINISTRATOR.value not in changed.roles):
        raise LockgateError(
            "somebody must stay administrator",
            code="last-administrator",
            where="roles",
            hint="make another person administrator first",
        )
    access.change_person(work.connection, changed)
    access.end_sessions(work.connection, person_id)
    work.append(
        f"access:{person_id}", "PersonChanged",
        {"roles": list(changed.roles), "agency": agency, "organisation": organisation, "disabled": disabled}, actor=by.id,
    )  # fmt: skip


def require_administrator(by: Visitor) -> None:
    """Refuse anybody else.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if Role.ADMINISTRATOR.value not in by.roles:
        raise LockgateError("only an administrator may do this", code="not-allowed", hint="ask one")


# ------------------------------------------------------------------------------------------------- logins
def start_session(work: Work, row: PersonRow, hours: int, client: str = "") -> str:
    """Log a person in; returns the session's key, which only their browser holds."""
    key = secrets.token_urlsafe(32)
    access.drop_expired(work.connection, work.at)
    access.add_session(
        work.connection,
        SessionRow(digest_of(key), row.id, work.at, work.at, later(work.at, hours=hours), client[:200]),
    )
    work.append(f"access:{row.id}", "LoggedIn", {}, actor=row.id)
    return key


def find_session(connection: Connection, key: str, at: str) -> tuple[Visitor, SessionRow] | None:
    """Whose session this is; None where it is unknown, over, or its person shut out."""
    known = access.session_with_person(connection, digest_of(key))
    if known is None:
        return None
    found, row = known
    return None if found.expires_at <= at or row.disabled else (Visitor(row, session=found.digest), found)


def end_session(work: Work, visitor: Visitor, digest: str = "") -> None:
    """End this login, or another one of the same person."""
    access.end_sessions(work.connection, visitor.id, digest or visitor.session)
    work.append(f"access:{visitor.id}", "LoggedOut", {}, actor=visitor.id)


def end_sessions_of(work: Work, by: Visitor, person_id: str) -> None:
    """Log somebody out everywhere.

    Raises:
        LockgateError: ``not-allowed``, ``not-found``.
    """
    require_administrator(by)
    if access.person_by_id(work.connection, person_id) is None:
        raise LockgateError(f"there is no person {person_id!r}", code="not-found")
    count = access.end_sessions(work.connection, person_id)
    work.append(f"access:{person_id}", "LoggedOut", {"sessions": count}, actor=by.id)


def log_in_by_identity(work: Work, subject: str) -> PersonRow:
    """The person an identity provider vouches for; an administrator has linked them before.

    Raises:
        LockgateError: ``not-allowed``.
    """
    row = access.person_by_subject(work.connection, subject)
    if row is None or row.disabled:
        raise LockgateError(
            "nobody here is linked to that identity",
            code="not-allowed",
            hint=f"ask an administrator to link {subject}",
        )
    return row


def link_identity(work: Work, by: Visitor, person_id: str, subject: str) -> None:
    """Let an identity of the identity provider log in as a person.

    Raises:
        LockgateError: ``not-allowed``, ``not-found``.
    """
    require_administrator(by)
    row = access.person_by_id(work.connection, person_id)
    if row is None:
        raise LockgateError(f"there is no person {person_id!r}", code="not-found")
    access.change_person(work.connection, replace(row, oidc_subject=subject or None))
    work.append(f"access:{person_id}", "IdentityLinked", {}, actor=by.id)


# ------------------------------------------------------------------------------------------------- tokens
def create_token(
    work: Work, visitor: Visitor, label: str, scopes: Iterable[str], days: int
) -> tuple[str, TokenRow]:
    """An API token, shown this once, and what is kept of it.

    Raises:
        InvalidInputError: ``unknown-scope``, ``bad-number``.
    """
    problems = ProblemCollector()
    chosen = tuple(dict.fromkeys(scopes))
    for scope in chosen:
        if scope not in SCOPES:
            problems.add(
                f"there is no scope {scope!r}", code="unknown-scope", where="scopes", hint=", ".join(SCOPES)
            )
    if not chosen:
        problems.add("a token needs a scope", code="unknown-scope", where="scopes", hint=", ".join(SCOPES))
    if not 1 <= days <= TOKEN_DAYS_MAX:
        problems.add(
            f"a token cannot last {days} days", code="bad-number", where="days", hint=f"1 to {TOKEN_DAYS_MAX}"
        )
    problems.raise_if_any()
    secret = "lg_" + secrets.token_urlsafe(32)
    row = TokenRow(
        secrets.token_hex(6),
        digest_of(secret),
        visitor.id,
        label[:100],
        chosen,
        work.at,
        later(work.at, days=days),
    )
    access.add_token(work.connection, row)
    work.append(
        f"access:{visitor.id}",
        "TokenCreated",
        {"token": row.id, "scopes": list(chosen), "expires_at": row.expires_at},
        actor=visitor.id,
    )
    return secret, row


def find_token(connection: Connection, secret: str, at: str) -> tuple[Visitor, TokenRow] | None:
    """Whose token this is, and the token; None where it is unknown, over, or its person shut out."""
    found = access.token_by_digest(connection, digest_of(secret))
    if found is None or found.expires_at <= at:
        return None
    row = access.person_by_id(connection, found.person)
    if row is None or row.disabled:
        return None
    return Visitor(row, frozenset(found.scopes), token=found.id), found


def touch_token(work: Work, row: TokenRow) -> None:
    """Note that a token was used."""
    access.touch_token(work.connection, row.id, work.at)


def revoke_token(work: Work, visitor: Visitor, token_id: str) -> None:
    """End a token of one's own.

    Raises:
        LockgateError: ``not-found``.
    """
    if not access.end_token(work.connection, visitor.id, token_id):
        raise LockgateError(f"you have no token {token_id!r}", code="not-found")
    work.append(f"access:{visitor.id}", "TokenRevoked", {"token": token_id}, actor=visitor.id)


def require_scope(visitor: Visitor, scope: str) -> None:
    """Refuse a token that was not made for this.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if scope not in visitor.scopes:
        raise LockgateError(
            f"the token lacks the scope {scope!r}",
            code="not-allowed",
            hint="make one with it under your account",
        )


def touch(work: Work, row: SessionRow, hours: int) -> None:
    """Note that a login was used, which lengthens it."""
    access.touch_session(work.connection, row.digest, work.at, later(work.at, hours=hours))


def person_named(connection: Connection, name: str) -> PersonRow | None:
    """The person who logs in under this id."""
    return access.person_by_id(connection, name.strip())


def person_invited(work: Work, key: str) -> PersonRow:
    """Whose one-time link this is.

    Raises:
        LockgateError: ``link-used``.
    """
    person_id = access.find_invitation(work.connection, digest_of(key), work.at)
    row = access.person_by_id(work.connection, person_id) if person_id else None
    if row is None:
        raise LockgateError(
            "this link is used up or too old", code="link-used", hint="ask an administrator for a new one"
        )
    return row
