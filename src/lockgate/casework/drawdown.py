"""What a licence, a statement or a ratio still lets through: checks before a draw, with the figures behind the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from lockgate.base.errors import LockgateError
from lockgate.casework.entitlements import Measure


@dataclass(frozen=True, slots=True)
class Draw:
    """Whether a draw fits, and by how much it does not.

    Attributes:
        accepted: Whether it fits.
        reason: In words.
        over_units: Units beyond the limit.
        over_usd: Dollars beyond the limit.
    """

    accepted: bool
    reason: str = ""
    over_units: int = 0
    over_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class LicenceBalance:
    """A licence as drawn so far: units and dollars, granted and shipped."""

    quantity: int
    value_usd: Decimal
    shipped_quantity: int = 0
    shipped_value_usd: Decimal = Decimal(0)


class ValueTolerance(Measure):
    """A licence lets through its quantity exactly, and its value with a tolerance while quantity is left."""

    kind: Literal["value_tolerance"] = "value_tolerance"
    tolerance: Annotated[Decimal, Field(ge=0)]

    def ceiling_usd(self, balance: LicenceBalance, tolerance: Decimal | None = None) -> Decimal:
        """Most the shipments may be worth together, in dollars."""
        return balance.value_usd * (1 + (self.tolerance if tolerance is None else tolerance))

    def draw(
        self, balance: LicenceBalance, quantity: int, value_usd: Decimal, tolerance: Decimal | None = None
    ) -> Draw:
        """Whether one more shipment fits.

        Args:
            balance: The licence as drawn so far.
            quantity: Units of the shipment.
            value_usd: Its value.
            tolerance: The licence's own tolerance where it sets one.
        """
        left = balance.quantity - balance.shipped_quantity
        if left <= 0:
            return Draw(False, "quantity used up; value tolerance unavailable", over_units=quantity)
        if quantity > left:
            return Draw(
                False,
                f"{quantity - left} units over the licensed quantity; it has no tolerance",
                quantity - left,
            )
        over = balance.shipped_value_usd + value_usd - self.ceiling_usd(balance, tolerance)
        if over > 0:
            return Draw(False, f"{over} USD over the value with its tolerance", over_usd=over)
        return Draw(True)


@dataclass(frozen=True, slots=True)
class RatioStanding:
    """How a ratio cap stands before a request.

    Attributes:
        ceiling_tpp: Most aggregate TPP that may go to the capped places.
        headroom_units: Units of this product that still fit; below 0 where the cap is already broken.
        fits: Whether the request does.
        over_units: Units of it that do not.
        share_after: What the capped share of the base would be; None where the base is nothing.
    """

    ceiling_tpp: Fraction
    headroom_units: int
    fits: bool
    over_units: int
    share_after: Fraction | None


class RatioCap(Measure):
    """What goes to some places stays at or under a part of what goes to others, by aggregate TPP of the same product."""

    kind: Literal["ratio_cap"] = "ratio_cap"
    ratio_max: Annotated[Decimal, Field(gt=0)]

    def standing(self, base_units: int, capped_units: int, request_units: int, tpp: Decimal) -> RatioStanding:
        """How the cap stands.

        Args:
            base_units: Units shipped for end use in the base places.
            capped_units: Units shipped to the capped places so far.
            request_units: Units asked for now.
            tpp: Total processing performance of one unit.
        """
        return self.standing_tpp(base_units * Fraction(tpp), capped_units * Fraction(tpp), request_units, tpp)

    def standing_tpp(
        self, base_tpp: Fraction, capped_tpp: Fraction, request_units: int, tpp: Decimal
    ) -> RatioStanding:
        """The same from aggregate TPP, where bins of one product differ."""
        if tpp <= 0:
            raise LockgateError("TPP must be above 0", code="bad-tpp", where="tpp")
        each = Fraction(tpp)
        ceiling = Fraction(self.ratio_max) * base_tpp
        headroom = (ceiling - capped_tpp) // each
        return RatioStanding(
            ceiling_tpp=ceiling,
            headroom_units=headroom,
            fits=request_units <= headroom,
            over_units=max(0, request_units - max(0, headroom)),
            share_after=(capped_tpp + request_units * each) / base_tpp if base_tpp else None,
        )


class StatementCover(Measure):
    """One end-user statement covers several applications, in their order, while their quantities do not exceed its own."""

    kind: Literal["statement_cover"] = "statement_cover"

    def cover(self, quantity: int, applications: Mapping[str, int]) -> tuple[list[str], dict[str, int]]:
        """Ids of the applications covered in full, and the units by which each other goes over.

        An application that is not covered takes nothing, so a later, smaller one may still fit.
        """
        covered, over, left = [], {}, quantity
        for name, units in applications.items():
            if units <= left:
                covered.append(name)
                left -= units
            else:
                over[name] = units - left
        return covered, over


class UseCount(Measure):
    """A licence good for so many uses: count and quantity are separate limits."""

    kind: Literal["use_count"] = "use_count"
    uses_max: PositiveInt

    def draws(
        self, quantity: int, uses: Sequence[int], uses_max: int | None = None
    ) -> tuple[list[bool], int]:
        """Whether each use is accepted, in order, and the units left. A refused use takes neither a unit nor a count."""
        most, left, accepted = self.uses_max if uses_max is None else uses_max, quantity, list[bool]()
        for units in uses:
            accepted.append(sum(accepted) < most and units <= left)
            left -= units if accepted[-1] else 0
        return accepted, left
