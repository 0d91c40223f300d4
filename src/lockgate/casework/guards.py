"""What must hold besides state and role, one function for each guard of the table."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lockgate.base.errors import LockgateError
from lockgate.casework.advice import consolidate
from lockgate.casework.case import Case, Recommendation
from lockgate.casework.clocks import Deadline, find_deadlines
from lockgate.casework.completeness import missing_for
from lockgate.casework.kinds import Practice
from lockgate.casework.roles import Actor
from lockgate.casework.states import Guard


@dataclass(frozen=True, slots=True)
class Question:
    """May this person do this to this case, on this day?

    Attributes:
        case: The case as it stands.
        actor: Who asks.
        on: The day.
        practice: The kind with its clocks.
        condition: Id of the condition it is about; empty where it is about none.
        proposers: Whoever proposed what is to be signed, where that is not in the case: an allocation, say.
    """

    case: Case
    actor: Actor
    on: dt.date
    practice: Practice
    condition: str = ""
    proposers: frozenset[str] = frozenset()

    def deadlines(self) -> Mapping[str, Deadline]:
        """The clocks of the procedure as the case stands; empty where the kind runs by none."""
        procedure = self.practice.procedure
        if procedure is None:
            return {}
        return find_deadlines(procedure, self.case.dates, self.case.stops, self.practice.calendar)


Refusal = LockgateError | None


def _refuse(message: str, code: str, hint: str = "") -> LockgateError:
    return LockgateError(message, code=code, hint=hint)


def own_case(asked: Question) -> Refusal:
    """An applicant acts on the cases of the own organisation only."""
    if asked.actor.organisation and asked.actor.organisation == asked.case.applicant:
        return None
    return _refuse("the case is another applicant's", "not-own-case")


def filer(asked: Question) -> Refusal:
    """An officer works on the draft of a case they opened themselves, and on no other draft."""
    return (
        None
        if asked.actor.id == asked.case.filed_by
        else _refuse("somebody else filed this case", "not-filer")
    )


def named_lab(asked: Question) -> Refusal:
    """A laboratory acts where the application names it."""
    named = asked.case.fields.get("laboratory", ())
    named = [named] if isinstance(named, str) else named
    if asked.actor.organisation and asked.actor.organisation in named:
        return None
    return _refuse(
        "the application does not name this laboratory", "not-named-lab", "the field is 'laboratory'"
    )


def independent(asked: Question) -> Refusal:
    """Nobody decides on a case they filed, of a company they have a tie to, or that they have withdrawn from."""
    case, actor = asked.case, asked.actor
    if actor.id == case.filed_by:
        return _refuse("nobody decides on a case they filed themselves", "own-case")
    if actor.organisation and actor.organisation == case.applicant:
        return _refuse("nobody decides on a case of a company they have a tie to", "own-case")
    if actor.id in case.recused:
        return _refuse(f"{actor.id} has withdrawn from this case", "recused", "somebody else has to act")
    return None


def complete(asked: Question) -> Refusal:
    """An application goes in when nothing is missing."""
    missing = missing_for(asked.case, asked.practice.kind, "submission")
    if not missing:
        return None
    words = "; ".join(f"{task.title}: {task.hint}" for task in missing)
    return _refuse(f"the application is not complete ({len(missing)} missing)", "incomplete", words)


def agency_asked(asked: Question) -> Refusal:
    """An adviser speaks for an agency the case was referred to."""
    if asked.actor.agency in {item.agency for item in asked.case.referrals}:
        return None
    return _refuse(
        f"the case was not referred to {asked.actor.agency or 'an agency of this person'}", "agency-not-asked"
    )


def advice_in(asked: Question) -> Refusal:
    """Every agency has advised, or its time is over."""
    waiting = [item for item in consolidate(asked.case, asked.on).positions if item.recommendation is None]
    if not waiting:
        return None
    words = ", ".join(f"{item.agency} (until {item.due_on or 'its clock runs again'})" for item in waiting)
    return _refuse(
        f"advice is still out: {words}", "advice-out", "silence counts as no objection after that day"
    )


def agencies_disagree(asked: Question) -> Refusal:
    """A case is escalated where an agency's denial stands."""
    found = consolidate(asked.case, asked.on)
    if any(item.recommendation is Recommendation.DENY for item in found.positions):
        return None
    return _refuse("no agency's denial stands", "no-disagreement", "propose a decision")


def another_person(asked: Question) -> Refusal:
    """A second signature is another person's than the first."""
    if asked.actor.id in asked.case.prior_proposers | asked.proposers:
        return _refuse("nobody signs what they proposed themselves", "own-proposal", "another person has to")
    return None


def reply_period_over(asked: Question) -> Refusal:
    """A denial becomes final when the time to answer the notice is over."""
    final = asked.deadlines().get("denial_final")
    if final is None or (final.due is not None and asked.on >= final.due):
        return None
    return _refuse(f"the denial is final on {final.due or 'a day not fixed yet'}", "reply-period-runs")


def appeal_in_time(asked: Question) -> Refusal:
    """An appeal must have come in within its time; where two provisions differ, within the longer."""
    clocks = asked.deadlines()
    dues = [clocks[name].due for name in ("appeal_received", "appeal_received_from_notice") if name in clocks]
    latest = max((due for due in dues if due is not None), default=None)
    if latest is None or asked.on <= latest:
        return None
    return _refuse(f"the appeal had to be in by {latest}", "appeal-late")


def removal_consulted(asked: Question) -> Refusal:
    """A condition goes only after the agency that set it has answered, through somebody else than who removes it."""
    found = next((item for item in asked.case.conditions if item.id == asked.condition), None)
    if found is None:
        return _refuse(f"the case has no condition {asked.condition!r}", "unknown-condition")
    if any(
        item.agency == found.agency and item.answered_by != asked.actor.id for item in found.consultations
    ):
        return None
    hint = "record its consent or its objection first"
    return _refuse(f"{found.agency} set this condition and has not been consulted", "not-consulted", hint)


def effective_expiry(case: Case, practice: Practice) -> dt.date | None:
    """The last day of what was issued; None where it has no end.

    The expiry is printed on the decision's face; on a legal holiday it runs to the next working day.
    """
    on_face = case.decisions[-1].expires_on if case.decisions else None
    if on_face is None:
        return None
    return practice.calendar.next_working(on_face) if practice.calendar.is_holiday(on_face) else on_face


def past_expiry(asked: Question) -> Refusal:
    """What was issued ends after its last day."""
    last = effective_expiry(asked.case, asked.practice)
    if last is not None and asked.on > last:
        return None
    return _refuse(f"it runs to the end of {last}" if last else "it has no expiry", "not-expired")


def nothing_open(asked: Question) -> Refusal:
    """A case is closed when no discrepancy is open."""
    if not asked.case.discrepancies:
        return None
    return _refuse(
        "discrepancies are open: " + ", ".join(sorted(asked.case.discrepancies)), "discrepancies-open"
    )


GUARDS: Mapping[Guard, Callable[[Question], Refusal]] = MappingProxyType(
    {
        Guard.OWN_CASE: own_case,
        Guard.FILER: filer,
        Guard.NAMED_LAB: named_lab,
        Guard.INDEPENDENT: independent,
        Guard.COMPLETE: complete,
        Guard.AGENCY_ASKED: agency_asked,
        Guard.ADVICE_IN: advice_in,
        Guard.AGENCIES_DISAGREE: agencies_disagree,
        Guard.ANOTHER_PERSON: another_person,
        Guard.REPLY_PERIOD_OVER: reply_period_over,
        Guard.APPEAL_IN_TIME: appeal_in_time,
        Guard.REMOVAL_CONSULTED: removal_consulted,
        Guard.PAST_EXPIRY: past_expiry,
        Guard.NOTHING_OPEN: nothing_open,
    }
)
"""Every guard of the table, and the function that answers it."""
