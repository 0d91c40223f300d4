"""Quantities by double entry: every posting takes from one account and gives to another, in whole units.

A reservation (``RESERVE``) holds a quantity back in the account it will leave, until it is settled, released or lapses.
An account's head-room is what came in, less what went out, less what is held; it never goes under zero. Only a posting
of the kind ``LOWER`` may take more than the head-room, and what is short then stands as the account's ``breach`` until
later postings fill it: lowering a cap below its use is a breach that everybody sees, not a silent negative.
"""

from collections import ChainMap
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from lockgate.base.errors import LockgateError

AMOUNT_MAX = 2**62  # a posting and any sum of a thousand million of units fits a database's 64 bits


class PostingKind(StrEnum):
    """What a posting does."""

    MOVE = "move"  # takes at once
    RESERVE = "reserve"  # holds back until settled, released or lapsed
    SETTLE = "settle"  # takes what was held back, or a part of it
    RELEASE = "release"  # gives back what was held back, or a part of it
    LOWER = "lower"  # takes at once, also beyond the head-room: what is short becomes a breach


class AccountKind(StrEnum):
    """What an account counts. The first part of its id; the rest says whose."""

    OUTSIDE = "outside"  # where quantities come from and go to; the only kind without a floor
    PROGRAMME = "programme"  # a programme's ceiling
    PRODUCT = "product"  # a product's ceiling in a period
    LICENCE = "licence"  # granted, not yet drawn
    BATCH = "batch"  # released in a batch, not yet allocated
    CAP = "cap"  # what a recipient may still get
    RATIO = "ratio"  # head-room under a ratio cap, in aggregate TPP times the ratio's denominator
    USED = "used"  # what was drawn from the account named after it
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    REPORTED = "reported"
    RETURNED = "returned"
    LAPSED = "lapsed"
    REVOKED = "revoked"


UNIT, TPP = "unit", "tpp"
ACCOUNT_KINDS = frozenset(kind.value for kind in AccountKind)


@lru_cache(maxsize=10_000)
def account_unit(account: str) -> str:
    """What an account counts: ``unit`` (pieces) or ``tpp`` (total processing performance).

    >>> account_unit("batch:b1"), account_unit("used:ratio:h200:cn-mo"), account_unit("outside:tpp")
    ('unit', 'tpp', 'tpp')

    Raises:
        LockgateError: ``bad-account``, where the id is none.
    """
    kind, _, rest = account.partition(":")
    if (
        kind not in set(AccountKind)
        or not rest
        or len(account) > 200
        or any(char.isspace() or char == "\x00" for char in account)
    ):
        raise LockgateError(
            f"{account!r} is not an account",
            code="bad-account",
            hint="KIND:NAME, with KIND one of " + ", ".join(AccountKind),
        )
    if kind == AccountKind.OUTSIDE:
        return TPP if rest == TPP else UNIT
    if kind == AccountKind.RATIO or rest.startswith(f"{AccountKind.RATIO}:"):
        return TPP
    return UNIT


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement of a quantity. Corrections are new postings.

    Attributes:
        key: Idempotency key, unique in the ledger.
        kind: What it does.
        from_account: Account it takes from.
        to_account: Account it gives to.
        amount: Whole units, more than none.
        hold: For ``SETTLE`` and ``RELEASE``: key of the reservation.
        expires_at: For ``RESERVE``: UTC instant (ISO text) from which it can no longer be settled; empty: never.
    """

    key: str
    kind: PostingKind
    from_account: str
    to_account: str
    amount: int
    hold: str = ""
    expires_at: str = ""

    def row(self) -> list[str | int]:
        """The posting as plain values, the way its event binds it."""
        return [
            self.key, self.kind.value, self.from_account, self.to_account, self.amount, self.hold, self.expires_at,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """What an account holds.

    Attributes:
        id: Its name, such as ``batch:b1``.
        posted_in: All that came in.
        posted_out: All that went out.
        held_in: Held back elsewhere for this account.
        held_out: Held back here.
        breach: How far it was lowered below what is used.
    """

    id: str
    posted_in: int = 0
    posted_out: int = 0
    held_in: int = 0
    held_out: int = 0
    breach: int = 0

    @property
    def balance(self) -> int:
        """What came in less what went out."""
        return self.posted_in - self.posted_out

    @property
    def headroom(self) -> int:
        """What can still be taken; under zero by ``breach`` after a lowering."""
        return self.balance - self.held_out

    @property
    def has_floor(self) -> bool:
        """Whether it may never be overdrawn: every account but those of the outside."""
        return not self.id.startswith(f"{AccountKind.OUTSIDE}:")


@dataclass(frozen=True, slots=True)
class Hold:
    """A reservation: what of it is still held back."""

    key: str
    from_account: str
    to_account: str
    amount: int
    remaining: int
    expires_at: str = ""


@dataclass(slots=True)
class Ledger:
    """Accounts and holds in memory: for a dry run, and to compare a store with its postings.

    >>> book = Ledger()
    >>> book.post([Posting("k1", PostingKind.MOVE, "outside:unit", "batch:b1", 10)], "2026-01-28")
    >>> book.post([Posting("k2", PostingKind.RESERVE, "batch:b1", "shipped:b1:acme", 8)], "2026-01-29")
    >>> book.account("batch:b1").headroom
    2
    >>> book.post([Posting("k3", PostingKind.MOVE, "batch:b1", "lapsed:b1", 3)], "2026-01-30")
    Traceback (most recent call last):
    lockgate.base.errors.LockgateError: batch:b1: batch:b1 has head-room for 2, not 3 (see `lockgate ledger show` for what is used and held there)
    """

    accounts: MutableMapping[str, Account] = field(default_factory=dict)
    holds: MutableMapping[str, Hold] = field(default_factory=dict)
    keys: MutableMapping[str, None] = field(default_factory=dict)

    def account(self, account_id: str) -> Account:
        """The account, empty where nothing was posted to it."""
        return self.accounts.get(account_id, Account(account_id))

    def post(self, postings: Iterable[Posting], at: str) -> None:
        """Post all, or nothing.

        Args:
            postings: In an order in which each holds.
            at: UTC instant as ISO text.

        Raises:
            LockgateError: ``overdrawn``, ``in-breach``, ``unknown-hold``, ``hold-spent``, ``hold-expired``, ``duplicate-key``,
                or one of ``check_posting``.
        """
        accounts: ChainMap[str, Account] = ChainMap({}, self.accounts)
        holds: ChainMap[str, Hold] = ChainMap({}, self.holds)
        keys: ChainMap[str, None] = ChainMap({}, self.keys)
        group = Ledger(accounts, holds, keys)  # written to the first of each pair only
        for posting in postings:
            group._post_one(posting, at)
        self.accounts.update(accounts.maps[0])
        self.holds.update(holds.maps[0])
        self.keys.update(keys.maps[0])

    def _post_one(self, posting: Posting, at: str) -> None:
        check_posting(posting)
        if posting.key in self.keys:
            raise LockgateError(f"the key {posting.key!r} was used before", code="duplicate-key")
        amount, lowered = posting.amount, 0
        giving, taking = self.account(posting.from_account), self.account(posting.to_account)
        if posting.kind in (PostingKind.SETTLE, PostingKind.RELEASE):
            self._draw_hold(posting, at)
            giving = replace(giving, held_out=giving.held_out - amount)
            taking = replace(taking, held_in=taking.held_in - amount)
        if posting.kind is PostingKind.RESERVE:
            self.holds[posting.key] = Hold(
                posting.key, posting.from_account, posting.to_account, amount, amount, posting.expires_at
            )
            giving = replace(giving, held_out=giving.held_out + amount)
            taking = replace(taking, held_in=taking.held_in + amount)
        elif posting.kind is not PostingKind.RELEASE:
            lowered = amount if posting.kind is PostingKind.LOWER else 0
            giving = replace(giving, posted_out=giving.posted_out + amount)
            taking = replace(taking, posted_in=taking.posted_in + amount)
        self.accounts[giving.id] = self._with_breach(giving, lowered, amount)
        self.accounts[taking.id] = self._with_breach(taking, 0, amount)
        self.keys[posting.key] = None

    def _with_breach(self, account: Account, lowered: int, amount: int) -> Account:
        if not account.has_floor:
            return account
        before = self.account(account.id).headroom
        breach = max(0, min(lowered - before, -account.headroom))
        if account.headroom + breach < 0:
            raise LockgateError(
                f"{account.id} has head-room for {max(0, before)}, not {amount}",
                code="overdrawn",
                where=account.id,
                hint="see `lockgate ledger show` for what is used and held there",
            )
        return replace(account, breach=breach)

    def _draw_hold(self, posting: Posting, at: str) -> None:
        hold = self.holds.get(posting.hold)
        if hold is None or (hold.from_account, hold.to_account) != (posting.from_account, posting.to_account):
            raise LockgateError(
                f"no reservation {posting.hold!r} between these accounts", code="unknown-hold"
            )
        if posting.kind is PostingKind.SETTLE:
            if hold.expires_at and at >= hold.expires_at:
                raise LockgateError(
                    f"reservation {hold.key!r} expired at {hold.expires_at}",
                    code="hold-expired",
                    hint="it lapses; allocate anew",
                )
            if self.account(posting.from_account).breach:
                raise LockgateError(
                    f"{posting.from_account} is in breach by {self.account(posting.from_account).breach}",
                    code="in-breach",
                    where=posting.from_account,
                    hint="release reservations, or raise what it was granted, until the breach is gone",
                )
        if posting.amount > hold.remaining:
            raise LockgateError(
                f"reservation {hold.key!r} still holds {hold.remaining}, not {posting.amount}",
                code="hold-spent",
            )
        self.holds[hold.key] = replace(hold, remaining=hold.remaining - posting.amount)


def check_posting(posting: Posting) -> None:
    """Whether a posting is well formed by itself.

    Raises:
        LockgateError: ``bad-amount``, ``bad-account``, ``unit-mismatch``, ``same-account``, ``bad-hold``, ``bad-key``.
    """
    if not posting.key or len(posting.key) > 300 or "\x00" in posting.key:
        raise LockgateError("a posting needs a key of at most 300 characters, without NUL", code="bad-key")
    if type(posting.amount) is not int or not 0 < posting.amount <= AMOUNT_MAX:
        raise LockgateError(
            f"{posting.amount!r} is not a quantity to post",
            code="bad-amount",
            hint="a whole number, one or more",
        )
    if account_unit(posting.from_account) != account_unit(posting.to_account):
        raise LockgateError(
            f"{posting.from_account} counts {account_unit(posting.from_account)}, "
            f"{posting.to_account} {account_unit(posting.to_account)}",
            code="unit-mismatch",
        )
    if posting.from_account == posting.to_account:
        raise LockgateError(f"{posting.from_account} cannot give to itself", code="same-account")
    draws = posting.kind in (PostingKind.SETTLE, PostingKind.RELEASE)
    if draws != bool(posting.hold):
        raise LockgateError(
            "a settlement or release names the reservation it draws on, and nothing else does",
            code="bad-hold",
        )
    if posting.expires_at and posting.kind is not PostingKind.RESERVE:
        raise LockgateError("only a reservation expires", code="bad-hold")
