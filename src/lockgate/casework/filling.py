"""Sharing an amount in proportion to weights under ceilings, exactly; and making whole lots of exact shares.

Exact shares are whole numerators over one denominator, so that thousands of them cost no fraction arithmetic each.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

Ceiling = int | None


@dataclass(frozen=True, slots=True)
class Shares:
    """Exact shares.

    Attributes:
        numerators: One for each share.
        denominator: Of all of them.
        factor: What weights were multiplied by; None where every ceiling was reached.
    """

    numerators: Sequence[int]
    denominator: int
    factor: Fraction | None

    def fractions(self) -> list[Fraction]:
        """The shares as fractions."""
        return [Fraction(numerator, self.denominator) for numerator in self.numerators]


def scale_whole(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Whole numbers in the same proportion, and the factor they are larger by.

    >>> scale_whole([Fraction(1, 2), Fraction(1, 3)])
    ([3, 2], 6)
    """
    scale = lcm(*{value.denominator for value in values})
    return [value.numerator * (scale // value.denominator) for value in values], scale


def fill(
    weights: Sequence[int], ceilings: Sequence[Ceiling], amount: Fraction, *, refill: bool = True
) -> Shares:
    """Share ``amount`` in proportion to ``weights``, nobody above its ceiling.

    Args:
        weights: Not negative.
        ceilings: In the unit of ``amount``; None: no ceiling.
        amount: What there is.
        refill: Whether what a ceiling takes off is shared again among the others.

    >>> fill([10, 5, 20], [2, 1, 4], Fraction(5)).fractions()
    [Fraction(10, 7), Fraction(5, 7), Fraction(20, 7)]
    >>> fill([10, 5, 20], [2, 0, 3], Fraction(4)).fractions()
    [Fraction(4, 3), Fraction(0, 1), Fraction(8, 3)]
    """
    total, left = sum(weights), amount
    free = [at for at, weight in enumerate(weights) if weight > 0]
    while total > 0:
        factor = left / total
        top, bottom = factor.numerator, factor.denominator
        bound = [
            at for at in free if (most := ceilings[at]) is not None and most * bottom < top * weights[at]
        ]
        if not bound or not refill:
            return scale_shares(weights, ceilings, factor)
        left -= sum(ceilings[at] or 0 for at in bound)
        total -= sum(weights[at] for at in bound)
        reached = set(bound)
        free = [at for at in free if at not in reached]
    return Shares(
        [(most or 0) if weight else 0 for weight, most in zip(weights, ceilings, strict=True)], 1, None
    )


def scale_shares(weights: Sequence[int], ceilings: Sequence[Ceiling], factor: Fraction) -> Shares:
    """Every weight times one factor, cut at its ceiling."""
    top, bottom = factor.numerator, factor.denominator
    numerators = [
        top * weight if most is None or top * weight <= most * bottom else most * bottom
        for weight, most in zip(weights, ceilings, strict=True)
    ]
    return Shares(numerators, bottom, factor)


Grant = Callable[[int, int], bool]
"""Asked for one more lot for the share at a position, with the units it would then have; True: it is given."""


def count_spare_lots(units: Sequence[int], shares: Shares, lot: int, budget: Fraction) -> int:
    """Lots that rounding down left over."""
    return int(min(budget, Fraction(sum(shares.numerators), shares.denominator)) // lot) - sum(units) // lot


def give_by_remainder(
    units: list[int], shares: Shares, lot: int, budget: Fraction, rank: Sequence[int], grant: Grant
) -> None:
    """Give spare lots to the largest fractions cut off, one each; equal ones by ``rank``. Changes ``units``."""
    spare, whole = count_spare_lots(units, shares, lot, budget), shares.denominator * lot
    cut = [(-(numerator % whole), rank[at], at) for at, numerator in enumerate(shares.numerators)]
    for remainder, _, at in sorted(cut):
        if spare > 0 and remainder and grant(at, units[at] + lot):
            units[at] += lot
            spare -= 1


def give_by_average(
    units: list[int],
    weights: Sequence[int],
    shares: Shares,
    lot: int,
    budget: Fraction,
    rank: Sequence[int],
    grant: Grant,
) -> None:
    """Give spare lots one by one to whoever would then hold the fewest for its weight. Changes ``units``.

    With rounding down before it this is the method of D'Hondt and Jefferson, under which a larger supply takes a lot from
    nobody.
    """
    spare = count_spare_lots(units, shares, lot, budget)
    queue = [
        (Fraction(units[at] + lot, weight), rank[at], at) for at, weight in enumerate(weights) if weight > 0
    ]
    heapq.heapify(queue)
    while spare > 0 and queue:
        _, place, at = heapq.heappop(queue)
        if grant(at, units[at] + lot):
            units[at] += lot
            spare -= 1
            heapq.heappush(queue, (Fraction(units[at] + lot, weights[at]), place, at))
