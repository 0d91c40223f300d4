"""The allocation that gives the highest total under every limit, solved exactly as an integer programme by HiGHS."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from lockgate.base.errors import LockgateError, UnexpectedError


@dataclass(frozen=True)
class Problem:
    """Whole lots for recipients, so that the total of value times units is highest.

    Attributes:
        values: Value of one unit, by recipient; not negative.
        ceilings: Most units each may get.
        supply: Units there are.
        lot: Units are handed out in multiples of this.
        useful_min: Each gets at least so many, or none.
        limits: Sets of recipients that together may get no more than so many units.
        reserves: Sets of recipients that together get so many units, or as near to it as the other limits allow; an earlier
            reserve goes before a later one, and all before the total.
        share_of_total: Most anybody may get, as a part of what is handed out in all.
        order: Recipients in the order of the tie-break: of all optima, the one that gives most to the first, then to
            the second, and so on.
    """

    values: Sequence[Fraction]
    ceilings: Sequence[int]
    supply: int
    lot: int
    useful_min: Sequence[int]
    limits: Sequence[tuple[Sequence[int], int]]
    reserves: Sequence[tuple[Sequence[int], int]]
    share_of_total: Fraction | None
    order: Sequence[int]

    def scaled_values(self) -> list[int]:
        """Values as whole numbers in the same proportion."""
        scale = lcm(*(value.denominator for value in self.values)) if self.values else 1
        return [int(value * scale) for value in self.values]


def maximise(problem: Problem) -> list[int]:
    """Units for each recipient.

    Raises:
        LockgateError: ``values-too-fine``, where the values have no exact form the solver can hold.
    """
    if (
        problem.share_of_total is None
        and not any(problem.useful_min)
        and not problem.reserves
        and not problem.limits
    ):
        return _in_order_of_value(problem)
    return _Programme(problem).solve()


def _in_order_of_value(problem: Problem) -> list[int]:
    """Without limits that couple recipients the best is to serve the highest value first."""
    rank = {at: place for place, at in enumerate(problem.order)}
    units, left = [0] * len(problem.values), problem.supply
    for at in sorted(rank, key=lambda at: (-problem.values[at], rank[at])):
        units[at] = problem.lot * (min(problem.ceilings[at], left) // problem.lot)
        left -= units[at]
    return units


class _Programme:
    """Variables: lots of each recipient, then one switch (gets some or none) each, then the total of lots."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.count = problem, len(problem.values)
        self.values = problem.scaled_values()
        self.lots_max = [max(0, ceiling) // problem.lot for ceiling in problem.ceilings]
        worth = sum(value * lots for value, lots in zip(self.values, self.lots_max, strict=True))
        if worth >= 2**45:
            raise LockgateError(
                "the scores are too fine to be optimised exactly", code="values-too-fine", where="score",
                hint="use scores with fewer digits",
            )  # fmt: skip
        self.supply_lots = problem.supply // problem.lot
        self.rows: list[tuple[dict[int, int], float, float]] = []
        self._constrain()

    def _constrain(self) -> None:
        problem, infinite = self.problem, float("inf")
        everybody = range(self.count)
        for at in everybody:
            least = -(-problem.useful_min[at] // problem.lot)
            if least > 0:
                self.rows.append(({at: 1, self.count + at: -self.lots_max[at]}, -infinite, 0))
                self.rows.append(({at: 1, self.count + at: -least}, 0, infinite))
        for members, units in problem.limits:
            self.rows.append((dict.fromkeys(members, 1), -infinite, units // problem.lot))
        total = 2 * self.count
        self.rows.append(({**dict.fromkeys(everybody, 1), total: -1}, 0, 0))
        if problem.share_of_total is not None:
            part = problem.share_of_total
            for at in everybody:
                self.rows.append(({at: part.denominator, total: -part.numerator}, -infinite, 0))

    def solve(self) -> list[int]:
        low, high = [0] * self.count, list(self.lots_max)
        for members, units in self.problem.reserves:
            marks = [int(at in set(members)) for at in range(self.count)]
            reached = sum(self._solve(marks, low, high)[at] for at in members)
            self.rows.append(
                (dict.fromkeys(members, 1), min(units // self.problem.lot, reached), float("inf"))
            )
        lots = self._solve(self.values, low, high)
        best = sum(value * units for value, units in zip(self.values, lots, strict=True))
        self.rows.append((dict(enumerate(self.values)), best, float("inf")))
        for at in self.problem.order:
            if lots[at] < high[at]:
                lots = self._solve([int(other == at) for other in range(self.count)], low, high)
            low[at] = high[at] = lots[at]
        return [self.problem.lot * units for units in lots]

    def _solve(self, objective: Sequence[int], low: Sequence[int], high: Sequence[int]) -> list[int]:
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        columns, rest = 2 * self.count + 1, self.count + 1
        entries = [
            (at, column, factor) for at, (row, _, _) in enumerate(self.rows) for column, factor in row.items()
        ]
        places, columns_of, factors = (
            (np.array(part) for part in zip(*entries, strict=True)) if entries else ((), (), ())
        )
        matrix = csr_array((factors, (places, columns_of)), shape=(len(self.rows), columns), dtype=float)
        answer = milp(
            c=-np.array([*objective, *[0] * rest], dtype=float),
            integrality=np.ones(columns),
            bounds=Bounds(
                np.array([*low, *[0] * rest]), np.array([*high, *[1] * self.count, self.supply_lots])
            ),
            constraints=LinearConstraint(
                matrix, [row[1] for row in self.rows], [row[2] for row in self.rows]
            ),
            options={"mip_rel_gap": 0.0},
        )
        return self._checked(answer, objective)

    def _checked(self, answer: Any, objective: Sequence[int]) -> list[int]:
        """The solver's answer as whole numbers, with every row and the bound verified exactly."""
        if answer.x is None:  # to hand out nothing is always allowed
            raise UnexpectedError(f"the solver found no allocation: {answer.message}")
        whole = [round(float(value)) for value in answer.x]
        held = all(
            low <= sum(factor * whole[column] for column, factor in row.items()) <= high
            for row, low, high in self.rows
        )
        reached = sum(value * units for value, units in zip(objective, whole, strict=False))
        if not held or abs(-answer.mip_dual_bound - reached) >= 0.5:
            raise UnexpectedError(f"the solver's answer does not verify: {answer.message}")
        return whole[: self.count]
