"""The determination: all gates and charges for one transaction on one day, as known on another."""

import datetime as dt
from dataclasses import replace

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import all_of, any_of, word
from lockgate.catalogue.law import Law, LawOnDate
from lockgate.controls.classification import Classification, classify
from lockgate.controls.cn_import import answer_cn_import
from lockgate.controls.destination import reaches_route
from lockgate.controls.determination import Determination, Verdict
from lockgate.controls.limits import run_test
from lockgate.controls.transaction import Transaction
from lockgate.controls.us_export import answer_us_export, before_any_rule
from lockgate.controls.us_section_232 import DUTY, charge_section_232


def determine(
    transaction: Transaction,
    law: Law,
    on: dt.date,
    known_at: dt.date | None = None,
    *,
    with_proposed: bool = False,
    warnings: tuple[str, ...] = (),
    facts: Explanation | None = None,
) -> Determination:
    """What every gate says.

    Args:
        transaction: What moves, with the facts of the item.
        law: The law.
        on: The day it is asked about.
        known_at: The day of knowledge (None: all that is known).
        with_proposed: Whether to say what proposed bills would do.
        warnings: What the caller has to say about the facts.
        facts: What the caller knows of the item, with sources.
    """
    state = law.on(on, known_at)
    item = classify(transaction, state)
    export, importing = answer_us_export(transaction, state, item), answer_cn_import(transaction, state)
    if before_any_rule(state):
        importing = replace(importing, verdict=Verdict.NOT_IN_FORCE, missing=())
    duty = state.in_force(DUTY)
    boxes = run_test(DUTY, duty, item.quantities).distances if duty else ()
    return Determination(
        transaction=transaction,
        on=on,
        known_at=known_at,
        classification=item.code,
        undetermined=item.code is None and item.controlled is None,
        gates=(export, importing),
        charges=(charge_section_232(transaction, state),),
        warnings=warnings,
        proposed=examine_proposed(transaction, state, item) if with_proposed else (),
        facts=facts,
        distances=(*export.distances, *boxes),
    )


def examine_proposed(
    transaction: Transaction, law: LawOnDate, item: Classification
) -> tuple[Explanation, ...]:
    """Whether each proposed bill would reach this transaction; one without public numbers answers for nothing."""
    found = []
    for id_, version in law.proposed():
        test = run_test(id_, version, item.quantities) if version.lines else None
        named = item.among(version.items) if version.items else False
        reached = any_of(named, test.truth) if test else named
        route = reaches_route(law, version, transaction) if version.scope else None
        children = (test.explanation,) if test else ()
        found.append(
            Explanation(
                f"proposed: {id_}",
                word(all_of(reached, route)),
                citation=id_,
                note=version.summary,
                children=children,
            )
        )
    return tuple(found)
