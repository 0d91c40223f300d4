"""Conditions of policies and exceptions for many rows: `lockgate.controls.conditions` over arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from lockgate.catalogue.law import Version
from lockgate.controls.conditions import (
    AVAILABLE,
    CAP,
    NOT_MILITARY,
    NOT_REVOKED,
    NOTIFICATION,
    NOTIFIED_ON,
    TPP,
    UNITS,
)
from lockgate.controls.licence import GATE
from lockgate.controls.table import Days, Numbers
from lockgate.controls.table_rows import Named, Rows
from lockgate.controls.truth_arrays import (
    NO,
    UNKNOWN,
    YES,
    Mask,
    Truths,
    all_of,
    any_of,
    choose,
    negate,
    of_mask,
)


@dataclass(frozen=True, slots=True)
class CheckRows:
    """`Checks`, over rows: conditions with the rows they are asked of and their truths."""

    conditions: tuple[tuple[str, Mask, Truths], ...]
    met: Truths
    missing: tuple[Named, ...]


def check_rows(prefix: str, rows: Rows) -> CheckRows:
    """Check every condition whose id begins with ``prefix``."""
    conditions: list[tuple[str, Mask, Truths]] = []
    missing: list[Named] = []
    met = rows.all(True)
    for id_, version in rows.law.of_kind(GATE, "condition"):
        if not id_.startswith(prefix):
            continue
        asked = rows.all(True) if version.scope is None else rows.reaches_route(version)
        truth = check_one(id_, version, rows)
        truth = choose(asked == UNKNOWN, any_of(truth, UNKNOWN), truth)
        here: Mask = asked != NO
        met = choose(here, all_of(met, truth), met)
        conditions.append((id_, here, truth))
        missing += columns_of_rows(id_, version, rows, here & (truth == UNKNOWN))
    return CheckRows(tuple(conditions), met, tuple(missing))


def check_one(id_: str, version: Version, rows: Rows) -> Truths:
    """Whether a condition is met."""
    table, column = rows.table, str(version.values["column"])
    stated, day = table.evidence(column), table.evidence_day(column)
    if id_ == CAP:
        return check_cap_rows(version, rows, stated)
    if id_ == AVAILABLE:
        by_on = np.datetime64(str(version.values["by_on"]), "D")
        return choose(np.isnat(day), stated, of_mask(day <= by_on))
    if id_ == NOT_MILITARY:
        return choose(table.truth("military_end_use") == YES, NO, stated)
    if id_ == NOTIFICATION:
        filed = table.evidence_day(NOTIFIED_ON)
        early: Mask = days_between(filed, table.on) >= float(version.number("notice_days"))
        return choose(np.isnat(filed), stated, all_of(stated, of_mask(early)))
    truth = negate(stated) if version.values.get("met_when") == "no" else stated
    return truth if id_ != NOT_REVOKED else choose(np.isnat(day), truth, of_mask(table.on < day))


def days_between(start: Days, end: Days) -> Numbers:
    """Days from one day to another; NaN where one is not known."""
    lapse = end - start
    return np.where(np.isnat(lapse), np.nan, lapse.astype(np.int64).astype(np.float64))


def check_cap_rows(version: Version, rows: Rows, stated: Truths) -> Truths:
    """The volume cap: as stated, else from what was shipped, this shipment included."""
    cap, table = version.number("cap_fraction"), rows.table
    quantity = table.number("quantity")
    truth = stated
    for columns, each in ((UNITS, np.ones(rows.count)), (TPP, table.number("tpp"))):
        home, abroad = (table.evidence_number(name) for name in columns)
        shipped, allowed = abroad + quantity * each, float(cap) * home
        counted = ~np.isnan(shipped) & ~np.isnan(allowed) & (each != 0)
        within = shipped <= allowed
        near = counted & np.isclose(shipped, allowed, rtol=1e-9, atol=1e-9)
        for row in np.flatnonzero(near):  # where rounding might decide, as decimals
            terms = (Decimal(repr(float(column[row]))) for column in (abroad, quantity, each, home))
            abroad_, quantity_, each_, home_ = terms
            within[row] = abroad_ + quantity_ * each_ <= cap * home_
        truth = choose(counted, all_of(of_mask(within), choose(stated == NO, NO, YES)), truth)
    return truth


def columns_of_rows(id_: str, version: Version, rows: Rows, where: Mask) -> Iterable[Named]:
    """Columns that would settle a condition."""
    left = where
    for columns in (TPP, UNITS) if id_ == CAP else ():
        given = [~np.isnan(rows.table.evidence_number(name)) for name in columns]
        partly = left & (given[0] | given[1])
        yield from ((name, partly & ~known) for name, known in zip(columns, given, strict=True))
        yield "quantity", partly & np.isnan(rows.table.number("quantity"))
        if columns is TPP:
            yield "tpp", partly & np.isnan(rows.table.number("tpp"))
        left = left & ~partly
    yield str(version.values["column"]), left
