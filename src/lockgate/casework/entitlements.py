"""What a holder may ask for or keep: reference ceilings, carry-over, use it or lose it, security, links between holders.

Every measure is a set of published parameters, read from ``data/casework/measures``; its methods are the arithmetic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

Share = Annotated[Decimal, Field(ge=0, le=1)]


class Measure(BaseModel):
    """What all measures have: who they are and where they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    aliases: tuple[str, ...] = ()
    version: PositiveInt = 1
    title: str
    source: str = ""
    pinpoint: str = ""
    confidence: Literal["P", "Q", "S", "D"] = "D"
    note: str = ""


class ReferenceCeiling(Measure):
    """Most a holder may ask for: its history, held under a part of the quota, split over the sub-periods."""

    kind: Literal["reference_ceiling"] = "reference_ceiling"
    cap_share: Share

    def reference(self, histories: Sequence[int], quota: int, cap_share: Fraction | None = None) -> int:
        """Reference quantity in units. The histories of merged holders are added before the cap.

        >>> rule = ReferenceCeiling(id="x", title="x", cap_share=Decimal("0.15"))
        >>> rule.reference([4200], 20000), rule.reference([1000, 800], 20000)
        (3000, 1800)
        """
        share = Fraction(self.cap_share) if cap_share is None else cap_share
        return min(sum(histories), int(share * quota))

    @staticmethod
    def split(reference: int, shares: Sequence[Fraction]) -> list[int]:
        """The reference quantity by sub-period, each rounded down."""
        return [int(share * reference) for share in shares]


class SubperiodCarry(Measure):
    """What a sub-period leaves unused goes to the next; what the last leaves is lost, or goes on to the next period."""

    kind: Literal["subperiod_carry"] = "subperiod_carry"
    to_next_period: bool = False

    def available(self, subperiods: Sequence[int], used: Sequence[int]) -> tuple[list[int], int]:
        """Units available in each sub-period, and what is unused at the end of the period.

        ``used`` may stop short: later sub-periods are shown with all that was carried so far.

        >>> SubperiodCarry(id="x", title="x").available([250, 250, 250, 250], [200, 300, 100, 250])
        ([250, 300, 250, 400], 150)
        """
        found, carried = [], 0
        for at, units in enumerate(subperiods):
            found.append(units + carried)
            carried = found[-1] - (used[at] if at < len(used) else 0)
        return found, carried


@dataclass(frozen=True, slots=True)
class AccountAdjustment:
    """A yearly account after last year's under- or overuse.

    Attributes:
        account: Units this year.
        carried: Units brought over from last year.
        deducted: Units taken off for last year's overuse.
        overage: Units used beyond last year's account.
        violation: Whether the overuse is past what is settled by deduction.
    """

    account: int
    carried: int = 0
    deducted: int = 0
    overage: int = 0
    violation: bool = False


class CarryOver(Measure):
    """Unused units roll over up to a part of last year's account; overuse up to that part is deducted, beyond it is a violation."""

    kind: Literal["carry_over"] = "carry_over"
    cap_share: Share

    def adjust(
        self, base: int, prior_account: int, prior_used: int, cap_share: Fraction | None = None
    ) -> AccountAdjustment:
        """This year's account.

        Args:
            base: This year's share, in units.
            prior_account: Units there were last year.
            prior_used: Units used last year.
            cap_share: Another part than the measure's.
        """
        most = int((Fraction(self.cap_share) if cap_share is None else cap_share) * prior_account)
        over = prior_used - prior_account
        if over <= 0:
            carried = min(-over, most)
            return AccountAdjustment(base + carried, carried=carried)
        if over > most:
            return AccountAdjustment(base, overage=over, violation=True)
        return AccountAdjustment(base - over, deducted=over, overage=over)


@dataclass(frozen=True, slots=True)
class SeriesUse:
    """How a series was used: units held, used, handed back before the deadline, and whether a listed excuse applies."""

    held: int
    used: int
    returned_early: int = 0
    justified: bool = False


class UseOrLose(Measure):
    """A series used to a published part is kept whole; else all of it returns to the pool."""

    kind: Literal["use_or_lose"] = "use_or_lose"
    threshold: Share
    early_returns_count: bool = False

    def keeps(self, series: SeriesUse, threshold: Fraction | None = None) -> tuple[bool, str]:
        """Whether the series is kept, and why.

        >>> rule = UseOrLose(id="x", title="x", threshold=Decimal("0.8"))
        >>> rule.keeps(SeriesUse(30, 24)), rule.keeps(SeriesUse(30, 20, returned_early=5))
        ((True, '24/30'), (True, '20/25'))
        """
        counted = series.held - (0 if self.early_returns_count else series.returned_early)
        least = Fraction(self.threshold) if threshold is None else threshold
        if counted <= 0 or series.used >= least * counted:
            return True, f"{series.used}/{counted}"
        if series.justified:
            return True, "listed justification"
        return False, f"{series.used}/{counted}"


class Security(Measure):
    """A deposit, forfeited for what falls short of a part of the licence; all of it below a minimum use; waived when small."""

    kind: Literal["security"] = "security"
    duty_share: Share
    nothing_below_share: Share
    waived_up_to_eur: Decimal

    def forfeit_eur(
        self, licence: int, used: int, rate_eur: Decimal, *, whole_units: bool = False
    ) -> Decimal:
        """Euros forfeited.

        Args:
            licence: Units on the licence.
            used: Units used.
            rate_eur: Deposit for one unit, in euros.
            whole_units: Whether the part is rounded down to whole units (headage).
        """
        if used < Fraction(self.nothing_below_share) * licence:
            return rate_eur * licence
        due = Fraction(self.duty_share) * licence
        if whole_units:
            due = Fraction(int(due))
        short = max(Fraction(0), due - used)
        forfeit = Decimal(short.numerator) / Decimal(short.denominator) * rate_eur
        return Decimal(0) if forfeit <= self.waived_up_to_eur else forfeit


class MinimumLot(Measure):
    """The smallest lot that may be asked for: a fixed quantity, or all that was surrendered where that is less."""

    kind: Literal["minimum_lot"] = "minimum_lot"
    quantity: PositiveInt

    def of(self, surrendered: int, quantity: int | None = None) -> int:
        """Units of the smallest lot."""
        return min(self.quantity if quantity is None else quantity, surrendered)


class LinkTest(Measure):
    """Holders linked by ownership or control: of a linked set, those without substantial activity of their own may not apply."""

    kind: Literal["link_test"] = "link_test"
    own_threshold: Share

    def links(
        self, owns: Mapping[str, Mapping[str, Fraction]], threshold: Fraction | None = None
    ) -> list[tuple[str, str]]:
        """Pairs in which one owns at least the threshold of the other, in the order given."""
        least = Fraction(self.own_threshold) if threshold is None else threshold
        return [
            (owner, owned) for owner, parts in owns.items() for owned, part in parts.items() if part >= least
        ]

    def groups(
        self, owns: Mapping[str, Mapping[str, Fraction]], threshold: Fraction | None = None
    ) -> list[frozenset[str]]:
        """Sets of holders linked directly or through others, in order of first mention."""
        found: list[set[str]] = []
        for owner, owned in self.links(owns, threshold):
            touching = [group for group in found if group & {owner, owned}]
            merged = set().union({owner, owned}, *touching)
            found = [group for group in found if group not in touching]
            found.append(merged)
        return [frozenset(group) for group in found]

    def blocked(
        self,
        owns: Mapping[str, Mapping[str, Fraction]],
        active: Mapping[str, bool],
        threshold: Fraction | None = None,
    ) -> frozenset[str]:
        """Linked holders without substantial economic activity of their own."""
        linked = frozenset().union(*self.groups(owns, threshold))
        return frozenset(holder for holder in linked if not active.get(holder, False))
