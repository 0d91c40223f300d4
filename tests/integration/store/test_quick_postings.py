"""The short way for a single posting does what the long way does, refuses what it refuses, and waits for nobody in vain."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lockgate.base.errors import LockgateError
from lockgate.casework.ledger import Posting, PostingKind
from lockgate.casework.roles import Actor, Role
from lockgate.services import ledger
from lockgate.services.audit import verify_record
from lockgate.services.registry import Registry, init_record, open_record

ADMIN = Actor("admin", frozenset({Role.ADMINISTRATOR}))
MOVE, RESERVE, SETTLE, RELEASE, LOWER = PostingKind


@pytest.fixture
def record(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("LOCKGATE_KEY_FILE", str(tmp_path / "key"))
    registry, _ = init_record(empty_url)
    with registry:
        send(registry, Posting("g1/0", MOVE, "outside:unit", "batch:b1", 100))
        send(registry, Posting("g2/0", MOVE, "outside:unit", "shipped:b1:x", 1))
        yield registry


def send(registry: Registry, posting: Posting) -> bool:
    """Whether it was new."""
    return not ledger.post(registry, ADMIN, [posting], key=posting.key.removesuffix("/0"))[1]


def watched(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each posting from here on, whether the short way made it."""
    seen: list[bool] = []
    plain: Callable[..., Any] = registry.quick.append

    def append(*args: Any, **named: Any) -> Any:
        event = plain(*args, **named)
        seen.append(event is not None)
        return event

    monkeypatch.setattr(registry.quick, "append", append)
    return seen


def balances(registry: Registry) -> list[tuple[str, int, int, int]]:
    rows = ledger.read_accounts(registry, ADMIN)
    return [(row["id"], row["balance"], row["headroom"], row["breach"]) for row in rows]


def test_every_kind_of_posting_goes_the_short_way(record: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watched(record, monkeypatch)
    for posting in (
        Posting("a/0", MOVE, "batch:b1", "shipped:b1:x", 10),
        Posting("b/0", RESERVE, "batch:b1", "shipped:b1:x", 30),
        Posting("c/0", SETTLE, "batch:b1", "shipped:b1:x", 5, "b/0"),
        Posting("d/0", RELEASE, "batch:b1", "shipped:b1:x", 15, "b/0"),
        Posting("e/0", LOWER, "batch:b1", "shipped:b1:x", 80),
        Posting("f/0", MOVE, "shipped:b1:x", "batch:b1", 2),
    ):
        assert send(record, posting)
    assert seen == [True] * 6
    assert balances(record) == [
        ("batch:b1", 7, -3, 3),
        ("outside:unit", -101, -101, 0),
        ("shipped:b1:x", 94, 94, 0),
    ]
    assert verify_record(record).holds


@pytest.mark.parametrize(
    ("posting", "code"),
    [
        (Posting("n/0", MOVE, "batch:b1", "shipped:b1:x", 70), "overdrawn"),
        (Posting("n/0", SETTLE, "batch:b1", "shipped:b1:x", 31, "b/0"), "hold-spent"),
        (Posting("n/0", SETTLE, "batch:b1", "shipped:b1:x", 1, "old/0"), "hold-expired"),
        (Posting("n/0", SETTLE, "batch:b1", "shipped:b1:x", 1, "none/0"), "unknown-hold"),
        (Posting("n/0", RELEASE, "batch:b1", "outside:unit", 1, "b/0"), "unknown-hold"),
        (Posting("b/0", MOVE, "batch:b1", "shipped:b1:x", 1), "key-reused"),
        (Posting("n\x00/0", MOVE, "batch:b1", "shipped:b1:x", 1), "bad-character"),
    ],
)
def test_a_refusal_is_explained_and_changes_nothing(record: Registry, posting: Posting, code: str) -> None:
    send(record, Posting("b/0", RESERVE, "batch:b1", "shipped:b1:x", 30))
    past = "2020-01-01T00:00:00.000000Z"
    send(record, Posting("old/0", RESERVE, "batch:b1", "shipped:b1:x", 1, expires_at=past))
    before = balances(record)
    with pytest.raises(LockgateError) as caught:
        send(record, posting)
    assert caught.value.code == code
    assert balances(record) == before
    assert send(record, Posting("after/0", MOVE, "batch:b1", "shipped:b1:x", 1))
    assert verify_record(record).holds


def test_a_repetition_is_answered_as_one(record: Registry) -> None:
    posting = Posting("a/0", MOVE, "batch:b1", "shipped:b1:x", 100)
    assert [send(record, posting) for _ in range(3)] == [True, False, False]


def test_two_who_write_in_turn_both_get_through(record: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_record(record.url.render_as_string(hide_password=False)) as other:
        ours, theirs = watched(record, monkeypatch), watched(other, monkeypatch)
        for number in range(8):
            for registry, name in ((record, "o"), (other, "t")):
                assert send(registry, Posting(f"{name}{number}/0", MOVE, "batch:b1", "shipped:b1:x", 1))
        assert ours == theirs == [True] * 8
    assert {row[0]: row[1] for row in balances(record)}["shipped:b1:x"] == 17
    assert verify_record(record).holds


def test_threads_of_one_process_do_not_wait_for_each_other_in_vain(record: Registry) -> None:
    def work(name: int) -> None:
        for number in range(12):
            if name % 2:
                send(record, Posting(f"{name}-{number}/0", MOVE, "batch:b1", "shipped:b1:x", 1))
            else:
                with record.work() as unit:  # holds the head while another thread sends
                    posting = Posting(f"{name}-{number}/0", MOVE, "batch:b1", "shipped:b1:x", 1)
                    unit.append("ledger", "PostingsMade", {}, actor="x", postings=[posting])

    threads = [threading.Thread(target=work, args=(name,), daemon=True) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert {row[0]: row[1] for row in balances(record)}["shipped:b1:x"] == 49
    assert verify_record(record).holds


def test_a_posting_ahead_of_its_event_is_nothing_without_it(record: Registry, backend: str) -> None:
    if backend != "postgresql":
        return  # SQLite has no such way in
    before = balances(record)
    ahead = text(
        "INSERT INTO next_posting SELECT size, hash, 'now', 'k', 'move', 'batch:b1', 'shipped:b1:x', 1, '', '' FROM head"
    )
    with pytest.raises(DBAPIError, match="belongs to an event"), record.engine.begin() as connection:
        connection.execute(ahead)
    assert balances(record) == before
