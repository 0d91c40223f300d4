"""Batch after batch to the waiting list: who got how many when, who still waits, how concentrated it came out."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lockgate.casework.allocation import allocate
from lockgate.casework.requests import AllocationResult, AllocationRound, RecipientRequest
from lockgate.casework.rules import AllocationRule


@dataclass(frozen=True, slots=True)
class Batch:
    """A released part of what was granted."""

    id: str
    released_on: dt.date
    quantity: int


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """A batch with its round and result; the supply is the batch and what earlier batches left."""

    batch: Batch
    round: AllocationRound
    result: AllocationResult


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that is not met in full: units still asked for, and days since it was accepted."""

    recipient: str
    quantity: int
    waited_days: int | None


def run_batches(
    rule: AllocationRule,
    batches: Sequence[Batch],
    requests: Iterable[RecipientRequest],
    *,
    carry: bool = True,
) -> tuple[BatchOutcome, ...]:
    """Allocate batches in their order; what a recipient gets counts as met, and as held under caps, from then on.

    Args:
        rule: The order rule of all rounds.
        batches: In the order of release.
        requests: The waiting list; a request accepted after a batch's release waits for the next.
        carry: Whether what a batch leaves is added to the next.
    """
    still = list(requests)
    parties = Counter(item.group or item.recipient for item in still)
    outcomes, left = list[BatchOutcome](), 0
    for batch in batches:
        # What is met in full stays on the list where others are linked to it: it counts under their caps.
        places = [
            at
            for at, item in enumerate(still)
            if (item.quantity != 0 or parties[item.group or item.recipient] > 1)
            and (item.accepted_on is None or item.accepted_on <= batch.released_on)
        ]
        supply = batch.quantity + (left if carry else 0)
        this = AllocationRound(rule, supply, tuple(still[at] for at in places))
        result = allocate(this)
        got = {at: item.quantity for at, item in zip(places, result.allotments, strict=True)}
        gained = {who: units for who, units in result.quantities.items() if units}
        for at, request in enumerate(still):
            if request.recipient in gained:
                still[at] = reduce_request(request, got.get(at, 0), gained[request.recipient])
        left = result.unallocated
        outcomes.append(BatchOutcome(batch, this, result))
    return tuple(outcomes)


def reduce_request(request: RecipientRequest, units: int, gained: int | None = None) -> RecipientRequest:
    """What is left of a request after a round.

    Args:
        request: Before the round.
        units: Units allotted to it.
        gained: Units its recipient got by all its requests; None: by this one alone.
    """
    return RecipientRequest(  # spelt out: dataclasses.replace takes twice as long, and this runs once a request and batch
        recipient=request.recipient,
        quantity=None if request.quantity is None else max(0, request.quantity - units),
        accepted_on=request.accepted_on,
        recipient_class=request.recipient_class,
        weight=request.weight,
        score=request.score,
        ceiling=None if request.ceiling is None else max(0, request.ceiling - units),
        held=request.held + (units if gained is None else gained),
        useful_min=0 if units else request.useful_min,
        group=request.group,
    )


@dataclass(frozen=True, slots=True)
class Concentration:
    """How allotted units are spread.

    Attributes:
        shares: Part of all units, by recipient, largest first.
        herfindahl: Sum of squared shares, from 1/n to 1; 0 where nothing was allotted.
    """

    shares: Mapping[str, Fraction]
    herfindahl: Fraction

    @property
    def hhi(self) -> int:
        """The Herfindahl-Hirschman index in points, 0 to 10,000, rounded half up."""
        return int(self.herfindahl * 10_000 + Fraction(1, 2))

    def largest(self, count: int) -> Fraction:
        """Part that the largest few have together."""
        return sum(list(self.shares.values())[:count], Fraction(0))


def measure_concentration(
    quantities: Mapping[str, int], groups: Mapping[str, str] | None = None
) -> Concentration:
    """How concentrated an allocation is; linked recipients count as one where ``groups`` names their group.

    >>> found = measure_concentration({"A": 75, "B": 25})
    >>> found.hhi, found.largest(1)
    (6250, Fraction(3, 4))
    """
    totals = Counter[str]()
    for who, units in quantities.items():
        totals[(groups or {}).get(who) or who] += units
    whole = sum(totals.values())
    if whole == 0:
        return Concentration({}, Fraction(0))
    ordered = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    shares = {who: Fraction(units, whole) for who, units in ordered if units}
    squares = sum(units * units for units in totals.values())
    return Concentration(shares, Fraction(squares, whole * whole))


@dataclass(frozen=True, slots=True)
class WaitingTimes:
    """How long allotted units had waited, in days, each unit counted once.

    Attributes:
        units: Units allotted to requests whose day of acceptance is known.
        mean_days: Mean; None where there are none.
        median_days: Days by which at least half of the units were served.
        longest_days: The longest.
        still: Requests not met in full, longest wait first, as of the last batch.
    """

    units: int
    mean_days: Fraction | None
    median_days: int | None
    longest_days: int | None
    still: tuple[Waiting, ...]


def measure_waiting(outcomes: Sequence[BatchOutcome]) -> WaitingTimes:
    """Waiting times over batches that ran one after the other."""
    served = Counter[int]()
    last: dict[tuple[str, dt.date | None], Waiting] = {}
    for outcome in outcomes:
        on = outcome.batch.released_on
        for request, item in zip(outcome.round.requests, outcome.result.allotments, strict=True):
            days = (on - request.accepted_on).days if request.accepted_on else None
            if days is not None and item.quantity:
                served[days] += item.quantity
            last[request.recipient, request.accepted_on] = Waiting(
                request.recipient, (request.quantity or 0) - item.quantity, days
            )
    units, passed, median = sum(served.values()), 0, None
    for days in sorted(served):
        passed += served[days]
        if 2 * passed >= units:
            median = days
            break
    still = sorted(
        (item for item in last.values() if item.quantity > 0),
        key=lambda item: (-(item.waited_days or 0), item.recipient),
    )
    mean = Fraction(sum(days * count for days, count in served.items()), units) if units else None
    return WaitingTimes(units, mean, median, max(served, default=None), tuple(still))
