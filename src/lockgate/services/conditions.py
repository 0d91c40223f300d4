"""Conditions of a stored case on the facts the record holds; changes between versions of its decision; how long it is kept."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.base.three_valued import word
from lockgate.casework.authorisation import sees
from lockgate.casework.case import Case
from lockgate.casework.clocks import Procedure
from lockgate.casework.condition_checks import Facts, check_condition
from lockgate.casework.conditions import ConditionState, RatioCapTerms, ReportingTerms
from lockgate.casework.items import Item
from lockgate.casework.retention import KEPT, find_retention
from lockgate.casework.roles import Actor, Visibility
from lockgate.casework.versions import diff_decisions, standing_decision
from lockgate.services.caps import ratio_position
from lockgate.services.case_record import load_case
from lockgate.services.practice import load_practice
from lockgate.services.registry import Registry
from lockgate.store.work import Work

END_USE = (
    "end use"  # reports whose subject begins so are those by serial number, which the record itself follows
)


def require_sight(case: Case, person: Actor) -> None:
    """Make sure that a person has to do with a case.

    Raises:
        LockgateError: ``not-allowed``.
    """
    if Visibility.PARTIES not in sees(case, person):
        raise LockgateError(f"{person.id} may not read this of {case.id}", code="not-allowed")


def check_conditions(registry: Registry, person: Actor, case_id: str) -> list[dict[str, Any]]:
    """Every standing condition of a case on what the record knows: yes, no, or undetermined with what is missing.

    Raises:
        LockgateError: ``unknown-case``, ``not-allowed``.
    """
    with registry.read() as work:
        case = load_case(work, case_id)
        require_sight(case, person)
        facts = gather_facts(registry, work, case, registry.today())
    rows = []
    for condition in case.conditions:
        if condition.state is ConditionState.REMOVED:
            continue
        found = check_condition(condition, facts)
        rows.append(
            {
                "condition": condition.id, "set_by": condition.agency, "text": condition.text, "state": condition.state.value,
                "due_on": str(condition.due_on or ""), "holds": word(found.holds), "why": found.explanation.note,
                "missing": list(found.missing),
            }
        )  # fmt: skip
    return rows


def gather_facts(registry: Registry, work: Work, case: Case, on: dt.date) -> Facts:
    """What the record knows of the goods under a case. What it does not know stays unknown."""
    deals = {item.id: item for item in work.items("deal")}
    own = {
        name
        for name, item in deals.items()
        if case.id in (item.data["export_case"], item.data["import_case"])
    }
    every = list(work.items("shipment"))
    mine = [item for item in every if item.data["deal"] in own]
    lots = [lot for item in mine for name in item.data["lots"] if (lot := work.item("lot", name)) is not None]
    overdue = any(
        item.id in {shipment.id for shipment in mine}
        and item.state != "complete"
        and item.due_on
        and item.due_on < str(on)
        for item in work.items("report")
    )
    reporting = [item.terms.subject for item in case.conditions if isinstance(item.terms, ReportingTerms)]
    subjects = [subject for subject in reporting if subject.replace("_", " ").startswith(END_USE)]
    samples = [
        Decimal(len(lot.data["test"]["sample"])) / lot.data["quantity"]
        for lot in lots
        if lot.data.get("test")
    ]
    return Facts(
        on=on,
        shipped_quantity=sum(map(_kept, mine)),
        held_by_recipient=_holdings(every, deals),
        aggregate_tpp=_aggregates(registry, work, case),
        procedures=frozenset(item.kind for item in case.documents),
        untested_lots=frozenset(lot.id for lot in lots if not (lot.data.get("test") or {}).get("passed")),
        sampled_fraction=min(samples, default=None),
        overdue_reports=dict.fromkeys(subjects, overdue),
    )


def _kept(shipment: Item) -> int:
    return int(shipment.data["quantity"] - shipment.data["returned_quantity"])


def _holdings(shipments: Iterable[Item], deals: Mapping[str, Item]) -> dict[str, dict[str, int]]:
    """Units that reached each recipient, by product, over every exporter of the record."""
    found: dict[str, dict[str, int]] = {}
    for item in shipments:
        product = deals[item.data["deal"]].data["product"]
        held = found.setdefault(item.data["recipient"], {})
        held[product] = held.get(product, 0) + _kept(item)
    return found


def _aggregates(registry: Registry, work: Work, case: Case) -> dict[str, dict[str, Decimal]]:
    """Aggregate TPP by product, from the ratio caps of the record, under the places the condition names."""
    found: dict[str, dict[str, Decimal]] = {}
    caps = {item.data["product"]: item for item in work.items("cap") if "denominator" in item.data}
    for condition in case.conditions:
        terms = condition.terms
        if isinstance(terms, RatioCapTerms) and terms.product in caps:
            position = ratio_position(registry, caps[terms.product].data["name"])
            found[terms.product] = {
                terms.capped_places[0]: Decimal(position["capped_tpp"]),
                terms.base_places[0]: Decimal(position["domestic_tpp"]),
            }
    return found


def list_decision_changes(registry: Registry, person: Actor, case_id: str) -> list[dict[str, Any]]:
    """What changed from each version of a case's decision to the next, and from the last to how it stands now.

    Raises:
        LockgateError: ``unknown-case``, ``not-allowed``, ``no-decision``.
    """
    with registry.read() as work:
        case = load_case(work, case_id)
    require_sight(case, person)
    now = standing_decision(case)
    if now is None:
        raise LockgateError(f"nothing was decided in {case_id}", code="no-decision", where="case")
    versions = [*case.decisions, now]
    names = [*(str(item.version) for item in case.decisions), "now"]
    return [
        {
            "from": names[at],
            "to": names[at + 1],
            "part": item.path,
            "before": _shown(item.before),
            "after": _shown(item.after),
        }
        for at in range(len(versions) - 1)
        for item in diff_decisions(versions[at], versions[at + 1])
    ]


def _shown(value: Any) -> str:
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def read_retention(registry: Registry, person: Actor, case_id: str) -> dict[str, Any]:
    """How long the record of a case is kept, from what, and what holds it.

    Raises:
        LockgateError: ``unknown-case``, ``not-allowed``.
    """
    with registry.read() as work:
        case = load_case(work, case_id)
        require_sight(case, person)
        days = _goods_days(work, case)
    found = find_retention(
        replace(case, dates={**case.dates, **days}), load_practice(case.kind).procedure, registry.today()
    )
    return {
        "case": case_id,
        "keep_until": str(found.keep_until or ""),
        "because": found.because or _why_no_end(load_practice(case.kind).procedure),
        "holds": list(found.holds)
        if Visibility.RESTRICTED in sees(case, person)
        else ["withheld"] * bool(found.holds),
        "may_destroy": found.may_destroy,
    }


def _why_no_end(procedure: Procedure | None) -> str:
    named = procedure is not None and any(clock.id == KEPT for clock in procedure.clocks)
    return "nothing it counts from has happened" if named else "its procedure names no end"


def _goods_days(work: Work, case: Case) -> dict[str, dt.date]:
    """The latest export of goods under a case."""
    deals = [
        item.id
        for item in work.items("deal")
        if case.id in (item.data["export_case"], item.data["import_case"])
    ]
    days = [
        dt.date.fromisoformat(item.data["exported_on"])
        for item in work.items("shipment")
        if item.data["deal"] in deals
    ]
    return {"exported": max(days)} if days else {}
