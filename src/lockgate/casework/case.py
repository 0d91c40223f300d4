"""What a case is: its file, its referrals and advice, its proposals and decisions. Plain values, folded from events."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from lockgate.casework.conditions import Condition
from lockgate.casework.states import CaseState


class Recommendation(StrEnum):
    """What an agency advises."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    DENY = "deny"
    NO_OBJECTION = "no_objection"  # deemed: silent past the deadline, or a denial without its basis


class Outcome(StrEnum):
    """What a proposal would do to the case."""

    APPROVE = "approve"
    DENY = "deny"
    RETURN_WITHOUT_ACTION = "return_without_action"
    NO_LICENCE_NEEDED = "no_licence_needed"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class Document:
    """A paper of the case: its kind, and the SHA-256 of its bytes."""

    kind: str
    sha256: str
    name: str
    added_on: dt.date


@dataclass(frozen=True, slots=True)
class Referral:
    """A case sent to an agency for advice, and the last day for it before any stop (None: silence means nothing)."""

    agency: str
    referred_on: dt.date
    due_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Advice:
    """What one agency said.

    Attributes:
        agency: Who speaks.
        given_by: The person.
        recommendation: What it amounts to; a denial without reasons and both bases counts as no objection.
        reasons: In its own words.
        statutory_basis: Needed for a denial.
        regulatory_basis: Needed for a denial.
        conditions: Ids of the conditions it sets.
    """

    agency: str
    given_by: str
    given_on: dt.date
    recommendation: Recommendation
    reasons: str = ""
    statutory_basis: str = ""
    regulatory_basis: str = ""
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InformationRequest:
    """A question to the applicant. It is no denial; the clock stands still until the answer where the procedure says so."""

    id: str
    asked_by: str
    agency: str
    asked_on: dt.date
    question: str
    stop: str = "applicant_information"
    answered_on: dt.date | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """A case set aside: by which authority, how far, and whether its clocks stand still meanwhile."""

    authority: str
    scope: str
    stops_clocks: bool
    paused_on: dt.date
    resumed_on: dt.date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """A time that does not count towards a clock: from ``start_on`` (included) to ``end_on`` (not included; None: still running)."""

    kind: str
    start_on: dt.date
    end_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one person proposes and another must countersign."""

    outcome: Outcome
    proposed_by: str
    proposed_on: dt.date
    reasons: str = ""
    criteria: tuple[str, ...] = ()
    granted: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    conditions: tuple[Condition, ...] = ()
    expires_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A proposal that another person has countersigned: one version of what was decided."""

    version: int
    outcome: Outcome
    proposed_by: str
    countersigned_by: str
    decided_on: dt.date
    reasons: str
    criteria: tuple[str, ...]
    granted: Mapping[str, int]
    conditions: tuple[Condition, ...]
    expires_on: dt.date | None


IN_FORCE = frozenset(
    {CaseState.APPROVED, CaseState.SUSPENDED, CaseState.REVOCATION_PROPOSED, CaseState.EXHAUSTED}
)
"""States in which a grant stands, though it may not be usable."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands after its events.

    Attributes:
        id: The application's number; not the licence's.
        kind: Id of the manifest, such as ``export-licence``.
        applicant: Party id of the applicant.
        filed_by: The person who filed it.
        fields: What the form holds, by field id.
        previous: States to go back to, the latest at the end: a case can be paused while a proposal is pending.
        dates: Days that clocks count from, by name: ``registered``, ``referred``, ``decided`` …
        prior_proposers: Everybody who proposed what is now in force or pending; none of them may countersign it.
        about: Id of the case this one is about; empty where it is about none.
        version: Number of events folded in.
    """

    id: str
    kind: str
    applicant: str
    filed_by: str
    state: CaseState = CaseState.DRAFT
    previous: tuple[CaseState, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    documents: tuple[Document, ...] = ()
    queue: str = ""
    assigned_to: str = ""
    flags: frozenset[str] = frozenset()
    recused: frozenset[str] = frozenset()
    referrals: tuple[Referral, ...] = ()
    advice: tuple[Advice, ...] = ()
    information_requests: tuple[InformationRequest, ...] = ()
    pauses: tuple[Pause, ...] = ()
    noted_stops: tuple[Stop, ...] = ()
    proposal: Proposal | None = None
    prior_proposers: frozenset[str] = frozenset()
    decisions: tuple[Decision, ...] = ()
    conditions: tuple[Condition, ...] = ()
    discrepancies: frozenset[str] = frozenset()
    about: str = ""
    legal_holds: frozenset[str] = frozenset()
    dates: Mapping[str, dt.date] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 0

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Every time that does not count: open questions, pauses that stop clocks, and the stops noted besides."""
        asked = [
            Stop(item.stop, item.asked_on, item.answered_on)
            for item in self.information_requests
            if item.stop
        ]
        paused = [Stop("pause", item.paused_on, item.resumed_on) for item in self.pauses if item.stops_clocks]
        return (*asked, *paused, *self.noted_stops)

    @property
    def granted(self) -> Mapping[str, int]:
        """Units granted by line in the decision in force; empty where nothing is."""
        approvals = [item for item in self.decisions if item.outcome is Outcome.APPROVE]
        return approvals[-1].granted if approvals and self.state in IN_FORCE else MappingProxyType({})
