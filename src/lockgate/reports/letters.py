"""Letters of a case, as text."""

import datetime as dt
from collections.abc import Mapping, Sequence

OUTCOMES = {
    "approve": "is approved",
    "deny": "is to be denied",
    "return_without_action": "is returned without action",
    "no_licence_needed": "needs no licence",
    "revoke": "is revoked",
}


def decision_letter(
    *,
    case: str,
    kind: str,
    authority: str,
    applicant: str,
    outcome: str,
    reasons: str,
    grounds: Sequence[str],
    granted: Mapping[str, int],
    conditions: Sequence[str],
    expires_on: dt.date | None,
    draft: bool,
    day: dt.date,
) -> str:
    """The letter of a decision.

    >>> print(decision_letter(case="cn-1", kind="Import approval", authority="An authority", applicant="p-1",
    ...       outcome="approve", reasons="it fits", grounds=[], granted={"h200": 400000}, conditions=["at most 75,000 each"],
    ...       expires_on=None, draft=True, day=dt.date(2026, 1, 28)))
    DRAFT, not signed by a second person
    An authority
    2026-01-28
    <BLANKLINE>
    To p-1: Import approval cn-1
    <BLANKLINE>
    Your application is approved.
    Reasons: it fits
    <BLANKLINE>
    Granted:
      h200: 400,000 units
    <BLANKLINE>
    Conditions:
      1. at most 75,000 each
    """
    parts = [["DRAFT, not signed by a second person"] if draft else [], [authority, str(day)]]
    head = [line for part in parts for line in part]
    body = [f"Your application {OUTCOMES.get(outcome, outcome)}.", f"Reasons: {reasons}"]
    if grounds:
        body.append("Grounds: " + "; ".join(grounds))
    blocks = [head, [f"To {applicant}: {kind} {case}"], body]
    if granted:
        blocks.append(["Granted:", *(f"  {line}: {quantity:,} units" for line, quantity in granted.items())])
    if conditions:
        blocks.append(
            ["Conditions:", *(f"  {number}. {text}" for number, text in enumerate(conditions, start=1))]
        )
    if expires_on:
        blocks.append([f"It ends on {expires_on}."])
    return "\n\n".join("\n".join(block) for block in blocks)
