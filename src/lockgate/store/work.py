"""The unit of work: one transaction that reads, appends events, and with each event posts what belongs to it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from lockgate.base.errors import LockgateError
from lockgate.casework.history import Event, canonical_json, commit_to, digest_rows
from lockgate.casework.items import Item, project
from lockgate.casework.ledger import Account, Hold, Ledger, Posting, check_posting
from lockgate.casework.tree import hash_leaf
from lockgate.store import schema
from lockgate.store.bulk import insert_rows


class Signs(Protocol):
    """What a unit of work needs of a signer."""

    def sign_event(self, event_hash: str) -> bytes:
        """Signature over an event's hash."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that stands in an event as a commitment only.

    Attributes:
        value: Plain data.
        kind: What it is, such as ``recipient``: decides who may read it.
        subject: Whom it concerns: shredding goes by subject.
    """

    value: Any
    kind: str
    subject: str


class Work:
    """One transaction over the record and the ledger.

    Args:
        connection: In a transaction.
        signer: Signs the events.
        at: UTC instant of everything done in it.
        entropy: Gives that many random bytes, for salts.
    """

    def __init__(self, connection: Connection, signer: Signs, at: str, entropy: Any) -> None:
        self.connection = connection
        self.at = at
        self._signer = signer
        self._entropy = entropy
        self._head: tuple[int, str] | None = None

    # ------------------------------------------------------------------------------------------- the record
    def append(
        self,
        stream: str,
        type: str,  # noqa: A002 - the word of the record
        data: Mapping[str, Any],
        *,
        actor: str,
        key: str = "",
        request: str = "",
        postings: Sequence[Posting] = (),
        bound: Mapping[str, Iterable[Any]] | None = None,
        version: int | None = None,
    ) -> Event:
        """Append an event and post what belongs to it.

        Args:
            stream: What it is about.
            type: Its name, in the past tense.
            data: Plain data; a ``Secret`` in it is replaced by a commitment and its value kept apart.
            actor: Who did it.
            key: Idempotency key; a second event with it is refused.
            request: Hash of what was asked for under the key.
            postings: Made with it, all or none.
            bound: Rows of other tables to bind to it, by table name.
            version: Position in its stream that the caller expects to take; None: the next one.

        Raises:
            LockgateError: ``conflict``, where another event took that position; ``duplicate-key``; the ledger's errors.
        """
        size, previous = self._lock_head()
        for posting in postings:
            check_posting(posting)
        digests = {"posting": digest_rows(posting.row() for posting in postings)} if postings else {}
        digests |= {name: digest_rows(rows) for name, rows in (bound or {}).items()}
        openings: list[dict[str, Any]] = []
        event = Event(
            seq=size + 1,
            stream=stream,
            version=self.stream_version(stream) + 1 if version is None else version,
            type=type,
            at=self.at,
            actor=actor,
            data=self._seal(data, size + 1, openings),
            previous=previous,
            key=key,
            request=request,
            bound=digests or None,
        )
        payload = event.payload
        event_hash = hash_leaf(payload).hex()
        row: dict[str, Any] = {
            "seq": event.seq, "stream": stream, "version": event.version, "type": type, "at": self.at,
            "actor": actor, "key": key or None, "payload": payload.decode(), "hash": event_hash,
        }  # fmt: skip
        row["signature"] = self._signer.sign_event(event_hash)
        self.connection.execute(INSERT_EVENT, row)
        if openings:
            self.connection.execute(insert(schema.secret), openings)
        if postings:
            self.post(event.seq, postings)
        self._head = (event.seq, event_hash)
        self.put_items(event.seq, project(event, self.item))
        return event

    def lock(self) -> "Work":
        """Wait until no other unit of work appends: what is read from here on stays true until this one ends."""
        self._lock_head()
        return self

    def _lock_head(self) -> tuple[int, str]:
        """Position and hash of the last event, locked: appending is one at a time, and this lock comes first."""
        if self._head is None:
            size, last = self.connection.execute(LOCK_HEAD).one()
            self._head = (size, last)
        return self._head

    def head_hash(self) -> str:
        """Hash of the last event."""
        return self._lock_head()[1]

    def stream_version(self, stream: str) -> int:
        """Number of events of the stream."""
        return self.connection.execute(STREAM_VERSION, {"stream": stream}).scalar() or 0

    def _seal(self, value: Any, seq: int, openings: list[dict[str, Any]]) -> Any:
        if isinstance(value, Secret):
            salt = self._entropy(32)
            commitment = commit_to(value.value, salt)
            openings.append(
                {
                    "commitment": commitment["commitment"], "event_seq": seq, "kind": value.kind,
                    "subject": value.subject, "salt": salt, "value": canonical_json(value.value).decode(),
                }
            )  # fmt: skip
            return commitment
        if isinstance(value, Mapping):
            return {name: self._seal(part, seq, openings) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self._seal(part, seq, openings) for part in value]
        return value

    def events(self, stream: str = "", *, after: int = 0, type: str = "") -> Iterator[Event]:  # noqa: A002
        """Events in order; of one stream or type where named, with a position beyond ``after``."""
        query = select(schema.event.c.payload).where(schema.event.c.seq > after).order_by(schema.event.c.seq)
        if stream:
            query = query.where(schema.event.c.stream == stream)
        if type:
            query = query.where(schema.event.c.type == type)
        for payload in self.connection.execute(query).scalars():
            yield Event(**json.loads(payload))

    def event_with_key(self, key: str) -> Event | None:
        """The event that was appended under an idempotency key."""
        payload = self.connection.execute(
            select(schema.event.c.payload).where(schema.event.c.key == key)
        ).scalar()
        return Event(**json.loads(payload)) if payload else None

    # ------------------------------------------------------------------------------------------- secrets
    def openings(self, commitments: Iterable[str]) -> dict[str, Any]:
        """Values of the commitments that are still kept."""
        wanted = list(dict.fromkeys(commitments))
        found: dict[str, Any] = {}
        for start in range(0, len(wanted), 500):
            rows = self.connection.execute(
                select(schema.secret.c.commitment, schema.secret.c.value).where(
                    schema.secret.c.commitment.in_(wanted[start : start + 500])
                )
            )
            found |= {commitment: json.loads(value) for commitment, value in rows}
        return found

    def shred(self, subject: str) -> int:
        """Destroy values and salts of everything secret about a subject; the commitments stay. Returns how many."""
        return self.connection.execute(
            delete(schema.secret).where(schema.secret.c.subject == subject)
        ).rowcount

    def keeps_document(self, digest: str) -> bool:
        """Whether the bytes with this SHA-256 are kept here."""
        table = schema.document
        found = select(table.c.size).where(table.c.sha256 == digest)
        return self.connection.execute(found).first() is not None

    # ------------------------------------------------------------------------------------------- the ledger
    def post(self, event_seq: int, postings: Sequence[Posting]) -> None:
        """Insert postings of an event; the database moves the balances, and refuses what overdraws."""
        rows = [(event_seq, position, *posting.row(), self.at) for position, posting in enumerate(postings)]
        insert_rows(self.connection, schema.posting, rows)

    def accounts(self, ids: Iterable[str] = (), *, prefix: str = "") -> dict[str, Account]:
        """Accounts by id: those named, empty where nothing was posted yet, or those whose id begins with ``prefix``."""
        wanted = list(dict.fromkeys(ids))
        table = schema.account
        columns = [table.c[name] for name in Account.__slots__]
        found: dict[str, Account] = {}
        if wanted:
            rows = self.connection.execute(select(*columns).where(table.c.id.in_(wanted)))
            found = {name: Account(name) for name in wanted} | {row[0]: Account(*row) for row in rows}
        else:
            rows = self.connection.execute(
                select(*columns).where(table.c.id.startswith(prefix, autoescape=True)).order_by(table.c.id)
            )
            found = {row[0]: Account(*row) for row in rows}
        return found

    def account(self, account_id: str) -> Account:
        """One account, empty where nothing was posted to it yet."""
        return self.accounts([account_id])[account_id]

    def holds(
        self,
        *,
        keys: Iterable[str] = (),
        from_account: str = "",
        expired_at: str = "",
        open_only: bool = True,
    ) -> list[Hold]:
        """Reservations: by key, by the account they hold back in, or those expired at an instant."""
        table = schema.hold
        query = select(*(table.c[name] for name in Hold.__slots__)).order_by(table.c.key)
        wanted = list(keys)
        if wanted:
            query = query.where(table.c.key.in_(wanted))
        if from_account:
            query = query.where(table.c.from_account == from_account)
        if expired_at:
            query = query.where(table.c.expires_at != "", table.c.expires_at <= expired_at)
        if open_only:
            query = query.where(table.c.remaining > 0)
        return [Hold(*row) for row in self.connection.execute(query)]

    # ------------------------------------------------------------------------------------------- lists
    def item(self, kind: str, id: str) -> Item | None:  # noqa: A002
        """One entry of the lists; None where there is none."""
        return next(iter(self.items(kind, ids=[id])), None)

    def items(
        self,
        kind: str,
        *,
        ids: Iterable[str] = (),
        case_id: str = "",
        state: str = "",
        subject: str = "",
        due_before: str = "",
    ) -> list[Item]:
        """Entries of a kind, by due day and id."""
        table = schema.item
        query = select(
            *(table.c[name] for name in ("kind", "id", "case_id", "state", "subject", "due_on", "data"))
        )
        query = query.where(table.c.kind == kind).order_by(table.c.due_on, table.c.id)
        wanted = list(ids)
        if wanted:
            query = query.where(table.c.id.in_(wanted))
        for column, value in (("case_id", case_id), ("state", state), ("subject", subject)):
            if value:
                query = query.where(table.c[column] == value)
        if due_before:
            query = query.where(table.c.due_on != "", table.c.due_on < due_before)
        rows = self.connection.execute(query)
        return [
            Item(kind, name, case, at, party, due, json.loads(data))
            for kind, name, case, at, party, due, data in rows
        ]

    def put_items(self, event_seq: int, items: Iterable[Item]) -> None:
        """Write entries of the lists, as an event left them."""
        for entry in items:
            row = {
                "kind": entry.kind, "id": entry.id, "case_id": entry.case_id, "state": entry.state,
                "subject": entry.subject, "due_on": entry.due_on, "event_seq": event_seq,
                "data": canonical_json(entry.data).decode(),
            }  # fmt: skip
            self._upsert(schema.item, row)

    def case_ids(self, *, applicant: str) -> list[str]:
        """Ids of the cases of an applicant."""
        table = schema.case_file
        query = select(table.c.id).where(table.c.applicant == applicant).order_by(table.c.id)
        return list(self.connection.execute(query).scalars())

    def put_case(self, row: Mapping[str, Any]) -> None:
        """Write the row that lists of cases show; the day it was opened stays."""
        self._upsert(schema.case_file, row, keep=("opened_at",))

    def _upsert(self, table: Table, row: Mapping[str, Any], keep: Sequence[str] = ()) -> None:
        keys = [column.name for column in table.primary_key]
        dialect_insert = pg_insert if self.connection.dialect.name == "postgresql" else sqlite_insert
        statement = dialect_insert(table).values(dict(row))
        changed = {name: statement.excluded[name] for name in row if name not in (*keys, *keep)}
        self.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

    def why_refused(self, postings: Sequence[Posting]) -> LockgateError | None:
        """What the ledger has against the postings, in words; None where it would take them."""
        names = [name for posting in postings for name in (posting.from_account, posting.to_account)]
        holds = [posting.hold for posting in postings if posting.hold]
        book = Ledger(
            accounts=self.accounts(names),
            holds={hold.key: hold for hold in self.holds(keys=holds, open_only=False)} if holds else {},
        )
        try:
            book.post(postings, self.at)
        except LockgateError as error:
            return error
        return None


LOCK_HEAD = select(schema.head.c.size, schema.head.c.hash).with_for_update()
INSERT_EVENT = insert(schema.event).values({column.name: bindparam(column.name) for column in schema.event.c})
STREAM_VERSION = (
    select(schema.event.c.version)
    .where(schema.event.c.stream == bindparam("stream"))
    .order_by(schema.event.c.version.desc())
    .limit(1)
)

# Name of a constraint (PostgreSQL) or a part of the message (SQLite) -> what the caller is told.
_REFUSALS = {
    "account_not_overdrawn": ("overdrawn", "an account has not the head-room for this"),
    "account_not_negative": ("overdrawn", "an account would count under zero"),
    "hold_not_overdrawn": ("hold-spent", "the reservation does not hold that much"),
    "unknown_hold": ("unknown-hold", "there is no such reservation between these accounts"),
    "hold_expired": ("hold-expired", "the reservation expired"),
    "in_breach": ("in-breach", "the account is in breach"),
    "posting_key": ("duplicate-key", "a posting with this key was made before"),
    "posting.key": ("duplicate-key", "a posting with this key was made before"),
    "hold_pk": ("duplicate-key", "a reservation with this key was made before"),
    "hold.key": ("duplicate-key", "a reservation with this key was made before"),
    "event_key": ("duplicate-key", "an event with this key was recorded before"),
    "event.key": ("duplicate-key", "an event with this key was recorded before"),
    "event_stream_version": ("conflict", "somebody else changed this meanwhile"),
    "event.stream, event.version": ("conflict", "somebody else changed this meanwhile"),
    "event_pk": ("conflict", "somebody else wrote to the record meanwhile"),
    "event.seq": ("conflict", "somebody else wrote to the record meanwhile"),
    "event_follows": ("conflict", "somebody else wrote to the record meanwhile"),
    "append_only": ("append-only", "the record is never changed"),
    "by_posting_only": ("append-only", "balances change by postings only"),
}


def translate(error: DBAPIError) -> LockgateError | None:
    """A refusal by the database's own constraints, in words; None where it is something else."""
    diagnosis = getattr(error.orig, "diag", None)
    said = getattr(diagnosis, "constraint_name", None) or str(error.orig)
    for name, (code, message) in _REFUSALS.items():
        if name == said or (diagnosis is None and name in said):
            return LockgateError(message, code=code)
    return None


@contextmanager
def begin_work(engine: Engine, signer: Signs, at: str, entropy: Any) -> Iterator[Work]:
    """A unit of work: committed when the block ends, rolled back whole on any error.

    Raises:
        LockgateError: What the database refuses, with the account and its head-room where that can be told.
    """
    posted: list[Posting] = []
    with engine.connect() as connection:
        try:
            with connection.begin():
                work = _Remembering(connection, signer, at, entropy, posted)
                yield work
        except (IntegrityError, OperationalError, DBAPIError) as error:
            refusal = translate(error)
            if refusal is None:
                raise
            with connection.begin():
                better = Work(connection, signer, at, entropy).why_refused(posted) if posted else None
            raise (better if better is not None and better.code == refusal.code else refusal) from error


class _Remembering(Work):
    """Remembers the last postings, so that a refusal can be explained."""

    def __init__(
        self, connection: Connection, signer: Signs, at: str, entropy: Any, posted: list[Posting]
    ) -> None:
        super().__init__(connection, signer, at, entropy)
        self._posted = posted

    def post(self, event_seq: int, postings: Sequence[Posting]) -> None:
        self._posted[:] = postings
        super().post(event_seq, postings)
