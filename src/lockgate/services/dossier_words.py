"""Words and forms that the sections of a dossier share."""

import datetime as dt

from lockgate.controls.determination import Verdict

GATE_TITLES = {"us-export": "US export gate", "cn-import": "China's import gate"}
CHARGE_TITLES = {"us-section-232": "US Section 232 duty"}

STATE_WORDS = {
    "conditionally-approved": "reported approved, on conditions",
    "stopped": "reported stopped",
    "blocked-at-customs": "reported blocked at customs",
    "discouraged": "reported discouraged",
    "unknown": "no report that decides",
    "not-applicable": "not an import into China",
}
POLICY_WORDS = {
    "presumption-of-denial": "presumption of denial",
    "case-by-case": "case by case",
    "presumption-of-approval": "presumption of approval",
    "not-published": "policy not published",
    "undetermined": "policy undetermined",
    "none": "",
}


def passes(verdict: Verdict) -> bool | None:
    """Whether a deal with this verdict passes; None where that is not determined."""
    return {Verdict.MET: True, Verdict.NOT_IN_FORCE: True, Verdict.NOT_MET: False}.get(verdict)


def iso(day: dt.date | None) -> str | None:
    """A day for JSON."""
    return None if day is None else day.isoformat()
