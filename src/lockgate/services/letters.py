"""Letters of a stored case: the one its last step calls for, or another by name; a preview says that it is one."""

from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.authorisation import sees
from lockgate.casework.case import Case, Decision, Proposal
from lockgate.casework.guards import Question, effective_expiry
from lockgate.casework.roles import Actor, Visibility
from lockgate.casework.states import CaseState
from lockgate.reports.letters import LETTERS, OF_OUTCOME, letter_text
from lockgate.services.case_record import ask, load_case
from lockgate.services.registry import Registry

UNSIGNED = "not signed by a second person"
PREVIEW = "a preview; this letter is not due now"


def write_letter(registry: Registry, person: Actor, case_id: str, letter: str = "") -> str:
    """A letter of a case, as text.

    Args:
        registry: Whose record.
        person: Who asks for it: whoever sees the review, and the applicant once the letter is due.
        case_id: The case.
        letter: One of ``reports.letters.LETTERS``; empty: the one its last step calls for.

    Raises:
        LockgateError: ``unknown-case``, ``unknown-letter``, ``no-decision``, ``not-allowed``.
    """
    if letter and letter not in LETTERS:
        raise LockgateError(
            f"there is no letter {letter!r}",
            code="unknown-letter",
            where="letter",
            hint="one of " + ", ".join(LETTERS),
        )
    with registry.read() as work:
        case = load_case(work, case_id)
    question = ask(registry, case, person)
    name = letter or due_letter(case)
    view = letter_view(question, name)
    level = Visibility.REVIEW if view["draft"] or name == "referral" else Visibility.PARTIES
    if level not in sees(case, person):
        raise LockgateError(f"{person.id} may not read this letter", code="not-allowed")
    return letter_text(name, view)


def due_letter(case: Case) -> str:
    """The letter that the last step of a case calls for.

    Raises:
        LockgateError: ``no-decision``, where it calls for none.
    """
    subject = subject_of(case)
    if subject is not None:
        return OF_OUTCOME[subject.outcome]
    if any(item.answered_on is None for item in case.information_requests):
        return "information_request"
    if case.state is CaseState.DRAFT:
        raise LockgateError(f"nothing is proposed or decided in {case.id}", code="no-decision", where="case")
    return "registration"


def subject_of(case: Case) -> Proposal | Decision | None:
    """What a letter of decision is about: what is proposed, else what was decided last."""
    return case.proposal or (case.decisions[-1] if case.decisions else None)


def letter_view(question: Question, name: str) -> dict[str, Any]:
    """What the template of a letter names, as plain data.

    Raises:
        LockgateError: ``no-decision``, where the letter is of a decision and there is none.
    """
    case, kind = question.case, question.practice.kind
    subject = subject_of(case)
    if name in OF_OUTCOME.values() and subject is None:
        raise LockgateError(f"nothing is proposed or decided in {case.id}", code="no-decision", where="case")
    due = {clock: "" if item.due is None else str(item.due) for clock, item in question.deadlines().items()}
    last_day = effective_expiry(case, question.practice)
    conditions = (
        getattr(subject, "conditions", ())
        if case.proposal is None
        else (*case.conditions, *case.proposal.conditions)
    )
    return {
        "draft": _why_draft(case, name, subject),
        "authority": kind.authority,
        "day": str(question.on),
        "to": ", ".join(item.agency for item in case.referrals) if name == "referral" else case.applicant,
        "kind": kind.title,
        "case": case.id,
        "about": case.about,
        "contact": case.assigned_to,
        "dates": {"registered": "", **{event: str(day) for event, day in case.dates.items()}},
        "due": {"whole_review": "", "reply_to_notice": "", "denial_final": "", "appeal_received": "", "appeal_received_from_notice": "", **due},
        "questions": [
            {"id": item.id, "asked_on": str(item.asked_on), "agency": item.agency, "question": item.question}
            for item in case.information_requests
            if item.answered_on is None
        ],
        "stops": any(item.stop for item in case.information_requests if item.answered_on is None),
        "referrals": [
            {"agency": item.agency, "referred_on": str(item.referred_on), "due_on": str(item.due_on or "")}
            for item in case.referrals
        ],
        "silence": all(item.due_on for item in case.referrals),
        "reasons": "" if subject is None else subject.reasons,
        "grounds": [] if subject is None else [kind.criteria.get(name, name) for name in subject.criteria],
        "granted": {} if subject is None else dict(subject.granted),
        "expires_on": "" if subject is None else str(subject.expires_on or ""),
        "last_day": str(last_day or ""),
        "conditions": [
            {"id": item.id, "text": item.text, "addressed_to": item.addressed_to, "due_on": str(item.due_on or "")}
            for item in conditions
        ],
    }  # fmt: skip


def _why_draft(case: Case, name: str, subject: Proposal | Decision | None) -> str:
    """Why the letter is none to send; empty where it is due."""
    if name in OF_OUTCOME.values():
        if case.proposal is not None:
            return UNSIGNED
        return "" if subject is not None and OF_OUTCOME[subject.outcome] == name else PREVIEW
    if name == "registration":
        return "" if "registered" in case.dates else PREVIEW
    if name == "referral":
        return "" if case.referrals else PREVIEW
    return "" if any(item.answered_on is None for item in case.information_requests) else PREVIEW
