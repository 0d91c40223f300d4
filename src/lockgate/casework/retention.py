"""How long the record of a case is kept: years from the latest relevant event, and never destroyed under a hold."""

import datetime as dt
from dataclasses import dataclass

from lockgate.casework.case import Case
from lockgate.casework.clocks import Procedure, find_deadlines

KEPT = "records_kept"  # the clock of the procedure that says how long


@dataclass(frozen=True, slots=True)
class Retention:
    """Whether the record of a case may be destroyed on a day.

    Attributes:
        keep_until: The last day it must be kept; None while nothing that ends the case has happened.
        because: The event it counts from.
        holds: Matters of legal holds that stand in the way whatever the day.
        may_destroy: Whether it may be destroyed.
    """

    keep_until: dt.date | None
    because: str
    holds: tuple[str, ...]
    may_destroy: bool


def find_retention(case: Case, procedure: Procedure | None, on: dt.date) -> Retention:
    """How long the record of a case is kept.

    Counts from the latest of export, re-export, transfer, known diversion and the end of the transaction; a case that is
    closed has ended. An open discrepancy holds the record like a legal hold does.

    Args:
        case: The case.
        procedure: Its procedure; None: it says nothing of retention, and nothing may be destroyed.
        on: The day.

    Source: 15 CFR 762.6(a), (b).
    """
    holds = tuple(sorted(case.legal_holds)) + tuple(
        f"discrepancy {name}" for name in sorted(case.discrepancies)
    )
    days = dict(case.dates)
    if "closed" in days:
        days["transaction_ended"] = max(days["closed"], days.get("transaction_ended", days["closed"]))
    found = find_deadlines(procedure, days).get(KEPT) if procedure else None
    if procedure is None or found is None or found.due is None:
        return Retention(None, "", holds, may_destroy=False)
    starts = [(days[name], name) for name in procedure.clock(KEPT).starts if name in days]
    return Retention(found.due, max(starts)[1], holds, may_destroy=not holds and on > found.due)
