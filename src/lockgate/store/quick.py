"""The short way for one event with a few postings: few round trips, the same tables, triggers and constraints.

It either appends, or does nothing and says so; the caller then takes the unit of work, which also explains refusals.
"""

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine

from lockgate.casework.history import Event, digest_rows
from lockgate.casework.items import EVOLVE
from lockgate.casework.ledger import Posting, check_posting
from lockgate.casework.tree import hash_leaf
from lockgate.store.work import Signs

POSTINGS_MAX = 8
_EVENT_COLUMNS = "seq, stream, version, type, at, actor, key, payload, hash, signature"
_POSTING_COLUMNS = "event_seq, position, key, kind, from_account, to_account, amount, hold, expires_at, at"
_VERSION = "SELECT version FROM event WHERE stream = {mark} ORDER BY version DESC LIMIT 1"


class QuickPath:
    """Appends single events; one connection a thread.

    On PostgreSQL the whole append is one statement, on the guess that the last event is still the one this process saw
    last. A wrong guess is refused by the database; then the guess is not tried again for a while.
    """

    def __init__(self, engine: Engine, signer: Signs, connect: Callable[[], Any]) -> None:
        self.enabled = True
        self._postgresql = engine.dialect.name == "postgresql"
        self._signer = signer
        self._connect = connect
        self._local = threading.local()
        self._opened: list[Any] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self._opened:
            connection.close()
        self._opened.clear()
        self._local = threading.local()

    def append(
        self,
        stream: str,
        type: str,  # noqa: A002 - the word of the record
        data: Mapping[str, Any],
        *,
        at: str,
        actor: str,
        key: str,
        request: str,
        postings: Sequence[Posting],
    ) -> Event | None:
        """Append an event with its postings; None where it was not done, for whatever reason."""
        if not self.enabled or not key or not 0 < len(postings) <= POSTINGS_MAX or type in EVOLVE:
            return None
        for posting in postings:
            check_posting(posting)
        state = self._local
        if getattr(state, "pause", 0) > 0:
            state.pause -= 1
            return None
        bound = {"posting": digest_rows(posting.row() for posting in postings)}

        def build(size: int, head: str, version: int) -> Event:
            return Event(
                size + 1,
                stream,
                version + 1,
                type,
                at,
                actor,
                data,
                head,
                key=key,
                request=request,
                bound=bound,
            )

        return (
            self._in_postgresql(build, stream, postings)
            if self._postgresql
            else self._in_sqlite(build, stream, postings)
        )

    def _connection(self) -> Any:
        found = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
            with self._lock:
                self._opened.append(found)
        return found

    def _drop(self) -> None:
        """Close this thread's connection, which may be broken."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            with self._lock:
                self._opened.remove(connection)
            connection.close()

    def _rows(self, event: Event, postings: Sequence[Posting]) -> tuple[str, list[Any], list[Any]]:
        payload = event.payload
        event_hash = hash_leaf(payload).hex()
        own = [
            event.seq, event.stream, event.version, event.type, event.at, event.actor, event.key, payload.decode(),
            event_hash, self._signer.sign_event(event_hash),
        ]  # fmt: skip
        rows = [
            value
            for position, posting in enumerate(postings)
            for value in (position, *posting.row(), event.at)
        ]
        return event_hash, own, rows

    # ------------------------------------------------------------------------------------------- PostgreSQL
    def _in_postgresql(
        self, build: Callable[[int, str, int], Event], stream: str, postings: Sequence[Posting]
    ) -> Event | None:
        import psycopg

        state = self._local
        try:
            connection = self._connection()
            known = getattr(state, "known", None)
            if known is None or known[0] != stream:
                size, head = connection.execute("SELECT size, hash FROM head").fetchone()
                row = connection.execute(_VERSION.format(mark="%s"), (stream,)).fetchone()
                known = (stream, size, head, row[0] if row else 0)
            event = build(*known[1:])
            event_hash, own, rows = self._rows(event, postings)
            guess = [event.seq - 1, event.previous]
            done = connection.execute(_statement(len(postings)), guess + own + rows).rowcount == len(postings)
        except psycopg.Error as error:
            state.known = None
            if isinstance(error, psycopg.OperationalError):
                self._drop()
            return None
        if not done:
            state.known = None
            state.missed = min(getattr(state, "missed", 0) * 2 + 1, 255)
            state.pause = state.missed  # others write too: waiting in line is quicker than guessing
            return None
        state.known = (stream, event.seq, event_hash, event.version)
        state.missed = 0
        return event

    # ------------------------------------------------------------------------------------------- SQLite
    def _in_sqlite(
        self, build: Callable[[int, str, int], Event], stream: str, postings: Sequence[Posting]
    ) -> Event | None:
        try:
            connection: sqlite3.Connection = self._connection()
        except sqlite3.Error:
            return None
        try:
            connection.execute("BEGIN IMMEDIATE")
            size, head = connection.execute("SELECT size, hash FROM head").fetchone()
            row = connection.execute(_VERSION.format(mark="?"), (stream,)).fetchone()
            event = build(size, head, row[0] if row else 0)
            _, own, rows = self._rows(event, postings)
            connection.execute(f"INSERT INTO event ({_EVENT_COLUMNS}) VALUES ({_marks('?', 10)})", own)  # noqa: S608
            for start in range(0, len(rows), 9):
                connection.execute(
                    f"INSERT INTO posting ({_POSTING_COLUMNS}) VALUES ({_marks('?', 10)})",  # noqa: S608
                    [event.seq, *rows[start : start + 9]],
                )
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return None
        return event


def _marks(mark: str, count: int) -> str:
    return ", ".join([mark] * count)


def _statement(count: int) -> str:
    """One statement that locks the head if it still is the one guessed, and only then inserts an event and its postings."""
    row = "(%s::int, %s, %s, %s, %s, %s::bigint, %s, %s, %s)"
    return (
        "WITH locked AS (SELECT FROM head WHERE size = %s AND hash = %s FOR UPDATE), "  # noqa: S608
        f"made AS (INSERT INTO event ({_EVENT_COLUMNS}) "
        "SELECT %s::bigint, %s, %s::bigint, %s, %s, %s, %s, %s, %s, %s::bytea FROM locked RETURNING seq) "
        f"INSERT INTO posting ({_POSTING_COLUMNS}) "
        f"SELECT made.seq, row.* FROM made, (VALUES {', '.join([row] * count)}) "
        "AS row (position, key, kind, from_account, to_account, amount, hold, expires_at, at)"
    )
