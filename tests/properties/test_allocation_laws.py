"""Stated laws of allocation, against brute force on small instances and over every published rule."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.casework.allocation import allocate
from lockgate.casework.optimum import Problem, maximise
from lockgate.casework.requests import AllocationRound, Binding, RecipientRequest
from lockgate.casework.rounds import find_levers, find_losers, parse_round, replay, round_as_dict, why_less
from lockgate.casework.rules import AllocationRule, parse_rule
from lockgate.catalogue.procedures import read_procedures

RULES = {name: parse_rule(raw) for name, raw in read_procedures("rules").items()}
FAST = {name: rule for name, rule in RULES.items() if rule.share.method != "optimum"}
CLASSES = {
    name: [item.name for item in rule.classes.classes] if rule.classes else [""]
    for name, rule in RULES.items()
}


def make_requests(draw: st.DrawFn, name: str, most: int = 6) -> tuple[RecipientRequest, ...]:
    part = RULES[name].classes
    classes = CLASSES[name] + ["other"] if part and part.mode == "reserve" else CLASSES[name]
    return tuple(
        RecipientRequest(
            recipient=f"r{at}",
            quantity=draw(st.integers(0, 60)),
            accepted_on=dt.date(2026, 1, 1) + dt.timedelta(days=draw(st.integers(0, 5))),
            recipient_class=draw(st.sampled_from(classes)),
            weight=Fraction(draw(st.integers(0, 9)), draw(st.integers(1, 4))),
            score=Fraction(draw(st.integers(0, 3))),
            ceiling=draw(st.none() | st.integers(0, 40)),
            held=draw(st.integers(0, 5)),
            useful_min=draw(st.integers(0, 20)),
            group=draw(st.sampled_from(["", "", "g", "h"])),
        )
        for at in range(draw(st.integers(1, most)))
    )


@st.composite
def rounds(draw: st.DrawFn, names: Sequence[str] = tuple(RULES), most: int = 6) -> AllocationRound:
    name = draw(st.sampled_from(names))
    rule = RULES[name]
    if draw(st.booleans()):
        caps = {"per_recipient": draw(st.integers(1, 50)), "linked_as_one": draw(st.booleans())}
        rounding = {"lot": draw(st.integers(1, 5))}
        rule = rule.model_copy(
            update={
                "caps": rule.caps.model_copy(update=caps),
                "rounding": rule.rounding.model_copy(update=rounding),
            }
        )
    return AllocationRound(rule, draw(st.integers(0, 150)), make_requests(draw, name, most))


@given(rounds())
def test_nothing_is_created_and_no_limit_is_broken(this: AllocationRound) -> None:
    result = allocate(this)
    assert result.allocated + result.unallocated == this.supply
    assert result.unallocated >= 0
    assert (result.remainder_reason == "") == (result.unallocated == 0)
    groups: dict[str, int] = {}
    for request, item in zip(this.requests, result.allotments, strict=True):
        assert item.quantity % this.rule.rounding.lot == 0
        assert 0 <= item.quantity <= (request.quantity or 0)
        assert request.ceiling is None or item.quantity <= request.ceiling
        assert item.reason
        assert item.would_change
        groups[request.group or request.recipient] = (
            groups.get(request.group or request.recipient, 0) + item.quantity
        )
        if this.rule.caps.per_recipient is not None and item.quantity:
            assert item.quantity + request.held <= this.rule.caps.per_recipient
    if this.rule.caps.per_recipient is not None and this.rule.caps.linked_as_one:
        assert all(units <= this.rule.caps.per_recipient for units in groups.values())


@given(rounds(), st.randoms())
def test_the_order_of_rows_does_not_matter(this: AllocationRound, random: object) -> None:
    shuffled = list(this.requests)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert allocate(replace(this, requests=tuple(shuffled))).quantities == allocate(this).quantities


@given(rounds())
def test_a_logged_round_replays(this: AllocationRound) -> None:
    result = allocate(this)
    assert parse_round(round_as_dict(this)) == this
    assert replay(round_as_dict(this), result.digest) == result


@given(rounds(), st.integers(1, 60))
def test_a_larger_supply_takes_from_nobody_unless_the_rule_says_so(this: AllocationRound, more: int) -> None:
    losers = find_losers(this, (this.supply or 0) + more)
    assert not losers or why_less(this)


def test_rounding_in_an_earlier_class_gives_nothing_to_a_later_one() -> None:
    """Or a unit lost in rounding at home would go abroad, and a larger supply take it back."""
    home = [
        RecipientRequest(who, units, recipient_class="home")
        for who, units in [("a", 333), ("b", 333), ("c", 700)]
    ]
    requests = (*home, RecipientRequest("f", 50, recipient_class="foreign"))
    abroad = [
        allocate(AllocationRound(RULES["home-first"], supply, requests)).quantities["f"]
        for supply in range(1000, 1420)
    ]
    assert abroad == sorted(abroad)
    assert abroad[0] == 0
    assert abroad[-1] == 50


def test_a_reserve_never_takes_from_the_others_as_supply_grows() -> None:
    small = [RecipientRequest(f"s{at}", 90, recipient_class="small") for at in range(7)]
    large = [RecipientRequest(f"l{at}", 900, recipient_class="large") for at in range(3)]
    rule = RULES["accelerators.small-first"].model_copy(update={"rounding": RULES["by-day"].rounding})
    before = [0] * 10
    for supply in range(0, 700, 3):
        now = list(allocate(AllocationRound(rule, supply, (*small, *large))).quantities.values())
        assert all(old <= new for old, new in zip(before, now, strict=True)), supply
        before = now


def test_linked_recipients_can_lose_to_each_other_and_it_is_said() -> None:
    requests = (
        RecipientRequest("t", 30, recipient_class="traditional", group="g"),
        RecipientRequest("n", 30, recipient_class="new", group="g"),
    )
    spill = RULES["traditional-and-new-spill"]
    rule = spill.model_copy(update={"caps": spill.caps.model_copy(update={"per_recipient": 20})})
    this = AllocationRound(rule, 20, requests)
    assert why_less(this)
    assert [change.recipient for change in find_losers(this, 40)] == ["n"]


def test_a_rule_that_may_take_with_supply_shows_it() -> None:
    """The Alabama paradox: with one more seat the smallest of three states loses one."""
    requests = tuple(
        RecipientRequest(who, weight=Fraction(need)) for who, need in [("a", 6), ("b", 6), ("c", 2)]
    )
    this = AllocationRound(RULES["whole-lots"], 10, requests)
    assert [(change.recipient, change.before, change.after) for change in find_losers(this, 11)] == [
        ("c", 2, 1)
    ]
    assert this.rule.may_fall_with_supply


@given(rounds(most=4))
def test_levers_work_and_are_the_least(this: AllocationRound) -> None:
    who = this.requests[0].recipient
    now = allocate(this).quantities[who]
    levers = find_levers(this, who)
    if levers.supply is not None:
        assert allocate(replace(this, supply=levers.supply)).quantities[who] > now
        if not why_less(this):
            assert allocate(replace(this, supply=levers.supply - 1)).quantities[who] == now
    first = this.requests[0]
    for name in ("quantity", "accepted_on"):
        value = getattr(levers, name)
        if value is not None:
            other = (replace(first, **{name: value}), *this.requests[1:])
            assert allocate(replace(this, requests=other)).quantities[who] > now


# against brute force


def naive_by_day(this: AllocationRound) -> dict[str, int]:
    left, found = this.supply or 0, {item.recipient: 0 for item in this.requests}
    for day in sorted({item.accepted_on for item in this.requests if item.accepted_on}):
        same = [item for item in this.requests if item.accepted_on == day]
        asked = sum(item.quantity or 0 for item in same)
        if asked <= left:
            found |= {item.recipient: item.quantity or 0 for item in same}
            left -= asked
        else:
            return found | {item.recipient: (item.quantity or 0) * left // asked for item in same}
    return found


@given(rounds(["by-day"]))
def test_by_day_against_a_day_by_day_count(this: AllocationRound) -> None:
    plain = tuple(replace(item, ceiling=None) for item in this.requests)
    this = replace(this, rule=RULES["by-day"], requests=plain)
    assert allocate(this).quantities == naive_by_day(this)


def whole_vectors(most: Sequence[int], total: int) -> list[tuple[int, ...]]:
    return [units for units in product(*(range(limit + 1) for limit in most)) if sum(units) == total]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=4), st.integers(0, 9))
def test_largest_remainder_is_nearest_to_the_exact_shares(needs: list[int], supply: int) -> None:
    requests = tuple(RecipientRequest(f"r{at}", weight=Fraction(need)) for at, need in enumerate(needs))
    found = allocate(AllocationRound(RULES["whole-lots"], supply, requests))
    assert found.unallocated == 0
    exact = [Fraction(need * supply, sum(needs)) for need in needs]

    def distance(units: Sequence[int]) -> Fraction:
        return sum((abs(part - share) for part, share in zip(units, exact, strict=True)), Fraction(0))

    assert distance(list(found.quantities.values())) == min(
        map(distance, whole_vectors([supply] * len(needs), supply))
    )


@given(st.lists(st.integers(1, 20), min_size=1, max_size=5), st.integers(0, 30))
def test_highest_average_leaves_nothing_to_complain_of(needs: list[int], supply: int) -> None:
    rule = parse_rule(
        {"id": "x", "title": "x", "share": {"weight": "need"}, "rounding": {"method": "highest_average"}}
    )
    requests = tuple(RecipientRequest(f"r{at}", weight=Fraction(need)) for at, need in enumerate(needs))
    units = list(allocate(AllocationRound(rule, supply, requests)).quantities.values())
    assert sum(units) == supply
    for mine, my_need in zip(units, needs, strict=True):
        for others, their_need in zip(units, needs, strict=True):
            assert Fraction(others, their_need) <= Fraction(mine + 1, my_need)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(0, 12)), min_size=1, max_size=6),
    st.integers(0, 50),
)
def test_refilling_gives_all_one_level(claims: list[tuple[int, int | None]], supply: int) -> None:
    """Whoever is under its ceiling has the same units per need as everybody under theirs, and no less than those at it."""
    requests = tuple(
        RecipientRequest(f"r{at}", weight=Fraction(need), ceiling=most)
        for at, (need, most) in enumerate(claims)
    )
    found = allocate(AllocationRound(RULES["by-need-to-ceiling"], supply, requests)).allotments
    levels = [item.exact / need for item, (need, _) in zip(found, claims, strict=True)]
    under = [
        level
        for level, item, (_, most) in zip(levels, found, claims, strict=True)
        if most is None or item.exact < most
    ]
    assert len(set(under)) <= 1
    assert all(level <= under[0] for level in levels if under)
    assert sum(item.exact for item in found) == (
        supply if under else min(supply, sum(most or 0 for _, most in claims))
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    count = draw(st.integers(1, 4))
    everybody = st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True)
    lot = draw(st.integers(1, 3))
    return Problem(
        values=[Fraction(draw(st.integers(0, 4)), draw(st.integers(1, 2))) for _ in range(count)],
        ceilings=[draw(st.integers(0, 8)) for _ in range(count)],
        supply=draw(st.integers(0, 14)),
        lot=lot,
        useful_min=[draw(st.integers(0, 5)) for _ in range(count)],
        limits=[(draw(everybody), draw(st.integers(0, 9)))] if draw(st.booleans()) else [],
        reserves=[(draw(everybody), draw(st.integers(0, 3)))] if draw(st.booleans()) else [],
        share_of_total=draw(st.none() | st.sampled_from([Fraction(1, 2), Fraction(2, 3)])),
        order=draw(st.permutations(range(count))),
    )


def brute_force(problem: Problem) -> list[int]:
    best: tuple[list[int], Fraction, list[int]] | None = None
    answer: list[int] = []
    for lots in product(*(range(most // problem.lot + 1) for most in problem.ceilings)):
        units = [problem.lot * count for count in lots]
        fits = sum(units) <= problem.supply and all(
            not part or part >= least for part, least in zip(units, problem.useful_min, strict=True)
        )
        fits = fits and all(sum(units[at] for at in members) <= most for members, most in problem.limits)
        if problem.share_of_total is not None:
            fits = fits and all(part <= problem.share_of_total * sum(units) for part in units)
        if fits:
            worth = sum(
                (value * part for value, part in zip(problem.values, units, strict=True)), Fraction(0)
            )
            met = [
                min(least // problem.lot, sum(lots[at] for at in members))
                for members, least in problem.reserves
            ]
            key = (met, worth, [units[at] for at in problem.order])
            if best is None or key > best:
                best, answer = key, units
    return answer


@given(problems())
def test_the_optimum_is_that_of_trying_everything(problem: Problem) -> None:
    assert maximise(problem) == brute_force(problem)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_meets_every_request_when_there_is_enough(name: str) -> None:
    lot = RULES[name].rounding.lot
    requests = tuple(
        RecipientRequest(f"r{at}", 3 * lot, dt.date(2026, 2, 2), CLASSES[name][0], weight=Fraction(1))
        for at in range(3)
    )
    supply = 200 * lot if RULES[name].rounding.lot == 1 else 40 * lot
    found = allocate(AllocationRound(RULES[name], supply, requests))
    assert {item.binding for item in found.allotments} == {Binding.REQUEST}


def test_rules_are_all_read() -> None:
    assert len(RULES) == 21
    assert all(isinstance(rule, AllocationRule) for rule in RULES.values())
