"""Published examples in their own shape, read into rounds, measures and procedures; the engine does all arithmetic.

``work_allocation(rule, inputs)`` and ``work_clock(inputs)`` take the columns ``rule`` and ``inputs_json`` of the two tables in
``data/`` and answer in the shape of ``expected_json``. Another table in the same shape is checked with
``python -m tests.oracles.worksheets TABLE.csv``.
"""

import csv
import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from lockgate.base.dates import parse_date
from lockgate.casework.allocation import allocate
from lockgate.casework.calendars import Calendar, parse_calendar
from lockgate.casework.case import Stop
from lockgate.casework.clocks import Clock, Limit, Procedure, find_deadlines, parse_procedure, stopped_days
from lockgate.casework.drawdown import LicenceBalance, RatioCap, StatementCover, UseCount, ValueTolerance
from lockgate.casework.entitlements import (
    CarryOver,
    LinkTest,
    MinimumLot,
    ReferenceCeiling,
    Security,
    SeriesUse,
    SubperiodCarry,
    UseOrLose,
)
from lockgate.casework.measures import parse_measure
from lockgate.casework.requests import AllocationResult, AllocationRound, RecipientRequest
from lockgate.casework.rules import AllocationRule, parse_rule
from lockgate.catalogue.procedures import find_procedure

Inputs = Mapping[str, Any]
Outputs = dict[str, Any]
Kind = TypeVar("Kind")
DATA = Path(__file__).parent / "data"


def exact(value: Any) -> Fraction:
    return Fraction(Decimal(str(value)))


def decimal_text(value: Fraction) -> str:
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def rule_named(name: str, **changes: Any) -> AllocationRule:
    """The published rule, with the parameters the worksheet states itself put in their place."""
    raw = dict(find_procedure("rules", name))
    for part, values in changes.items():
        raw[part] = {**raw.get(part, {}), **values} if isinstance(values, dict) else values
    return parse_rule(raw)


def by_name(amounts: Mapping[str, int], **more: Any) -> list[RecipientRequest]:
    return [RecipientRequest(who, units, **more) for who, units in amounts.items()]


def coefficient(result: AllocationResult) -> Fraction:
    return next((stage.coefficient for stage in result.stages if stage.coefficient is not None), Fraction(1))


# rounds


def by_day(name: str, given: Inputs) -> Outputs:
    requests = [
        RecipientRequest(who, units, parse_date(day))
        for day, asked in given.get("requests_by_acceptance_day", {}).items()
        for who, units in asked.items()
    ]
    requests += [
        RecipientRequest(who, units, parse_date(day)) for who, units, day in given.get("waiting_list", ())
    ]
    supply = given.get("volume", given.get("returned"))
    result = allocate(AllocationRound(rule_named(name), supply, tuple(requests)))
    return {"allocated": result.quantities, "remaining": result.unallocated, "left": result.unallocated}


def opening(name: str, given: Inputs) -> Outputs:
    from lockgate.casework.sharing import deem_day

    rule, calendar = rule_named(name), Calendar(days_off=frozenset(map(parse_date, given["non_working"])))
    requests = tuple(
        RecipientRequest(who, units, parse_date(day)) for who, (day, units) in given["accepted"].items()
    )
    result = allocate(AllocationRound(rule, given["volume"], requests, calendar=calendar))
    deemed = {
        item.recipient: str(deem_day(item.accepted_on, rule.order.opening, calendar))
        for item in requests
        if item.accepted_on
    }
    return {"allocated": result.quantities, "deemed_date": deemed}


def simultaneous(name: str, given: Inputs) -> Outputs:
    rule = rule_named(name, rounding={"lot": given.get("unit", 1)})
    result = allocate(AllocationRound(rule, given["available"], tuple(by_name(given["applied"]))))
    factor, applied = coefficient(result), sum(given["applied"].values())
    return {
        "allocated": result.quantities,
        "coefficient": decimal_text(factor),
        "coefficient_num": int(factor * applied),
        "coefficient_den": applied,
        "unallocated": result.unallocated,
        "carry_to_next_subperiod": result.unallocated,
    }


def withdrawing(name: str, given: Inputs) -> Outputs:
    rule = rule_named(name, small={"result_min": given["min_useful_t"]})
    result = allocate(AllocationRound(rule, given["available_t"], tuple(by_name(given["applied_t"]))))
    may = [item.recipient for item in result.allotments if item.may_withdraw]
    return {
        "allocated_t": result.quantities,
        "coefficient": decimal_text(coefficient(result)),
        "may_withdraw": may,
        "security_of_withdrawer": "released",
        "withdraw_window_working_days": rule.small.withdraw_working_days if rule.small else None,
    }


def reserved(name: str, given: Inputs) -> Outputs:
    classes = [{"name": who, "share": str(part)} for who, part in given["shares"].items()]
    rule = rule_named(name, classes={"classes": classes, "spill": given["spill"]})
    requests = [
        item for who, asked in given["applied"].items() for item in by_name(asked, recipient_class=who)
    ]
    result = allocate(AllocationRound(rule, given["available"], tuple(requests)))
    return {"allocated": result.quantities, "unallocated": result.unallocated}


def over_maximum(name: str, given: Inputs) -> Outputs:
    request = RecipientRequest("applicant", given["applied"], ceiling=given["maximum"])
    result = allocate(AllocationRound(rule_named(name), given["applied"], (request,)))
    return {"allocated": result.allocated, "status": str(result.allotments[0].binding)}


def opening_percent(name: str, given: Inputs) -> Outputs:
    def in_quota(percent: str) -> int:
        request = RecipientRequest("entries", given["entered_kg"])
        return allocate(
            AllocationRound(rule_named(name), None, (request,), coefficient=exact(percent) / 100)
        ).allocated

    first, revised = in_quota(given["percent_first"]), in_quota(given["percent_revised"])
    return {
        "in_quota_first_kg": first,
        "in_quota_revised_kg": revised,
        "moved_to_over_quota_kg": first - revised,
    }


def cap_on_residual(name: str, given: Inputs) -> Outputs:
    rule = rule_named(name, caps={"share_of_supply": str(given["cap_share"])})
    result = allocate(
        AllocationRound(rule, given["residual_at_quarter_start"], tuple(by_name(given["requested"])))
    )
    return {"usable": result.quantities, "left": result.unallocated, "max_each": result.allotments[0].maximum}


def quota_share(name: str, given: Inputs) -> Outputs:
    request = RecipientRequest("holder", weight=exact(given["qs"]))
    supply, pool = given["tac_after_reserve"], exact(given["qs_pool"])
    return {
        "ifq": allocate(AllocationRound(rule_named(name), supply, (request,), denominator=pool)).allocated
    }


def slots(name: str, given: Inputs) -> Outputs:
    rule = rule_named(
        name, classes={"classes": [{"name": "newcomer", "share": str(given["newcomer_share"])}]}
    )
    requests = (
        RecipientRequest("newcomers", given["newcomer_requests"], recipient_class="newcomer"),
        RecipientRequest("others", given["other_requests"], recipient_class="other"),
    )
    result = allocate(AllocationRound(rule, given["pool"], requests))
    first = sum(result.stages[0].allocated.values()) if result.stages else 0
    return {**result.quantities, "newcomers_first_pass": first, "left_for_all": given["pool"] - first}


def by_weight(name: str, given: Inputs) -> Outputs:
    weights = given.get("weights") or given.get("population") or given["targets"]
    ceilings = given.get("ceiling", {})
    requests = tuple(
        RecipientRequest(who, weight=exact(need), ceiling=ceilings.get(who)) for who, need in weights.items()
    )
    lot = given.get("lot", 1)
    result = allocate(AllocationRound(rule_named(name, rounding={"lot": lot}), given["supply"], requests))
    return {
        "allocated": result.quantities,
        "unallocated": result.unallocated,
        "units": result.quantities,
        "lots": {who: units // lot for who, units in result.quantities.items()},
        "left_units": result.unallocated,
    }


def first_refusal(name: str, given: Inputs) -> Outputs:
    requests = by_name(given["us_requests"], recipient_class="home")
    requests += by_name(given["foreign_requests"], recipient_class="foreign")
    result = allocate(AllocationRound(rule_named(name), given["lot"], tuple(requests)))
    window = procedure(
        Clock(
            id="window", title="", starts=("notice",), limit=Limit(working_days=given["window_business_days"])
        )
    )
    ends = find_deadlines(window, days(given, "notice"), calendar=federal())["window"].due
    return {
        "to_us": sum(result.quantities[who] for who in given["us_requests"]),
        "to_foreign": {who: result.quantities[who] for who in given["foreign_requests"]},
        "window_ends": str(ends),
    }


# measures


def reference(name: str, given: Inputs) -> Outputs:
    rule = measure(name, ReferenceCeiling)
    shares, part = [exact(share) for share in given["subperiod_shares"]], exact(given["cap_share"])
    found = {who: rule.reference([units], given["quota"], part) for who, units in given["history"].items()}
    return {
        "reference": found,
        "per_subperiod": {who: rule.split(units, shares) for who, units in found.items()},
    }


def linked(name: str, given: Inputs) -> Outputs:
    rule, threshold = measure(name, LinkTest), exact(given["own_threshold"])
    owns = {
        item["id"]: {owned: exact(part) for owned, part in item.get("owns", {}).items()}
        for item in given["applicants"]
    }
    blocked = rule.blocked(owns, given["substantial_activity"], threshold)
    return {
        "linked": [list(pair) for pair in rule.links(owns, threshold)],
        "blocked": sorted(blocked),
        "allowed": [who for who in owns if who not in blocked],
    }


def subperiods(name: str, given: Inputs) -> Outputs:
    available, lost = measure(name, SubperiodCarry).available(given["subperiods"], given["used"])
    return {"available": available, "lost_at_period_end": lost}


def carry_over(name: str, given: Inputs) -> Outputs:
    prior = given.get("prior_account", given.get("prior_available"))
    used = given["prior_landed"] if "prior_landed" in given else prior - given["prior_unused"]
    found = measure(name, CarryOver).adjust(given["base"], prior, used, exact(given["cap_share"]))
    return {
        "account": found.account,
        "carry": found.carried,
        "deducted": found.deducted,
        "overage": found.overage,
        "violation_route": found.violation,
    }


def use_or_lose(name: str, given: Inputs) -> Outputs:
    rule, answer = measure(name, UseOrLose), {}
    for item in given["series"]:
        early = item.get("returned_before_deadline", 0)
        series = SeriesUse(item["held"], item["used"], early, item.get("justified", False))
        kept, why = rule.keeps(series, exact(given["threshold"]))
        shown = f" ({why})" if early or why.startswith("listed") else ""
        answer[item["id"]] = f"keeps{shown}" if kept else "whole series to pool"
    return answer


def security(name: str, given: Inputs) -> Outputs:
    rate = Decimal(str(given["rate_eur"]))
    rule = measure(name, Security)
    return {
        "forfeit_eur": rule.forfeit_eur(
            given["licence_qty"], given["used_qty"], rate, whole_units=given["whole_units"]
        )
    }


def minimum_lot(name: str, given: Inputs) -> Outputs:
    rule = measure(name, MinimumLot)
    return {"minimum_lot_kg": [rule.of(units, given["min_lot_kg"]) for units in given["surrendered_kg"]]}


def ratio_cap(name: str, given: Inputs) -> Outputs:
    found = measure(name, RatioCap).standing(
        given["us_units"],
        given["cn_mo_units_so_far"],
        given["request_units"],
        Decimal(str(given["tpp_per_chip"])),
    )
    return {
        "ceiling_tpp": found.ceiling_tpp,
        "headroom_units": found.headroom_units,
        "fits": found.fits,
        "over_by_units": found.over_units,
        "share_after": None if found.share_after is None else decimal_text(found.share_after),
    }


def tolerance(name: str, given: Inputs) -> Outputs:
    rule = measure(name, ValueTolerance)
    value, shipped, following = (
        Decimal(str(given[key])) for key in ("value_usd", "shipped_value", "next_value")
    )
    balance = LicenceBalance(given["qty"], value, given["shipped_qty"], shipped)
    draw = rule.draw(balance, given["next_qty"], following)
    return {
        "accepted": draw.accepted,
        "reason": draw.reason,
        "over_by_usd": draw.over_usd,
        "value_after": shipped + following,
        "value_ceiling": rule.ceiling_usd(balance),
    }


def statement(name: str, given: Inputs) -> Outputs:
    covered, over = measure(name, StatementCover).cover(given["statement_qty"], given["applications"])
    return {"ok": covered, "over": over}


def uses(name: str, given: Inputs) -> Outputs:
    accepted, left = measure(name, UseCount).draws(given["licence_qty"], given["uses"], given["max_uses"])
    return {"accepted": accepted, "remaining_qty": left}


WORKERS: Mapping[str, Callable[[str, Inputs], Outputs]] = {
    "FCFS_BY_DAY_PRORATA": by_day,
    "FCFS_OPENING_FICTION": opening,
    "SIMULTANEOUS_COEFFICIENT": simultaneous,
    "SIMULTANEOUS_ROUND_DOWN": simultaneous,
    "SIMULTANEOUS_UNDERSUBSCRIBED": simultaneous,
    "WITHDRAW_IF_TOO_SMALL": withdrawing,
    "RESERVED_SHARE_NO_SPILL": reserved,
    "RESERVED_SHARE_SPILL": reserved,
    "REFERENCE_QUANTITY_CAP": reference,
    "APPLICATION_OVER_MAXIMUM": over_maximum,
    "LINKED_APPLICANTS": linked,
    "US_TRQ_OPENING_PRORATION": opening_percent,
    "CAP_ON_RESIDUAL": cap_on_residual,
    "SUBPERIOD_CARRY": subperiods,
    "IFQ_SHARE": quota_share,
    "IFQ_UNDERAGE": carry_over,
    "IFQ_OVERAGE_SMALL": carry_over,
    "IFQ_OVERAGE_LARGE": carry_over,
    "SLOT_POOL_NEWCOMERS_SCARCE": slots,
    "SLOT_POOL_NEWCOMERS_MANY": slots,
    "USE_IT_OR_LOSE_IT": use_or_lose,
    "SECURITY_FORFEIT": security,
    "SURRENDER_REALLOCATION_MIN_LOT": minimum_lot,
    "PRO_RATA_BY_NEED": by_weight,
    "PROPORTIONAL_TO_CEILING": by_weight,
    "PROPORTIONAL_TO_CEILING_CAPPED": by_weight,
    "WHOLE_LOTS_LARGEST_REMAINDER": by_weight,
    "BIS_50_PERCENT_TPP_CAP": ratio_cap,
    "BIS_50_PERCENT_EQUALITY": ratio_cap,
    "LICENCE_VALUE_TOLERANCE_OK": tolerance,
    "LICENCE_VALUE_TOLERANCE_FAIL": tolerance,
    "LICENCE_QUANTITY_EXHAUSTED": tolerance,
    "PRC_END_USER_STATEMENT_COVER": statement,
    "CN_LICENCE_DRAW_COUNT": uses,
    "FIRST_REFUSAL_WINDOW": first_refusal,
    "RETURN_AND_REALLOCATE": by_day,
}


def work_allocation(rule: str, inputs: Inputs) -> Outputs:
    return WORKERS[rule](rule, inputs)


def measure(name: str, kind: type[Kind]) -> Kind:
    found = parse_measure(find_procedure("measures", name))
    assert isinstance(found, kind)
    return found


# clocks

# How the worksheets name days, and which of our days that is.
DAYS = {
    "decision": "denial_decided",
    "export": "exported",
    "issued": "emergency_issued",
    "requested": "check_requested",
}
# How they name what is due, and which of our clocks that is; some names depend on the days given.
DUE = {
    "ask_by": "agency_asks",
    "recommend_by": "agency_recommendation",
    "due_90": "whole_review",
    "notice_deadline": "notice_of_intent_to_deny",
    "reply_by": "reply_to_notice",
    "final_if_silent": "denial_final",
    "appeal_received_by": "appeal_received",
    "latest_expiry": "emergency_expiry",
    "keep_until": "records_kept",
    "unverified_list_from": "unverified_list",
    "entity_list_process_from": "entity_list_process",
    "air": "filing_by_air",
}


def federal() -> Calendar:
    return parse_calendar(find_procedure("calendars", "us-federal"))


def us_bis() -> Procedure:
    return parse_procedure(find_procedure("clocks", "us-bis"))


def procedure(*clocks: Clock) -> Procedure:
    return Procedure.model_validate({"id": "worksheet", "title": "worksheet", "clock": clocks})


def days(given: Inputs, *names: str) -> dict[str, dt.date]:
    return {
        DAYS.get(name, name): dt.datetime.fromisoformat(given[name])
        if "T" in given[name]
        else parse_date(given[name])
        for name in (names or given)
        if isinstance(given[name], str)
    }


def work_clock(inputs: Inputs) -> Outputs:
    stops = [Stop("stop", *map(parse_date, pair)) for pair in inputs.get("stops", ())]
    known, published = days(inputs), us_bis()
    if "steps" in inputs:
        names = ["registered", *(name for name, _ in inputs["steps"])]
        chain = [
            Clock(id=name, title=name, limit=Limit(days=limit), stoppable=("*",), **start)
            for at, (name, limit) in enumerate(inputs["steps"])
            for start in [{"after": names[at]} if at else {"starts": ("registered",)}]
        ]
        return {name: str(item.due) for name, item in find_deadlines(procedure(*chain), known, stops).items()}
    found = find_deadlines(published, known, stops, federal())
    answer: Outputs = {
        name: None
        if found[clock].due is None
        else found[clock].due.isoformat()[: 16 if "T" in str(inputs) else 10]  # type: ignore[union-attr]
        for name, clock in DUE.items()
    }
    report = "unscheduled_unloading" if "unloaded" in inputs else "computer_shipment_report"
    limit = published.clock("filing_by_vessel").limit
    return answer | {
        "silence": published.clock("agency_recommendation").silence,
        "stopped_days": stopped_days(stops, known.get("registered", dt.date.min), dt.date.max),
        "effective_expiry": f"{found['effective_expiry'].due} 24:00",
        "report_by": str(found[report].due),
        "vessel": f"{limit.hours_before} h before loading",
    }


def main(path: Path) -> int:
    """Work every row of a table; print those that differ."""
    wrong = 0
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            given, expected = json.loads(row["inputs_json"]), json.loads(row["expected_json"])
            found = work_allocation(row["rule"], given) if "rule" in row else work_clock(given)
            differing = {
                key: (value, found.get(key)) for key, value in expected.items() if found.get(key) != value
            }
            wrong += bool(differing)
            print(row["id"], "differs (expected, found): " + str(differing) if differing else "as published")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
