"""The database itself holds the quantities: what the ledger refuses, the tables refuse, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from lockgate.base.errors import LockgateError
from lockgate.casework.checkpoint import Signer
from lockgate.casework.ledger import Account, Posting, PostingKind
from lockgate.store.work import Work, begin_work

SIGNER = Signer(bytes(range(32)))
NOON = "2026-01-28T12:00:00.000000Z"
LATER = "2026-02-28T12:00:00.000000Z"
MOVE, RESERVE, SETTLE, RELEASE, LOWER = PostingKind

Post = Callable[..., None]


def begin(engine: Engine, at: str = NOON) -> Any:
    return begin_work(engine, SIGNER, at, lambda count: bytes(count))


@pytest.fixture
def post(engine: Engine) -> Post:
    def _post(*postings: Posting, at: str = NOON, key: str = "") -> None:
        with begin(engine, at) as work:
            work.append("ledger", "Posted", {}, actor="test", postings=postings, key=key)

    return _post


def account(engine: Engine, name: str) -> Account:
    with begin(engine) as work:
        return Account(*[getattr(work.account(name), field) for field in Account.__slots__])


def refusal(call: Callable[[], None]) -> LockgateError:
    with pytest.raises(LockgateError) as caught:
        call()
    return caught.value


def test_a_posting_moves_both_accounts(engine: Engine, post: Post) -> None:
    post(Posting("k1", MOVE, "outside:unit", "licence:l1", 100))
    post(Posting("k2", MOVE, "licence:l1", "batch:b1", 60))
    assert account(engine, "licence:l1") == Account("licence:l1", 100, 60)
    assert account(engine, "batch:b1").headroom == 60
    assert account(engine, "outside:unit").headroom == -100


def test_nothing_is_overdrawn(engine: Engine, post: Post) -> None:
    post(Posting("k1", MOVE, "outside:unit", "licence:l1", 100))
    error = refusal(lambda: post(Posting("k2", MOVE, "licence:l1", "batch:b1", 101)))
    assert error.code == "overdrawn"
    assert "licence:l1 has head-room for 100, not 101" in error.message
    post(Posting("k3", MOVE, "licence:l1", "batch:b1", 100))
    assert account(engine, "licence:l1").headroom == 0


def test_an_event_and_its_postings_are_one(engine: Engine, post: Post) -> None:
    post(Posting("k1", MOVE, "outside:unit", "licence:l1", 10))
    refusal(
        lambda: post(
            Posting("k2", MOVE, "licence:l1", "batch:b1", 6), Posting("k3", MOVE, "licence:l1", "batch:b2", 6)
        )
    )
    assert account(engine, "batch:b1").headroom == 0
    with begin(engine) as work:
        assert [event.version for event in work.events("ledger")] == [1]


def test_reserve_settle_release(engine: Engine, post: Post) -> None:
    post(Posting("k1", MOVE, "outside:unit", "batch:b1", 100))
    post(Posting("h1", RESERVE, "batch:b1", "shipped:b1:acme", 80, expires_at=LATER))
    assert account(engine, "batch:b1") == Account("batch:b1", 100, 0, 0, 80)
    assert refusal(lambda: post(Posting("x", MOVE, "batch:b1", "lapsed:b1", 21))).code == "overdrawn"
    post(Posting("s1", SETTLE, "batch:b1", "shipped:b1:acme", 50, hold="h1"))
    post(Posting("r1", RELEASE, "batch:b1", "shipped:b1:acme", 10, hold="h1"))
    assert account(engine, "batch:b1") == Account("batch:b1", 100, 50, 0, 20)
    assert account(engine, "shipped:b1:acme") == Account("shipped:b1:acme", 50, 0, 20, 0)
    error = refusal(lambda: post(Posting("s2", SETTLE, "batch:b1", "shipped:b1:acme", 21, hold="h1")))
    assert (error.code, "still holds 20" in error.message) == ("hold-spent", True)


def test_a_hold_expires(engine: Engine, post: Post) -> None:
    post(Posting("k1", MOVE, "outside:unit", "batch:b1", 100))
    post(Posting("h1", RESERVE, "batch:b1", "shipped:b1:acme", 80, expires_at=LATER))
    settle = Posting("s1", SETTLE, "batch:b1", "shipped:b1:acme", 1, hold="h1")
    assert refusal(lambda: post(settle, at=LATER)).code == "hold-expired"
    with begin(engine) as work:
        assert [hold.key for hold in work.holds(expired_at=LATER)] == ["h1"]
        assert work.holds(expired_at=NOON) == []
    post(Posting("r1", RELEASE, "batch:b1", "shipped:b1:acme", 80, hold="h1"), at=LATER)
    assert account(engine, "batch:b1").headroom == 100


@pytest.mark.parametrize(
    "posting",
    [
        Posting("s", SETTLE, "batch:b1", "shipped:b1:acme", 1, hold="no such"),
        Posting("s", SETTLE, "batch:b1", "shipped:b1:other", 1, hold="h1"),
        Posting("s", RELEASE, "batch:b2", "shipped:b1:acme", 1, hold="h1"),
    ],
)
def test_a_hold_is_drawn_by_its_own_accounts(post: Post, posting: Posting) -> None:
    post(Posting("k1", MOVE, "outside:unit", "batch:b1", 100))
    post(Posting("h1", RESERVE, "batch:b1", "shipped:b1:acme", 80))
    assert refusal(lambda: post(posting)).code == "unknown-hold"


def test_lowering_below_use_is_a_breach_and_heals(engine: Engine, post: Post) -> None:
    post(Posting("k1", MOVE, "outside:tpp", "ratio:h200", 100))
    post(Posting("k2", MOVE, "ratio:h200", "used:ratio:h200", 70))
    post(Posting("h1", RESERVE, "ratio:h200", "used:ratio:h200", 20))
    post(Posting("k3", LOWER, "ratio:h200", "outside:tpp", 50))
    assert account(engine, "ratio:h200") == Account("ratio:h200", 100, 120, 0, 20, breach=40)
    draw = Posting("k4", MOVE, "ratio:h200", "used:ratio:h200", 1)
    assert refusal(lambda: post(draw)).code == "overdrawn"
    settle = Posting("s1", SETTLE, "ratio:h200", "used:ratio:h200", 5, hold="h1")
    assert refusal(lambda: post(settle)).code == "in-breach"
    post(Posting("r1", RELEASE, "ratio:h200", "used:ratio:h200", 20, hold="h1"))
    assert account(engine, "ratio:h200").breach == 20
    post(Posting("k5", MOVE, "outside:tpp", "ratio:h200", 25))
    assert account(engine, "ratio:h200").breach == 0
    assert account(engine, "ratio:h200").headroom == 5
    assert refusal(lambda: post(Posting("k6", MOVE, "ratio:h200", "used:ratio:h200", 6))).code == "overdrawn"
    post(Posting("k7", MOVE, "ratio:h200", "used:ratio:h200", 5))


def test_a_lowering_excuses_no_draw_beside_it(post: Post) -> None:
    post(Posting("k1", MOVE, "outside:tpp", "ratio:h200", 100))
    both = (
        Posting("k2", LOWER, "ratio:h200", "outside:tpp", 150),
        Posting("k3", MOVE, "ratio:h200", "used:ratio:h200", 1),
    )
    assert refusal(lambda: post(*both)).code == "overdrawn"


def test_a_key_is_used_once(engine: Engine, post: Post) -> None:
    post(Posting("k1", MOVE, "outside:unit", "licence:l1", 100), key="grant-1")
    assert (
        refusal(lambda: post(Posting("k1", MOVE, "outside:unit", "licence:l1", 100))).code == "duplicate-key"
    )
    again = Posting("k2", MOVE, "outside:unit", "licence:l1", 100)
    assert refusal(lambda: post(again, key="grant-1")).code == "duplicate-key"
    assert account(engine, "licence:l1").headroom == 100


@pytest.mark.parametrize("count", [3, 400])
def test_many_at_once(engine: Engine, post: Post, count: int) -> None:
    post(Posting("k", MOVE, "outside:unit", "licence:l1", count))
    post(*[Posting(f"d{n}", MOVE, "licence:l1", f"batch:b{n % 7}", 1) for n in range(count)])
    assert account(engine, "licence:l1").headroom == 0
    more = [Posting(f"e{n}", MOVE, "batch:b1", "lapsed:batch:b1", 1) for n in range(count)]
    error = refusal(lambda: post(*more))
    assert error.code == "overdrawn"


TAMPERING = [
    "UPDATE event SET actor = 'me'",
    "DELETE FROM event",
    "UPDATE posting SET amount = 1",
    "DELETE FROM posting",
    "INSERT INTO posting VALUES (99, 0, 'k9', 'move', 'outside:unit', 'licence:l1', 1, '', '', 'now')",
    "INSERT INTO posting VALUES (1, 7, 'k9', 'move', 'licence:l1', 'batch:b1', 101, '', '', 'now')",
    "INSERT INTO posting VALUES (1, 7, 'k9', 'move', 'licence:l1', 'batch:b1', -1, '', '', 'now')",
    "INSERT INTO posting VALUES (1, 7, 'k9', 'give', 'licence:l1', 'batch:b1', 1, '', '', 'now')",
    "UPDATE account SET posted_out = posted_in + 1 WHERE id = 'licence:l1'",
    "UPDATE account SET held_out = posted_in + 1 WHERE id = 'licence:l1'",
    "INSERT INTO head VALUES (2, 0, '')",
    "INSERT INTO event SELECT 7, stream, 2, type, at, actor, NULL, payload, hash, signature FROM event",
    "INSERT INTO event SELECT 2, stream, 2, type, at, actor, NULL, payload, hash, signature FROM event",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_tables_refuse(engine: Engine, post: Post, statement: str) -> None:
    post(Posting("k1", MOVE, "outside:unit", "licence:l1", 100))
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text(statement))


def test_balances_change_by_postings_only(engine: Engine, post: Post, backend: str) -> None:
    post(Posting("k1", MOVE, "outside:unit", "licence:l1", 100))
    statement = text("UPDATE account SET posted_in = posted_in + 1 WHERE id = 'licence:l1'")
    if backend == "postgresql":
        with pytest.raises(DBAPIError, match="by postings only"), engine.begin() as connection:
            connection.execute(statement)
    else:  # SQLite cannot tell who writes; `verify` finds it
        with engine.begin() as connection:
            connection.execute(statement)


def test_two_streams_and_a_late_writer(engine: Engine) -> None:
    with begin(engine) as work:
        work.append("case:1", "Opened", {}, actor="a", version=1)
        work.append("case:2", "Opened", {}, actor="a", version=1)

    def late(work: Work) -> None:
        work.append("case:1", "Changed", {}, actor="b", version=1)

    with pytest.raises(LockgateError) as caught, begin(engine) as work:
        late(work)
    assert caught.value.code == "conflict"
