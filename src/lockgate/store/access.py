"""Who may come in: people, sessions, API tokens, invitations, webhooks; and what a person keeps here for themselves.

Secrets (session keys, tokens, invitation links) are kept as SHA-256 digests: whoever reads the database cannot use them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from lockgate.base.errors import LockgateError

metadata = MetaData()

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("oidc_subject", Text),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Text, nullable=False),
    UniqueConstraint("oidc_subject", name="person_oidc_subject"),
)
session = Table(
    "session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("client", Text, nullable=False),
    Index("session_person", "person"),
)
token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_at", Text, nullable=False),
    UniqueConstraint("digest", name="api_token_digest"),
    Index("api_token_person", "person"),
)
invitation = Table(
    "invitation",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
)
webhook = Table(
    "webhook",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("types", Text, nullable=False),
    Column("after_seq", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Text, nullable=False),
    Column("problem", Text, nullable=False),
)
saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    UniqueConstraint("person", "name", name="saved_view_name"),
)

SESSION_WITH_PERSON = (
    select(session, person)
    .join_from(session, person, person.c.id == session.c.person)
    .where(session.c.digest == bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who may log in."""

    id: str
    name: str
    roles: tuple[str, ...]
    agency: str = ""
    organisation: str = ""
    password_hash: str = ""
    oidc_subject: str | None = None
    disabled: bool = False
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One login."""

    digest: str
    person: str
    created_at: str
    seen_at: str
    expires_at: str
    client: str = ""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One API token; the token itself is not kept."""

    id: str
    digest: str
    person: str
    label: str
    scopes: tuple[str, ...]
    created_at: str
    expires_at: str
    used_at: str = ""


def _person(row: Mapping[str, Any]) -> PersonRow:
    return PersonRow(**{**row, "roles": tuple(json.loads(row["roles"]))})


def _values(row: PersonRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in PersonRow.__slots__} | {"roles": json.dumps(row.roles)}


def count_people(connection: Connection) -> int:
    """How many people there are."""
    return connection.execute(select(func.count()).select_from(person)).scalar_one()


def people(connection: Connection) -> list[PersonRow]:
    """Everybody, by name."""
    rows = connection.execute(select(person).order_by(person.c.name, person.c.id)).mappings()
    return [_person(dict(row)) for row in rows]


def person_by_id(connection: Connection, person_id: str) -> PersonRow | None:
    """A person by id."""
    row = connection.execute(select(person).where(person.c.id == person_id)).mappings().one_or_none()
    return None if row is None else _person(dict(row))


def person_by_subject(connection: Connection, subject: str) -> PersonRow | None:
    """The person an identity provider knows by this issuer and subject."""
    row = connection.execute(select(person).where(person.c.oidc_subject == subject)).mappings().one_or_none()
    return None if row is None else _person(dict(row))


def add_person(connection: Connection, row: PersonRow) -> None:
    """Add a person.

    Raises:
        LockgateError: ``conflict``, where the id or the identity is taken.
    """
    try:
        with connection.begin_nested():
            connection.execute(insert(person).values(_values(row)))
    except IntegrityError:
        raise LockgateError(
            f"there is a person {row.id!r} already", code="conflict", where="id", hint="choose another id"
        ) from None


def change_person(connection: Connection, row: PersonRow) -> None:
    """Replace what is known of a person."""
    connection.execute(update(person).where(person.c.id == row.id).values(_values(row)))


def add_session(connection: Connection, row: SessionRow) -> None:
    """Remember a login."""
    connection.execute(insert(session).values({name: getattr(row, name) for name in SessionRow.__slots__}))


def session_with_person(connection: Connection, digest: str) -> tuple[SessionRow, PersonRow] | None:
    """A login by the digest of its key, and whose it is."""
    row = connection.execute(SESSION_WITH_PERSON, {"digest": digest}).one_or_none()
    if row is None:
        return None
    width = len(session.c)
    return SessionRow(*row[:width]), _person(dict(zip(person.c.keys(), row[width:], strict=True)))


def touch_session(connection: Connection, digest: str, seen_at: str, expires_at: str) -> None:
    """Note that a login was used."""
    connection.execute(
        update(session).where(session.c.digest == digest).values(seen_at=seen_at, expires_at=expires_at)
    )


def sessions_of(connection: Connection, person_id: str) -> list[SessionRow]:
    """A person's logins, the last used first."""
    query = select(session).where(session.c.person == person_id).order_by(session.c.seen_at.desc())
    return [SessionRow(**row) for row in connection.execute(query).mappings()]


def end_sessions(connection: Connection, person_id: str, digest: str = "") -> int:
    """End one login of a person, or all of them; returns how many."""
    query = delete(session).where(session.c.person == person_id)
    return connection.execute(query.where(session.c.digest == digest) if digest else query).rowcount


def drop_expired(connection: Connection, at: str) -> None:
    """Forget logins and invitations whose time is over."""
    connection.execute(delete(session).where(session.c.expires_at <= at))
    connection.execute(delete(invitation).where(invitation.c.expires_at <= at))


def add_token(connection: Connection, row: TokenRow) -> None:
    """Remember an API token."""
    values = {name: getattr(row, name) for name in TokenRow.__slots__} | {"scopes": json.dumps(row.scopes)}
    connection.execute(insert(token).values(values))


def token_by_digest(connection: Connection, digest: str) -> TokenRow | None:
    """An API token by its digest."""
    row = connection.execute(select(token).where(token.c.digest == digest)).mappings().one_or_none()
    return None if row is None else TokenRow(**{**row, "scopes": tuple(json.loads(row["scopes"]))})


def tokens_of(connection: Connection, person_id: str) -> list[TokenRow]:
    """A person's API tokens, the newest first."""
    query = select(token).where(token.c.person == person_id).order_by(token.c.created_at.desc())
    rows = connection.execute(query).mappings()
    return [TokenRow(**{**row, "scopes": tuple(json.loads(row["scopes"]))}) for row in rows]


def end_token(connection: Connection, person_id: str, token_id: str) -> int:
    """Revoke a person's token; returns how many were."""
    return connection.execute(
        delete(token).where(token.c.person == person_id, token.c.id == token_id)
    ).rowcount


def touch_token(connection: Connection, token_id: str, used_at: str) -> None:
    """Note that a token was used."""
    connection.execute(update(token).where(token.c.id == token_id).values(used_at=used_at))


def add_invitation(connection: Connection, digest: str, person_id: str, expires_at: str) -> None:
    """Remember a one-time link; earlier ones of the same person end."""
    connection.execute(delete(invitation).where(invitation.c.person == person_id))
    connection.execute(insert(invitation).values(digest=digest, person=person_id, expires_at=expires_at))


def find_invitation(connection: Connection, digest: str, at: str) -> str | None:
    """Whose one-time link this is; None where it is unknown, used or too old."""
    query = select(invitation.c.person).where(invitation.c.digest == digest, invitation.c.expires_at > at)
    return connection.execute(query).scalar_one_or_none()


def invited_since(connection: Connection, expires_after: str) -> bool:
    """Whether there is a one-time link that lasts longer than this."""
    query = select(func.count()).select_from(invitation).where(invitation.c.expires_at > expires_after)
    return bool(connection.execute(query).scalar_one())


def use_invitation(connection: Connection, digest: str, at: str) -> str | None:
    """Take a one-time link: whose it was; None where it is unknown, used or too old."""
    person_id = find_invitation(connection, digest, at)
    if person_id is None:
        return None
    taken = connection.execute(delete(invitation).where(invitation.c.digest == digest)).rowcount
    return person_id if taken else None


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view of a list that a person saved under a name."""

    id: str
    person: str
    name: str
    query: str


def put_view(connection: Connection, row: ViewRow) -> None:
    """Keep a view in place of the person's earlier one of that name."""
    same = (saved_view.c.person == row.person) & (saved_view.c.name == row.name)
    connection.execute(delete(saved_view).where(same))
    connection.execute(insert(saved_view).values({name: getattr(row, name) for name in ViewRow.__slots__}))


def views_of(connection: Connection, person_id: str) -> list[ViewRow]:
    """A person's views, by name."""
    query = select(saved_view).where(saved_view.c.person == person_id).order_by(saved_view.c.name)
    return [ViewRow(**row) for row in connection.execute(query).mappings()]


def view_by_id(connection: Connection, view_id: str) -> ViewRow | None:
    """A view by id, whoever saved it."""
    row = connection.execute(select(saved_view).where(saved_view.c.id == view_id)).mappings().one_or_none()
    return None if row is None else ViewRow(**row)


def drop_view(connection: Connection, person_id: str, view_id: str) -> int:
    """Forget a view of a person; returns how many were."""
    mine = (saved_view.c.person == person_id) & (saved_view.c.id == view_id)
    return connection.execute(delete(saved_view).where(mine)).rowcount
