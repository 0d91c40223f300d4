"""China's import gate and the Section 232 duty for many rows at once; `lockgate.controls.cn_import` and `us_section_232` over arrays."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lockgate.catalogue.law import LawOnDate, Version
from lockgate.controls.cn_import import (
    CONDITIONS,
    MAINLAND,
    NONE_HELD,
    NOT_APPLICABLE,
    OTHER_CUSTOMS_TERRITORIES,
    REPORTS,
    RESTS_ON_PRESS,
    STATES,
    names_item,
    recipient_id,
)
from lockgate.controls.determination import Verdict
from lockgate.controls.table_rows import Named, Rows, holds
from lockgate.controls.transaction import Movement
from lockgate.controls.truth_arrays import (
    NO,
    UNKNOWN,
    YES,
    Mask,
    Truths,
    all_of,
    any_of,
    choose,
)
from lockgate.controls.us_section_232 import (
    DUTY,
    ENTRY_BY_TEST,
    NOT_FOR_DATACENTERS,
    US,
    USE_IN_THE_US,
    goods_as_given,
)

ABOVE = "quantity above"
"""Stands for the warning that the quantity is above what is reported as approved; its text names the quantity."""
ALL_STATES = (*STATES, NOT_APPLICABLE)
VERDICT_OF_STATE = (*STATES.values(), Verdict.NOT_IN_FORCE)
VERDICTS = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class ImportRows:
    """What the import gate says: ``state`` is a position in `ALL_STATES`, ``verdict`` one in `VERDICTS`."""

    state: np.ndarray[tuple[int], np.dtype[np.int8]]
    verdict: np.ndarray[tuple[int], np.dtype[np.int8]]
    conditions: tuple[Named, ...]
    basis: tuple[Named, ...]
    missing: tuple[Named, ...]
    warnings: tuple[Named, ...]
    citations: tuple[Named, ...]


def answer_import(rows: Rows) -> ImportRows:
    """What China's import gate says of each row."""
    table, law = rows.table, rows.law
    to_place, item, buyer = table.places["to_place"], table.names["item"], table.names["end_user"]
    elsewhere = rows.ask(
        to_place,
        lambda place: place is not None and place != MAINLAND and place not in OTHER_CUSTOMS_TERRITORIES,
    )
    no_goods = rows.is_kind(Movement.REMOTE_ACCESS, Movement.IN_COUNTRY_TRANSFER)
    outside = (elsewhere == YES) | no_goods | rows.same_place
    recipients = [recipient_id(name, law) for name in buyer.values]
    unknown = ALL_STATES.index("unknown")
    state = np.full(rows.count, unknown, dtype=np.int8)
    deciding = np.full(rows.count, -1, dtype=np.int16)
    inland = ~outside & rows.is_value(to_place, MAINLAND)
    reports = sorted_reports(law)
    for position, (_, version) in enumerate(reports):
        named = inland & (rows.ask(item, names_by(version)) == YES)
        if version.parties:
            meant = np.array([recipient in version.parties for recipient in recipients], dtype=np.bool_)
            named &= meant[buyer.codes]
        state[named] = ALL_STATES.index(version.outcome)
        deciding[named] = position
    state[outside] = ALL_STATES.index(NOT_APPLICABLE)
    verdicts = np.array([VERDICTS.index(verdict) for verdict in VERDICT_OF_STATE], dtype=np.int8)
    verdict = verdicts[state]
    held = ~outside & (table.truth("cn_approval") == YES)
    verdict[held] = VERDICTS.index(Verdict.MET)
    open_: Mask = verdict == VERDICTS.index(Verdict.UNDETERMINED)
    lacks = {"to": rows.lacks_place("to_place"), "item": rows.ask(item, bool) == NO, "end_user": rows.ask(buyer, bool) == NO}  # fmt: skip
    missing = (*((name, open_ & mask) for name, mask in lacks.items()), ("cn_approval", open_))
    shown = ~outside & (verdict != VERDICTS.index(Verdict.NOT_MET))
    conditions = tuple(
        (id_, shown & (rows.ask(item, names_by(version)) == YES))
        for id_, version in law.items()
        if id_.startswith(CONDITIONS)
    )
    basis = tuple((id_, deciding == position) for position, (id_, _) in enumerate(reports))
    spoken = tuple(
        (id_, ~outside & (rows.ask(item, names_by(version)) == YES))
        for id_, version in reversed(sorted_reports(law, of_states=False))
    )
    warnings = tuple(warn_of_import(rows, outside, [(version, deciding == position) for position, (_, version) in enumerate(reports)]))  # fmt: skip
    return ImportRows(state, verdict, conditions, basis, missing, warnings, spoken)


def warn_of_import(rows: Rows, outside: Mask, deciding: Sequence[tuple[Version, Mask]]) -> Iterator[Named]:
    """What a reader must know besides the verdict; where a quantity is above what was approved, `ABOVE` stands for the text."""
    yield RESTS_ON_PRESS, ~outside
    quantity, approval = rows.table.number("quantity"), rows.table.truth("cn_approval")
    for version, where in deciding:
        if version.values.get("quantity_min"):
            yield ABOVE, where & (quantity > float(version.number("quantity_min")))
        if version.outcome == "conditionally-approved":
            yield NONE_HELD, where & (approval == NO)
        if STATES[version.outcome] is Verdict.NOT_MET:
            text = f"an approval is held although the reported state is {version.outcome}"
            yield text, where & (approval == YES)


def names_by(version: Version) -> Callable[[str], bool]:
    """Whether a version names an item."""
    return lambda item: names_item(version, item)


def sorted_reports(law: LawOnDate, *, of_states: bool = True) -> list[tuple[str, Version]]:
    """Reports that carry a state, or all; the one that decides last."""
    found = [
        (id_, version)
        for id_, version in law.items()
        if id_.startswith(REPORTS) and (version.outcome or not of_states)
    ]
    return sorted(found, key=lambda pair: (pair[1].from_on, bool(pair[1].parties), pair[0]))


@dataclass(frozen=True, slots=True)
class ChargeRows:
    """Whether the duty applies to each row, and the rate where it may."""

    applies: Truths
    rate_fraction: float | None
    basis: tuple[str, ...]
    missing: tuple[Named, ...]
    warnings: tuple[Named, ...] = ()
    citations: tuple[Named, ...] = ()


def charge_rows(rows: Rows) -> ChargeRows:
    """Whether the Section 232 duty is due on each row."""
    duty = rows.law.in_force(DUTY)
    if duty is None:
        return ChargeRows(rows.all(False), None, (), ())
    every = np.ones(rows.count, dtype=np.bool_)
    table = rows.table
    tpp, bandwidth = table.number("tpp"), table.number("dram_bandwidth_byte_per_s")
    values = {"tpp": (tpp, tpp), "dram_bandwidth_gb_per_s": (bandwidth, bandwidth)}
    inside = rows.all(False)
    for line in duty.lines:
        sides = [holds(limit, values[limit.quantity]) for limit in line.limits]
        inside = any_of(inside, all_of(*sides))
    (entered, tested), exempt = enters_rows(rows), exempt_rows(rows)
    applies = all_of(inside, entered, YES - exempt)
    open_ = applies == UNKNOWN
    unsure = open_ & (inside == UNKNOWN)
    by_use = open_ & (exempt == UNKNOWN)
    missing = (
        ("tpp", unsure & np.isnan(tpp)),
        ("dram_bandwidth_gb_per_s", unsure & np.isnan(bandwidth)),
        ("us_entry", open_ & (entered == UNKNOWN)),
        ("to", by_use & rows.lacks_place("to_place")),
        ("datacenter", by_use & (table.truth("datacenter") == UNKNOWN)),
    )
    warnings = ((goods_as_given(duty), applies != NO),)
    citations = (
        (DUTY, every),
        (ENTRY_BY_TEST, tested),
        (USE_IN_THE_US, every),
        (NOT_FOR_DATACENTERS, every),
    )
    rate = float(duty.number("rate_fraction"))
    return ChargeRows(applies, rate, (DUTY,), missing, warnings, citations)


def enters_rows(rows: Rows) -> tuple[Truths, Mask]:
    """Whether the goods are entered for consumption in the United States on their way, and where the mandatory test makes them."""
    table = rows.table
    start, end = table.places["from_place"], table.places["to_place"]
    from_us, to_us = rows.is_value(start, US), rows.is_value(end, US)
    known = ~rows.lacks_place("from_place") & ~rows.lacks_place("to_place")
    truth = choose(known & ~from_us & ~to_us, NO, rows.all(None))
    tested = np.zeros(rows.count, dtype=np.bool_)
    test = rows.law.in_force(ENTRY_BY_TEST)
    if test is not None and test.scope is not None:
        places = test.scope.places
        there = rows.ask(end, lambda place: place in places) == YES
        tested = there & from_us & rows.is_kind(None, Movement.EXPORT)
        truth = choose(tested, YES, truth)
    truth = choose(to_us & ~from_us, YES, truth)
    truth = choose(rows.is_kind(Movement.REMOTE_ACCESS), NO, truth)
    stated = table.truth("us_entry")
    return choose(stated == UNKNOWN, truth, stated), tested & (stated == UNKNOWN)


def exempt_rows(rows: Rows) -> Truths:
    """Whether an exempt use is possible."""
    truth = rows.all(False)
    if rows.law.in_force(USE_IN_THE_US):
        here = rows.ask(rows.table.places["to_place"], lambda place: place in (None, US))
        truth = choose(here == YES, UNKNOWN, truth)
    if rows.law.in_force(NOT_FOR_DATACENTERS):
        truth = choose(rows.table.truth("datacenter") != YES, UNKNOWN, truth)
    return truth
