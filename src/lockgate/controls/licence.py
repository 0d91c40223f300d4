"""Whether a licence is required: by the control list and the destination, by headquarters, by embargo.

The text and its enforcement are two answers. It rests on item, route, destination, headquarters and ultimate parent alone.

Source: 15 CFR 742.6(a)(6), 744.23(a)(3), part 746.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, negate, word
from lockgate.catalogue.law import LawOnDate, Version
from lockgate.controls.classification import Classification
from lockgate.controls.destination import leaves_home, missing_places, reaches, reaches_party
from lockgate.controls.determination import Distance
from lockgate.controls.transaction import Transaction

GATE = "us-export"
EMBARGO = "us-ear.746.embargoed"
REMOTE_ACCESS = "us-ear.734-13.remote-access"


@dataclass(frozen=True, slots=True)
class Ground:
    """One provision that may ask for a licence.

    Attributes:
        id: The provision's id.
        required: Whether it asks for one by its text.
        enforced: Whether it is enforced so.
        outcome: The review policy it names, if any.
        missing: Columns that would settle it.
        explanation: How it came about.
        distances: How far the item stands from each of its limits.
    """

    id: str
    required: Truth
    enforced: Truth
    outcome: str
    missing: tuple[str, ...]
    explanation: Explanation
    distances: tuple[Distance, ...] = ()


GroundFinder = Callable[[Transaction, LawOnDate, Classification], tuple[Ground, ...]]


def control_list_grounds(
    transaction: Transaction, law: LawOnDate, item: Classification
) -> tuple[Ground, ...]:
    """Every ground of the control list and of part 746 that names this item, or may."""
    found = []
    for id_, version in law.of_kind(GATE, "licence"):
        named = item.among(version.items)
        if named is False:
            continue
        moves = leaves_home(transaction)
        party = reaches_party(law, version.party_scope, transaction)
        text = approved(transaction, version, reaches(law, version.scope, transaction.to_place))
        enforced = text
        if version.enforced_scope is not None:
            enforced = approved(
                transaction, version, reaches(law, version.enforced_scope, transaction.to_place)
            )
        required = all_of(named, moves, any_of(text, party))
        missing = []
        if required is None:
            missing += [*missing_places(transaction, version), *missing_approval(transaction, version)]
        found.append(
            Ground(
                id_,
                required,
                all_of(required, named, moves, any_of(enforced, party)),
                version.outcome,
                tuple(missing),
                Explanation(
                    version.citation.section or id_,
                    word(required),
                    citation=id_,
                    pinpoint=version.citation.pinpoint,
                    note=version.summary,
                    children=(
                        Explanation(
                            "destination in scope", word(text), note=transaction.to_place or "not known"
                        ),
                        Explanation("headquarters or ultimate parent in scope", word(party)),
                    ),
                ),
            )
        )
    return tuple(found)


def approved(transaction: Transaction, version: Version, in_scope: Truth) -> Truth:
    """A destination in scope, less the entities of supplement no. 8 to part 740 where the version spares them.

    Where the version is ``unclear`` about them, only an entity that is not approved is surely in scope.
    """
    place, rule = version.values.get("supp_8_place"), version.values.get("supp_8")
    if rule is None or transaction.to_place != place:
        return in_scope
    if rule == "exempt":
        return all_of(in_scope, negate(transaction.supp8_approved))
    return all_of(in_scope, True if transaction.supp8_approved is False else None)


def missing_approval(transaction: Transaction, version: Version) -> tuple[str, ...]:
    """The column that would settle an approval under supplement no. 8, where it matters and is not given."""
    matters = transaction.to_place is not None and transaction.to_place == version.values.get("supp_8_place")
    return ("supp8_approved",) if matters and transaction.supp8_approved is None else ()
