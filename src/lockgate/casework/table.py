"""The one table of what may happen to a case: state, action -> state, guards, roles.

Nothing else moves a case. The manual's diagram and table, the authorisation table and the tests are all made from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from lockgate.base.errors import LockgateError
from lockgate.casework.roles import Role
from lockgate.casework.states import Action as A  # noqa: N817
from lockgate.casework.states import CaseState as S
from lockgate.casework.states import Guard as G  # noqa: N817
from lockgate.casework.states import Previous, Transition

REVIEW = (S.INITIAL_REVIEW, S.REFERRED, S.RECOMMENDATIONS_IN)
COMMITTEES = (S.OPERATING_COMMITTEE, S.ADVISORY_COMMITTEE, S.REVIEW_BOARD, S.PRESIDENT)
PROPOSED = (S.APPROVAL_PROPOSED, S.DENIAL_PROPOSED, S.RETURN_PROPOSED, S.NO_LICENCE_NEEDED_PROPOSED)
PENDING = (S.REGISTERED, S.HELD, *REVIEW, *COMMITTEES)
DECIDABLE = (*REVIEW[:1], S.RECOMMENDATIONS_IN, *COMMITTEES)
ISSUED = (S.APPROVED, S.SUSPENDED, S.REVOCATION_PROPOSED)
SPENT = (S.REVOKED, S.EXPIRED, S.EXHAUSTED, S.SURRENDERED, S.SUPERSEDED)
REFUSED = (S.DENIED, S.RETURNED_WITHOUT_ACTION, S.RETURNED_NO_LICENCE_NEEDED, S.WITHDRAWN)
LIVE = tuple(state for state in S if state not in {S.DRAFT, S.CLOSED})

APPLICANT, OFFICER, ADVISER, COUNTERSIGNER, LAB, ADMINISTRATOR = (
    Role.APPLICANT, Role.OFFICER, Role.ADVISER, Role.COUNTERSIGNER, Role.LAB, Role.ADMINISTRATOR,
)  # fmt: skip
STAY = None  # the state does not change

Target = S | Previous | None
Row = tuple[Iterable[S], A, Target, tuple[Role, ...], tuple[G, ...], str]

ROWS: tuple[Row, ...] = (
    # the applicant's side; an officer files what no applicant does, a visit for one, and then has no part in it
    ([S.DRAFT], A.EDIT, STAY, (APPLICANT,), (G.OWN_CASE,), "ApplicationEdited"),
    ([S.DRAFT, *PENDING, S.PAUSED, S.INTENT_TO_DENY, S.APPEALED, *ISSUED], A.ATTACH_DOCUMENT, STAY, (APPLICANT,), (G.OWN_CASE,), "DocumentAttached"),
    ([S.DRAFT], A.SUBMIT, S.REGISTERED, (APPLICANT,), (G.OWN_CASE, G.COMPLETE), "ApplicationRegistered"),
    ([S.DRAFT], A.EDIT, STAY, (OFFICER,), (G.FILER,), "ApplicationEdited"),
    ([S.DRAFT], A.ATTACH_DOCUMENT, STAY, (OFFICER,), (G.FILER,), "DocumentAttached"),
    ([S.DRAFT], A.SUBMIT, S.REGISTERED, (OFFICER,), (G.FILER, G.COMPLETE), "ApplicationRegistered"),
    ([*PENDING, S.INTENT_TO_DENY, S.APPEALED, *ISSUED], A.ATTACH_DOCUMENT, STAY, (OFFICER,), (G.INDEPENDENT,), "DocumentAttached"),
    ([S.DRAFT, *PENDING, *PROPOSED, S.PAUSED, S.INTENT_TO_DENY], A.WITHDRAW, S.WITHDRAWN, (APPLICANT,), (G.OWN_CASE,), "ApplicationWithdrawn"),
    # the queue
    ([*PENDING, *PROPOSED, S.PAUSED, S.INTENT_TO_DENY, S.APPEALED, *ISSUED], A.ASSIGN, STAY, (OFFICER, ADMINISTRATOR), (G.INDEPENDENT,), "CaseAssigned"),
    (LIVE, A.FLAG, STAY, (OFFICER, ADVISER, ADMINISTRATOR), (), "CaseFlagged"),
    (LIVE, A.RECUSE, STAY, (OFFICER, ADVISER, COUNTERSIGNER), (), "PersonRecused"),
    # review
    ([S.REGISTERED], A.BEGIN_REVIEW, S.INITIAL_REVIEW, (OFFICER,), (G.INDEPENDENT,), "ReviewBegun"),
    ([S.INITIAL_REVIEW], A.HOLD, S.HELD, (OFFICER,), (G.INDEPENDENT,), "CaseHeld"),
    ([S.HELD], A.RELEASE, S.INITIAL_REVIEW, (OFFICER,), (G.INDEPENDENT,), "HoldReleased"),
    ([*PENDING, *PROPOSED, S.INTENT_TO_DENY, S.APPEALED], A.PAUSE, S.PAUSED, (OFFICER,), (G.INDEPENDENT,), "CasePaused"),
    ([S.PAUSED], A.RESUME, Previous.STATE, (OFFICER,), (G.INDEPENDENT,), "CaseResumed"),
    ([S.INITIAL_REVIEW, S.RECOMMENDATIONS_IN], A.REFER, S.REFERRED, (OFFICER,), (G.INDEPENDENT,), "CaseReferred"),
    ([S.REFERRED], A.ADVISE, STAY, (ADVISER,), (G.INDEPENDENT, G.AGENCY_ASKED), "AdviceGiven"),
    ([S.REFERRED], A.REQUEST_INFORMATION, STAY, (ADVISER,), (G.INDEPENDENT, G.AGENCY_ASKED), "InformationRequested"),
    ([S.INITIAL_REVIEW, S.HELD, S.REFERRED, S.RECOMMENDATIONS_IN, *COMMITTEES], A.REQUEST_INFORMATION, STAY, (OFFICER,), (G.INDEPENDENT,), "InformationRequested"),
    ([*PENDING, S.PAUSED], A.ANSWER_INFORMATION, STAY, (APPLICANT,), (G.OWN_CASE,), "InformationAnswered"),
    ([*PENDING, S.INTENT_TO_DENY, S.APPEALED], A.STOP_CLOCK, STAY, (OFFICER,), (G.INDEPENDENT,), "ClockStopped"),
    ([*PENDING, S.INTENT_TO_DENY, S.APPEALED], A.RESTART_CLOCK, STAY, (OFFICER,), (G.INDEPENDENT,), "ClockRestarted"),
    ([S.REFERRED], A.CONSOLIDATE, S.RECOMMENDATIONS_IN, (OFFICER,), (G.INDEPENDENT, G.ADVICE_IN), "AdviceConsolidated"),
    ([S.RECOMMENDATIONS_IN], A.ESCALATE, S.OPERATING_COMMITTEE, (OFFICER,), (G.INDEPENDENT, G.AGENCIES_DISAGREE), "CaseEscalated"),
    ([S.OPERATING_COMMITTEE], A.ESCALATE, S.ADVISORY_COMMITTEE, (ADVISER,), (G.INDEPENDENT, G.AGENCY_ASKED), "CaseEscalated"),
    ([S.ADVISORY_COMMITTEE], A.ESCALATE, S.REVIEW_BOARD, (ADVISER,), (G.INDEPENDENT, G.AGENCY_ASKED), "CaseEscalated"),
    ([S.REVIEW_BOARD], A.ESCALATE, S.PRESIDENT, (ADVISER,), (G.INDEPENDENT, G.AGENCY_ASKED), "CaseEscalated"),
    # decision: one person proposes, another countersigns
    (DECIDABLE, A.PROPOSE_APPROVAL, S.APPROVAL_PROPOSED, (OFFICER,), (G.INDEPENDENT,), "ApprovalProposed"),
    (DECIDABLE, A.PROPOSE_DENIAL, S.DENIAL_PROPOSED, (OFFICER,), (G.INDEPENDENT,), "DenialProposed"),
    ([S.INITIAL_REVIEW, S.HELD, S.RECOMMENDATIONS_IN], A.PROPOSE_RETURN, S.RETURN_PROPOSED, (OFFICER,), (G.INDEPENDENT,), "ReturnProposed"),
    ([S.INITIAL_REVIEW, S.RECOMMENDATIONS_IN], A.PROPOSE_NO_LICENCE_NEEDED, S.NO_LICENCE_NEEDED_PROPOSED, (OFFICER,), (G.INDEPENDENT,), "NoLicenceNeededProposed"),
    ([S.APPROVAL_PROPOSED], A.COUNTERSIGN, S.APPROVED, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "CaseApproved"),
    ([S.DENIAL_PROPOSED], A.COUNTERSIGN, S.INTENT_TO_DENY, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "IntentToDenyNotified"),
    ([S.RETURN_PROPOSED], A.COUNTERSIGN, S.RETURNED_WITHOUT_ACTION, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "ReturnedWithoutAction"),
    ([S.NO_LICENCE_NEEDED_PROPOSED], A.COUNTERSIGN, S.RETURNED_NO_LICENCE_NEEDED, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "NoLicenceNeededFound"),
    ([*PROPOSED, S.REVOCATION_PROPOSED], A.SEND_BACK, Previous.STATE, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "ProposalSentBack"),
    ([S.INTENT_TO_DENY], A.REPLY, STAY, (APPLICANT,), (G.OWN_CASE,), "DenialRebutted"),
    ([S.INTENT_TO_DENY], A.RECONSIDER, S.RECOMMENDATIONS_IN, (OFFICER,), (G.INDEPENDENT,), "CaseReconsidered"),
    ([S.INTENT_TO_DENY], A.MAKE_FINAL, S.DENIED, (OFFICER,), (G.INDEPENDENT, G.REPLY_PERIOD_OVER), "DenialMadeFinal"),
    ([S.DENIED], A.APPEAL, S.APPEALED, (APPLICANT,), (G.OWN_CASE, G.APPEAL_IN_TIME), "AppealLodged"),
    ([S.APPEALED], A.ALLOW_APPEAL, S.RECOMMENDATIONS_IN, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "AppealAllowed"),
    ([S.APPEALED], A.DISMISS_APPEAL, S.CLOSED, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "AppealDismissed"),
    # conditions
    ([*DECIDABLE, S.REFERRED, S.APPROVED, S.SUSPENDED], A.PROPOSE_CONDITION, STAY, (OFFICER, ADVISER), (G.INDEPENDENT,), "ConditionProposed"),
    ([*ISSUED, *SPENT], A.EVIDENCE_CONDITION, STAY, (APPLICANT,), (G.OWN_CASE,), "ConditionEvidenced"),
    ([*ISSUED, *SPENT], A.EVIDENCE_CONDITION, STAY, (LAB,), (G.NAMED_LAB,), "ConditionEvidenced"),
    ([*ISSUED, *SPENT], A.CHECK_CONDITION, STAY, (OFFICER, ADVISER), (G.INDEPENDENT,), "ConditionChecked"),
    ([*DECIDABLE, S.REFERRED, S.APPROVED, S.SUSPENDED], A.CONSENT_TO_REMOVAL, STAY, (ADVISER, OFFICER), (G.INDEPENDENT,), "RemovalAnswered"),
    ([*DECIDABLE, S.REFERRED, S.APPROVED, S.SUSPENDED], A.REMOVE_CONDITION, STAY, (OFFICER,), (G.INDEPENDENT, G.REMOVAL_CONSULTED), "ConditionRemoved"),
    ([*ISSUED, *SPENT], A.REPORT_BREACH, STAY, (APPLICANT,), (G.OWN_CASE,), "BreachReported"),
    ([*ISSUED, *SPENT], A.REPORT_BREACH, STAY, (LAB,), (G.NAMED_LAB,), "BreachReported"),
    ([*ISSUED, *SPENT], A.REPORT_BREACH, STAY, (OFFICER, ADVISER), (G.INDEPENDENT,), "BreachReported"),
    # batches and quantities
    ([S.APPROVED], A.OPEN_BATCH, STAY, (OFFICER,), (G.INDEPENDENT,), "BatchOpened"),
    ([S.APPROVED], A.REQUEST_ALLOCATION, STAY, (APPLICANT,), (G.OWN_CASE,), "AllocationRequested"),
    ([S.APPROVED], A.REQUEST_ALLOCATION, STAY, (OFFICER,), (G.INDEPENDENT,), "AllocationRequested"),
    ([S.APPROVED], A.PROPOSE_ALLOCATION, STAY, (OFFICER,), (G.INDEPENDENT,), "AllocationProposed"),
    ([S.APPROVED], A.COMMIT_ALLOCATION, STAY, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "AllocationCommitted"),
    ([S.APPROVED], A.RECORD_TEST, STAY, (LAB,), (G.NAMED_LAB,), "TestRecorded"),
    ([S.APPROVED], A.RECORD_SHIPMENT, STAY, (APPLICANT,), (G.OWN_CASE,), "ShipmentRecorded"),
    ([*ISSUED, *SPENT], A.RECORD_DELIVERY, STAY, (APPLICANT,), (G.OWN_CASE,), "DeliveryRecorded"),
    ([*ISSUED, *SPENT], A.REPORT_END_USE, STAY, (APPLICANT,), (G.OWN_CASE,), "EndUseReported"),
    ([*ISSUED, *SPENT], A.OPEN_DISCREPANCY, STAY, (OFFICER, ADVISER), (G.INDEPENDENT,), "DiscrepancyOpened"),
    ([*ISSUED, *SPENT], A.RESOLVE_DISCREPANCY, STAY, (OFFICER,), (G.INDEPENDENT,), "DiscrepancyResolved"),
    # the life of what was issued
    ([S.APPROVED], A.SUSPEND, S.SUSPENDED, (OFFICER, COUNTERSIGNER), (G.INDEPENDENT,), "LicenceSuspended"),
    ([S.SUSPENDED], A.REINSTATE, S.APPROVED, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "LicenceReinstated"),
    ([S.APPROVED, S.SUSPENDED], A.PROPOSE_REVOCATION, S.REVOCATION_PROPOSED, (OFFICER,), (G.INDEPENDENT,), "RevocationProposed"),
    ([S.REVOCATION_PROPOSED], A.COUNTERSIGN, S.REVOKED, (COUNTERSIGNER,), (G.INDEPENDENT, G.ANOTHER_PERSON), "LicenceRevoked"),
    ([S.APPROVED, S.SUSPENDED], A.EXPIRE, S.EXPIRED, (OFFICER, ADMINISTRATOR), (G.PAST_EXPIRY,), "LicenceExpired"),
    ([S.APPROVED], A.EXHAUST, S.EXHAUSTED, (OFFICER, ADMINISTRATOR), (), "LicenceExhausted"),
    ([S.APPROVED, S.SUSPENDED], A.SURRENDER, S.SURRENDERED, (APPLICANT,), (G.OWN_CASE,), "LicenceSurrendered"),
    ([S.APPROVED, S.SUSPENDED], A.SUPERSEDE, S.SUPERSEDED, (OFFICER,), (G.INDEPENDENT,), "LicenceSuperseded"),
    # the record
    ([state for state in S if state is not S.DRAFT], A.PLACE_LEGAL_HOLD, STAY, (OFFICER, ADMINISTRATOR), (), "LegalHoldPlaced"),
    ([state for state in S if state is not S.DRAFT], A.LIFT_LEGAL_HOLD, STAY, (ADMINISTRATOR,), (), "LegalHoldLifted"),
    ([*REFUSED, *SPENT], A.CLOSE, S.CLOSED, (OFFICER, ADMINISTRATOR), (G.NOTHING_OPEN,), "CaseClosed"),
)  # fmt: skip


def expand_rows(rows: Iterable[Row]) -> Iterator[Transition]:
    """One transition for each state of each row."""
    for sources, action, target, roles, guards, event in rows:
        for source in sources:
            after = source if target is STAY else target
            yield Transition(source, action, after, frozenset(roles), guards, event)


def index_transitions(transitions: Iterable[Transition]) -> Mapping[tuple[S, A, Role], Transition]:
    """Transitions by state, action and role; a second one for the same three is a defect of the table."""
    found: dict[tuple[S, A, Role], Transition] = {}
    for row in transitions:
        for role in row.roles:
            if found.setdefault((row.source, row.action, role), row) is not row:
                raise LockgateError(
                    f"{row.source}, {row.action}, {role} has two transitions", code="ambiguous-transition"
                )
    return MappingProxyType(found)


TABLE: tuple[Transition, ...] = tuple(expand_rows(ROWS))
BY_ROLE = index_transitions(TABLE)
ROLES: Mapping[tuple[S, A], tuple[str, ...]] = MappingProxyType(
    {
        (source, action): tuple(sorted(str(role) for state, act, role in BY_ROLE if (state, act) == (source, action)))
        for source, action, _ in BY_ROLE
    }
)  # fmt: skip
"""Who may do an action in a state, its guards aside."""
ACTIONS: Mapping[S, tuple[A, ...]] = MappingProxyType(
    {state: tuple(action for action in A if (state, action) in ROLES) for state in S}
)
"""What may be done in a state at all."""


def find_transition(state: S, action: A, role: Role) -> Transition | None:
    """The row for a state, an action and a role; None where there is none.

    >>> find_transition(S.DRAFT, A.SUBMIT, Role.APPLICANT).target.value
    'registered'
    """
    return BY_ROLE.get((state, action, role))
