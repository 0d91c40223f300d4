"""One pass through a round: ceilings, classes, order groups, and the sharing of each group."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from lockgate.casework.calendars import Calendar
from lockgate.casework.filling import Number, fill, round_shares
from lockgate.casework.optimum import Problem, maximise
from lockgate.casework.requests import AllocationRound, RecipientRequest, Stage
from lockgate.casework.rules import OpeningDays


def deem_day(day: dt.date, opening: OpeningDays | None, calendar: Calendar) -> dt.date:
    """The day that counts for a request accepted on ``day``.

    Days of the opening count as its last, or as the next working day where that is none.

    >>> deem_day(dt.date(2027, 1, 1), OpeningDays(first="01-01", last="01-03"), Calendar())
    datetime.date(2027, 1, 4)
    """
    if opening is None or not opening.first <= f"{day:%m-%d}" <= opening.last:
        return day
    month, last = map(int, opening.last.split("-"))
    return calendar.next_working(dt.date(day.year, month, last))


def tie_key(request: RecipientRequest, keys: Iterable[str], seed: str) -> tuple[Any, ...]:
    """What decides between equal claims: lower comes first."""
    values: dict[str, Any] = {
        "accepted_on": request.accepted_on or dt.date.max,
        "score": -request.score,
        "larger_request": -(request.quantity or 0),
        "smaller_request": request.quantity or 0,
        "recipient": request.recipient,
    }
    return tuple(
        hashlib.sha256(f"{seed}\n{request.recipient}".encode()).hexdigest() if key == "draw" else values[key]
        for key in keys
    )


class Sharing:
    """One pass through a round; ``excluded`` are positions of requests that have fallen out.

    Attributes:
        got: Units by position of the request.
        exact: The same before rounding.
        stage_of: The stage that last dealt with the request; None where its turn never came.
        stages: All stages in order.
        withheld: Positions whose share the rule gives no formula for.
        inadmissible: Positions whose request the rule lets fall.
        maximum: The ceiling of each; None where there is none.
    """

    def __init__(self, given: AllocationRound, excluded: frozenset[int] = frozenset()) -> None:
        self.rule, self.excluded, self.requests = given.rule, excluded, given.requests
        self.supply, self.opening = (
            given.supply,
            given.supply if given.opening_supply is None else given.opening_supply,
        )
        self.denominator, self.coefficient, self.calendar = (
            given.denominator,
            given.coefficient,
            given.calendar,
        )
        count = len(self.requests)
        self.got, self.exact = [0] * count, [Fraction(0)] * count
        self.stage_of: list[Stage | None] = [None] * count
        self.stages: list[Stage] = []
        self.withheld: set[int] = set()
        self.cap = self._cap()
        self.linked = self._linked()
        self.group_room = self._group_room()
        self.maximum = [self._maximum(at) for at in range(count)]
        self.inadmissible = {at for at in range(count) if self._is_inadmissible(at)}
        ties, seed = self.rule.rounding.ties, self.rule.rounding.draw_seed
        order = sorted(range(count), key=lambda at: tie_key(self.requests[at], ties, seed))
        self.rank = {at: place for place, at in enumerate(order)}

    # ceilings

    def _cap(self) -> int | None:
        caps = self.rule.caps
        limits = [] if caps.per_recipient is None else [caps.per_recipient]
        if caps.share_of_supply is not None and self.opening is not None:
            limits.append(int(Fraction(caps.share_of_supply) * self.opening))
        return min(limits, default=None)

    def _linked(self) -> list[str]:
        """Name of the group of each request; empty where it stands alone or groups do not count."""
        if not self.rule.caps.linked_as_one or self.cap is None:
            return [""] * len(self.requests)
        members = Counter(request.group for request in self.requests)
        return [request.group if members[request.group] > 1 else "" for request in self.requests]

    def _group_room(self) -> dict[str, int]:
        held = Counter[str]()
        for name, request in zip(self.linked, self.requests, strict=True):
            if name:
                held[name] += request.held
        return {name: max(0, (self.cap or 0) - units) for name, units in held.items()}

    def _maximum(self, at: int) -> int | None:
        request = self.requests[at]
        limits = [] if request.ceiling is None else [request.ceiling]
        if self.cap is not None:
            limits.append(
                self.group_room[self.linked[at]] if self.linked[at] else max(0, self.cap - request.held)
            )
        return min(limits, default=None)

    def _is_inadmissible(self, at: int) -> bool:
        asked, most = self.requests[at].quantity, self.maximum[at]
        strict = self.rule.caps.over_maximum == "inadmissible"
        return strict and asked is not None and most is not None and asked > most

    def room(self, at: int) -> int | None:
        """How many more units the request at a position may get; None: no limit."""
        if at in self.inadmissible or at in self.excluded:
            return 0
        limits = [limit for limit in (self.requests[at].quantity, self.maximum[at]) if limit is not None]
        room = max(0, min(limits) - self.got[at]) if limits else None
        if self.linked[at]:
            room = min(room or 0, self.group_room[self.linked[at]])
        return room

    def demand(self, members: Iterable[int]) -> int | None:
        """Units the members may still get together; None: no limit."""
        total, groups = 0, Counter[str]()
        for at in members:
            room = self.room(at)
            if room is None:
                return None
            if self.linked[at]:
                groups[self.linked[at]] += room
            else:
                total += room
        return total + sum(min(units, self.group_room[name]) for name, units in groups.items())

    # the parts of a round

    def run(self) -> None:
        """Share the supply."""
        everybody, method = list(range(len(self.requests))), self.rule.share.method
        supply, classes = Fraction(self.supply or 0), self.rule.classes
        if method == "optimum":
            self._optimise(everybody)
        elif classes is None:
            self._share(everybody, supply, "", method)
        elif classes.mode == "separate":
            for name, members, budget in self._class_budgets(supply):
                self._share(members, budget, name, method)
        elif classes.mode == "reserve":
            for item in classes.classes:
                budget = supply * Fraction(item.share or 0)
                self._share(self._members(item.name), budget, f"reserved for {item.name}", method)
            self._share_rest(everybody, supply - sum(self.got), classes.rest)
        else:
            for item in classes.classes:
                self._share(self._members(item.name), supply - sum(self.got), item.name, method)

    def _members(self, name: str) -> list[int]:
        return [at for at, request in enumerate(self.requests) if request.recipient_class == name]

    def _class_budgets(self, supply: Fraction) -> Iterator[tuple[str, list[int], Fraction]]:
        items = self.rule.classes.classes if self.rule.classes else ()
        spill = bool(self.rule.classes and self.rule.classes.spill)
        members = [self._members(item.name) for item in items]
        demands = [self.demand(group) if spill else None for group in members]
        budgets, _ = fill([Fraction(item.share or 0) for item in items], demands, supply)
        for item, group, budget in zip(items, members, budgets, strict=True):
            yield item.name, group, budget

    def _share_rest(self, everybody: list[int], left: Fraction, method: str) -> None:
        wanting = [at for at in everybody if self.room(at) != 0]
        demand = self.demand(wanting)
        contested = len({self.requests[at].recipient_class for at in wanting}) > 1
        if method == "withheld" and contested and (demand is None or demand > left):
            self.withheld.update(wanting)
        else:
            self._share(wanting, left, "rest", "in_turn" if method == "in_turn" else "pro_rata")

    def _share(self, members: Sequence[int], budget: Fraction, label: str, method: str) -> None:
        """Share a budget among members, one group of simultaneous requests after the other."""
        keyed = sorted(((self._order_key(at), at) for at in members), key=lambda pair: pair[0])
        for key, pairs in groupby(keyed, key=lambda pair: pair[0]):
            group = [at for _, at in pairs]
            demand = self.demand(group)
            overrun = demand is None or demand > budget
            if budget <= 0 and self.coefficient is None:
                return
            if method == "withheld" and overrun:
                self.withheld.update(group)
                return
            before = [self.got[at] for at in group]
            asked = sum(self.requests[at].quantity or 0 for at in group)
            factor = (
                self._give_in_turn(group, budget)
                if method == "in_turn"
                else self._give_pro_rata(group, budget, demand)
            )
            gains = {
                self.requests[at].recipient: self.got[at] - old for at, old in zip(group, before, strict=True)
            }
            handed = sum(gains.values())
            stage = Stage(
                self._name(label, key),
                budget if self.coefficient is None else Fraction(handed),
                asked,
                factor,
                gains,
            )
            self.stages.append(stage)
            for at in group:
                self.stage_of[at] = stage
            budget -= handed
            if overrun and self.rule.share.leftover == "pool" and self.coefficient is None:
                return

    def _order_key(self, at: int) -> tuple[Any, ...]:
        request = self.requests[at]
        day = deem_day(request.accepted_on or dt.date.max, self.rule.order.opening, self.calendar)
        values = {"day": day, "score": -request.score}
        return tuple(values[key] for key in self.rule.order.keys)

    def _name(self, label: str, key: tuple[Any, ...]) -> str:
        words = [str(part) if isinstance(part, dt.date) else f"score {-part}" for part in key]
        return ", ".join([*([label] if label else []), *words]) or "all"

    # sharing one group

    def _hand(self, at: int, units: int, exact: Fraction) -> None:
        self.got[at] += units
        self.exact[at] += exact
        if self.linked[at]:
            self.group_room[self.linked[at]] -= units

    def _give_in_turn(self, group: Sequence[int], budget: Fraction) -> Fraction | None:
        lot = self.rule.rounding.lot
        for at in sorted(group, key=self.rank.__getitem__):
            room = self.room(at)
            most = budget if room is None else min(Fraction(room), budget)
            units = lot * int(most // lot)
            self._hand(at, units, most)
            budget -= units
        return None

    def _give_pro_rata(self, group: Sequence[int], budget: Fraction, demand: int | None) -> Fraction | None:
        """Share among parties (linked recipients are one), then within each party, then make whole lots."""
        scarce = demand is None or demand > budget
        amount = budget if demand is None else min(budget, Fraction(demand))
        parties = self._parties(group)
        rooms = [self.demand(party) for party in parties]
        weights = [self._weight(party, room) for party, room in zip(parties, rooms, strict=True)]
        factor = self._published_factor(budget)
        if factor is None:
            shares, factor = fill(weights, rooms, amount, refill=self.rule.share.refill or not scarce)
            digits = self.rule.share.coefficient_decimals
            if scarce and factor is not None and digits is not None:
                factor = Fraction(int(factor * 10**digits), 10**digits)
                shares = [_least(factor * weight, room) for weight, room in zip(weights, rooms, strict=True)]
        else:
            shares = [_least(factor * weight, room) for weight, room in zip(weights, rooms, strict=True)]
        exact: dict[int, Fraction] = {}
        for party, share in zip(parties, shares, strict=True):
            exact |= self._within_party(party, share)
        self._hand_rounded([(at, exact[at]) for at in group], budget)
        return factor

    def _published_factor(self, budget: Fraction) -> Fraction | None:
        if self.coefficient is not None:
            return self.coefficient
        return budget / self.denominator if self.denominator else None

    def _parties(self, group: Sequence[int]) -> list[list[int]]:
        parties: dict[str | int, list[int]] = {}
        for at in group:
            parties.setdefault(self.linked[at] or at, []).append(at)
        return list(parties.values())

    def _weight(self, party: Sequence[int], room: int | None) -> Number:
        basis = self.rule.share.weight
        if basis == "equal":
            return 1
        if basis == "admissible":
            return room or 0
        requests = [self.requests[at] for at in party]
        if basis == "request":
            return sum(request.quantity or 0 for request in requests)
        return sum(
            (
                Fraction((request.quantity or 0) if request.weight is None else request.weight)
                for request in requests
            ),
            Fraction(0),
        )

    def _within_party(self, party: Sequence[int], share: Fraction) -> dict[int, Fraction]:
        if len(party) == 1:
            return {party[0]: share}
        rooms = [self.room(at) for at in party]
        shares, _ = fill(
            [self._weight([at], room) for at, room in zip(party, rooms, strict=True)], rooms, share
        )
        return dict(zip(party, shares, strict=True))

    def _hand_rounded(self, exact: Sequence[tuple[int, Fraction]], budget: Fraction) -> None:
        rounding, shares = self.rule.rounding, [share for _, share in exact]
        rooms = {at: self.room(at) for at, _ in exact}
        used = Counter[str]()
        for at, share in exact:
            used[self.linked[at]] += rounding.lot * int(share // rounding.lot)

        def grant(position: int, units: int) -> bool:
            at = exact[position][0]
            room, name = rooms[at], self.linked[at]
            if room is not None and units > room:
                return False
            if name and used[name] + rounding.lot > self.group_room[name]:
                return False
            used[name] += rounding.lot
            return True

        order = sorted(range(len(exact)), key=lambda position: self.rank[exact[position][0]])
        weights = [self._weight([at], rooms[at]) for at, _ in exact]
        whole = round_shares(shares, weights, rounding.lot, rounding.method, budget, order, grant)
        for (at, share), units in zip(exact, whole, strict=True):
            self._hand(at, units, share)

    def _optimise(self, members: Sequence[int]) -> None:
        """The whole round at once: the highest total of score times units under every limit; without scores, of units."""
        scored = any(request.score for request in self.requests)
        rooms = [self.room(at) or 0 for at in members]
        small_min = self.rule.small.result_min if self.rule.small else 0
        supply = self.supply or 0
        reserves = [
            (self._members(item.name), int(Fraction(item.share or 0) * supply))
            for item in (self.rule.classes.classes if self.rule.classes else ())
        ]
        whole = maximise(
            Problem(
                values=[self.requests[at].score for at in members]
                if scored
                else [Fraction(1)] * len(members),
                ceilings=rooms,
                supply=supply,
                lot=self.rule.rounding.lot,
                useful_min=[max(small_min, self.requests[at].useful_min) for at in members],
                limits=[
                    ([at for at in members if self.linked[at] == name], room)
                    for name, room in self.group_room.items()
                ],
                reserves=reserves,
                share_of_total=None
                if self.rule.caps.share_of_allocated is None
                else Fraction(self.rule.caps.share_of_allocated),
                order=sorted(members, key=self.rank.__getitem__),
            )
        )
        for at, units in zip(members, whole, strict=True):
            self._hand(at, units, Fraction(units))
        gains = {self.requests[at].recipient: self.got[at] for at in members}
        stage = Stage("optimum", Fraction(supply), sum(rooms), None, gains)
        self.stages.append(stage)
        self.stage_of = [stage] * len(members)

    # results too small to be useful

    def too_small(self) -> list[int]:
        """Positions of results above nothing and below what is useful, the smallest and last in order at the end."""
        small = self.rule.small
        if small is None:
            return []
        least = [max(small.result_min, request.useful_min) for request in self.requests]
        found = [at for at, units in enumerate(self.got) if 0 < units < least[at]]
        return sorted(found, key=lambda at: (-self.got[at], self.rank[at]))


def _least(share: Fraction, room: int | None) -> Fraction:
    return share if room is None else min(share, Fraction(room))
