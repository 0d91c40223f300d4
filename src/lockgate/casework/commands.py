"""What each action must be told: one form of plain data for each, with every problem of it at once."""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, ValidationError

from lockgate.base.errors import problems_from_validation
from lockgate.casework.case import Recommendation
from lockgate.casework.conditions import RemovalAnswer, Terms
from lockgate.casework.states import Action

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Form(BaseModel):
    """Plain data of an action. Fields not named are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OpenForm(BaseModel):
    """Data of an action whose quantities are kept elsewhere; any plain data."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Reasoned(Form):
    """Why."""

    reason: Words


class Edit(Form):
    """Answers by field id; null takes an answer away."""

    fields: Annotated[dict[str, Any], Field(min_length=1)]


class AttachDocument(Form):
    """A paper: its kind, name and the SHA-256 of its bytes."""

    kind: Words
    name: Words
    sha256: Digest


class Assign(Form):
    """Who takes the case, in which queue."""

    to: str = ""
    queue: str = ""


class Flag(Form):
    """Flags to raise and to take down."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class PauseForm(Form):
    """By which authority a case is set aside, how far, and whether its clocks stand still."""

    authority: Words
    scope: Literal["case", "kind", "programme"] = "case"
    stops_clocks: bool = True
    reason: Words


class Refer(Form):
    """Agencies asked for advice."""

    agencies: Annotated[tuple[Words, ...], Field(min_length=1)]


class NewCondition(Form):
    """A condition: its terms, its words, who must meet it and by when."""

    id: Words
    terms: Terms
    text: Words
    addressed_to: str = ""
    due_on: dt.date | None = None
    supersedes: str = ""


class Advise(Form):
    """Advice of an agency. A denial needs reasons and both bases to count as one."""

    recommendation: Literal[
        Recommendation.APPROVE,
        Recommendation.APPROVE_WITH_CONDITIONS,
        Recommendation.DENY,
        Recommendation.NO_OBJECTION,
    ]
    reasons: str = ""
    statutory_basis: str = ""
    regulatory_basis: str = ""
    conditions: tuple[NewCondition, ...] = ()


class RequestInformation(Form):
    """A question to the applicant. ``stop`` names the kind of stop it is, where it stops the clock."""

    id: Words
    question: Words
    stop: str = "applicant_information"


class StopClock(Form):
    """A kind of stop that the procedure knows, such as a pre-licence check, begins or ends."""

    kind: Words
    reason: Words


class AnswerInformation(Form):
    """The answer to a question."""

    id: Words
    answer: Words


class ProposeApproval(Form):
    """What would be granted, on which conditions, until when."""

    reasons: Words
    granted: dict[str, PositiveInt] = {}
    conditions: tuple[NewCondition, ...] = ()
    expires_on: dt.date | None = None


class ProposeDenial(Form):
    """Why a denial, on which criteria."""

    reasons: Words
    criteria: Annotated[tuple[Words, ...], Field(min_length=1)]


class ProposeOther(Form):
    """Why."""

    reasons: Words


class ConditionEvidence(Form):
    """A paper that shows a condition holds, or the mere statement (without a paper) that it does."""

    condition: Words
    document: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""
    note: str = ""


class ConditionCheck(Form):
    """What somebody other than the party bound by it found."""

    condition: Words
    holds: bool
    note: Words


class RemovalConsultation(Form):
    """What an agency that set a condition says about its removal."""

    condition: Words
    answer: RemovalAnswer
    reason: Words


class RemoveCondition(Form):
    """Which condition goes, and why."""

    condition: Words
    reason: Words


class BreachReport(Form):
    """Which condition was broken, and how."""

    condition: Words
    facts: Words


class Discrepancy(Form):
    """A difference between what was reported and what was found, or its resolution."""

    id: Words
    facts: Words


class LegalHold(Form):
    """The matter a hold belongs to."""

    matter: Words


class Nothing(Form):
    """The action says it all."""


FORMS: Mapping[Action, type[BaseModel]] = MappingProxyType(
    {
        Action.EDIT: Edit,
        Action.ATTACH_DOCUMENT: AttachDocument,
        Action.SUBMIT: Nothing,
        Action.WITHDRAW: Reasoned,
        Action.ASSIGN: Assign,
        Action.FLAG: Flag,
        Action.RECUSE: Reasoned,
        Action.BEGIN_REVIEW: Nothing,
        Action.HOLD: Reasoned,
        Action.RELEASE: Reasoned,
        Action.PAUSE: PauseForm,
        Action.RESUME: Reasoned,
        Action.REFER: Refer,
        Action.ADVISE: Advise,
        Action.REQUEST_INFORMATION: RequestInformation,
        Action.ANSWER_INFORMATION: AnswerInformation,
        Action.STOP_CLOCK: StopClock,
        Action.RESTART_CLOCK: StopClock,
        Action.CONSOLIDATE: Nothing,
        Action.ESCALATE: Reasoned,
        Action.PROPOSE_APPROVAL: ProposeApproval,
        Action.PROPOSE_DENIAL: ProposeDenial,
        Action.PROPOSE_RETURN: ProposeOther,
        Action.PROPOSE_NO_LICENCE_NEEDED: ProposeOther,
        Action.COUNTERSIGN: Nothing,
        Action.SEND_BACK: Reasoned,
        Action.REPLY: Reasoned,
        Action.RECONSIDER: Reasoned,
        Action.MAKE_FINAL: Nothing,
        Action.APPEAL: Reasoned,
        Action.ALLOW_APPEAL: Reasoned,
        Action.DISMISS_APPEAL: Reasoned,
        Action.PROPOSE_CONDITION: NewCondition,
        Action.EVIDENCE_CONDITION: ConditionEvidence,
        Action.CHECK_CONDITION: ConditionCheck,
        Action.CONSENT_TO_REMOVAL: RemovalConsultation,
        Action.REMOVE_CONDITION: RemoveCondition,
        Action.REPORT_BREACH: BreachReport,
        Action.OPEN_BATCH: OpenForm,
        Action.REQUEST_ALLOCATION: OpenForm,
        Action.PROPOSE_ALLOCATION: OpenForm,
        Action.COMMIT_ALLOCATION: OpenForm,
        Action.RECORD_TEST: OpenForm,
        Action.RECORD_SHIPMENT: OpenForm,
        Action.RECORD_DELIVERY: OpenForm,
        Action.REPORT_END_USE: OpenForm,
        Action.OPEN_DISCREPANCY: Discrepancy,
        Action.RESOLVE_DISCREPANCY: Discrepancy,
        Action.SUSPEND: Reasoned,
        Action.REINSTATE: Reasoned,
        Action.PROPOSE_REVOCATION: ProposeOther,
        Action.EXPIRE: Nothing,
        Action.EXHAUST: Nothing,
        Action.SURRENDER: Reasoned,
        Action.SUPERSEDE: Reasoned,
        Action.PLACE_LEGAL_HOLD: LegalHold,
        Action.LIFT_LEGAL_HOLD: LegalHold,
        Action.CLOSE: Reasoned,
    }
)
"""The form of every action."""


def parse_form(action: Action, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an action, checked, as plain data without what was not given.

    Raises:
        InvalidInputError: With every field that does not fit.

    >>> parse_form(Action.WITHDRAW, {"reason": "order cancelled"})
    {'reason': 'order cancelled'}
    """
    try:
        return FORMS[action].model_validate(dict(data)).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        raise problems_from_validation(error) from None
