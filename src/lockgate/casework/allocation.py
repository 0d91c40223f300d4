"""Who gets how many: one round of allocation under an order rule, exact, reproducible, with a reason for every number."""

import datetime as dt
import hashlib
import json
from collections import Counter
from fractions import Fraction
from typing import Any

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.casework.requests import (
    AllocationResult,
    AllocationRound,
    Allotment,
    Binding,
    RecipientRequest,
    render_fraction,
)
from lockgate.casework.sharing import Sharing


def allocate(given: AllocationRound) -> AllocationResult:
    """Allocate the supply of a round among its requests. Nothing is committed: this is the dry run, and the replay.

    Raises:
        InvalidInputError: With every request that does not fit the rule.
        LockgateError: ``coefficient-overdraws``, where a published coefficient hands out more than the supply.
    """
    check_round(given)
    sharing, small = Sharing(given), given.rule.small
    sharing.run()
    while small and small.then == "nothing" and (out := sharing.too_small()):
        sharing = Sharing(given, sharing.excluded | {out[-1]})
        sharing.run()
    handed = sum(sharing.got)
    if given.supply is not None and handed > given.supply:
        raise LockgateError(
            f"the published coefficient hands out {handed} of {given.supply} units",
            code="coefficient-overdraws", where="coefficient", hint="lower the coefficient or raise the supply",
        )  # fmt: skip
    supply = handed if given.supply is None else given.supply
    withdrawing = set(sharing.too_small()) if small and small.then == "may_withdraw" else set()
    allotments = tuple(explain(sharing, at, at in withdrawing) for at in range(len(given.requests)))
    bindings = Counter(item.binding for item in allotments)
    return AllocationResult(
        rule=given.rule.reference,
        supply=supply,
        allotments=allotments,
        stages=tuple(sharing.stages),
        remainder_reason=explain_remainder(sharing, supply, bindings),
        digest=digest_round(given, sharing.got),
    )


def check_round(given: AllocationRound) -> None:
    """Report every input of a round that the rule cannot take.

    Raises:
        InvalidInputError: With every problem.
    """
    problems = ProblemCollector()
    if given.supply is None and given.coefficient is None:
        problems.add(
            "there is no supply",
            code="no-supply",
            where="supply",
            hint="give supply, or a published coefficient",
        )
    for name in ("supply", "opening_supply", "denominator", "coefficient"):
        value = getattr(given, name)
        if value is not None and value < 0:
            problems.add(f"{name} {value} is below 0", code="negative-quantity", where=name)
    if given.denominator is not None:
        total = sum((Fraction(_weight(request)) for request in given.requests), Fraction(0))
        if total > given.denominator:
            problems.add(
                f"the weights add up to {total}, more than the denominator {given.denominator}",
                code="denominator-too-small", where="denominator", hint="give the total on the record date",
            )  # fmt: skip
    by_day, seen = "day" in given.rule.order.keys, set[tuple[str, dt.date | None]]()
    for at, request in enumerate(given.requests):
        key = (request.recipient, request.accepted_on if by_day else None)
        if key in seen:
            problems.add(
                f"{request.recipient!r} has a second request" + (" on that day" if by_day else ""),
                code="duplicate-recipient", where=("requests", at, "recipient"), hint="add them up, or name them apart",
            )  # fmt: skip
        seen.add(key)
        _check_request(problems, given, at)
    problems.raise_if_any()


def _check_request(problems: ProblemCollector, given: AllocationRound, at: int) -> None:
    request, rule, where = given.requests[at], given.rule, ("requests", at)
    amounts = (
        request.quantity,
        request.ceiling,
        request.held,
        request.useful_min,
        request.weight,
        request.score,
    )
    if any(value is not None and value.numerator < 0 for value in amounts):
        for name in ("quantity", "ceiling", "held", "useful_min", "weight", "score"):
            value = getattr(request, name)
            if value is not None and value < 0:
                problems.add(f"{name} {value} is below 0", code="negative-quantity", where=(*where, name))
    by_quantity = rule.share.method != "pro_rata" or rule.share.weight in {"request", "admissible"}
    if by_quantity and request.quantity is None:
        problems.add("this rule needs the quantity asked for", code="no-quantity", where=(*where, "quantity"))
    if (
        not by_quantity
        and rule.share.weight == "need"
        and request.quantity is None
        and request.weight is None
    ):
        problems.add("this rule needs a weight", code="no-weight", where=(*where, "weight"))
    if "day" in rule.order.keys and request.accepted_on is None:
        problems.add("this rule goes by the day of acceptance", code="no-day", where=(*where, "accepted_on"))
    if rule.classes and rule.classes.mode != "reserve":
        known = [item.name for item in rule.classes.classes]
        if request.recipient_class not in known:
            problems.add(
                f"the rule has no class {request.recipient_class!r}", code="unknown-class",
                where=(*where, "recipient_class"), hint="one of " + ", ".join(known),
            )  # fmt: skip


def _weight(request: RecipientRequest) -> Fraction | int:
    return (request.quantity or 0) if request.weight is None else request.weight


def explain(sharing: Sharing, at: int, may_withdraw: bool) -> Allotment:
    """One recipient's number with what held it there."""
    request, stage = sharing.requests[at], sharing.stage_of[at]
    return Allotment(
        recipient=request.recipient,
        quantity=sharing.got[at],
        requested=request.quantity,
        exact_ratio=sharing.exact[at],
        binding=find_binding(sharing, at),
        coefficient=None if stage is None else stage.coefficient,
        maximum=sharing.maximum[at],
        may_withdraw=may_withdraw,
    )


def find_binding(sharing: Sharing, at: int) -> Binding:
    """What held a recipient's number where it is: the first that applies."""
    request, units, most = sharing.requests[at], sharing.got[at], sharing.maximum[at]
    rule, stage = sharing.rule, sharing.stage_of[at]
    if at in sharing.inadmissible:
        return Binding.INADMISSIBLE
    if at in sharing.excluded:
        return Binding.USEFUL_MIN
    if request.quantity is not None and units >= request.quantity:
        return Binding.REQUEST
    wanted = [limit for limit in (request.quantity, most) if limit is not None]
    numerator, denominator = sharing.exact[at]
    if wanted and numerator >= min(wanted) * denominator:
        return Binding.CEILING if most is not None and min(wanted) == most else Binding.ROUNDING
    if sharing.linked[at] and sharing.group_room[sharing.linked[at]] < rule.rounding.lot:
        return Binding.CEILING
    if at in sharing.withheld:
        return Binding.WITHHELD
    if rule.share.method == "optimum":
        return Binding.OPTIMUM
    if stage is None or stage.coefficient is None:
        return Binding.ORDER
    separate = rule.classes is not None and rule.classes.mode == "separate"
    return Binding.CLASS_SHARE if separate else Binding.COEFFICIENT


def explain_remainder(sharing: Sharing, supply: int, bindings: Counter[Binding]) -> str:
    """Why units are left in the pool, one clause for each cause; empty where none are."""
    left = supply - sum(sharing.got)
    if left == 0:
        return ""
    causes = []
    if bindings[Binding.REQUEST] == len(sharing.got):
        causes.append("every request is met in full" if bindings else "nobody asked")
    if bindings[Binding.WITHHELD]:
        causes.append("several classes want them and the rule gives no formula")
    if bindings[Binding.CEILING]:
        causes.append("ceilings hold recipients below what they asked for")
    if bindings[Binding.INADMISSIBLE]:
        causes.append("requests over the maximum fell out")
    if bindings[Binding.USEFUL_MIN]:
        causes.append("parts too small to be of use were not handed out")
    if bindings[Binding.OPTIMUM]:
        causes.append("handing them out would break a limit of the rule")
    if sharing.rule.classes and sharing.rule.classes.mode == "separate":
        unused = [stage.name for stage in sharing.stages if stage.coefficient == 1 and stage.left >= 1]
        asked = {request.recipient_class for request in sharing.requests}
        unused += [item.name for item in sharing.rule.classes.classes if item.name not in asked]
        if unused:
            causes.append(f"class {', '.join(unused)} asked for less than its share and it does not spill")
    lot = sharing.rule.rounding.lot
    if sharing.cut > 0:
        causes.append(
            f"rounding to whole {'units' if lot == 1 else f'lots of {lot}'} cut off {render_fraction(min(sharing.cut, Fraction(left)))}"
        )
    return f"{left:,} left: " + "; ".join(causes or ["the order rule leaves them in the pool"])


def digest_round(given: AllocationRound, quantities: list[int]) -> str:
    """SHA-256 over the rule, every input and the numbers, in canonical JSON."""
    body: dict[str, Any] = {
        "rule": given.rule.model_dump(mode="json"),
        "supply": given.supply,
        "opening_supply": given.opening_supply,
        "denominator": None if given.denominator is None else str(given.denominator),
        "coefficient": None if given.coefficient is None else str(given.coefficient),
        "days_off": sorted(map(str, given.calendar.days_off)),
        "calendar": given.calendar.id,
        "requests": [
            [
                item.recipient, item.quantity, str(item.accepted_on), item.recipient_class,
                None if item.weight is None else str(item.weight), str(item.score) if item.score else "0",
                item.ceiling, item.held, item.useful_min, item.group,
            ]
            for item in given.requests
        ],
        "quantities": quantities,
    }  # fmt: skip
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
