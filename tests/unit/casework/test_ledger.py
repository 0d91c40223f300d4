"""Double entry in memory: what is refused and why, and that nothing is created or lost."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.base.errors import LockgateError
from lockgate.casework.ledger import (
    AMOUNT_MAX,
    Account,
    AccountKind,
    Ledger,
    Posting,
    PostingKind,
    account_unit,
)
from lockgate.casework.quantities import (
    Leg,
    RatioCap,
    batch_leg,
    ceiling_leg,
    draw_now,
    empty,
    give_back,
    grant,
    lower,
    release,
    reserve,
    settle,
    shippable,
)

MOVE, RESERVE, SETTLE, RELEASE, LOWER = PostingKind
DAY = "2026-01-28"


def test_a_posting_as_the_record_binds_it() -> None:
    assert Posting("k", MOVE, "batch:a", "batch:b", 1).row() == ["k", "move", "batch:a", "batch:b", 1, "", ""]


def granted(units: int = 100) -> Ledger:
    book = Ledger()
    book.post([Posting("g", MOVE, "outside:unit", "batch:b1", units)], DAY)
    return book


@pytest.mark.parametrize(
    ("posting", "code"),
    [
        (Posting("", MOVE, "batch:b1", "lapsed:b1", 1), "bad-key"),
        (Posting("k" * 301, MOVE, "batch:b1", "lapsed:b1", 1), "bad-key"),
        (Posting("k\x00", MOVE, "batch:b1", "lapsed:b1", 1), "bad-key"),
        (Posting("k", MOVE, "batch:b1", "lapsed:b\x001", 1), "bad-account"),
        (Posting("g", MOVE, "batch:b1", "lapsed:b1", 1), "duplicate-key"),
        (Posting("k", MOVE, "batch:b1", "lapsed:b1", 0), "bad-amount"),
        (Posting("k", MOVE, "batch:b1", "lapsed:b1", -1), "bad-amount"),
        (Posting("k", MOVE, "batch:b1", "lapsed:b1", AMOUNT_MAX + 1), "bad-amount"),
        (Posting("k", MOVE, "batch:b1", "lapsed:b1", True), "bad-amount"),
        (Posting("k", MOVE, "batch:b1", "ratio:r", 1), "unit-mismatch"),
        (Posting("k", MOVE, "batch:b1", "batch:b1", 1), "same-account"),
        (Posting("k", MOVE, "nowhere:b1", "batch:b1", 1), "bad-account"),
        (Posting("k", MOVE, "batch:b1", "lapsed:b1", 1, hold="h"), "bad-hold"),
        (Posting("k", SETTLE, "batch:b1", "lapsed:b1", 1), "bad-hold"),
        (Posting("k", MOVE, "batch:b1", "lapsed:b1", 1, expires_at=DAY), "bad-hold"),
        (Posting("k", MOVE, "batch:b1", "lapsed:b1", 101), "overdrawn"),
        (Posting("k", RESERVE, "batch:b1", "lapsed:b1", 101), "overdrawn"),
        (Posting("k", SETTLE, "batch:b1", "lapsed:b1", 1, hold="none"), "unknown-hold"),
    ],
)
def test_what_is_refused(posting: Posting, code: str) -> None:
    book = granted()
    before = dict(book.accounts)
    with pytest.raises(LockgateError) as caught:
        book.post([Posting("first", MOVE, "batch:b1", "lapsed:b1", 1), posting], DAY)
    assert caught.value.code == ("overdrawn" if posting.amount == 101 else code)
    assert book.accounts == before  # the first one did not stay either


@pytest.mark.parametrize("name", ["batch", "batch:", "batch:a b", "king:x", "batch:" + "x" * 200, "", ":x"])
def test_what_is_no_account(name: str) -> None:
    with pytest.raises(LockgateError) as caught:
        account_unit(name)
    assert caught.value.code == "bad-account"


def test_a_hold_is_spent_expires_and_waits_for_a_breach_to_heal() -> None:
    book = granted()
    book.post([Posting("h", RESERVE, "batch:b1", "shipped:b1:x", 50, expires_at="2026-02-01")], DAY)

    def refusal(posting: Posting, at: str = DAY) -> str:
        with pytest.raises(LockgateError) as caught:
            book.post([posting], at)
        return caught.value.code

    assert refusal(Posting("s", SETTLE, "batch:b1", "shipped:b1:x", 51, hold="h")) == "hold-spent"
    assert (
        refusal(Posting("s", SETTLE, "batch:b1", "shipped:b1:x", 1, hold="h"), "2026-02-01") == "hold-expired"
    )
    assert refusal(Posting("s", SETTLE, "batch:b1", "shipped:b1:y", 1, hold="h")) == "unknown-hold"
    book.post([Posting("l", LOWER, "batch:b1", "outside:unit", 70)], DAY)
    assert (book.account("batch:b1").headroom, book.account("batch:b1").breach) == (-20, 20)
    assert refusal(Posting("s", SETTLE, "batch:b1", "shipped:b1:x", 1, hold="h")) == "in-breach"
    book.post([Posting("r", RELEASE, "batch:b1", "shipped:b1:x", 30, hold="h")], DAY)
    assert (book.account("batch:b1").headroom, book.account("batch:b1").breach) == (10, 0)
    book.post([Posting("s", SETTLE, "batch:b1", "shipped:b1:x", 20, hold="h")], DAY)
    assert book.account("shipped:b1:x").balance == 20
    assert not Account("outside:unit").has_floor
    assert (
        account_unit("used:ratio:r") == account_unit("outside:tpp") == "tpp" != account_unit("outside:unit")
    )


steps = st.lists(
    st.tuples(
        st.sampled_from(list(PostingKind)),
        st.integers(0, 3),
        st.integers(0, 3),
        st.integers(1, 60),
        st.integers(0, 8),
    ),
    max_size=30,
)


@given(steps)
def test_nothing_is_created_lost_or_overdrawn(asked: list[tuple[PostingKind, int, int, int, int]]) -> None:
    names = ["batch:a", "batch:b", "licence:c", "used:licence:c"]
    book = Ledger()
    book.post(grant("g", names[0], 100), DAY)
    for number, (kind, giver, taker, units, hold) in enumerate(asked):
        draws = kind in (SETTLE, RELEASE)
        held = book.holds.get(f"k{hold}") if draws else None
        ends = (held.from_account, held.to_account) if held else (names[giver], names[taker])
        try:
            book.post([Posting(f"k{number}", kind, *ends, units, hold=f"k{hold}" if draws else "")], DAY)
        except LockgateError:
            continue
        accounts = list(book.accounts.values())
        assert sum(account.balance for account in accounts) == 0
        assert sum(account.held_in - account.held_out for account in accounts) == 0
        for account in accounts:
            if account.has_floor:
                assert account.breach == max(0, -account.headroom)
            assert account.held_out == sum(
                item.remaining for item in book.holds.values() if item.from_account == account.id
            )


# ---------------------------------------------------------------------------------------------------- acts
def test_an_allotment_draws_on_every_side_at_once() -> None:
    legs = [batch_leg("b1", "acme"), ceiling_leg("cap:h200:acme")]
    book = Ledger()
    book.post([*grant("b", "batch:b1", 100), *grant("c", "cap:h200:acme", 75)], DAY)
    with pytest.raises(LockgateError, match="head-room for 75"):
        book.post(reserve("a", legs, 80), DAY)
    assert book.account("batch:b1").headroom == 100
    book.post(reserve("a", legs, 70), DAY)
    book.post(settle("s", "a", legs, 40), DAY)
    book.post(release("r", "a", legs, 30), DAY)
    assert [book.account(leg.from_account).headroom for leg in legs] == [60, 35]
    assert shippable([book.account(leg.from_account) for leg in legs], legs) == 35
    book.post(give_back("back", legs[1:], 10), DAY)
    assert book.account("cap:h200:acme").headroom == 45
    book.post(empty("e", book.account("batch:b1"), AccountKind.LAPSED), DAY)
    assert book.account("lapsed:batch:b1").balance == 60
    assert empty("e2", book.account("batch:b1"), AccountKind.LAPSED) == ()
    with pytest.raises(LockgateError) as caught:
        shippable([], [])
    assert caught.value.code == "no-legs"


def test_the_moving_cap_meets_the_process_oracles() -> None:
    # process/allocation_examples.csv, A32 and A33: 100,000 domestic units, 49,000 to China and Macau so far.
    cap = RatioCap("h200:cn-mo", Fraction(1, 2), 15832)
    book = Ledger()
    book.post(grant("us", cap.account, cap.raised_by(100_000), "outside:tpp"), DAY)
    book.post(draw_now("cn", [cap.leg], 49_000), DAY)
    assert cap.units(book.account(cap.account).headroom) == 1_000
    with pytest.raises(LockgateError) as caught:
        book.post(draw_now("more", [cap.leg], 1_500), DAY)
    assert caught.value.code == "overdrawn"
    book.post(draw_now("equal", [cap.leg], 1_000), DAY)
    assert book.account(cap.account).headroom == 0
    with pytest.raises(LockgateError):
        book.post(draw_now("one", [cap.leg], 1), DAY)
    book.post(lower("returned", cap.account, cap.raised_by(10_000), "outside:tpp"), DAY)
    assert book.account(cap.account).breach == 10_000 * 15832
    assert Leg("a:1", "b:1", 2).reversed == Leg("b:1", "a:1", 2)


@given(
    st.integers(1, 10**6),
    st.integers(1, 40_000),
    st.fractions(min_value=Fraction(1, 50), max_value=2, max_denominator=50),
)
def test_any_share_is_exact(domestic: int, tpp: int, share: Fraction) -> None:
    cap = RatioCap("x", share, tpp)
    most = cap.units(cap.raised_by(domestic))
    assert Fraction(most * tpp) <= share * domestic * tpp < Fraction((most + 1) * tpp)
