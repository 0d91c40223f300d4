"""The short way for one event with one posting: few round trips, the same tables, triggers and constraints.

It either appends, or does nothing and says so; the caller then takes the unit of work, which also explains refusals.
"""

import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Engine

from lockgate.casework.history import Event
from lockgate.casework.items import EVOLVE
from lockgate.casework.ledger import Posting, check_posting
from lockgate.casework.tree import hash_leaf
from lockgate.store.work import Signs

if TYPE_CHECKING:
    from lockgate.store.line import Line

_PAUSE_MAX = 255
_WRONG_PLACE = ("event_follows", "event_pk", "event_stream_version")
_EVENT_COLUMNS = "seq, stream, version, type, at, actor, key, payload, hash, signature"
_POSTING_COLUMNS = "event_seq, position, key, kind, from_account, to_account, amount, hold, expires_at, at"

Place: TypeAlias = tuple[int, str, int]  # events in the record, hash of the last one, events of the stream
Build: TypeAlias = Callable[[Place], Event]


class QuickPath:
    """Appends single events; one connection a thread.

    On PostgreSQL the whole append is one statement, on the guess that the last event is still the one this thread wrote
    last. A wrong guess is refused by the database; then this event, and for a while the next ones, wait for the head.
    """

    def __init__(self, engine: Engine, signer: Signs, connect: Callable[[], Any]) -> None:
        self.enabled = True
        self._postgresql = engine.dialect.name == "postgresql"
        self._signer = signer
        self._connect = connect
        self._local = threading.local()
        self._opened: list[Any] = []
        self._owners: dict[int, threading.Thread] = {}
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
        posting: Posting,
        describe: Callable[[], tuple[Mapping[str, Any], str]],
    ) -> Event | None:
        """Append an event with its posting; None where it was not done, for whatever reason.

        Args:
            stream: As of the event.
            type: As of the event.
            data: As of the event.
            at: As of the event.
            actor: As of the event.
            key: Idempotency key, not empty.
            posting: The only one.
            describe: Gives the digest of the posting and the hash of what was asked for; called while the database works.
        """
        if not self.enabled or not key or type in EVOLVE:
            return None
        check_posting(posting)

        def build(place: Place) -> Event:
            (size, head, version), (digest, request) = place, describe()
            return Event(
                size + 1, stream, version + 1, type, at, actor, data, head,
                key=key, request=request, bound={"posting": digest},
            )  # fmt: skip

        way = self._in_postgresql if self._postgresql else self._in_sqlite
        return way(build, stream, at, posting)

    def _connection(self) -> Any:
        found = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
            with self._lock:
                self._close_orphans()
                self._opened.append(found)
                self._owners[id(found)] = threading.current_thread()
        return found

    def _close_orphans(self) -> None:
        """Close what threads that have ended left open: a server's come and go with its load."""
        for connection in [item for item in self._opened if not self._owners[id(item)].is_alive()]:
            self._opened.remove(connection)
            connection.close()
        left = {id(item) for item in self._opened}
        self._owners = {name: owner for name, owner in self._owners.items() if name in left}

    def _drop(self) -> None:
        """Close this thread's connection, which may be broken, and forget what was known through it."""
        connection = getattr(self._local, "connection", None)
        self._local.__dict__.clear()
        if connection is not None:
            with self._lock:
                self._opened.remove(connection)
            connection.close()

    def _event_row(self, event: Event) -> list[Any]:
        payload = event.payload
        event_hash = hash_leaf(payload).hex()
        return [
            event.seq, event.stream, event.version, event.type, event.at, event.actor, event.key, payload.decode(),
            event_hash, self._signer.sign_event(event_hash),
        ]  # fmt: skip

    # ------------------------------------------------------------------------------------------- PostgreSQL
    def _in_postgresql(self, build: Build, stream: str, at: str, posting: Posting) -> Event | None:
        import psycopg

        state = self._local
        try:
            line = state.line = getattr(state, "line", None) or self._open_line()
            known: tuple[str, Place] = getattr(state, "known", None) or ("", (0, "", 0))
            if known[0] == stream and not getattr(state, "pause", 0):
                event, refusal = self._send(line, build, known[1], at, posting)
                if refusal not in _WRONG_PLACE:
                    state.missed = 0
                    return None if refusal else event
                # Others write too: waiting for the head is quicker than guessing.
                state.missed = state.pause = min(getattr(state, "missed", 0) * 2 + 1, _PAUSE_MAX)
            state.pause = max(0, getattr(state, "pause", 0) - 1)
            line.run("BEGIN")
            size, head, version = line.ask("place", [stream])
            event, refusal = self._send(line, build, (int(size), head, int(version)), at, posting)
            line.run("ROLLBACK" if refusal else "COMMIT")
        except (psycopg.Error, ValueError):
            self._drop()
            return None
        except BaseException:
            self._drop()
            raise
        return None if refusal else event

    def _open_line(self) -> "Line":
        from lockgate.store.line import Line

        return Line(self._connection(), _STATEMENTS)

    def _send(self, line: "Line", build: Build, place: Place, at: str, posting: Posting) -> tuple[Event, str]:
        """One event with its posting; and what refused it, empty where the database took it."""
        line.send("posting", [*place[:2], at, *posting.row()])
        event = build(place)
        row = self._event_row(event)
        line.send("event", [*row[:-1], "\\x" + row[-1].hex()])
        refusal = line.finish()
        if not refusal:
            self._local.known = event.stream, (event.seq, row[-2], event.version)
        return event, refusal

    # ------------------------------------------------------------------------------------------- SQLite
    def _in_sqlite(self, build: Build, stream: str, at: str, posting: Posting) -> Event | None:
        try:
            connection: sqlite3.Connection = self._connection()
        except sqlite3.Error:
            return None
        try:
            connection.execute("BEGIN IMMEDIATE")
            size, head, version = connection.execute(_PLACE, (stream,)).fetchone()
            event = build((size, head, version))
            connection.execute(_INSERT_EVENT, self._event_row(event))
            connection.execute(_INSERT_POSTING, (event.seq, 0, *posting.row(), at))
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return None
        return event


_TEN = ", ".join("?" * 10)
_INSERT_EVENT = f"INSERT INTO event ({_EVENT_COLUMNS}) VALUES ({_TEN})"  # noqa: S608
_INSERT_POSTING = f"INSERT INTO posting ({_POSTING_COLUMNS}) VALUES ({_TEN})"  # noqa: S608
_PLACE = "SELECT size, hash, coalesce((SELECT version FROM event WHERE stream = ? ORDER BY version DESC LIMIT 1), 0) FROM head"


# PostgreSQL's. A posting goes ahead of its event, which is hashed and signed while the server works on the posting.
_STATEMENTS = {
    "place": "SELECT size, hash, version FROM lock_head($1)",
    "posting": "INSERT INTO next_posting VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    "event": f"INSERT INTO event ({_EVENT_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",  # noqa: S608
}
