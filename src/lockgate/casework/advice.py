"""What the agencies said, taken together: each one's standing position, silence and denials without a basis included."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from lockgate.base.explanation import Explanation
from lockgate.casework.case import Advice, Case, Recommendation, Referral, Stop
from lockgate.casework.clocks import due_after


@dataclass(frozen=True, slots=True)
class Position:
    """Where one agency stands.

    Attributes:
        agency: Which.
        recommendation: What it amounts to; None while it has time left and has not spoken.
        advice: Its latest advice; None where it is silent.
        due_on: Its last day; None while its clock stands still.
        reason: Why it counts as it does.
    """

    agency: str
    recommendation: Recommendation | None
    advice: Advice | None
    due_on: dt.date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Consolidation:
    """All positions, with the conditions they set."""

    positions: tuple[Position, ...]
    conditions: tuple[str, ...]

    @property
    def is_agreed(self) -> bool:
        """Whether every agency has a position and none denies."""
        return all(item.recommendation not in {None, Recommendation.DENY} for item in self.positions)

    def explain(self) -> Explanation:
        """The positions as an explanation."""
        children = tuple(
            Explanation(item.agency, str(item.recommendation or "not in yet"), note=item.reason)
            for item in self.positions
        )
        return Explanation(
            "advice of the agencies", "agreed" if self.is_agreed else "not agreed", children=children
        )


def lacks_basis(advice: Advice) -> str:
    """What a denial lacks to count as one; empty where it lacks nothing, or is no denial."""
    if advice.recommendation is not Recommendation.DENY:
        return ""
    needed = {
        "reasons": advice.reasons,
        "statutory basis": advice.statutory_basis,
        "regulatory basis": advice.regulatory_basis,
    }
    return ", ".join(name for name, text in needed.items() if not text.strip())


def consolidate(case: Case, on: dt.date) -> Consolidation:
    """The agencies' positions on a day.

    Silence past the last day counts as no objection, and so does advice that comes later, and a denial without reasons and
    both bases. A request for information is no denial.
    """
    latest = {item.agency: item for item in case.advice}
    positions = tuple(
        _position(referral, latest.get(referral.agency), case.stops, on) for referral in case.referrals
    )
    conditions = tuple(dict.fromkeys(name for item in latest.values() for name in item.conditions))
    return Consolidation(positions, conditions)


def _position(referral: Referral, advice: Advice | None, stops: Sequence[Stop], on: dt.date) -> Position:
    agency, due = referral.agency, None
    if referral.due_on is not None:
        due, _ = due_after(referral.referred_on, (referral.due_on - referral.referred_on).days, stops)
    if advice is None or (due is not None and advice.given_on > due):
        if due is None or on <= due:
            reason = "has time left" if due else "its clock stands still, or has no end"
            return Position(agency, None, advice, due, reason)
        spoke = f"spoke on {advice.given_on}, after {due}" if advice else f"silent until {due}"
        return Position(agency, Recommendation.NO_OBJECTION, advice, due, f"{spoke}: deemed no objection")
    lacking = lacks_basis(advice)
    if lacking:
        reason = f"its denial lacks {lacking}: deemed no objection"
        return Position(agency, Recommendation.NO_OBJECTION, advice, due, reason)
    return Position(agency, advice.recommendation, advice, due, advice.reasons)
