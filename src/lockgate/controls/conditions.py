"""Conditions of a policy or an exception, each with the evidence that meets it.

Source: paragraph (dd) of supplement no. 2 to part 748; 15 CFR 740.8(a), (c).
"""

import datetime as dt
from dataclasses import dataclass
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
NOTIFICATION = "us-ear.740-8.notification"
NOTIFIED_ON = "nac_notified_on"
MILITARY_STATED = "a military end use is stated"
UNITS = ("dd_us_units_shipped", "dd_cn_units_shipped")
TPP = ("dd_us_tpp_shipped", "dd_cn_tpp_shipped")
"""What of the product was shipped to customers in the United States for use there, and to China and Macau, before this."""


@dataclass(frozen=True, slots=True)
class Checks:
    """Conditions, whether all of them are met, and the columns that would tell."""

    conditions: tuple[Condition, ...] = ()
    met: Truth = True
    missing: tuple[str, ...] = ()


def check_conditions(prefix: str, transaction: Transaction, law: LawOnDate) -> Checks:
    """Check every condition whose id begins with ``prefix``; one with a scope is asked only on routes in that scope."""
    conditions: list[Condition] = []
    truths: list[Truth] = []
    missing: list[str] = []
    for id_, version in law.of_kind(GATE, "condition"):
        asked = id_.startswith(prefix) and (version.scope is None or reaches_route(law, version, transaction))
        if asked is False:
            continue
        truth, note = check(id_, version, transaction, law.on)
        if asked is None:
            truth = any_of(truth, None)
        truths.append(truth)
        column = str(version.values["column"])
        conditions.append(Condition(id_, CONDITION_STATUS[truth], version.needs, note, column))
        missing += columns_of(id_, version, transaction) if truth is None else ()
    return Checks(tuple(conditions), all_of(*truths), tuple(missing))


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
            return False, MILITARY_STATED
        return (True if stated is True else False if stated is False else None), ""
    truth = stated if isinstance(stated, bool) else None
    if id_ == NOTIFICATION and isinstance(notified_on := transaction.evidence.get(NOTIFIED_ON), dt.date):
        days = (on - notified_on).days
        note = f"notified {days} calendar days before, {version.values['notice_days']} are asked for"
        return all_of(truth, days >= version.number("notice_days")), note
    if version.values.get("met_when") == "no":
        truth = None if truth is None else not truth
    return truth, ""


def check_cap(version: Version, transaction: Transaction, stated: object) -> tuple[Truth, str]:
    """The volume cap: as stated, else from what was shipped, this shipment included.

    It compares aggregate TPP of one product, so that units of that product compare alike.
    """
    cap = version.number("cap_fraction")
    for columns, each in ((TPP, transaction.tpp), (UNITS, Decimal(1))):
        home, abroad = (transaction.evidence.get(name) for name in columns)
        if (
            isinstance(home, Decimal)
            and isinstance(abroad, Decimal)
            and transaction.quantity is not None
            and each
        ):
            room = max((cap * home - abroad) / each, Decimal(0))
            note = f"room for {plain(room)} more; this is {plain(transaction.quantity)}"
            return all_of(abroad + transaction.quantity * each <= cap * home, stated is not False), note
    return (stated if isinstance(stated, bool) else None), ""


def columns_of(id_: str, version: Version, transaction: Transaction) -> tuple[str, ...]:
    """Columns that would settle a condition."""
    column = str(version.values["column"])
    for columns in (TPP, UNITS) if id_ == CAP else ():
        lacking = [name for name in columns if name not in transaction.evidence]
        if len(lacking) < len(columns):
            quantity = () if transaction.quantity is not None else ("quantity",)
            return (*lacking, *quantity, *(("tpp",) if columns is TPP and transaction.tpp is None else ()))
    return (column,)
