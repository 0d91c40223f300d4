"""What each act posts: granting, batching, allocating, shipping, delivering, reporting, returning, lapsing, revoking.

One unit that goes to a recipient draws on several accounts at once: the batch, the export licence, the recipient's cap
over all vendors, the ratio cap. A ``Leg`` is one of them; the postings of one act are made together or not at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lockgate.base.errors import LockgateError
from lockgate.casework.ledger import Account, AccountKind, Posting, PostingKind

OUTSIDE_UNIT, OUTSIDE_TPP = "outside:unit", "outside:tpp"


@dataclass(frozen=True, slots=True)
class Leg:
    """One account that a unit draws on.

    Attributes:
        from_account: What is drawn down.
        to_account: What counts the use.
        per_unit: How much one unit takes.
    """

    from_account: str
    to_account: str
    per_unit: int = 1

    @property
    def reversed(self) -> "Leg":
        """The same, given back."""
        return Leg(self.to_account, self.from_account, self.per_unit)


@dataclass(frozen=True, slots=True)
class RatioCap:
    """A ceiling that moves: aggregate TPP of one product to some places, at most a share of that to others.

    The account counts TPP times the share's denominator, so that any share stays exact in whole numbers.

    Attributes:
        name: Such as ``h200:cn-mo``.
        share: Highest share, such as one half.
        tpp: Total processing performance of one unit.

    >>> cap = RatioCap("h200:cn-mo", Fraction(1, 2), 15832)
    >>> cap.units(cap.raised_by(100_000))
    50000

    Source:
        Supplement 2 to part 748, (dd)(1)(iii), as read by a commentary: ../law/rule_2026.md ; process oracles A32, A33.
    """

    name: str
    share: Fraction
    tpp: int

    @property
    def account(self) -> str:
        """Its account."""
        return f"{AccountKind.RATIO}:{self.name}"

    @property
    def leg(self) -> Leg:
        """What one unit to the capped places takes."""
        return Leg(self.account, used(self.account), self.tpp * self.share.denominator)

    def raised_by(self, unit_count: int) -> int:
        """By how much units shipped for domestic end use raise the account."""
        return unit_count * self.tpp * self.share.numerator

    def units(self, amount: int) -> int:
        """How many whole units to the capped places an amount of the account allows."""
        return amount // (self.tpp * self.share.denominator)


def used(account: str) -> str:
    """The account that counts what was drawn from ``account``.

    >>> used("licence:l1")
    'used:licence:l1'
    """
    return f"{AccountKind.USED}:{account}"


def goods(stage: AccountKind, batch: str, recipient: str) -> str:
    """The account of a batch's goods for a recipient at a stage.

    >>> goods(AccountKind.SHIPPED, "b1", "acme")
    'shipped:b1:acme'
    """
    return f"{stage}:{batch}:{recipient}"


def batch_leg(batch: str, recipient: str) -> Leg:
    """Goods leaving a batch for a recipient."""
    return Leg(f"{AccountKind.BATCH}:{batch}", goods(AccountKind.SHIPPED, batch, recipient))


def ceiling_leg(account: str) -> Leg:
    """Use of a ceiling: a licence, a recipient's cap, a programme, a product's period."""
    return Leg(account, used(account))


def grant(key: str, account: str, quantity: int, source: str = OUTSIDE_UNIT) -> tuple[Posting, ...]:
    """Give an account what it may be drawn down by, from outside or from a higher account."""
    return (Posting(f"{key}/0", PostingKind.MOVE, source, account, quantity),)


def lower(key: str, account: str, quantity: int, to_account: str = OUTSIDE_UNIT) -> tuple[Posting, ...]:
    """Take back what was granted, also where it is in use: the rest becomes a breach."""
    return (Posting(f"{key}/0", PostingKind.LOWER, account, to_account, quantity),)


def draw_now(key: str, legs: Iterable[Leg], quantity: int) -> tuple[Posting, ...]:
    """Take ``quantity`` units from every account at once."""
    return tuple(
        Posting(
            f"{key}/{number}", PostingKind.MOVE, leg.from_account, leg.to_account, quantity * leg.per_unit
        )
        for number, leg in enumerate(legs)
    )


def reserve(key: str, legs: Iterable[Leg], quantity: int, expires_at: str = "") -> tuple[Posting, ...]:
    """Hold back ``quantity`` units in every account until settled, released or expired."""
    return tuple(
        Posting(
            f"{key}/{number}",
            PostingKind.RESERVE,
            leg.from_account,
            leg.to_account,
            quantity * leg.per_unit,
            expires_at=expires_at,
        )
        for number, leg in enumerate(legs)
    )


def settle(key: str, reservation: str, legs: Iterable[Leg], quantity: int) -> tuple[Posting, ...]:
    """Take ``quantity`` of the units held back under the key ``reservation``."""
    return _draw_on(PostingKind.SETTLE, key, reservation, legs, quantity)


def release(key: str, reservation: str, legs: Iterable[Leg], quantity: int) -> tuple[Posting, ...]:
    """Give back ``quantity`` of the units held back under the key ``reservation``."""
    return _draw_on(PostingKind.RELEASE, key, reservation, legs, quantity)


def _draw_on(
    kind: PostingKind, key: str, reservation: str, legs: Iterable[Leg], quantity: int
) -> tuple[Posting, ...]:
    return tuple(
        Posting(
            f"{key}/{number}",
            kind,
            leg.from_account,
            leg.to_account,
            quantity * leg.per_unit,
            hold=f"{reservation}/{number}",
        )
        for number, leg in enumerate(legs)
    )


def give_back(key: str, legs: Iterable[Leg], quantity: int) -> tuple[Posting, ...]:
    """Reverse a draw: what was used can be drawn again."""
    return draw_now(key, [leg.reversed for leg in legs], quantity)


def empty(key: str, account: Account, stage: AccountKind) -> tuple[Posting, ...]:
    """Move all that an account can still give to its lapsed or revoked account; nothing where it can give nothing."""
    if account.headroom <= 0:
        return ()
    return (Posting(f"{key}/0", PostingKind.MOVE, account.id, f"{stage}:{account.id}", account.headroom),)


def shippable(accounts: Sequence[Account], legs: Sequence[Leg]) -> int:
    """Whole units that every account still allows: the smallest head-room of all sides decides.

    Args:
        accounts: The accounts the legs take from, in their order.
        legs: At least one.
    """
    if not legs or len(accounts) != len(legs):
        raise LockgateError("name the accounts that the goods draw on", code="no-legs")
    return max(0, min(account.headroom // leg.per_unit for account, leg in zip(accounts, legs, strict=True)))
