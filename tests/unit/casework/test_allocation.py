"""Order rules beyond the published examples: small results, lots, draws, links, classes, and rules that do not fit."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from lockgate.base.errors import LockgateError, UnexpectedError
from lockgate.casework.allocation import allocate
from lockgate.casework.completeness import describe_misfit
from lockgate.casework.drawdown import LicenceBalance, RatioCap, UseCount, ValueTolerance
from lockgate.casework.entitlements import (
    LinkTest,
    ReferenceCeiling,
    Security,
    SeriesUse,
    SubperiodCarry,
    UseOrLose,
)
from lockgate.casework.kinds import FormField, When, parse_kind, route
from lockgate.casework.measures import parse_measure
from lockgate.casework.optimum import Problem, maximise
from lockgate.casework.requests import AllocationResult, AllocationRound, Binding, RecipientRequest
from lockgate.casework.rounds import find_levers, parse_round, replay, round_as_dict
from lockgate.casework.rules import parse_rule
from lockgate.casework.waiting_list import Batch, measure_concentration, measure_waiting, run_batches
from lockgate.catalogue.procedures import find_procedure, read_procedures
from lockgate.services.practice import list_kinds, list_rules, load_measure, load_rule


def round_of(supply: int, requests: list[RecipientRequest], **parts: Any) -> AllocationRound:
    return AllocationRound(parse_rule({"id": "t", "title": "t", **parts}), supply, tuple(requests))


def units(supply: int, requests: list[RecipientRequest], **parts: Any) -> dict[str, int]:
    return allocate(round_of(supply, requests, **parts)).quantities


def ask(*amounts: int, **more: Any) -> list[RecipientRequest]:
    return [RecipientRequest("abcdefgh"[at], amount, **more) for at, amount in enumerate(amounts)]


def bindings(result: AllocationResult) -> list[Binding]:
    return [item.binding for item in result.allotments]


def test_results_too_small_to_be_useful_are_shared_again() -> None:
    result = allocate(round_of(100, ask(200, 250, 50), small={"result_min": 20, "then": "nothing"}))
    assert result.quantities == {"a": 44, "b": 55, "c": 0}
    assert bindings(result)[2] is Binding.USEFUL_MIN
    assert "parts too small" in result.remainder_reason


def test_the_requests_own_minimum_counts_if_higher() -> None:
    requests = [RecipientRequest("a", 10, useful_min=6), RecipientRequest("b", 10)]
    assert units(10, requests, small={"result_min": 1, "then": "nothing"}) == {"a": 0, "b": 10}


def test_in_turn_by_a_published_draw() -> None:
    drawn = units(
        5, ask(5, 5, 5), share={"method": "in_turn"}, rounding={"ties": ["draw"], "draw_seed": "2026-01-28"}
    )
    assert sorted(drawn.values()) == [0, 0, 5]
    assert drawn == units(
        5, ask(5, 5, 5), share={"method": "in_turn"}, rounding={"ties": ["draw"], "draw_seed": "2026-01-28"}
    )
    seeds = {
        tuple(
            units(
                5,
                ask(5, 5, 5),
                share={"method": "in_turn"},
                rounding={"ties": ["draw"], "draw_seed": str(seed)},
            ).values()
        )
        for seed in range(30)
    }
    assert len(seeds) == 3


@pytest.mark.parametrize(
    ("ties", "first"),
    [
        (["accepted_on", "recipient"], "b"),
        (["score", "recipient"], "c"),
        (["larger_request", "recipient"], "d"),
        (["smaller_request", "recipient"], "a"),
    ],
)
def test_ties(ties: list[str], first: str) -> None:
    day = dt.date(2026, 1, 2)
    requests = [
        RecipientRequest("a", 4, day),
        RecipientRequest("b", 5, dt.date(2026, 1, 1)),
        RecipientRequest("c", 5, day, score=Fraction(3)),
        RecipientRequest("d", 6, day),
    ]
    found = units(6, requests, share={"method": "in_turn"}, rounding={"ties": ties})
    assert max(found, key=lambda who: (found[who] >= 4, found[who])) == first


def test_a_coefficient_cut_to_published_digits() -> None:
    assert units(1000, ask(333, 333, 700), share={"coefficient_decimals": 2}) == {
        "a": 243,
        "b": 243,
        "c": 511,
    }


def test_no_refill_leaves_what_a_ceiling_takes_off() -> None:
    requests = [
        RecipientRequest("a", weight=Fraction(1), ceiling=2),
        RecipientRequest("b", weight=Fraction(1), ceiling=9),
    ]
    parts = {"share": {"weight": "need", "refill": False}}
    assert units(10, requests, **parts) == {"a": 2, "b": 5}
    assert units(11, requests, **parts) == {"a": 2, "b": 9}


def test_weights_of_nothing_get_nothing() -> None:
    requests = [
        RecipientRequest("a", weight=Fraction(0)),
        RecipientRequest("b", weight=Fraction(0), ceiling=5),
    ]
    assert units(10, requests, share={"weight": "need"}) == {"a": 0, "b": 0}


def test_lots_under_a_cap_of_a_group() -> None:
    """Two linked recipients together stay under the cap, also where spare lots are handed out."""
    requests = [
        RecipientRequest("a", 20, group="g"),
        RecipientRequest("b", 20, group="g"),
        RecipientRequest("c", 20),
    ]
    for method in ("largest_remainder", "highest_average", "floor"):
        found = units(40, requests, caps={"per_recipient": 15}, rounding={"method": method, "lot": 2})
        assert found["a"] + found["b"] <= 15
        assert found["c"] == 14
    apart = units(40, requests, caps={"per_recipient": 15, "linked_as_one": False})
    assert apart == {"a": 13, "b": 13, "c": 13}


def test_a_group_at_its_cap_is_held_by_it() -> None:
    requests = [RecipientRequest("a", 20, group="g", held=4), RecipientRequest("b", 20, group="g")]
    result = allocate(round_of(100, requests, caps={"per_recipient": 10}))
    assert result.quantities == {"a": 3, "b": 3}
    assert bindings(result) == [Binding.CEILING] * 2
    assert "ceilings hold" in result.remainder_reason


def test_weights_of_linked_recipients_add_up() -> None:
    requests = [
        RecipientRequest("a", 30, group="g"),
        RecipientRequest("b", 60, group="g"),
        RecipientRequest("c", 90),
    ]
    parts: dict[str, Any] = {"caps": {"per_recipient": 100}}
    assert units(90, requests, share={"weight": "request"}, **parts) == {"a": 15, "b": 30, "c": 45}
    assert units(90, requests, share={"weight": "need"}, **parts) == {"a": 15, "b": 30, "c": 45}
    assert units(90, requests, share={"weight": "equal"}, **parts) == {"a": 22, "b": 22, "c": 45}


def test_no_formula_for_a_group_that_overruns() -> None:
    result = allocate(round_of(5, ask(4, 4), share={"method": "withheld"}))
    assert result.quantities == {"a": 0, "b": 0}
    assert bindings(result) == [Binding.WITHHELD] * 2
    assert "gives no formula" in result.remainder_reason
    assert units(8, ask(4, 4), share={"method": "withheld"}) == {"a": 4, "b": 4}


@pytest.mark.parametrize(
    ("rest", "expected"), [("withheld", [5, 0]), ("pro_rata", [6, 3]), ("in_turn", [9, 1])]
)
def test_the_rest_after_a_reserve(rest: str, expected: list[int]) -> None:
    requests = [
        RecipientRequest("a", 9, recipient_class="new"),
        RecipientRequest("b", 9, recipient_class="old"),
    ]
    rule = {"mode": "reserve", "rest": rest, "classes": [{"name": "new", "share": "0.5"}]}
    assert list(units(10, requests, classes=rule).values()) == expected


def test_a_class_that_does_not_ask() -> None:
    result = allocate(
        AllocationRound(
            load_rule("eu-garlic.traditional-and-new"),
            10,
            (RecipientRequest("t", 20, recipient_class="traditional"),),
        )
    )
    assert result.quantities == {"t": 7}
    assert "class new asked for less than its share" in result.remainder_reason
    assert bindings(result) == [Binding.CLASS_SHARE]


def test_nobody_asked() -> None:
    result = allocate(round_of(10, []))
    assert (result.unallocated, result.remainder_reason) == (10, "10 left: nobody asked")


def test_scores_rank() -> None:
    requests = [
        RecipientRequest("a", 5, score=Fraction(1, 3)),
        RecipientRequest("b", 5, score=Fraction(1, 2)),
    ]
    result = allocate(round_of(6, requests, order={"keys": ["score"]}))
    assert result.quantities == {"a": 1, "b": 5}
    assert [stage.name for stage in result.stages] == ["score 1/2", "score 1/3"]


def test_what_order_leaves_none_for() -> None:
    result = allocate(round_of(5, ask(5, 5), share={"method": "in_turn"}))
    assert bindings(result) == [Binding.REQUEST, Binding.ORDER]
    assert (
        result.allotments[1].reason
        == "others come first under the order rule; 0 were left when its turn came"
    )


def test_the_optimum() -> None:
    requests = [
        RecipientRequest("a", 50, score=Fraction(2)),
        RecipientRequest("b", 50, score=Fraction(1), useful_min=30),
        RecipientRequest("c", 50, score=Fraction(1), recipient_class="small"),
    ]
    result = allocate(AllocationRound(load_rule("accelerators.optimum"), 80, tuple(requests)))
    assert result.quantities == {"a": 40, "b": 32, "c": 8}
    assert bindings(result)[0] is Binding.OPTIMUM
    halved = allocate(AllocationRound(load_rule("accelerators.optimum"), 80, (requests[0],)))
    assert halved.quantities == {"a": 0}
    assert "would break a limit" in halved.remainder_reason


def problem(**changes: Any) -> Problem:
    base: dict[str, Any] = {
        "values": [Fraction(1)], "ceilings": [5], "supply": 5, "lot": 1, "useful_min": [2], "limits": [], "reserves": [],
        "share_of_total": None, "order": [0],
    }  # fmt: skip
    return Problem(**{**base, **changes})


def test_scores_too_fine() -> None:
    with pytest.raises(LockgateError, match="too fine"):
        maximise(problem(values=[Fraction(10**12, 10**12 + 1)], ceilings=[10**9]))


@pytest.mark.parametrize("break_it", ["none", "wrong"])
def test_a_solver_that_errs_is_caught(break_it: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import optimize

    solve = optimize.milp

    def err(*args: Any, **more: Any) -> Any:
        answer = solve(*args, **more)
        answer.x = None if break_it == "none" else answer.x * 0
        return answer

    monkeypatch.setattr(optimize, "milp", err)
    with pytest.raises(UnexpectedError):
        maximise(problem())


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"classes": {"mode": "separate", "classes": [{"name": "a", "share": 1}, {"name": "a"}]}},
            "named twice",
        ),
        ({"classes": {"mode": "separate", "classes": [{"name": "a"}]}}, "needs a share"),
        ({"classes": {"mode": "separate", "classes": [{"name": "a", "share": "0.9"}]}}, "add up to 0.9"),
        ({"rounding": {"ties": ["score"]}}, "last tie key"),
        ({"rounding": {"ties": ["draw"]}}, "needs a published draw_seed"),
        ({"caps": {"share_of_allocated": "0.5"}}, "needs share.method = 'optimum'"),
        ({"share": {"method": "optimum"}, "order": {"keys": ["day"]}}, "takes no order keys"),
        (
            {"share": {"method": "optimum"}, "classes": {"mode": "precedence", "classes": [{"name": "a"}]}},
            "only with mode",
        ),
        ({"share": {"method": "optimum"}, "small": {"then": "may_withdraw"}}, "takes small.then"),
        ({"order": {"opening": {"first": "01-01", "last": "01-03"}}}, "needs the order key 'day'"),
    ],
)
def test_rules_that_do_not_fit(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(LockgateError, match=message):
        parse_rule({"id": "t", "title": "t", **parts})


def test_what_may_fall_with_supply_is_said() -> None:
    small = parse_rule({"id": "t", "title": "t", "small": {"then": "nothing"}})
    assert len(small.may_fall_with_supply) == 1
    assert load_rule("accelerators.optimum").may_fall_with_supply
    assert load_rule("waiting-list-pass-on").may_fall_with_supply
    assert not load_rule("by-day").may_fall_with_supply


def test_a_round_that_was_tampered_with_does_not_replay() -> None:
    this = round_of(10, ask(9, 9))
    logged = round_as_dict(this)
    logged["supply"] = 11
    with pytest.raises(LockgateError, match="does not come out as logged"):
        replay(logged, allocate(this).digest)


def test_a_round_from_plain_data_names_every_problem() -> None:
    with pytest.raises(LockgateError) as caught:
        parse_round({"supply": "x", "coefficient": "y", "requests": [{"quantity": 1}], "colour": 1})
    assert {error.code for error in caught.value.problems} == {
        "not-a-whole-number",
        "not-a-number",
        "missing",
        "unknown-field",
    }


def test_levers() -> None:
    over = AllocationRound(
        load_rule("eu-quota.reference-maximum"),
        100,
        (RecipientRequest("a", 35, ceiling=30), RecipientRequest("b", 200)),
    )
    assert find_levers(over, "a").quantity == 30
    capped = round_of(100, ask(20), caps={"per_recipient": 5})
    assert find_levers(capped, "a") == find_levers(capped, "a").__class__(None, None, None)
    percent = AllocationRound(
        load_rule("us-quota.opening-percent"), None, (RecipientRequest("a", 10),), coefficient=Fraction(1, 2)
    )
    assert find_levers(percent, "a").supply is None
    weighed = AllocationRound(
        load_rule("by-need"),
        10,
        (RecipientRequest("a", weight=Fraction(1)), RecipientRequest("b", weight=Fraction(3))),
    )
    assert find_levers(weighed, "a").supply == 12
    assert find_levers(weighed, "a").quantity is None


def test_batches_carry_and_wait() -> None:
    day = dt.date(2026, 1, 1)
    requests = [
        RecipientRequest("a", 5, day),
        RecipientRequest("b", 5, day + dt.timedelta(days=20), ceiling=4),
        RecipientRequest("c", 3),
    ]
    batches = [Batch("b1", dt.date(2026, 1, 11), 10), Batch("b2", dt.date(2026, 1, 31), 1)]
    rule = load_rule("eu-quota.coefficient")
    carried = run_batches(rule, batches, requests)
    assert [item.result.quantities for item in carried] == [{"a": 5, "c": 3}, {"b": 3}]
    kept = run_batches(rule, batches, requests, carry=False)
    assert [item.result.supply for item in kept] == [10, 1]
    waiting = measure_waiting(carried)
    assert [waiting.units, waiting.mean_days, waiting.median_days, waiting.longest_days] == [8, 10, 10, 10]
    assert [(item.recipient, item.quantity, item.waited_days) for item in waiting.still] == [("b", 2, 10)]
    assert measure_waiting([]).mean_days is None


def test_concentration() -> None:
    assert measure_concentration({}).hhi == 0
    assert measure_concentration({"a": 0}).shares == {}
    linked = measure_concentration({"a": 1, "b": 1, "c": 2}, {"a": "g", "b": "g"})
    assert linked.shares == {"c": Fraction(1, 2), "g": Fraction(1, 2)}
    assert measure_concentration({str(at): 1 for at in range(3)}).hhi == 3333


# measures


def test_measures_at_their_edges() -> None:
    tolerance = load_measure("us-licence.value-tolerance")
    assert isinstance(tolerance, ValueTolerance)
    balance = LicenceBalance(10, Decimal(100), 9, Decimal(100))
    assert tolerance.draw(balance, 2, Decimal(1)).over_units == 1
    assert tolerance.draw(balance, 1, Decimal(10)).accepted
    assert tolerance.draw(balance, 1, Decimal("10.01")).over_usd == Decimal("0.01")
    assert not tolerance.draw(balance, 1, Decimal(10), tolerance=Decimal("0.05")).accepted
    ratio = load_measure("us-export.tpp-ratio")
    assert isinstance(ratio, RatioCap)
    assert ratio.standing(0, 0, 0, Decimal(1)).share_after is None
    broken = ratio.standing(10, 8, 2, Decimal(100))
    assert (broken.headroom_units, broken.fits, broken.over_units) == (-3, False, 2)
    with pytest.raises(LockgateError, match="above 0"):
        ratio.standing(1, 1, 1, Decimal(0))
    mixed = ratio.standing_tpp(Fraction(1000), Fraction(450), 3, Decimal("16.5"))
    assert (mixed.headroom_units, mixed.fits) == (3, True)
    uses = load_measure("cn-import-licence.use-count")
    assert isinstance(uses, UseCount)
    assert uses.draws(100, [90, 20, 10, 1]) == ([True, False, True, False], 0)


def test_the_security_of_a_licence() -> None:
    rule = load_measure("eu-licence.security")
    assert isinstance(rule, Security)
    assert rule.forfeit_eur(1000, 50, Decimal(10)) == 9000  # five per cent is not under five per cent
    assert rule.forfeit_eur(1000, 49, Decimal(10)) == 10000
    assert rule.forfeit_eur(1000, 940, Decimal(10)) == 0  # 100 exactly is waived
    assert rule.forfeit_eur(1000, 939, Decimal(10)) == 110


def test_links_run_through_others() -> None:
    rule = load_measure("eu-quota.linked-operators")
    assert isinstance(rule, LinkTest)
    owns = {
        "a": {"b": Fraction(1, 4)},
        "c": {"d": Fraction(1)},
        "b": {"c": Fraction(1, 2)},
        "e": {"f": Fraction(6, 25)},
    }
    assert rule.groups(owns) == [frozenset("abcd")]
    assert rule.blocked(owns, {"a": True, "d": True}) == {"b", "c"}


def test_other_measures() -> None:
    ceiling = load_measure("eu-quota.reference-ceiling")
    assert isinstance(ceiling, ReferenceCeiling)
    assert ceiling.reference([4000, 4000], 20000) == 3000
    carry = load_measure("eu-quota.subperiod-carry")
    assert isinstance(carry, SubperiodCarry)
    assert carry.available([100, 100], [30]) == ([100, 170], 170)
    slots = load_measure("airport-slots.use-or-lose")
    assert isinstance(slots, UseOrLose)
    assert slots.keeps(SeriesUse(10, 0, returned_early=10)) == (True, "0/0")
    with pytest.raises(LockgateError):
        parse_measure({"kind": "use_count", "id": "x"})


# kinds and answers


def test_every_rule_and_kind_is_listed() -> None:
    assert len(list_rules()) == len(read_procedures("rules"))
    assert list_kinds() == (
        "amendment",
        "appeal",
        "end-use-visit",
        "export-licence",
        "import-approval",
        "lab-qualification",
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"field": [{"id": "a", "label": "A"}] * 2}, "is there twice"),
        (
            {"field": [{"id": "a", "label": "A", "when": [{"field": "z", "filled": True}]}]},
            "names 'z', which is no field",
        ),
        ({"field": [{"id": "a", "label": "A", "when": [{"field": "a"}]}]}, "give any_of, over or filled"),
    ],
)
def test_kinds_that_do_not_fit(changes: dict[str, Any], message: str) -> None:
    raw = {"id": "k", "title": "K", "issues": "x", "authority": "y", "outcomes": ["approve"], **changes}
    with pytest.raises(LockgateError, match=message):
        parse_kind(raw)


def test_tests_of_answers() -> None:
    over = When(field="v", over=Decimal(50000))
    assert [over.holds({"v": value}) for value in (50001, 50000, "many", None)] == [True, False, None, None]
    assert When(field="v", any_of=("x",)).holds({"v": ["y", "x"]}) is True
    assert When(field="v", filled=True).holds({"v": []}) is False
    assert When(field="v", filled=True).holds({"v": "x"}) is True


def test_routing() -> None:
    kind = parse_kind(find_procedure("kinds", "export-licence"))
    china = route(
        kind,
        {"destination": "CN", "item_family": "3A090.a", "remote_end_users": ["x"], "resubmission_of": "Z1"},
    )
    assert (china.queue, china.agencies) == ("accelerators", ("defense", "energy", "state"))
    assert china.flags == {"ratio-cap", "lab-test", "remote-access", "resubmission"}
    assert route(kind, {}).undetermined == {"china-accelerators": ("destination", "item_family")}
    assert route(kind, {"destination": "GB"}).queue == "interagency"


@pytest.mark.parametrize(
    ("kind", "answer", "fits"),
    [
        ("date", "2026-01-28", True), ("date", "soon", False), ("date", 5, False), ("usd", "1.5", True), ("usd", "lots", False),
        ("number", True, False), ("number", "NaN", False), ("yes_no", True, True), ("yes_no", "yes", False), ("parties", ["a"], True),
        ("items", "a", False), ("text", 5, False), ("quantity", 0, False), ("quantity", True, False),
    ],
)  # fmt: skip
def test_answers(kind: str, answer: Any, fits: bool) -> None:
    item = FormField.model_validate({"id": "f", "label": "F", "type": kind})
    assert (describe_misfit(item, answer) == "") is fits


def test_choices_of_a_list() -> None:
    item = FormField(id="f", label="F", type="items", choices=("a", "b"))
    assert describe_misfit(item, ["a", "b"]) == ""
    assert "is none of a, b" in describe_misfit(item, ["a", "c"])


def test_one_recipient_may_ask_on_several_days() -> None:
    first, second = dt.date(2026, 1, 5), dt.date(2026, 1, 9)
    requests = [
        RecipientRequest("a", 300, first),
        RecipientRequest("b", 400, first),
        RecipientRequest("a", 100, second),
    ]
    rule: dict[str, Any] = {"order": {"keys": ["day"]}}
    assert units(750, requests, **rule) == {"a": 350, "b": 400}
    assert units(750, requests, caps={"per_recipient": 320}, **rule) == {"a": 320, "b": 320}
    held = [RecipientRequest("a", 300, first, held=50), RecipientRequest("a", 100, second, held=50)]
    assert units(750, held, caps={"per_recipient": 320}, **rule) == {"a": 270}
    assert find_levers(round_of(750, requests, **rule), "a").supply == 751
    outcomes = run_batches(load_rule("by-day"), [Batch("b1", second, 750), Batch("b2", second, 30)], requests)
    assert [item.result.quantities for item in outcomes] == [{"a": 350, "b": 400}, {"a": 30}]
    assert [(item.recipient, item.quantity) for item in measure_waiting(outcomes).still] == [("a", 20)]
    with pytest.raises(LockgateError, match="second request on that day"):
        units(5, [RecipientRequest("a", 3, first), RecipientRequest("a", 4, first)], **rule)
    with pytest.raises(LockgateError, match="'a' has a second request"):
        units(5, requests)


def test_what_linked_recipients_hold_counts_in_later_batches() -> None:
    day = dt.date(2026, 1, 1)
    batches = [Batch("b1", day, 60), Batch("b2", day, 100)]
    linked = [
        RecipientRequest("a", 40, group="g"),
        RecipientRequest("b", 400, group="g"),
        RecipientRequest("c", 400),
    ]
    rule = parse_rule({"id": "t", "title": "t", "caps": {"per_recipient": 50}, "share": {"weight": "equal"}})
    totals: dict[str, int] = {}
    for outcome in run_batches(rule, batches, linked):
        for who, found in outcome.result.quantities.items():
            totals[who] = totals.get(who, 0) + found
    assert totals["a"] + totals["b"] == 50
    assert totals["c"] == 50
    apart = [RecipientRequest("a", 40, day), RecipientRequest("a", 40, day + dt.timedelta(days=1))]
    by_day = parse_rule({"id": "t", "title": "t", "caps": {"per_recipient": 50}, "order": {"keys": ["day"]}})
    later = [Batch("b1", day, 45), Batch("b2", day + dt.timedelta(days=1), 45)]
    assert [item.result.quantities for item in run_batches(by_day, later, apart)] == [{"a": 40}, {"a": 10}]


def test_what_rounding_cuts_off_passes_on_where_the_rule_says_so() -> None:
    requests = [*ask(1, 1, 1, recipient_class="new"), RecipientRequest("z", 9, recipient_class="old")]
    reserve = {"mode": "reserve", "classes": [{"name": "new", "share": "0.5"}], "rest": "in_turn"}
    first = {"mode": "precedence", "classes": [{"name": "new"}, {"name": "old"}]}
    for leftover, by_reserve, by_precedence in (("pool", 0, 0), ("next", 2, 2)):
        share = {"leftover": leftover}
        ties = {"ties": ["larger_request", "recipient"]}
        assert units(2, requests, classes=reserve, share=share, rounding=ties)["z"] == (by_reserve or 1)
        assert units(2, requests, classes=first, share=share)["z"] == by_precedence
