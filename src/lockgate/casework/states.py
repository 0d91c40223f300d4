"""The words of the case table: states, actions, guards, and one row of it. The rows are in ``table.py``."""

from dataclasses import dataclass
from enum import StrEnum

from lockgate.casework.roles import Role


class CaseState(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    REGISTERED = "registered"
    INITIAL_REVIEW = "initial_review"
    HELD = "held"
    PAUSED = "paused"
    REFERRED = "referred"
    RECOMMENDATIONS_IN = "recommendations_in"
    OPERATING_COMMITTEE = "operating_committee"
    ADVISORY_COMMITTEE = "advisory_committee"
    REVIEW_BOARD = "review_board"
    PRESIDENT = "president"
    APPROVAL_PROPOSED = "approval_proposed"
    DENIAL_PROPOSED = "denial_proposed"
    RETURN_PROPOSED = "return_proposed"
    NO_LICENCE_NEEDED_PROPOSED = "no_licence_needed_proposed"
    INTENT_TO_DENY = "intent_to_deny"
    DENIED = "denied"
    APPEALED = "appealed"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    REVOCATION_PROPOSED = "revocation_proposed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    SURRENDERED = "surrendered"
    SUPERSEDED = "superseded"
    RETURNED_WITHOUT_ACTION = "returned_without_action"
    RETURNED_NO_LICENCE_NEEDED = "returned_no_licence_needed"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class Action(StrEnum):
    """What a person may do to a case."""

    EDIT = "edit"
    ATTACH_DOCUMENT = "attach_document"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    ASSIGN = "assign"
    FLAG = "flag"
    RECUSE = "recuse"
    BEGIN_REVIEW = "begin_review"
    HOLD = "hold"
    RELEASE = "release"
    PAUSE = "pause"
    RESUME = "resume"
    REFER = "refer"
    ADVISE = "advise"
    REQUEST_INFORMATION = "request_information"
    ANSWER_INFORMATION = "answer_information"
    STOP_CLOCK = "stop_clock"
    RESTART_CLOCK = "restart_clock"
    CONSOLIDATE = "consolidate"
    ESCALATE = "escalate"
    PROPOSE_APPROVAL = "propose_approval"
    PROPOSE_DENIAL = "propose_denial"
    PROPOSE_RETURN = "propose_return"
    PROPOSE_NO_LICENCE_NEEDED = "propose_no_licence_needed"
    COUNTERSIGN = "countersign"
    SEND_BACK = "send_back"
    REPLY = "reply"
    RECONSIDER = "reconsider"
    MAKE_FINAL = "make_final"
    APPEAL = "appeal"
    ALLOW_APPEAL = "allow_appeal"
    DISMISS_APPEAL = "dismiss_appeal"
    PROPOSE_CONDITION = "propose_condition"
    EVIDENCE_CONDITION = "evidence_condition"
    CHECK_CONDITION = "check_condition"
    CONSENT_TO_REMOVAL = "consent_to_removal"
    REMOVE_CONDITION = "remove_condition"
    REPORT_BREACH = "report_breach"
    OPEN_BATCH = "open_batch"
    REQUEST_ALLOCATION = "request_allocation"
    PROPOSE_ALLOCATION = "propose_allocation"
    COMMIT_ALLOCATION = "commit_allocation"
    RECORD_TEST = "record_test"
    RECORD_SHIPMENT = "record_shipment"
    RECORD_DELIVERY = "record_delivery"
    REPORT_END_USE = "report_end_use"
    OPEN_DISCREPANCY = "open_discrepancy"
    RESOLVE_DISCREPANCY = "resolve_discrepancy"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    PROPOSE_REVOCATION = "propose_revocation"
    EXPIRE = "expire"
    EXHAUST = "exhaust"
    SURRENDER = "surrender"
    SUPERSEDE = "supersede"
    PLACE_LEGAL_HOLD = "place_legal_hold"
    LIFT_LEGAL_HOLD = "lift_legal_hold"
    CLOSE = "close"


class Guard(StrEnum):
    """What must hold besides state and role. Each is one function of ``guards.py``."""

    OWN_CASE = "own_case"
    FILER = "filer"
    NAMED_LAB = "named_lab"
    INDEPENDENT = "independent"
    COMPLETE = "complete"
    AGENCY_ASKED = "agency_asked"
    ADVICE_IN = "advice_in"
    AGENCIES_DISAGREE = "agencies_disagree"
    ANOTHER_PERSON = "another_person"
    REPLY_PERIOD_OVER = "reply_period_over"
    APPEAL_IN_TIME = "appeal_in_time"
    REMOVAL_CONSULTED = "removal_consulted"
    PAST_EXPIRY = "past_expiry"
    NOTHING_OPEN = "nothing_open"


class Previous(StrEnum):
    """A target that is not fixed: the state the case was in before it was set aside."""

    STATE = "previous_state"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    Attributes:
        source: State before.
        action: What is done.
        target: State after; ``Previous.STATE`` for the one the case came from.
        roles: Who may; any one of them.
        guards: What must hold besides; all of them.
        event: Name of the event that is recorded.
    """

    source: CaseState
    action: Action
    target: CaseState | Previous
    roles: frozenset[Role]
    guards: tuple[Guard, ...]
    event: str
