"""Letters and guidance: what the agency told one company, and what it presumes of circuits designed in China.

A letter binds its addressee: the exporter, else, where no exporter is named, the manufacturer. General Prohibition 10 rests on
knowledge, so that only a designer known to sit there brings it into play.

Source: 15 CFR 744.23(b), 736.2(b)(10); the letters themselves are not public.
"""

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, word
from lockgate.catalogue.law import LawOnDate
from lockgate.controls.classification import A, B, Classification
from lockgate.controls.destination import leaves_home, missing_places, reaches, reaches_route
from lockgate.controls.licence import GATE, Ground
from lockgate.controls.limits import run_test
from lockgate.controls.naming import is_named, names
from lockgate.controls.transaction import Transaction


def letter_grounds(transaction: Transaction, law: LawOnDate, item: Classification) -> tuple[Ground, ...]:
    """Every letter that may bind this transaction."""
    found = []
    for id_, version in law.of_kind(GATE, "letter"):
        addressed = is_addressee(transaction, version.parties)
        if addressed is False:
            continue
        test = run_test(id_, version, item.quantities, "reaches the letter's values")
        named = any_of(is_named(transaction.item, version.items), test.truth)
        route = reaches_route(law, version, transaction)
        required = all_of(addressed, named, leaves_home(transaction), route)
        missing: tuple[str, ...] = ()
        if required is None:
            missing = (
                *(("exporter",) if addressed is None else ()),
                *(test.missing if named is None else ()),
                *(missing_places(transaction, version) if route is None else ()),
            )
        found.append(
            Ground(
                id_,
                required,
                required,
                version.outcome,
                missing,
                Explanation(
                    f"letter to {version.parties[0]}",
                    word(required),
                    citation=id_,
                    note=version.summary,
                    children=(
                        Explanation(
                            "addressed to the exporter, else the manufacturer",
                            word(addressed),
                            note=transaction.exporter or transaction.manufacturer or "neither is known",
                        ),
                        Explanation("names the item, or the item reaches its values", word(named)),
                        *((test.explanation,) if version.lines else ()),
                        Explanation("destination or party in scope", word(route)),
                    ),
                ),
                test.distances,
            )
        )
    return tuple(found)


def guidance_grounds(transaction: Transaction, law: LawOnDate, item: Classification) -> tuple[Ground, ...]:
    """General Prohibition 10 for circuits known to be designed in Macau or Country Group D:5."""
    found = []
    for id_, version in law.of_kind(GATE, "guidance"):
        named = is_named(transaction.item, version.items)
        country = transaction.designer_country
        designed = country is not None and reaches(law, version.party_scope, country) is True
        meets = any_of(item.truths.get(A, False), item.truths.get(B, False))
        required = any_of(named, all_of(designed, meets))
        if required is False:
            continue
        found.append(
            Ground(
                id_,
                required,
                required,
                version.outcome,
                (),
                Explanation(
                    "General Prohibition 10: designed in China and meeting 3A090",
                    word(required),
                    citation=id_,
                    note=version.summary,
                    children=(
                        Explanation("named by the guidance", word(named), note=transaction.item),
                        Explanation("designer's headquarters in scope", word(designed), note=country or ""),
                        Explanation("meets 3A090.a or 3A090.b", word(meets)),
                    ),
                ),
            )
        )
    return tuple(found)


def is_addressee(transaction: Transaction, parties: tuple[str, ...]) -> Truth:
    """Whether a letter to ``parties`` binds: by the exporter's name, else by the manufacturer's."""
    name = transaction.exporter or transaction.manufacturer
    return None if name is None else any(names(name, party) for party in parties)
