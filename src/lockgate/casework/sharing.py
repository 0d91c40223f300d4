"""One pass through a round: ceilings, classes, order groups, and the sharing of each group."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from math import lcm
from typing import Any

from lockgate.casework.calendars import Calendar
from lockgate.casework.filling import (
    Shares,
    fill,
    give_by_average,
    give_by_remainder,
    scale_shares,
    scale_whole,
)
from lockgate.casework.optimum import Problem, maximise
from lockgate.casework.requests import AllocationRound, RecipientRequest, Stage
from lockgate.casework.rules import ClassPart, OpeningDays


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


def tie_key(request: RecipientRequest, score: int, keys: Iterable[str], seed: str) -> tuple[Any, ...]:
    """What decides between equal claims: lower comes first."""
    found: list[Any] = []
    for key in keys:
        if key == "accepted_on":
            found.append(request.accepted_on or dt.date.max)
        elif key == "score":
            found.append(-score)
        elif key == "recipient":
            found.append(request.recipient)
        elif key == "draw":
            found.append(hashlib.sha256(f"{seed}\n{request.recipient}".encode()).hexdigest())
        else:
            found.append((request.quantity or 0) * (-1 if key == "larger_request" else 1))
    return tuple(found)


class Sharing:
    """One pass through a round; ``excluded`` are positions of requests that have fallen out.

    Attributes:
        got: Units by position of the request.
        exact: The same before rounding, as numerator and denominator, which need not be in lowest terms.
        stage_of: The stage that last dealt with the request; None where its turn never came.
        stages: All stages in order.
        withheld: Positions whose share the rule gives no formula for.
        cut: Units that rounding took off exact shares, in all.
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
        self.got = [0] * count
        self.exact: list[tuple[int, int]] = [(0, 1)] * count
        self.stage_of: list[Stage | None] = [None] * count
        self.stages: list[Stage] = []
        self.withheld: set[int] = set()
        self.cut = Fraction(0)
        self.scores = scale_whole([request.score for request in self.requests])[0]
        self.share_cap = self._share_cap()
        self.linked = self._linked()
        self.group_room = self._group_room()
        self.maximum = [self._maximum(at) for at in range(count)]
        self.inadmissible = {at for at in range(count) if self._is_inadmissible(at)}
        self.most = [self._most(at) for at in range(count)]
        self.needs, self.need_scale = self._needs()
        order = sorted(range(count), key=self._tie_key)
        self.rank = [0] * count
        for place, at in enumerate(order):
            self.rank[at] = place

    def _tie_key(self, at: int) -> tuple[Any, ...]:
        return tie_key(
            self.requests[at], self.scores[at], self.rule.rounding.ties, self.rule.rounding.draw_seed
        )

    def _needs(self) -> tuple[list[int], int]:
        """Weights of a rule by need as whole numbers in the same proportion, and the factor they are larger by."""
        if self.rule.share.weight != "need":
            return [], 1
        requests = self.requests
        return scale_whole(
            [Fraction(item.quantity or 0) if item.weight is None else item.weight for item in requests]
        )

    # ceilings

    def _share_cap(self) -> int | None:
        """Most anybody may get of this round's opening supply; what is held from earlier rounds does not count."""
        share = self.rule.caps.share_of_supply
        return None if share is None or self.opening is None else int(Fraction(share) * self.opening)

    def _cap_left(self, held: int) -> int | None:
        """Units under every cap of the rule for a recipient, or a group, that holds so many already."""
        each = self.rule.caps.per_recipient
        limits = [] if each is None else [max(0, each - held)]
        limits += [] if self.share_cap is None else [self.share_cap]
        return min(limits, default=None)

    def _linked(self) -> list[str]:
        """Who each request counts together with under a cap: its group, else its recipient; empty where it stands alone."""
        if self._cap_left(0) is None:
            return [""] * len(self.requests)
        grouped = self.rule.caps.linked_as_one
        names = [
            (request.group if grouped else "") or f"{request.recipient} alone" for request in self.requests
        ]
        members = Counter(names)
        return [name if members[name] > 1 else "" for name in names]

    def _group_room(self) -> dict[str, int]:
        held: dict[str, dict[str, int]] = {}
        for name, request in zip(self.linked, self.requests, strict=True):
            if name:
                of = held.setdefault(name, {})
                of[request.recipient] = max(request.held, of.get(request.recipient, 0))
        return {name: self._cap_left(sum(of.values())) or 0 for name, of in held.items()}

    def _maximum(self, at: int) -> int | None:
        request, name = self.requests[at], self.linked[at]
        cap = self.group_room[name] if name else self._cap_left(request.held)
        return (
            cap if request.ceiling is None else request.ceiling if cap is None else min(cap, request.ceiling)
        )

    def _is_inadmissible(self, at: int) -> bool:
        asked, most = self.requests[at].quantity, self.maximum[at]
        strict = self.rule.caps.over_maximum == "inadmissible"
        return strict and asked is not None and most is not None and asked > most

    def _most(self, at: int) -> int | None:
        """Most units the request at a position may get, however many there are; None: no limit."""
        if at in self.inadmissible or at in self.excluded:
            return 0
        asked, most = self.requests[at].quantity, self.maximum[at]
        return most if asked is None else asked if most is None else min(asked, most)

    def room(self, at: int) -> int | None:
        """How many more units the request at a position may get; None: no limit."""
        most, name = self.most[at], self.linked[at]
        room = None if most is None else most - self.got[at]
        return min(room or 0, self.group_room[name]) if name else room

    def demand(self, members: Iterable[int]) -> int | None:
        """Units the members may still get together; None: no limit."""
        total, groups = 0, dict[str, int]()
        for at in members:
            room, name = self.room(at), self.linked[at]
            if room is None:
                return None
            if name:
                groups[name] = min(groups.get(name, 0) + room, self.group_room[name])
            else:
                total += room
        return total + sum(groups.values())

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
            self._reserve(everybody, supply, classes)
        else:
            self._in_precedence(supply, classes)

    def _reserve(self, everybody: Sequence[int], supply: Fraction, classes: ClassPart) -> None:
        """The reserved parts first; the rest to all. What rounding a reserved part cuts off stays in the pool."""
        rest = supply
        for item in classes.classes:
            members, budget = self._members(item.name), supply * Fraction(item.share or 0)
            demand = self.demand(members)
            rest -= budget if demand is None else min(budget, Fraction(demand))
            self._share(members, budget, f"reserved for {item.name}", self.rule.share.method)
        if self.rule.share.leftover == "next":
            rest = supply - sum(self.got)
        self._share_rest(everybody, rest, classes.rest)

    def _in_precedence(self, supply: Fraction, classes: ClassPart) -> None:
        """One class after the other; none after the first that is not served in full, unless rounding passes on."""
        for item in classes.classes:
            members, left = self._members(item.name), supply - sum(self.got)
            demand = self.demand(members)
            self._share(members, left, item.name, self.rule.share.method)
            if (demand is None or demand > left) and self.rule.share.leftover == "pool":
                return

    def _members(self, name: str) -> list[int]:
        return [at for at, request in enumerate(self.requests) if request.recipient_class == name]

    def _class_budgets(self, supply: Fraction) -> Iterator[tuple[str, list[int], Fraction]]:
        items = self.rule.classes.classes if self.rule.classes else ()
        spill = bool(self.rule.classes and self.rule.classes.spill)
        members = [self._members(item.name) for item in items]
        demands = [self.demand(group) if spill else None for group in members]
        parts, _ = scale_whole([Fraction(item.share or 0) for item in items])
        budgets = fill(parts, demands, supply).fractions()
        for item, group, budget in zip(items, members, budgets, strict=True):
            yield item.name, group, budget

    def _share_rest(self, everybody: Sequence[int], left: Fraction, method: str) -> None:
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
                self._name(label, key, group[0]),
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
        found: list[Any] = []
        for key in self.rule.order.keys:
            if key == "day":
                found.append(
                    deem_day(
                        self.requests[at].accepted_on or dt.date.max, self.rule.order.opening, self.calendar
                    )
                )
            else:
                found.append(-self.scores[at])
        return tuple(found)

    def _name(self, label: str, key: tuple[Any, ...], at: int) -> str:
        words = [label] if label else []
        for name, part in zip(self.rule.order.keys, key, strict=True):
            words.append(str(part) if name == "day" else f"score {self.requests[at].score}")
        return ", ".join(words) or "all"

    # sharing one group

    def _hand(self, at: int, units: int, numerator: int, denominator: int) -> None:
        self.got[at] += units
        top, bottom = self.exact[at]
        self.exact[at] = (
            (top * denominator + numerator * bottom, bottom * denominator)
            if top
            else (numerator, denominator)
        )
        if self.linked[at]:
            self.group_room[self.linked[at]] -= units

    def _give_in_turn(self, group: Sequence[int], budget: Fraction) -> Fraction | None:
        lot = self.rule.rounding.lot
        for at in sorted(group, key=self.rank.__getitem__):
            room = self.room(at)
            most = budget if room is None or room > budget else room
            units = lot * int(most // lot)
            self._hand(at, units, most.numerator, most.denominator)
            self.cut += most - units
            budget -= units
        return None

    def _give_pro_rata(self, group: Sequence[int], budget: Fraction, demand: int | None) -> Fraction | None:
        """Share among parties (linked recipients are one), then within each party, then make whole lots."""
        scarce = demand is None or demand > budget
        amount = budget if scarce else Fraction(demand or 0)
        parties = self._parties(group)
        rooms = [self.room(party[0]) if len(party) == 1 else self.demand(party) for party in parties]
        weights = self._weights(parties, rooms)
        scale = self.need_scale
        factor, digits = self._published_factor(budget), self.rule.share.coefficient_decimals
        if factor is not None:
            shares = scale_shares(weights, rooms, factor / scale)
        else:
            shares = fill(weights, rooms, amount, refill=self.rule.share.refill or not scarce)
            factor = None if shares.factor is None else shares.factor * scale
            if scarce and factor is not None and digits is not None:
                factor = Fraction(int(factor * 10**digits), 10**digits)
                shares = scale_shares(weights, rooms, factor / scale)
        if any(self.linked[at] for at in group):
            shares = self._split_parties(group, parties, shares)
        self._hand_rounded(group, shares, budget)
        return factor

    def _published_factor(self, budget: Fraction) -> Fraction | None:
        if self.coefficient is not None:
            return self.coefficient
        return budget / self.denominator if self.denominator else None

    def _parties(self, group: Sequence[int]) -> Sequence[Sequence[int]]:
        """Linked recipients as one, the others each alone."""
        alone = [(at,) for at in group if not self.linked[at]]
        if len(alone) == len(group):
            return alone
        parties: dict[str, list[int]] = {}
        for at in group:
            if self.linked[at]:
                parties.setdefault(self.linked[at], []).append(at)
        return [*alone, *parties.values()]

    def _weights(self, parties: Sequence[Sequence[int]], rooms: Sequence[int | None]) -> list[int]:
        basis, requests = self.rule.share.weight, self.requests
        if basis == "equal":
            return [1] * len(parties)
        if basis == "admissible":
            return [room or 0 for room in rooms]
        if basis == "need":
            return [sum(self.needs[at] for at in party) for party in parties]
        return [sum(requests[at].quantity or 0 for at in party) for party in parties]

    def _split_parties(
        self, group: Sequence[int], parties: Sequence[Sequence[int]], shares: Shares
    ) -> Shares:
        """What each party has, shared among its members in the same way."""
        found: dict[int, tuple[int, int]] = {}
        for party, numerator in zip(parties, shares.numerators, strict=True):
            if len(party) == 1:
                found[party[0]] = (numerator, shares.denominator)
                continue
            rooms = [self.room(at) for at in party]
            weights = self._weights([(at,) for at in party], rooms)
            inner = fill(weights, rooms, Fraction(numerator, shares.denominator))
            found |= {at: (part, inner.denominator) for at, part in zip(party, inner.numerators, strict=True)}
        common = lcm(*{denominator for _, denominator in found.values()})
        numerators = [found[at][0] * (common // found[at][1]) for at in group]
        return Shares(numerators, common, shares.factor)

    def _hand_rounded(self, group: Sequence[int], shares: Shares, budget: Fraction) -> None:
        lot, denominator = self.rule.rounding.lot, shares.denominator
        whole = [lot * (numerator // (lot * denominator)) for numerator in shares.numerators]
        if self.rule.rounding.method != "floor":
            self._hand_spare_lots(group, shares, whole, budget)
        self.cut += Fraction(sum(shares.numerators), denominator) - sum(whole)
        for at, numerator, units in zip(group, shares.numerators, whole, strict=True):
            self._hand(at, units, numerator, denominator)

    def _hand_spare_lots(
        self, group: Sequence[int], shares: Shares, whole: list[int], budget: Fraction
    ) -> None:
        """Give the lots that rounding down left over, in the order of the rounding method, while there is room."""
        lot, rooms = self.rule.rounding.lot, [self.room(at) for at in group]
        used = dict.fromkeys(["", *self.group_room], 0)
        for at, units in zip(group, whole, strict=True):
            used[self.linked[at]] += units

        def grant(position: int, units: int) -> bool:
            room, name = rooms[position], self.linked[group[position]]
            full = (room is not None and units > room) or (name and used[name] + lot > self.group_room[name])
            used[name] += 0 if full else lot
            return not full

        rank = [self.rank[at] for at in group]
        if self.rule.rounding.method == "largest_remainder":
            give_by_remainder(whole, shares, lot, budget, rank, grant)
        else:
            weights = self._weights([(at,) for at in group], rooms)
            give_by_average(whole, weights, shares, lot, budget, rank, grant)

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
            self._hand(at, units, units, 1)
        gains = {self.requests[at].recipient: self.got[at] for at in members}
        stage = Stage("optimum", Fraction(supply), sum(rooms), None, gains)
        self.stages.append(stage)
        self.stage_of = [stage] * len(members)

    # results too small to be useful

    def too_small(self) -> list[int]:
        """Positions of results above nothing and below what is useful, the smallest and last in order at the end."""
        floor = self.rule.small.result_min if self.rule.small else 0
        least = [max(floor, request.useful_min) for request in self.requests]
        found = [at for at, units in enumerate(self.got) if 0 < units < least[at]]
        return sorted(found, key=lambda at: (-self.got[at], self.rank[at]))
