"""Conditions of a policy or an exception, each with the evidence that meets it.

Source: paragraph (dd) of supplement no. 2 to part 748; 15 CFR 740.8(a), (c).
"""

import datetime as dt
from decimal import Decimal

from lockgate.base.three_valued import Truth, all_of, any_of
from lockgate.catalogue.law import LawOnDate, Version
from lockgate.controls.destination import reaches_route
from lockgate.controls.determination import CONDITION_STATUS, Condition
from lockgate.controls.licence import GATE
from lockgate.controls.limits import plain
from lockgate.controls.transaction import Transaction

CAP = "us-ear.748-supp-2-dd.1-iii-volume-cap"
AVAILABLE = "us-ear.748-supp-2-dd.1-commercially-available"
NOT_MILITARY = "us-ear.748-supp-2-dd.1-not-military"
NOT_REVOKED = "us-ear.748-supp-2-dd.3-lab-not-revoked"
US_VOLUME, CN_VOLUME = "dd_us_units_shipped", "dd_cn_units_shipped"
"""Units of the same product shipped to customers in the United States for use there, and to China and Macau, before this."""


def check_conditions(
    prefix: str, transaction: Transaction, law: LawOnDate
) -> tuple[tuple[Condition, Truth, tuple[str, ...]], ...]:
    """Every condition whose id begins with ``prefix``: it, whether it is met, and the columns that would tell.

    A condition with a scope is asked only on routes in that scope.
    """
    found = []
    for id_, version in law.of_kind(GATE, "condition"):
        if not id_.startswith(prefix):
            continue
        asked = True if version.scope is None else reaches_route(law, version, transaction)
        if asked is False:
            continue
        truth, note = check(id_, version, transaction, law.on)
        if asked is None:
            truth = any_of(truth, None)
        condition = Condition(
            id_, CONDITION_STATUS[truth], version.needs, note, str(version.values["column"])
        )
        found.append((condition, truth, columns_of(id_, version, transaction) if truth is None else ()))
    return tuple(found)


def check(id_: str, version: Version, transaction: Transaction, on: dt.date) -> tuple[Truth, str]:
    """Whether a condition is met on a day, and a note."""
    stated = transaction.evidence.get(str(version.values["column"]))
    if id_ == CAP:
        return check_cap(version, transaction, stated)
    if id_ == AVAILABLE and isinstance(stated, dt.date):
        by_on = version.values["by_on"]
        return isinstance(by_on, dt.date) and stated <= by_on, f"on sale since {stated}, asked for by {by_on}"
    if id_ == NOT_REVOKED and isinstance(stated, dt.date):
        return on < stated, f"withdrawn on {stated}"
    if id_ == NOT_MILITARY:
        if transaction.military_end_use is True:
            return False, "a military end use is stated"
        return (True if stated is True else False if stated is False else None), ""
    truth = stated if isinstance(stated, bool) else None
    if version.values.get("met_when") == "no":
        truth = None if truth is None else not truth
    return truth, ""


def check_cap(version: Version, transaction: Transaction, stated: object) -> tuple[Truth, str]:
    """The volume cap: as stated, else from the units shipped, this shipment included.

    It compares aggregate TPP of one product, so that units of that product compare alike.
    """
    home, abroad = transaction.evidence.get(US_VOLUME), transaction.evidence.get(CN_VOLUME)
    if not isinstance(home, Decimal) or not isinstance(abroad, Decimal) or transaction.quantity is None:
        return (stated if isinstance(stated, bool) else None), ""
    cap = version.number("cap_fraction")
    room = cap * home - abroad
    counted = transaction.quantity <= room
    note = f"room for {plain(max(room, Decimal(0)))} more under {plain(cap)} of {plain(home)}; this is {plain(transaction.quantity)}"
    return all_of(counted, stated is not False), note


def columns_of(id_: str, version: Version, transaction: Transaction) -> tuple[str, ...]:
    """Columns that would settle a condition."""
    column = str(version.values["column"])
    if id_ != CAP:
        return (column,)
    partly = any(name in transaction.evidence for name in (US_VOLUME, CN_VOLUME))
    if not partly:
        return (column,)
    names = [name for name in (US_VOLUME, CN_VOLUME) if name not in transaction.evidence]
    return (*names, *(("quantity",) if transaction.quantity is None else ()))
