"""How a case moves: may somebody do something to it, and what is then recorded.

``permit`` asks the table and the guards; ``decide`` makes the event of an action; ``folding.fold_event`` makes the case after
it. An event is plain data, so that it can be hashed and kept; the same events always give the same case.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.casework.case import Outcome
from lockgate.casework.clocks import apply_limit
from lockgate.casework.commands import parse_form
from lockgate.casework.completeness import describe_misfit, missing_for
from lockgate.casework.conditions import ConditionState
from lockgate.casework.guards import GUARDS, Question
from lockgate.casework.kinds import Practice
from lockgate.casework.roles import Actor, Role
from lockgate.casework.states import Action, Previous, Transition
from lockgate.casework.table import ACTIONS, ROLES, TABLE, find_transition


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened to a case: its name, and plain data from which the case is folded."""

    type: str
    data: Mapping[str, Any]


def open_event(
    case_id: str, practice: Practice, applicant: str, actor: Actor, on: dt.date, *, about: str = ""
) -> CaseEvent:
    """The first event of a case.

    Args:
        case_id: Its number.
        practice: Its kind.
        applicant: Party id of the applicant; the actor must work for it, or be an officer who enters a paper form.
        actor: Who files it.
        on: The day.
        about: Id of the case this one is about: what an amendment changes, what an appeal is against.

    Raises:
        LockgateError: ``not-allowed``, ``no-subject``.
    """
    if not (actor.holds(Role.APPLICANT) and actor.organisation == applicant) and not actor.holds(
        Role.OFFICER
    ):
        raise LockgateError(
            f"{actor.id} does not apply for {applicant!r}",
            code="not-allowed",
            hint="an applicant of that organisation does",
        )
    if practice.kind.refers_to and not about:
        hint = f"give the id of the {practice.kind.refers_to} case"
        raise LockgateError(
            f"{practice.kind.title}: about which case?", code="no-subject", where="about", hint=hint
        )
    data = {
        "kind": practice.kind.id,
        "applicant": applicant,
        "filed_by": actor.id,
        "on": str(on),
        "about": about,
    }
    return CaseEvent("CaseOpened", {"id": case_id, **data})


@dataclass(frozen=True, slots=True)
class Permission:
    """That somebody may do something: by which row of the table, in which role."""

    transition: Transition
    role: Role


def permit(question: Question, action: Action) -> Permission:
    """The row of the table by which somebody may act on a case.

    Raises:
        LockgateError: ``not-in-this-state``, ``not-allowed``, or the code of the guard that refuses.
    """
    case, actor = question.case, question.actor
    refusal: LockgateError | None = None
    for role in Role:
        row = find_transition(case.state, action, role) if actor.holds(role) else None
        if row is None:
            continue
        refusals = [found for guard in row.guards if (found := GUARDS[guard](question)) is not None]
        if not refusals:
            return Permission(row, role)
        refusal = refusal or refusals[0]
    if refusal is not None:
        raise refusal
    roles = ROLES.get((case.state, action), ())
    if not roles:
        states = sorted({str(row.source) for row in TABLE if row.action is action})
        raise LockgateError(
            f"a case that is {case.state} takes no {action}",
            code="not-in-this-state",
            hint="it can be done in: " + ", ".join(states),
        )
    raise LockgateError(
        f"{action} is not for {', '.join(sorted(actor.roles)) or 'the public'}",
        code="not-allowed",
        hint="it is for: " + ", ".join(roles),
    )


def list_actions(question: Question) -> tuple[Action, ...]:
    """Everything somebody may do to a case now; conditions are asked one by one."""
    found = []
    for action in ACTIONS[question.case.state]:
        try:
            permit(question, action)
        except LockgateError:
            continue
        found.append(action)
    return tuple(found)


def decide(question: Question, action: Action, data: Mapping[str, Any]) -> CaseEvent:
    """The event of an action, if it may be done.

    Args:
        question: Who, to which case, when.
        action: What.
        data: Its form, as plain data.

    Raises:
        InvalidInputError: With every field of the form that does not fit.
        LockgateError: Where it may not be done.
    """
    form = parse_form(action, data)
    if "condition" in form:
        question = Question(
            question.case,
            question.actor,
            question.on,
            question.practice,
            form["condition"],
            question.proposers,
        )
    allowed = permit(question, action)
    check = CHECKS.get(action)
    problems = ProblemCollector()
    if check is not None:
        check(question, form, problems)
    problems.raise_if_any()
    case, row = question.case, allowed.transition
    target = case.previous[-1] if row.target is Previous.STATE else row.target
    event = {
        "action": str(action), "role": str(allowed.role), "on": str(question.on), "agency": question.actor.agency,
        "was": str(case.state), "state": str(target), **_computed(question, action), "form": form,
    }  # fmt: skip
    return CaseEvent(row.event, event)


def _computed(question: Question, action: Action) -> dict[str, Any]:
    """What the event carries besides its form, so that folding it needs no procedure."""
    if action is not Action.REFER:
        return {}
    procedure, due = question.practice.procedure, None
    if procedure is not None and any(clock.id == "agency_recommendation" for clock in procedure.clocks):
        limit = procedure.clock("agency_recommendation").limit
        due, _ = apply_limit(limit, question.on, (), question.practice.calendar)
    return {"due_on": None if due is None else str(due)}


# What a form must fit besides its own shape

Check = Callable[[Question, Mapping[str, Any], ProblemCollector], None]


def _check_edit(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    for name, answer in form["fields"].items():
        with problems.at():
            item = question.practice.kind.field_by_id(name)
            misfit = "" if answer is None else describe_misfit(item, answer)
            if misfit:
                problems.add(misfit, code="bad-answer", where=("fields", name))


def _check_recusal(question: Question, _form: Mapping[str, Any], problems: ProblemCollector) -> None:
    if question.actor.id in question.case.recused:
        problems.add("has withdrawn already", code="recused")


def _check_assignment(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    if form.get("to") in question.case.recused | {question.case.filed_by}:
        problems.add(
            f"{form['to']} cannot take this case", code="recused", where="to", hint="assign somebody else"
        )


def _check_referral(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    asked = {item.agency for item in question.case.referrals}
    for at, agency in enumerate(form["agencies"]):
        if agency in asked or agency in form["agencies"][:at]:
            problems.add(f"{agency} has been asked already", code="asked-already", where=("agencies", at))


def _check_new_conditions(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    known = {item.id for item in question.case.conditions}
    news = form.get("conditions", [form] if "terms" in form else [])
    for at, item in enumerate(news):
        if item["id"] in known:
            problems.add(
                f"there is a condition {item['id']!r} already",
                code="duplicate-condition",
                where=("conditions", at, "id"),
            )
        known.add(item["id"])


def _check_advice(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    _check_new_conditions(question, form, problems)
    if form["recommendation"] == "approve_with_conditions" and not form.get("conditions"):
        problems.add(
            "names no condition", code="no-condition", where="conditions", hint="or recommend approve"
        )


def _check_outcome(outcome: Outcome) -> Check:
    def check(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
        kind = question.practice.kind
        if outcome not in kind.outcomes:
            problems.add(
                f"{kind.title} has no outcome {outcome}",
                code="no-such-outcome",
                hint="one of " + ", ".join(kind.outcomes),
            )
        if outcome is Outcome.APPROVE:
            _check_approval(question, form, problems)
        for at, name in enumerate(form.get("criteria", ())):
            if name not in kind.criteria:
                hint = "one of " + ", ".join(kind.criteria)
                problems.add(
                    f"no criterion {name!r}", code="unknown-criterion", where=("criteria", at), hint=hint
                )

    return check


def _check_approval(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    _check_new_conditions(question, form, problems)
    for task in missing_for(question.case, question.practice.kind, "decision"):
        problems.add(f"{task.title} is missing", code="incomplete", where=("documents",), hint=task.hint)
    if question.practice.kind.quantities and not form.get("granted"):
        problems.add(
            "grants no quantity",
            code="no-quantity",
            where="granted",
            hint="give units by line of the application",
        )
    if form.get("expires_on") and dt.date.fromisoformat(form["expires_on"]) <= question.on:
        problems.add("is not after today", code="bad-date", where="expires_on")


def _check_question_id(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    if form["id"] in {item.id for item in question.case.information_requests}:
        problems.add(f"there is a question {form['id']!r} already", code="duplicate-question", where="id")


def _check_answer(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    waiting = [item.id for item in question.case.information_requests if item.answered_on is None]
    if form["id"] not in waiting:
        problems.add(
            f"no open question {form['id']!r}",
            code="unknown-question",
            where="id",
            hint="open: " + ", ".join(waiting),
        )


def _check_stop(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    procedure = question.practice.procedure
    known = [item.id for item in procedure.stops] if procedure else []
    if form["kind"] not in known:
        problems.add(
            f"the procedure knows no stop {form['kind']!r}",
            code="unknown-stop",
            where="kind",
            hint="one of " + ", ".join(known),
        )
    if form["kind"] in _running(question):
        problems.add("has begun already", code="stop-running", where="kind")


def _check_restart(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    running = _running(question)
    if form["kind"] not in running:
        problems.add(
            f"no stop {form['kind']!r} runs",
            code="unknown-stop",
            where="kind",
            hint="running: " + ", ".join(running),
        )


def _running(question: Question) -> list[str]:
    return [item.kind for item in question.case.noted_stops if item.end_on is None]


def _check_condition(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    found = next((item for item in question.case.conditions if item.id == form["condition"]), None)
    if found is None or found.state is ConditionState.REMOVED:
        known = [item.id for item in question.case.conditions if item.state is not ConditionState.REMOVED]
        problems.add(
            f"no condition {form['condition']!r} stands",
            code="unknown-condition",
            where="condition",
            hint="one of " + ", ".join(known),
        )


def _check_checking(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    _check_condition(question, form, problems)
    for item in question.case.conditions:
        if item.id == form["condition"] and any(part.given_by == question.actor.id for part in item.evidence):
            problems.add(
                "nobody checks evidence they gave themselves", code="own-evidence", where="condition"
            )


def _check_consent(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    _check_condition(question, form, problems)
    for item in question.case.conditions:
        if item.id == form["condition"] and item.agency != question.actor.agency:
            problems.add(
                f"{item.agency} set this condition and has to answer",
                code="not-your-condition",
                where="condition",
            )


def _check_discrepancy(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    if form["id"] in question.case.discrepancies:
        problems.add(
            f"there is a discrepancy {form['id']!r} already", code="duplicate-discrepancy", where="id"
        )


def _check_resolution(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    if form["id"] not in question.case.discrepancies:
        problems.add(f"no discrepancy {form['id']!r} is open", code="unknown-discrepancy", where="id")


def _check_hold_lifted(question: Question, form: Mapping[str, Any], problems: ProblemCollector) -> None:
    if form["matter"] not in question.case.legal_holds:
        problems.add(f"no hold for {form['matter']!r}", code="unknown-hold", where="matter")


CHECKS: Mapping[Action, Check] = MappingProxyType(
    {
        Action.EDIT: _check_edit,
        Action.RECUSE: _check_recusal,
        Action.ASSIGN: _check_assignment,
        Action.REFER: _check_referral,
        Action.ADVISE: _check_advice,
        Action.REQUEST_INFORMATION: _check_question_id,
        Action.ANSWER_INFORMATION: _check_answer,
        Action.STOP_CLOCK: _check_stop,
        Action.RESTART_CLOCK: _check_restart,
        Action.PROPOSE_APPROVAL: _check_outcome(Outcome.APPROVE),
        Action.PROPOSE_DENIAL: _check_outcome(Outcome.DENY),
        Action.PROPOSE_RETURN: _check_outcome(Outcome.RETURN_WITHOUT_ACTION),
        Action.PROPOSE_NO_LICENCE_NEEDED: _check_outcome(Outcome.NO_LICENCE_NEEDED),
        Action.PROPOSE_CONDITION: _check_new_conditions,
        Action.EVIDENCE_CONDITION: _check_condition,
        Action.CHECK_CONDITION: _check_checking,
        Action.CONSENT_TO_REMOVAL: _check_consent,
        Action.REMOVE_CONDITION: _check_condition,
        Action.REPORT_BREACH: _check_condition,
        Action.OPEN_DISCREPANCY: _check_discrepancy,
        Action.RESOLVE_DISCREPANCY: _check_resolution,
        Action.LIFT_LEGAL_HOLD: _check_hold_lifted,
    }
)
"""Checks of a form against its case."""
