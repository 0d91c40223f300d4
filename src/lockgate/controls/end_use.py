"""End uses and end users that ask for a licence of their own, whatever the item: part 744.

They decide nothing about ``licence_required``; they can hold back the verdict, and no advanced-computing exception overcomes them.

Source: 15 CFR 744.11, 744.21, 744.22, 744.23(a)(1).
"""

from dataclasses import dataclass
from decimal import Decimal

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, word
from lockgate.catalogue.law import LawOnDate, Version
from lockgate.controls.destination import reaches
from lockgate.controls.licence import GATE
from lockgate.controls.transaction import Transaction

MILITARY = "us-ear.744-21.military"
AFFILIATES = "us-ear.744-11.affiliates"
SCREENING = "party_screening"
FOUND = "screening found a party: what its listing asks for is not answered here"
UNSCREENED = "parties were not screened here against the lists"
ASKED = {"military_end_use": "military_end_use", "to": "to_place"}
"""Columns that settle the questions of an end use, with their attributes."""


@dataclass(frozen=True, slots=True)
class EndUse:
    """Whether an end use or end user asks for a licence, and what that rests on."""

    required: Truth
    basis: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    explanation: Explanation


def examine_end_use(transaction: Transaction, law: LawOnDate) -> EndUse:
    """Examine the end uses and end users of a transaction.

    Only the column ``military_end_use`` holds the verdict when it is empty; other statements count where they are made, and a
    warning says what was not asked.
    """
    truths: list[Truth] = []
    basis, missing, warnings, steps = [], [], [], []
    for id_, version in law.of_kind(GATE, "end-use"):
        truth, warning = examine(id_, version, transaction, law)
        truths.append(truth)
        if truth is True:
            basis.append(id_)
        if truth is None and id_ != AFFILIATES:
            missing += [name for name in ASKED if getattr(transaction, ASKED[name]) is None]
        if warning:
            warnings.append(warning)
        steps.append(Explanation(f"asked for by {id_}", word(truth), citation=id_, note=version.summary))
    screened = transaction.evidence.get(SCREENING)
    if screened is False:
        truths.append(None)
        missing.append(SCREENING)
        warnings.append(FOUND)
    elif screened is None:
        warnings.append(UNSCREENED)
    required = any_of(*truths)
    explanation = Explanation("licence for an end use or end user", word(required), children=tuple(steps))
    return EndUse(required, tuple(basis), tuple(missing), tuple(warnings), explanation)


def examine(id_: str, version: Version, transaction: Transaction, law: LawOnDate) -> tuple[Truth, str]:
    """Whether one provision asks for a licence, and a warning where its question was not put."""
    if id_ == AFFILIATES:
        return owned_by_listed(version, transaction)
    here = reaches(law, version.scope, transaction.to_place)
    if id_ == MILITARY:
        return all_of(here, transaction.military_end_use), ""
    stated = transaction.evidence.get(str(version.values["column"]))
    if stated is None:
        return False, "" if here is False else f"not asked: {version.needs}"
    return all_of(here, stated is True), ""


def owned_by_listed(version: Version, transaction: Transaction) -> tuple[Truth, str]:
    """The affiliates rule: in force, suspended, or, since the end of its suspension, not known to be either."""
    if version.status == "suspended":
        return False, ""
    share = transaction.evidence.get(str(version.values["column"]))
    note = (
        f"affiliates rule since {version.from_on}: {version.summary}" if version.status == "unknown" else ""
    )
    if not isinstance(share, Decimal):
        return False, note or f"not asked: {version.needs}"
    over = share >= version.number("owner_fraction_min")
    return (all_of(over, None) if version.status == "unknown" else over), note
