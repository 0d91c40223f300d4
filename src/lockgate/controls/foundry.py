"""What a fabricator or packaging company must presume of a circuit it ships: Note 1 to 3A090.a.

The presumption binds nobody else. Columns: ``exporter_role`` (fabricator, osat), ``designer_status`` (approved, authorized,
other) and ``transistor_count_billion`` (aggregated and approximated, as the fabricator or an approved packager attests it).

Source: supplement no. 1 to 15 CFR part 774, ECCN 3A090, Note 1.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, any_of, negate, word
from lockgate.catalogue.law import LawOnDate
from lockgate.controls.transaction import Transaction

NOTE_1 = "us-ear.3a090.note-1"
BOUND = ("fabricator", "osat")


@dataclass(frozen=True, slots=True)
class Presumption:
    """Whether the item is presumed 3A090.a and for datacenters, why, and what would tell."""

    applies: Truth
    explanation: Explanation | None = None
    missing: tuple[str, ...] = ()


def presume(transaction: Transaction, law: LawOnDate) -> Presumption:
    """Whether the presumption binds this exporter and is not overcome."""
    version = law.in_force(NOTE_1)
    if version is None or transaction.evidence.get("exporter_role") not in BOUND:
        return Presumption(False)
    until = version.values["designer_until"]
    status = transaction.evidence.get("designer_status")
    attested: Truth = None
    if status is not None:
        in_time = isinstance(until, dt.date) and law.on <= until
        attested = status == "approved" or (status == "authorized" and in_time)
    count = transaction.evidence.get("transistor_count_billion")
    limit = version.number("transistor_count_billion")
    below: Truth = count < limit if isinstance(count, Decimal) else None
    applies = negate(any_of(attested, below))
    return Presumption(
        applies,
        Explanation(
            "presumed 3A090.a and for datacenters",
            word(applies),
            citation=NOTE_1,
            note=f"a fabricator's or packager's presumption; authorized designers count until {until}",
            children=(
                Explanation("an approved or authorized designer attests", word(attested)),
                Explanation(f"fewer than {limit} billion transistors", word(below)),
            ),
        ),
        tuple(
            name
            for name, truth in (("designer_status", attested), ("transistor_count_billion", below))
            if truth is None
        ),
    )
