"""Licence exceptions that are open: NAC and ACA for lesser items, HBM for memory.

Source: 15 CFR 740.8, 740.25, 740.2(a)(9)(ii).
"""

from dataclasses import dataclass

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, negate, word
from lockgate.catalogue.law import LawOnDate, Version
from lockgate.controls.classification import C, Classification
from lockgate.controls.conditions import Checks, check_conditions
from lockgate.controls.destination import leaves_home, moves_as, reaches_route
from lockgate.controls.licence import GATE
from lockgate.controls.limits import run_test
from lockgate.controls.transaction import Transaction

NAC, ACA, HBM = "us-ear.740-8.nac", "us-ear.740-8.aca", "us-ear.740-25.hbm"
CONDITIONS, PURCHASE_ORDER = "us-ear.740-8.", "us-ear.740-8.purchase-order"


@dataclass(frozen=True, slots=True)
class OpenException:
    """One exception.

    Attributes:
        name: As the rule abbreviates it.
        id: The provision's id.
        usable: Whether it covers this item on this route.
        listed: Whether to show it as open: it is, or only how the goods move is not known.
        explanation: How it came about.
    """

    name: str
    id: str
    usable: Truth
    listed: bool
    explanation: Explanation


def open_exceptions(
    transaction: Transaction, law: LawOnDate, item: Classification
) -> tuple[OpenException, ...]:
    """Exceptions for an item that needs a licence by the control list alone.

    Where a letter, an embargo or an end use asks for it too, none is open.
    """
    found: list[OpenException] = []
    taken: Truth = False
    for id_, version in sorted(law.of_kind(GATE, "exception"), key=lambda pair: pair[0] != NAC):
        if version.status != "in-force" or item.among(version.items) is False:
            continue
        fits = all_of(item.among(version.items), eligible(id_, version, item))
        where = all_of(leaves_home(transaction), reaches_route(law, version, transaction))
        moved = moves_as(transaction, str(version.values.get("kinds", "")))
        if id_ == ACA:
            moved = negate(taken)
        usable = all_of(fits, where, moved)
        if id_ == NAC:
            taken = all_of(where, moved)
        listed = usable is True or (fits is True and where is True and usable is None)
        explanation = Explanation(
            f"License Exception {version.outcome}",
            "open" if usable else "not open" if usable is False else word(None),
            citation=id_,
            pinpoint=version.citation.pinpoint,
            note=version.summary,
            children=(
                Explanation("item eligible", word(fits)),
                Explanation("destination or party in scope", word(where)),
                Explanation("moves in a way that it covers", word(moved)),
            ),
        )
        found.append(OpenException(version.outcome, id_, usable, listed, explanation))
    return tuple(found)


def eligible(id_: str, version: Version, item: Classification) -> Truth:
    """Whether the item is not among those the exception leaves out."""
    if id_ == HBM:
        return all_of(item.truths.get(C, False), run_test(id_, version, item.quantities).truth)
    return item.lesser


def check_exception(found: OpenException, transaction: Transaction, law: LawOnDate) -> Checks:
    """Check an exception's conditions: a purchase order, for NAC the notification too; those of HBM are not modelled."""
    if not found.id.startswith(CONDITIONS):
        return Checks(met=None)
    return check_conditions(CONDITIONS if found.id == NAC else PURCHASE_ORDER, transaction, law)
