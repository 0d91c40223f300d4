"""Proves a stored record: every event, what is bound to it, the balances, the secrets, the head and the checkpoints."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, Select, Table, inspect, select

from lockgate.base.errors import LockgateError
from lockgate.casework.checkpoint import Checkpoint, open_note, signs_event
from lockgate.casework.history import (
    ChainCheck,
    Event,
    Fault,
    StoredEvent,
    commit_to,
    digest_rows,
    find_commitments,
)
from lockgate.casework.tree import Frontier
from lockgate.store import schema
from lockgate.store.made import Made

# Tables whose rows an event binds -> the columns that its digest covers, in order.
BOUND: Mapping[Table, tuple[str, ...]] = {
    schema.posting: ("key", "kind", "from_account", "to_account", "amount", "hold", "expires_at"),
    schema.unit: ("lot", "product", "serial"),
    schema.unit_report: ("product", "serial", "status", "site", "end_use"),
}


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a record found.

    Attributes:
        size: Events that hold, from the first.
        root: Root of the tree over them, in hexadecimal.
        checkpoints: Checkpoints that hold.
        postings: Postings compared with their events.
        faults: What does not hold, by sequence number.
        warnings: What weakens the record without breaking it, such as a missing trigger.
    """

    size: int
    root: str
    checkpoints: int
    postings: int
    faults: tuple[Fault, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything holds."""
        return not self.faults


@dataclass(slots=True)
class KeyRing:
    """The key in force while events are read in order.

    Attributes:
        pinned: The first key as known from elsewhere; empty: the one the first event names.
        key: The key in force now.
    """

    pinned: str = ""
    key: str = ""

    def is_signed(self, event: Event, signature: bytes) -> bool:
        """Whether the signature is one by the key in force at the event."""
        if event.seq == 1:
            self.key = self.pinned or str(event.data.get("public_key", ""))
        held = bool(self.key) and signs_event(self.key, signature, event.hash)
        if held and event.type == "SigningKeyReplaced" and event.stream == "record":
            self.key = str(event.data.get("public_key", ""))
        return held


@dataclass(slots=True)
class _Audit:
    connection: Connection
    ring: KeyRing
    notes: Sequence[str]
    opened: ExitStack
    frontier: Frontier = field(default_factory=Frontier)
    roots: dict[int, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    made: Made = field(default_factory=Made)
    checkpoints: int = 0
    postings: int = 0

    def stream(self, query: Select[Any], count: int) -> CursorResult[Any]:
        """Rows read ``count`` at a time; closed with the audit, also where it stops early."""
        result = self.connection.execute(query.execution_options(yield_per=count))
        self.opened.callback(result.close)
        return result


def audit_record(connection: Connection, *, public_key: str = "", notes: Sequence[str] = ()) -> Verification:
    """Check a whole record against itself, its checkpoints, and checkpoints kept elsewhere.

    Args:
        connection: In a transaction that sees one instant.
        public_key: The record's first public key as known from elsewhere; empty: the one its first event names.
        notes: Signed checkpoints kept elsewhere.
    """
    present = set(inspect(connection).get_table_names())
    gone = [
        name
        for name in (*schema.APPEND_ONLY, "head", "account", "hold", "secret", "item", "case_file", "person")
        if name not in present
    ]
    if gone:
        missing = tuple(Fault(1, f"the table {name} is missing") for name in gone)
        return Verification(0, Frontier().root().hex(), 0, 0, missing)
    with ExitStack() as opened:
        audit = _Audit(connection, KeyRing(public_key), notes, opened)
        marks = _read_checkpoints(audit)
        _read_events(audit, {size for size, _, _ in marks})
        _check_checkpoints(audit, marks)
        if not audit.faults:
            audit.faults += audit.made.compare(audit.stream, audit.frontier.size)
            _check_secrets(audit)
    faults = sorted(audit.faults, key=lambda fault: fault.seq)
    return Verification(
        size=audit.frontier.size,
        root=audit.frontier.root().hex(),
        checkpoints=audit.checkpoints,
        postings=audit.postings,
        faults=tuple(faults),
        warnings=(*_missing_guards(connection), *_missing_papers(audit)),
    )


# ---------------------------------------------------------------------------------------------------- events
def _read_events(audit: _Audit, sizes: set[int]) -> None:
    chain = ChainCheck(audit.ring.is_signed)
    bound = {table.name: _grouped(audit, table, names) for table, names in BOUND.items()}
    for row in _stored_events(audit):
        event = chain.read(row)
        if isinstance(event, Fault):
            audit.faults.append(event)
            break
        for name, rows in bound.items():
            fault = _check_bound(audit, event, name, rows)
            if fault:
                audit.faults.append(fault)
        if audit.faults:
            break
        audit.frontier.append(bytes.fromhex(chain.head))
        try:
            audit.made.follow(event)
        except (LockgateError, LookupError, TypeError, ValueError) as error:
            audit.faults.append(Fault(event.seq, f"it does not fit what was recorded before: {error}"))
            break
        if event.seq in sizes:
            audit.roots[event.seq] = audit.frontier.root().hex()
            audit.keys[event.seq] = audit.ring.key
    else:
        head = audit.connection.execute(select(schema.head.c.size, schema.head.c.hash)).one_or_none()
        end = chain.finish(*head) if head else Fault(chain.size + 1, "nothing says where the record ends")
        if end is None and chain.size == 0:
            end = Fault(1, "the record is empty")
        if end:
            audit.faults.append(end)
        for name, rows in bound.items():
            left = rows.upcoming
            if left is not None:
                audit.faults.append(Fault(int(left), f"{name} has rows of an event that is not here"))


def _stored_events(audit: _Audit) -> Iterator[StoredEvent]:
    table = schema.event
    rows = audit.stream(select(table).order_by(table.c.seq), 2000)
    for found in rows.mappings():
        columns = {name: found[name] for name in ("stream", "version", "type", "at", "actor")}
        columns["key"] = found["key"] or ""
        signature = found["signature"]
        yield StoredEvent(
            seq=found["seq"] if isinstance(found["seq"], int) else 0,
            payload=_as_bytes(found["payload"]),
            hash=str(found["hash"]),
            signature=signature if isinstance(signature, bytes) else b"",
            columns=columns,
        )


def _as_bytes(value: Any) -> bytes:
    """What stands in a payload, whatever type somebody made of it."""
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


class _Grouped:
    """Rows bound to events, one event's at a time, in step with the events."""

    def __init__(self, groups: Iterator[tuple[int, Iterator[Row[Any]]]]) -> None:
        self._groups = groups
        self._current: Iterator[Row[Any]] = iter(())
        self.upcoming: int | None = None
        self._advance()

    def _advance(self) -> None:
        seq, self._current = next(self._groups, (None, iter(())))
        self.upcoming = seq

    def take(self, seq: int) -> list[Row[Any]]:
        """The rows of event ``seq``."""
        if self.upcoming != seq:
            return []
        rows = list(self._current)
        self._advance()
        return rows


def _grouped(audit: _Audit, table: Table, names: tuple[str, ...]) -> _Grouped:
    columns = [table.c.event_seq, table.c.position, *(table.c[name] for name in names)]
    if "at" in table.c:
        columns.append(table.c.at)
    query = select(*columns).order_by(table.c.event_seq, table.c.position)
    rows = audit.stream(query, 5000)
    return _Grouped(groupby(rows, key=lambda row: int(row[0])))


def _check_bound(audit: _Audit, event: Event, name: str, groups: _Grouped) -> Fault | None:
    if groups.upcoming is not None and groups.upcoming < event.seq:
        return Fault(max(1, groups.upcoming), f"{name} has rows of no event")
    rows = groups.take(event.seq)
    said = (event.bound or {}).get(name)
    if not rows and said is None:
        return None
    width = 2 + len(next(names for table, names in BOUND.items() if table.name == name))
    values = [tuple(row) for row in rows]
    found = digest_rows(list(row[2:width]) for row in values)
    in_place = all(row[1] == position for position, row in enumerate(values))
    if said != found or not in_place:
        return Fault(event.seq, f"its rows in {name} are not the ones it was recorded with")
    if any(row[-1] != event.at for row in values if len(row) > width):
        return Fault(event.seq, f"its rows in {name} carry another instant")
    if name == schema.posting.name:
        audit.postings += len(values)
        for row in values:
            audit.made.add_posting(event.seq, *row[2:width])
    return None


# ---------------------------------------------------------------------------------------------------- secrets
def _check_secrets(audit: _Audit) -> None:
    table, events = schema.secret, schema.event
    query = select(table, events.c.payload).outerjoin(events, events.c.seq == table.c.event_seq)
    for row in audit.stream(query.order_by(table.c.event_seq), 2000):
        try:
            opened = commit_to(json.loads(row.value), row.salt)["commitment"] == row.commitment
        except (ValueError, TypeError, LockgateError):
            opened = False
        named = row.payload is not None and row.commitment in find_commitments(
            json.loads(row.payload)["data"]
        )
        if not (opened and named):
            audit.faults.append(Fault(row.event_seq, "a secret kept for it is not the one it commits to"))


# ---------------------------------------------------------------------------------------------------- checkpoints
def _read_checkpoints(audit: _Audit) -> list[tuple[int, str, str]]:
    """Size, note and where it was kept, of every checkpoint."""
    table = schema.checkpoint
    rows = [
        (row.size, str(row.note), "here")
        for row in audit.connection.execute(select(table.c.size, table.c.note).order_by(table.c.size))
    ]
    for note in audit.notes:
        parts = note.split("\n")
        size = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
        rows.append((size, note, "elsewhere"))
    return rows


def _check_checkpoints(audit: _Audit, marks: list[tuple[int, str, str]]) -> None:
    good = 0
    first = audit.connection.execute(select(schema.event.c.hash).where(schema.event.c.seq == 1)).scalar()
    reached = audit.frontier.size
    broken_off = bool(audit.faults)
    for size, note, kept in sorted(marks):
        if size > reached:
            if not broken_off:
                audit.faults.append(
                    Fault(reached + 1, f"a checkpoint kept {kept} counts {size} events, {reached} are here")
                )
            elif kept == "elsewhere" and audit.faults[0].seq > reached + 1:
                audit.faults.append(Fault(reached + 1, f"a checkpoint kept {kept} counts {size} events"))
            continue
        try:
            checkpoint = open_note(note, audit.keys.get(size, ""))
        except (LockgateError, ValueError):
            audit.faults.append(
                Fault(
                    max(1, size), f"the checkpoint kept {kept} at {size} is not signed by this record's key"
                )
            )
            continue
        if checkpoint.size != size or checkpoint.origin != f"lockgate/{str(first)[:12]}":
            audit.faults.append(
                Fault(max(1, size), f"the checkpoint kept {kept} at {size} is of another record")
            )
        elif checkpoint.root != audit.roots.get(size):
            audit.faults.append(Fault(good + 1, f"the checkpoint kept {kept} at {size} has another root"))
        else:
            good = size
            audit.checkpoints += 1


def make_checkpoint(connection: Connection, origin: str, at: str) -> tuple[Checkpoint, Frontier]:
    """A checkpoint over all events so far, read from the last stored one on; not yet signed or stored."""
    table = schema.checkpoint
    last = connection.execute(
        select(table.c.size, table.c.frontier).order_by(table.c.size.desc()).limit(1)
    ).one_or_none()
    frontier = Frontier()
    if last:
        frontier = Frontier(last.size, [bytes.fromhex(part) for part in last.frontier.split()])
    query = select(schema.event.c.hash).where(schema.event.c.seq > frontier.size).order_by(schema.event.c.seq)
    for leaf in connection.execute(query.execution_options(yield_per=5000)).scalars():
        frontier.append(bytes.fromhex(leaf))
    return Checkpoint(origin, frontier.size, frontier.root().hex(), at), frontier


def _missing_papers(audit: _Audit) -> Iterator[str]:
    """Documents named by their hash that nobody handed over."""
    if not audit.faults:
        for digest, (seq, _) in audit.made.papers.items():
            yield f"the document {digest[:12]}… attached by event {seq} is not kept here"


# ---------------------------------------------------------------------------------------------------- guards
def _missing_guards(connection: Connection) -> Iterator[str]:
    """Triggers of the migrations that somebody took away."""
    if connection.dialect.name == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        expected = [f"{table}_append_only" for table in schema.APPEND_ONLY]
        expected += ["account_by_posting", "hold_by_posting", "event_chained", "posting_applied"]
        expected += ["next_posted", "posting_has_event"]
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        expected = [f"{table}_no_{action}" for table in schema.APPEND_ONLY for action in ("update", "delete")]
        expected += ["event_chained", "posting_applied", "posting_on_hold", "posting_reserves"]
    found = set(connection.exec_driver_sql(query).scalars())
    for name in expected:
        if name not in found:
            yield f"the trigger {name} is missing: the database no longer refuses what it should"
