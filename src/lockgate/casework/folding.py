"""The case after an event. Folding needs nothing but the events: no clock, no procedure, no rule."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError
from lockgate.casework.case import (
    Advice,
    Case,
    Decision,
    Document,
    InformationRequest,
    Outcome,
    Pause,
    Proposal,
    Recommendation,
    Referral,
    Stop,
)
from lockgate.casework.conditions import (
    Breach,
    Condition,
    ConditionState,
    Consultation,
    Evidence,
    RemovalAnswer,
    Terms,
)
from lockgate.casework.states import Action, CaseState, Previous
from lockgate.casework.table import TABLE

Data: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """An event as folding sees it.

    Attributes:
        form: What the action was told.
        actor: Who did it.
        agency: The agency they spoke for.
        role: The role they acted in.
        on: The day.
        state: The state after it.
        due_on: Last day of a referral; None where silence means nothing.
    """

    form: Data
    actor: str
    agency: str
    role: str
    on: dt.date
    state: CaseState
    due_on: dt.date | None


Fold: TypeAlias = Callable[[Case, Past], dict[str, Any]]
_TERMS: TypeAdapter[Terms] = TypeAdapter(Terms)
OPENED = "CaseOpened"

SET_ASIDE = frozenset(
    {
        Action.PAUSE,
        Action.PROPOSE_REVOCATION,
        *(
            action
            for action in Action
            if action.startswith("propose_") and action not in {"propose_condition", "propose_allocation"}
        ),
    }
)
"""Actions after which the case can go back to where it was."""
GOES_BACK = frozenset(row.action for row in TABLE if row.target is Previous.STATE)


def fold_event(case: Case | None, event_type: str, data: Data, actor: str) -> Case:
    """The case after one more event.

    Args:
        case: The case before it; None before its first.
        event_type: Name of the event.
        data: What `progress.decide` made.
        actor: Who did it.

    Raises:
        LockgateError: ``bad-history``, where the events do not begin with the opening of a case.
    """
    if event_type == OPENED:
        return Case(
            id=data["id"], kind=data["kind"], applicant=data["applicant"], filed_by=data["filed_by"],
            about=data.get("about", ""), dates=MappingProxyType({"opened": parse_date(data["on"])}), version=1,
        )  # fmt: skip
    if case is None:
        raise LockgateError(f"a case begins with {OPENED}, not {event_type}", code="bad-history")
    action, target, due = Action(data["action"]), CaseState(data["state"]), data.get("due_on")
    past = Past(
        data["form"],
        actor,
        data["agency"],
        data["role"],
        parse_date(data["on"]),
        target,
        parse_date(due) if due else None,
    )
    changes = FOLDS[action](case, past) if action in FOLDS else {}
    previous = case.previous
    if action in SET_ASIDE:
        previous = (*previous, case.state)
    elif action in GOES_BACK:
        previous = previous[:-1]
    elif target is not case.state:
        previous = ()
    return replace(case, state=target, previous=previous, version=case.version + 1, **changes)


def fold_case(events: Iterable[tuple[str, Data, str]]) -> Case:
    """A case from all its events: name, data and actor of each, in order.

    Raises:
        LockgateError: ``bad-history``, where there is none.
    """
    case: Case | None = None
    for event_type, data, actor in events:
        case = fold_event(case, event_type, data, actor)
    if case is None:
        raise LockgateError("a case has at least one event", code="bad-history")
    return case


def _dated(case: Case, on: dt.date, *names: str) -> dict[str, Any]:
    return {"dates": MappingProxyType({**case.dates, **dict.fromkeys(names, on)})}


def _edit(case: Case, past: Past) -> dict[str, Any]:
    merged = {
        name: answer for name, answer in {**case.fields, **past.form["fields"]}.items() if answer is not None
    }
    return {"fields": MappingProxyType(merged)}


def _attach(case: Case, past: Past) -> dict[str, Any]:
    return {
        "documents": (
            *case.documents,
            Document(past.form["kind"], past.form["sha256"], past.form["name"], past.on),
        )
    }


def _assign(case: Case, past: Past) -> dict[str, Any]:
    return {"assigned_to": past.form.get("to", case.assigned_to), "queue": past.form.get("queue", case.queue)}


def _flag(case: Case, past: Past) -> dict[str, Any]:
    return {"flags": (case.flags | set(past.form.get("add", ()))) - set(past.form.get("remove", ()))}


def _recuse(case: Case, past: Past) -> dict[str, Any]:
    return {
        "recused": case.recused | {past.actor},
        "assigned_to": "" if case.assigned_to == past.actor else case.assigned_to,
    }


def _pause(case: Case, past: Past) -> dict[str, Any]:
    pause = Pause(
        past.form["authority"],
        past.form.get("scope", "case"),
        past.form.get("stops_clocks", True),
        past.on,
        reason=past.form["reason"],
    )
    return {"pauses": (*case.pauses, pause)}


def _resume(case: Case, past: Past) -> dict[str, Any]:
    return {"pauses": (*case.pauses[:-1], replace(case.pauses[-1], resumed_on=past.on))}


def _refer(case: Case, past: Past) -> dict[str, Any]:
    due = past.due_on
    new = tuple(Referral(agency, past.on, due) for agency in past.form["agencies"])
    dates = {} if "referred" in case.dates else _dated(case, past.on, "referred")
    return {"referrals": (*case.referrals, *new), **dates}


def _new_condition(item: Data, agency: str, actor: str) -> Condition:
    due = item.get("due_on")
    return Condition(
        id=item["id"], terms=_TERMS.validate_python(item["terms"]), text=item["text"], agency=agency, proposed_by=actor,
        addressed_to=item.get("addressed_to", ""), due_on=parse_date(due) if due else None,
        supersedes=item.get("supersedes", ""),
    )  # fmt: skip


def _advise(case: Case, past: Past) -> dict[str, Any]:
    new = tuple(_new_condition(item, past.agency, past.actor) for item in past.form.get("conditions", ()))
    advice = Advice(
        agency=past.agency, given_by=past.actor, given_on=past.on, recommendation=Recommendation(past.form["recommendation"]),
        reasons=past.form.get("reasons", ""), statutory_basis=past.form.get("statutory_basis", ""),
        regulatory_basis=past.form.get("regulatory_basis", ""), conditions=tuple(item.id for item in new),
    )  # fmt: skip
    return {"advice": (*case.advice, advice), "conditions": (*case.conditions, *new)}


def _ask(case: Case, past: Past) -> dict[str, Any]:
    stop = past.form.get("stop", "applicant_information")
    new = InformationRequest(past.form["id"], past.actor, past.agency, past.on, past.form["question"], stop)
    return {"information_requests": (*case.information_requests, new)}


def _answer(case: Case, past: Past) -> dict[str, Any]:
    return {
        "information_requests": tuple(
            replace(item, answered_on=past.on, answer=past.form["answer"])
            if item.id == past.form["id"]
            else item
            for item in case.information_requests
        )
    }


def _stop(case: Case, past: Past) -> dict[str, Any]:
    return {"noted_stops": (*case.noted_stops, Stop(past.form["kind"], past.on))}


def _end_stop(case: Case, kind: str, on: dt.date) -> tuple[Stop, ...]:
    return tuple(
        replace(item, end_on=on) if item.kind == kind and item.end_on is None else item
        for item in case.noted_stops
    )


def _restart(case: Case, past: Past) -> dict[str, Any]:
    return {"noted_stops": _end_stop(case, past.form["kind"], past.on)}


def _escalate(case: Case, past: Past) -> dict[str, Any]:
    names = {
        "operating_committee": "escalated_to_oc",
        "advisory_committee": "escalated_to_acep",
        "review_board": "escalated_to_earb",
    }
    return _dated(case, past.on, names.get(past.state, "escalated_to_president"))


COMMITTEE_DECIDES = {
    CaseState.OPERATING_COMMITTEE: "oc_decided",
    CaseState.ADVISORY_COMMITTEE: "acep_decided",
    CaseState.REVIEW_BOARD: "earb_decided",
}


def _propose(outcome: Outcome) -> Fold:
    def fold(case: Case, past: Past) -> dict[str, Any]:
        expires = past.form.get("expires_on")
        proposal = Proposal(
            outcome=outcome, proposed_by=past.actor, proposed_on=past.on, reasons=past.form["reasons"],
            criteria=tuple(past.form.get("criteria", ())), granted=MappingProxyType(dict(past.form.get("granted", {}))),
            conditions=tuple(_new_condition(item, past.agency, past.actor) for item in past.form.get("conditions", ())),
            expires_on=parse_date(expires) if expires else None,
        )  # fmt: skip
        decided = COMMITTEE_DECIDES.get(case.state)
        dates = _dated(case, past.on, decided) if decided else {}
        return {"proposal": proposal, "prior_proposers": case.prior_proposers | {past.actor}, **dates}

    return fold


def _countersign(case: Case, past: Past) -> dict[str, Any]:
    proposal = case.proposal
    if proposal is None:
        raise LockgateError("there is nothing to countersign", code="bad-history")
    conditions = (*case.conditions, *proposal.conditions)
    standing = tuple(item for item in conditions if item.state is not ConditionState.REMOVED)
    decision = Decision(
        version=len(case.decisions) + 1, outcome=proposal.outcome, proposed_by=proposal.proposed_by, countersigned_by=past.actor,
        decided_on=past.on, reasons=proposal.reasons, criteria=proposal.criteria, granted=proposal.granted,
        conditions=standing, expires_on=proposal.expires_on,
    )  # fmt: skip
    denial = proposal.outcome is Outcome.DENY
    names = ["denial_decided", "notice"] if denial else ["decided"]
    stops = (*case.noted_stops, Stop("intent_to_deny", past.on)) if denial else case.noted_stops
    dates = _dated(case, past.on, *names)
    if proposal.expires_on:
        dates["dates"] = MappingProxyType({**dates["dates"], "expiry_on_face": proposal.expires_on})
    # Whoever signed first or second is too close to decide past.on an appeal, or to lift what they ordered.
    signers = case.prior_proposers | {past.actor} if denial else frozenset()
    return {
        "proposal": None, "decisions": (*case.decisions, decision), "conditions": conditions, "noted_stops": stops,
        "prior_proposers": signers, **dates,
    }  # fmt: skip


def _send_back(_case: Case, _past: Past) -> dict[str, Any]:
    return {"proposal": None}


def _reconsider(case: Case, past: Past) -> dict[str, Any]:
    return {"noted_stops": _end_stop(case, "intent_to_deny", past.on), "prior_proposers": frozenset()}


def _final(case: Case, past: Past) -> dict[str, Any]:
    return {"noted_stops": _end_stop(case, "intent_to_deny", past.on), **_dated(case, past.on, "denied")}


def _change_condition(case: Case, name: str, change: Callable[[Condition], Condition]) -> dict[str, Any]:
    return {"conditions": tuple(change(item) if item.id == name else item for item in case.conditions)}


def _propose_condition(case: Case, past: Past) -> dict[str, Any]:
    return {"conditions": (*case.conditions, _new_condition(past.form, past.agency, past.actor))}


def _evidence(case: Case, past: Past) -> dict[str, Any]:
    paper = past.form.get("document", "")
    reached = ConditionState.EVIDENCED if paper else ConditionState.ASSERTED
    new = Evidence(paper, past.actor, past.on, past.role == "lab", past.form.get("note", ""))

    def change(item: Condition) -> Condition:
        keep = item.state in {ConditionState.CHECKED, ConditionState.BREACHED} or (
            item.state is ConditionState.EVIDENCED and not paper
        )
        return replace(item, evidence=(*item.evidence, new), state=item.state if keep else reached)

    return _change_condition(case, past.form["condition"], change)


def _check(case: Case, past: Past) -> dict[str, Any]:
    def change(item: Condition) -> Condition:
        if past.form["holds"]:
            new = Evidence("", past.actor, past.on, True, past.form["note"])
            return replace(item, evidence=(*item.evidence, new), state=ConditionState.CHECKED)
        return replace(
            item,
            breaches=(*item.breaches, Breach(past.actor, past.on, past.form["note"])),
            state=ConditionState.BREACHED,
        )

    return _change_condition(case, past.form["condition"], change)


def _consult(case: Case, past: Past) -> dict[str, Any]:
    new = Consultation(
        past.agency, RemovalAnswer(past.form["answer"]), past.actor, past.on, past.form["reason"]
    )
    return _change_condition(
        case, past.form["condition"], lambda item: replace(item, consultations=(*item.consultations, new))
    )


def _remove(case: Case, past: Past) -> dict[str, Any]:
    return _change_condition(
        case, past.form["condition"], lambda item: replace(item, state=ConditionState.REMOVED)
    )


def _breach(case: Case, past: Past) -> dict[str, Any]:
    new = Breach(past.actor, past.on, past.form["facts"])
    return _change_condition(
        case,
        past.form["condition"],
        lambda item: replace(item, breaches=(*item.breaches, new), state=ConditionState.BREACHED),
    )


def _open_discrepancy(case: Case, past: Past) -> dict[str, Any]:
    return {"discrepancies": case.discrepancies | {past.form["id"]}}


def _resolve_discrepancy(case: Case, past: Past) -> dict[str, Any]:
    return {"discrepancies": case.discrepancies - {past.form["id"]}}


def _hold(case: Case, past: Past) -> dict[str, Any]:
    return {"legal_holds": case.legal_holds | {past.form["matter"]}}


def _lift(case: Case, past: Past) -> dict[str, Any]:
    return {"legal_holds": case.legal_holds - {past.form["matter"]}}


def _date(*names: str) -> Fold:
    return lambda case, past: _dated(case, past.on, *names)


def _suspend(case: Case, past: Past) -> dict[str, Any]:
    return {"prior_proposers": case.prior_proposers | {past.actor}, **_dated(case, past.on, "suspended")}


def _reinstate(case: Case, past: Past) -> dict[str, Any]:
    return {"prior_proposers": frozenset(), **_dated(case, past.on, "reinstated")}


FOLDS: Mapping[Action, Fold] = MappingProxyType(
    {
        Action.EDIT: _edit,
        Action.ATTACH_DOCUMENT: _attach,
        Action.SUBMIT: _date("registered"),
        Action.ASSIGN: _assign,
        Action.FLAG: _flag,
        Action.RECUSE: _recuse,
        Action.HOLD: _date("held"),
        Action.PAUSE: _pause,
        Action.RESUME: _resume,
        Action.REFER: _refer,
        Action.ADVISE: _advise,
        Action.REQUEST_INFORMATION: _ask,
        Action.ANSWER_INFORMATION: _answer,
        Action.STOP_CLOCK: _stop,
        Action.RESTART_CLOCK: _restart,
        Action.CONSOLIDATE: _date("recommendations_in"),
        Action.ESCALATE: _escalate,
        Action.PROPOSE_APPROVAL: _propose(Outcome.APPROVE),
        Action.PROPOSE_DENIAL: _propose(Outcome.DENY),
        Action.PROPOSE_RETURN: _propose(Outcome.RETURN_WITHOUT_ACTION),
        Action.PROPOSE_NO_LICENCE_NEEDED: _propose(Outcome.NO_LICENCE_NEEDED),
        Action.PROPOSE_REVOCATION: _propose(Outcome.REVOKE),
        Action.COUNTERSIGN: _countersign,
        Action.SEND_BACK: _send_back,
        Action.RECONSIDER: _reconsider,
        Action.MAKE_FINAL: _final,
        Action.APPEAL: _date("appealed"),
        Action.PROPOSE_CONDITION: _propose_condition,
        Action.EVIDENCE_CONDITION: _evidence,
        Action.CHECK_CONDITION: _check,
        Action.CONSENT_TO_REMOVAL: _consult,
        Action.REMOVE_CONDITION: _remove,
        Action.REPORT_BREACH: _breach,
        Action.RECORD_SHIPMENT: _date("exported"),
        Action.OPEN_DISCREPANCY: _open_discrepancy,
        Action.RESOLVE_DISCREPANCY: _resolve_discrepancy,
        Action.SUSPEND: _suspend,
        Action.REINSTATE: _reinstate,
        Action.PLACE_LEGAL_HOLD: _hold,
        Action.LIFT_LEGAL_HOLD: _lift,
        Action.CLOSE: _date("closed"),
    }
)
"""What each action changes besides the state; the others change nothing else."""
