"""The Section 232 duty: a charge, not a gate.

It is due where goods inside one of two boxes of processing performance and DRAM bandwidth are entered for consumption in the
United States, unless they are for an exempt use. The boxes are narrow, so the duty is not monotone: more performance can leave
a box as well as enter it.

Source: ``data/law/us-section-232``.
"""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, negate, word
from lockgate.catalogue.law import LawOnDate, Limit, Version
from lockgate.controls.determination import Charge
from lockgate.controls.transaction import Movement, Transaction

CHARGE = "us-section-232"
DUTY = f"{CHARGE}.duty"
USE_IN_THE_US = f"{CHARGE}.use-in-the-us"
NOT_FOR_DATACENTERS = f"{CHARGE}.not-for-datacenters"
ENTRY_BY_TEST = f"{CHARGE}.entry-by-test"
US = "US"

COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
BYTE_PER_GB = Decimal(10) ** 9


def charge_section_232(transaction: Transaction, law: LawOnDate) -> Charge:
    """Whether the duty is due on the goods, and at which rate.

    Args:
        transaction: What moves.
        law: The law of the day.
    """
    duty = law.in_force(DUTY)
    if duty is None:
        return Charge(
            charge=CHARGE,
            applies=False,
            explanation=Explanation("Section 232 duty", "no", note="not in force on this day"),
        )
    inside, box = in_a_box(transaction, duty)
    entered, entry = enters_the_us(transaction, law)
    exempt, exemption = is_exempt(transaction, law)
    applies = all_of(inside, entered, negate(exempt))
    rate = duty.number("rate_fraction")
    return Charge(
        charge=CHARGE,
        applies=applies,
        rate_fraction=None if applies is False else rate,
        basis=(DUTY,),
        explanation=Explanation(
            "Section 232 duty",
            word(applies),
            citation=DUTY,
            pinpoint=duty.citation.section,
            note=f"{rate:%} of the entered value where it applies",
            children=(box, entry, exemption),
        ),
        missing=() if applies is not None else what_is_missing(transaction, inside, entered, exempt),
        warnings=(goods_as_given(duty),) if applies is not False else (),
    )


def goods_as_given(duty: Version) -> str:
    """That how the goods are classified for customs is not examined."""
    return (
        f"the duty is read from secondary sources; classification in {duty.values['goods']} is taken as given"
    )


def in_a_box(transaction: Transaction, duty: Version) -> tuple[Truth, Explanation]:
    """Whether the item lies strictly inside one of the boxes, and how that came about."""
    bandwidth = transaction.dram_bandwidth_byte_per_s
    quantities = {
        "tpp": transaction.tpp,
        "dram_bandwidth_gb_per_s": None if bandwidth is None else bandwidth / BYTE_PER_GB,
    }
    boxes = []
    for line in duty.lines:
        sides = [(limit, holds(limit, quantities[limit.quantity])) for limit in line.limits]
        boxes.append(
            Explanation(
                line.id,
                word(all_of(*(truth for _, truth in sides))),
                children=tuple(
                    Explanation(str(limit), word(truth), note=f"here {shown(quantities[limit.quantity])}")
                    for limit, truth in sides
                ),
            )
        )
    truth = any_of(
        *(all_of(*(holds(limit, quantities[limit.quantity]) for limit in line.limits)) for line in duty.lines)
    )
    return truth, Explanation("inside a box", word(truth), citation=DUTY, children=tuple(boxes))


def holds(limit: Limit, value: Decimal | None) -> Truth:
    """Whether ``value`` keeps ``limit``; None where it is not known."""
    return None if value is None else COMPARE[limit.operator](value, limit.value)


def shown(value: Decimal | None) -> str:
    """A number as a person reads it."""
    return "not known" if value is None else f"{value.normalize():,f}"


def enters_the_us(transaction: Transaction, law: LawOnDate) -> tuple[Truth, Explanation]:
    """Whether the goods are entered for consumption in the United States on their way.

    The transaction's own word comes first. Else the route tells: goods that go to the United States enter it; an export from
    there to China or Macau passes the mandatory test, and is entered for it; a route that does not touch it does not.
    """
    to_place, from_place = transaction.to_place, transaction.from_place
    test = law.in_force(ENTRY_BY_TEST)
    tested = (
        test is not None
        and test.scope is not None
        and from_place == US
        and transaction.kind in (None, Movement.EXPORT)
        and to_place in test.scope.places
    )
    truth: Truth = None
    note, citation = "the route does not tell", ""
    if transaction.us_entry is not None:
        truth, note = transaction.us_entry, "as the transaction states"
    elif transaction.kind is Movement.REMOTE_ACCESS:
        truth, note = False, "remote access moves no goods"
    elif to_place == US and from_place != US:
        truth, note = True, "the goods go to the United States"
    elif tested:
        truth, note, citation = True, "entered for the mandatory test before export to China", ENTRY_BY_TEST
    elif to_place is not None and from_place is not None and US not in (to_place, from_place):
        truth, note = False, "the route does not touch the United States"
    return truth, Explanation("entered in the United States", word(truth), citation=citation, note=note)


def is_exempt(transaction: Transaction, law: LawOnDate) -> tuple[Truth, Explanation]:
    """Whether an exempt use is possible: not for goods that leave again, nor, for datacenter goods, by a consumer use."""
    used_in_us: Truth = False
    if law.in_force(USE_IN_THE_US) and transaction.to_place in (None, US):
        used_in_us = None
    consumer: Truth = False
    if law.in_force(NOT_FOR_DATACENTERS) and transaction.datacenter is not True:
        consumer = None
    steps = (
        Explanation("for an exempt use in the United States", word(used_in_us), citation=USE_IN_THE_US),
        Explanation("for a consumer or civil industrial use", word(consumer), citation=NOT_FOR_DATACENTERS),
    )
    truth = any_of(used_in_us, consumer)
    return truth, Explanation("exempt", word(truth), children=steps)


def what_is_missing(
    transaction: Transaction, inside: Truth, entered: Truth, exempt: Truth
) -> tuple[str, ...]:
    """Columns that would settle whether the duty is due."""
    missing = []
    if inside is None:
        given = {"tpp": transaction.tpp, "dram_bandwidth_gb_per_s": transaction.dram_bandwidth_byte_per_s}
        missing += [name for name, value in given.items() if value is None]
    if entered is None:
        missing += ["us_entry"]
    if exempt is None:
        given_use = {"to": transaction.to_place, "datacenter": transaction.datacenter}
        missing += [name for name, value in given_use.items() if value is None]
    return tuple(missing)
