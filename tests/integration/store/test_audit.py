"""Whatever is done to a stored record behind Lockgate's back, the audit names the first event that does not hold."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from lockgate.casework.checkpoint import Signer
from lockgate.casework.history import read_event
from lockgate.casework.ledger import Posting, PostingKind
from lockgate.casework.tree import hash_leaf
from lockgate.services.audit import make_checkpoint, verify_record
from lockgate.services.registry import Registry, init_record
from lockgate.store.work import Secret

COUNT = 12  # events of the record below


@pytest.fixture
def registry(database_url: str, tmp_path: Path) -> Iterator[Registry]:
    """A record of twelve events, some with postings, a hold and secrets, and a checkpoint at eight."""
    opened, fresh = init_record(database_url, name="test", key_file=tmp_path / "key")
    assert fresh
    with opened.work() as work:
        grant = Posting("g", PostingKind.MOVE, "outside:unit", "batch:b1", 100)
        work.append(
            "matter:1", "CaseOpened", {"recipient": Secret("ByteDance", "recipient", "party:1")}, actor="a"
        )
        work.append("ledger", "BatchReleased", {}, actor="a", postings=[grant], key="g")
    for number in range(4, COUNT + 1):
        with opened.work() as work:
            posting = Posting(f"h{number}", PostingKind.RESERVE, "batch:b1", "shipped:b1:x", 2)
            settled = Posting(
                f"s{number}", PostingKind.SETTLE, "batch:b1", "shipped:b1:x", 1, hold=f"h{number}"
            )
            postings = [posting, settled] if number % 3 == 0 else []
            work.append(f"matter:{number % 2}", "Noted", {"number": number}, actor="b", postings=postings)
        if number == 8:
            make_checkpoint(opened)
    yield opened
    opened.close()


def unguard(connection: Connection) -> None:
    """What somebody with the owner's password does first."""
    if connection.dialect.name == "postgresql":
        for table in ("event", "checkpoint", "posting", "account", "hold"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    else:
        names = (
            connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        )
        for name in names:
            connection.execute(text(f"DROP TRIGGER {name}"))


def tamper(engine: Engine, *statements: str, **values: object) -> None:
    with engine.begin() as connection:
        unguard(connection)
        for statement in statements:
            assert connection.execute(text(statement), values).rowcount > 0


def first_fault(registry: Registry) -> int:
    found = verify_record(registry)
    assert not found.holds
    assert found.faults == tuple(sorted(found.faults, key=lambda fault: fault.seq))
    return found.faults[0].seq


def test_an_untouched_record_holds(registry: Registry) -> None:
    found = verify_record(registry)
    assert (found.holds, found.size, found.checkpoints, found.postings) == (True, COUNT, 1, 7)
    assert found.warnings == ()


def test_a_missing_guard_is_told(registry: Registry) -> None:
    with registry.engine.begin() as connection:
        unguard(connection)
    found = verify_record(registry)
    assert found.holds
    assert any("event_chained" in warning for warning in found.warnings)


SEQS = range(1, COUNT + 1)
COLUMNS = ("stream", "version", "type", "at", "actor", "key", "payload", "hash", "signature")


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_of_every_event(registry: Registry, column: str) -> None:
    changed = {"version": "version + 40", "signature": ":junk"}.get(column, f"coalesce({column}, '') || 'x'")
    for seq in SEQS:
        with registry.engine.connect() as connection:
            transaction = connection.begin()
            unguard(connection)
            values = {"junk": b"junk"} if column == "signature" else {}
            connection.execute(text(f"UPDATE event SET {column} = {changed} WHERE seq = {seq}"), values)
            assert audit_here(connection) == seq, f"event {seq}"
            transaction.rollback()
    assert verify_record(registry).holds


def audit_here(connection: Connection) -> int:
    from lockgate.store.audit import audit_record

    faults = audit_record(connection).faults
    assert faults
    return faults[0].seq


def try_each(
    registry: Registry, statements: Callable[[int], list[str]], expected: Callable[[int], int]
) -> None:
    for seq in SEQS:
        with registry.engine.connect() as connection:
            transaction = connection.begin()
            unguard(connection)
            for statement in statements(seq):
                connection.execute(text(statement))
            assert audit_here(connection) == expected(seq), f"event {seq}"
            transaction.rollback()


def test_every_event_removed(registry: Registry) -> None:
    try_each(registry, lambda seq: [f"DELETE FROM event WHERE seq = {seq}"], lambda seq: seq)


def test_every_tail_cut_off(registry: Registry) -> None:
    try_each(registry, lambda seq: [f"DELETE FROM event WHERE seq >= {seq}"], lambda seq: seq)


def test_every_neighbour_swapped(registry: Registry) -> None:
    def swap(seq: int) -> list[str]:
        other = seq % COUNT + 1
        return [
            f"UPDATE event SET seq = 999 WHERE seq = {seq}",
            f"UPDATE event SET seq = {seq} WHERE seq = {other}",
            f"UPDATE event SET seq = {other} WHERE seq = 999",
        ]

    try_each(registry, swap, lambda seq: min(seq, seq % COUNT + 1))


def test_every_payload_swapped_with_its_hash(registry: Registry) -> None:
    for seq in range(1, COUNT):
        with registry.engine.connect() as connection:
            transaction = connection.begin()
            unguard(connection)
            rows = connection.execute(
                text(f"SELECT * FROM event WHERE seq IN ({seq}, {seq + 1}) ORDER BY seq")
            ).mappings()
            one, two = [dict(row) for row in rows]
            for row, other in ((one, two), (two, one)):
                connection.execute(
                    text(
                        "UPDATE event SET payload = :payload, hash = :hash, signature = :signature WHERE seq = :seq"
                    ),
                    {**{name: other[name] for name in ("payload", "hash", "signature")}, "seq": row["seq"]},
                )
            assert audit_here(connection) == seq
            transaction.rollback()


def test_removed_and_renumbered(registry: Registry) -> None:
    def close_gap(seq: int) -> list[str]:
        moves = [
            f"UPDATE event SET seq = {number - 1} WHERE seq = {number}"
            for number in range(seq + 1, COUNT + 1)
        ]
        return [f"DELETE FROM event WHERE seq = {seq}", *moves]

    try_each(registry, close_gap, lambda seq: seq)


def test_everything_after_a_change_chained_anew_without_the_key(registry: Registry) -> None:
    for seq in SEQS:
        with registry.engine.connect() as connection:
            transaction = connection.begin()
            unguard(connection)
            chain_anew(connection, seq)
            assert audit_here(connection) == seq
            transaction.rollback()


def chain_anew(connection: Connection, seq: int) -> None:
    forger = Signer(bytes(32))
    rows = connection.execute(text(f"SELECT * FROM event WHERE seq >= {seq} ORDER BY seq")).mappings().all()
    previous = ""
    for row in rows:
        fields = json.loads(row["payload"])
        fields["previous"] = previous or fields["previous"]
        if row["seq"] == seq:
            fields["actor"] = "forged"
        payload = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hash_leaf(payload.encode()).hex()
        connection.execute(
            text("UPDATE event SET payload = :p, hash = :h, signature = :s, actor = :a WHERE seq = :q"),
            {
                "p": payload,
                "h": previous,
                "s": forger.sign_event(previous),
                "a": fields["actor"],
                "q": row["seq"],
            },
        )
        assert read_event(payload.encode()).hash == previous
    connection.execute(text("UPDATE head SET hash = :h"), {"h": previous})


def test_a_forged_event_at_the_end(registry: Registry) -> None:
    tamper(
        registry.engine,
        "INSERT INTO event (seq, stream, version, type, at, actor, payload, hash, signature) "
        "SELECT seq + 1, stream, version + 1, type, at, actor, payload, hash, signature FROM event WHERE seq = 12",
    )
    assert first_fault(registry) == COUNT + 1


def test_cut_off_with_its_head_is_shown_by_a_checkpoint(registry: Registry) -> None:
    note = make_checkpoint(registry)
    tamper(
        registry.engine,
        "DELETE FROM event WHERE seq > 9",
        "DELETE FROM posting WHERE event_seq > 9",
        "UPDATE head SET size = 9, hash = (SELECT hash FROM event WHERE seq = 9)",
    )
    assert first_fault(registry) == 10  # the checkpoint kept in the database
    tamper(registry.engine, "DELETE FROM checkpoint WHERE size > 9")
    found = verify_record(registry, notes=[note])  # the one kept elsewhere
    assert found.faults[0].seq == 10


def test_a_record_wiped_out(registry: Registry) -> None:
    tamper(registry.engine, "DELETE FROM event")
    assert first_fault(registry) == 1
    tamper(registry.engine, "DELETE FROM checkpoint", "DELETE FROM posting", "UPDATE head SET size = 0")
    assert first_fault(registry) == 1


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE posting SET amount = 99 WHERE key = 'g'", 3),
        ("UPDATE posting SET key = 'g2' WHERE key = 'g'", 3),
        ("UPDATE posting SET to_account = 'batch:b2' WHERE key = 'g'", 3),
        ("UPDATE posting SET at = 'never' WHERE key = 's6'", 6),
        ("UPDATE posting SET expires_at = '2030' WHERE key = 'h9'", 9),
        ("DELETE FROM posting WHERE key = 's12'", 12),
        ("DELETE FROM posting WHERE key = 'h12'", 12),
        ("UPDATE posting SET event_seq = 7 WHERE event_seq = 6", 6),
        ("UPDATE posting SET event_seq = 5 WHERE event_seq = 6", 5),
        ("UPDATE posting SET event_seq = 99 WHERE event_seq = 12", 12),
        ("INSERT INTO posting VALUES (4, 0, 'z', 'move', 'outside:unit', 'batch:b1', 5, '', '', 'x')", 4),
        ("INSERT INTO posting VALUES (77, 0, 'z', 'move', 'outside:unit', 'batch:b1', 5, '', '', 'x')", 77),
        ("UPDATE account SET posted_in = posted_in + 1 WHERE id = 'batch:b1'", 12),
        ("UPDATE account SET held_in = 0 WHERE id = 'shipped:b1:x'", 12),
        ("DELETE FROM account WHERE id = 'outside:unit'", 3),
        ("INSERT INTO account VALUES ('batch:b9', 5, 0, 0, 0, 0)", 12),
        ("UPDATE hold SET remaining = remaining + 1 WHERE key = 'h6'", 6),
        ("UPDATE hold SET expires_at = '2030' WHERE key = 'h6'", 6),
        ("DELETE FROM hold WHERE key = 'h9'", 9),
        ("INSERT INTO hold VALUES ('h99', 'batch:b1', 'shipped:b1:x', 5, 5, '')", 12),
        ("UPDATE secret SET value = '\"Tencent\"'", 2),
        ("UPDATE secret SET event_seq = 3", 3),
        ("UPDATE head SET size = 11", 12),
        ("UPDATE head SET size = 13", 13),
        ("UPDATE head SET hash = 'ab'", 12),
        ("DELETE FROM head", 13),
        ("UPDATE checkpoint SET note = replace(note, 'Z', 'Y')", 8),
        ("UPDATE checkpoint SET size = 13", 13),
    ],
)
def test_the_other_tables(registry: Registry, statement: str, seq: int) -> None:
    tamper(registry.engine, statement)
    assert first_fault(registry) == seq


def test_shredding_breaks_nothing(registry: Registry) -> None:
    with registry.work() as work:
        assert work.shred("party:1") == 1
    assert verify_record(registry).holds


def test_another_key_than_the_pinned_one(registry: Registry) -> None:
    assert verify_record(registry, public_key=registry.public_key).holds
    assert verify_record(registry, public_key=Signer(bytes(32)).public_key).faults[0].seq == 1
