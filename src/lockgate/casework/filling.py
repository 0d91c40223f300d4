"""Sharing an amount in proportion to weights under ceilings, exactly; and making whole lots of exact shares."""

import heapq
from collections.abc import Callable, Sequence
from fractions import Fraction

Number = Fraction | int


def fill(
    weights: Sequence[Number], ceilings: Sequence[Number | None], amount: Number, *, refill: bool = True
) -> tuple[list[Fraction], Fraction | None]:
    """Share ``amount`` in proportion to ``weights``, nobody above its ceiling.

    Args:
        weights: Not negative.
        ceilings: In the same unit as ``amount``; None: no ceiling.
        amount: What there is.
        refill: Whether what a ceiling takes off is shared again among the others.

    Returns:
        The exact shares, and the factor applied to weights: None where every ceiling was reached.

    >>> fill([10, 5, 20], [2, Fraction(1, 2), 4], 5)
    ([Fraction(3, 2), Fraction(1, 2), Fraction(3, 1)], Fraction(3, 20))
    """
    total = Fraction(sum(weights))
    if total == 0:
        return [Fraction(0)] * len(weights), None
    factor: Fraction | None = Fraction(amount) / total
    if refill:
        factor = _refilled_factor(weights, ceilings, Fraction(amount), total)
    return [
        _limited(None if factor is None else factor * weight, weight, ceiling)
        for weight, ceiling in zip(weights, ceilings, strict=True)
    ], factor


def _limited(share: Fraction | None, weight: Number, ceiling: Number | None) -> Fraction:
    if weight == 0:
        return Fraction(0)
    if share is None or (ceiling is not None and ceiling < share):
        return Fraction(ceiling or 0)
    return share


def _refilled_factor(
    weights: Sequence[Number], ceilings: Sequence[Number | None], left: Fraction, total: Fraction
) -> Fraction | None:
    """The factor at which shares, each cut at its ceiling, add up to the amount."""
    bounded = sorted(
        (Fraction(ceiling) / weight, weight, ceiling)
        for weight, ceiling in zip(weights, ceilings, strict=True)
        if ceiling is not None and weight > 0
    )
    for reached_at, weight, ceiling in bounded:
        if left <= reached_at * total:
            return left / total
        left -= ceiling
        total -= weight
    return left / total if total > 0 else None


def round_shares(
    shares: Sequence[Fraction],
    weights: Sequence[Number],
    lot: int,
    method: str,
    budget: Fraction,
    order: Sequence[int],
    grant: Callable[[int, int], bool],
) -> list[int]:
    """Whole units in multiples of ``lot`` from exact shares.

    Args:
        shares: Exact, adding up to no more than ``budget``.
        weights: What averages are taken over.
        lot: Size of a lot, in units.
        method: ``floor``, ``largest_remainder`` or ``highest_average``.
        budget: What there is to hand out.
        order: Positions of the shares in the order of the tie-break.
        grant: Asked for one more lot for the share at a position, with the units it would then have; True: it is given.
    """
    units = [lot * int(share // lot) for share in shares]
    if method == "floor":
        return units
    spare = int(min(budget, sum(shares, Fraction(0))) // lot) - sum(units) // lot
    rank = {position: place for place, position in enumerate(order)}
    if method == "largest_remainder":
        by_remainder = sorted(rank, key=lambda at: (units[at] - shares[at], rank[at]))
        for at in by_remainder:
            if spare > 0 and shares[at] > units[at] and grant(at, units[at] + lot):
                units[at] += lot
                spare -= 1
        return units
    queue = [(Fraction(units[at] + lot) / weights[at], rank[at], at) for at in rank if weights[at] > 0]
    heapq.heapify(queue)
    while spare > 0 and queue:
        _, place, at = heapq.heappop(queue)
        if grant(at, units[at] + lot):
            units[at] += lot
            spare -= 1
            heapq.heappush(queue, (Fraction(units[at] + lot) / weights[at], place, at))
    return units
