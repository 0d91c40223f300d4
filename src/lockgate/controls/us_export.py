"""The United States export gate: what the Export Administration Regulations say about a transaction on a day.

MET: no licence is required, or an exception's conditions are met, or a licence is held and its conditions are met. NOT_MET: one is
required and not held. UNDETERMINED: something that decides is not known. NOT_IN_FORCE: before the first rule or letter.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, negate, word
from lockgate.catalogue.law import LawOnDate
from lockgate.controls.classification import PROVISIONS, STATED, Classification, classify
from lockgate.controls.conditions import check_conditions
from lockgate.controls.determination import Condition, GateAnswer, Verdict
from lockgate.controls.end_use import EndUse, examine_end_use
from lockgate.controls.exceptions import NAC, OpenException, open_exceptions
from lockgate.controls.letters import guidance_grounds, letter_grounds
from lockgate.controls.licence import EMBARGO, GATE, REMOTE_ACCESS, Ground, control_list_grounds
from lockgate.controls.review import UNDETERMINED, Review, find_policy
from lockgate.controls.transaction import Movement, Transaction

VERDICTS: dict[Truth, Verdict] = {True: Verdict.MET, False: Verdict.NOT_MET, None: Verdict.UNDETERMINED}
UNVERIFIED = ("secondary", "reported", "open")
EXCEPTION_CONDITIONS = "us-ear.740-8."
PURCHASE_ORDER = "us-ear.740-8.purchase-order"


def before_any_rule(law: LawOnDate) -> bool:
    """Whether the day lies before the first rule or letter on accelerators."""
    return not law.of_kind(GATE, "test") and not law.of_kind(GATE, "letter")


@dataclass(frozen=True, slots=True)
class Checks:
    """Conditions, whether all of them are met, and the columns that would tell."""

    conditions: tuple[Condition, ...] = ()
    met: Truth = True
    missing: tuple[str, ...] = ()


def answer_us_export(
    transaction: Transaction, law: LawOnDate, item: Classification | None = None
) -> GateAnswer:
    """What the gate says.

    Args:
        transaction: What moves.
        law: The law of the day.
        item: Its classification, where the caller has it.
    """
    if before_any_rule(law):
        note = "before the first rule or letter on accelerators that Lockgate holds"
        return GateAnswer(
            gate=GATE,
            verdict=Verdict.NOT_IN_FORCE,
            review_policy=UNDETERMINED,
            explanation=Explanation("United States export gate", str(Verdict.NOT_IN_FORCE), note=note),
        )
    item = item or classify(transaction, law)
    letters = letter_grounds(transaction, law, item)
    grounds = (
        *control_list_grounds(transaction, law, item),
        *letters,
        *guidance_grounds(transaction, law, item),
    )
    required = any_of(*(ground.required for ground in grounds))
    enforced = any_of(*(ground.enforced for ground in grounds))
    end_use = examine_end_use(transaction, law)
    review = find_policy(transaction, law, item, required, grounds)
    beyond = [ground for ground in grounds if ground in letters or ground.id == EMBARGO]
    blocked = any_of(end_use.required, *(ground.required for ground in beyond))
    exceptions: tuple[OpenException, ...] = ()
    if required is not False and blocked is not True:
        exceptions = open_exceptions(transaction, law, item)
    policy_checks = check_all(review.conditions, transaction, law) if review.conditions else Checks()
    exception_checks = {
        found.id: check_exception(found, transaction, law)
        for found in exceptions
        if found.usable is not False
    }
    by_exception = any_of(
        *(
            all_of(found.usable, exception_checks[found.id].met, negate(blocked))
            for found in exceptions
            if found.id in exception_checks
        )
    )
    conditional: Truth = (
        policy_checks.met if review.policy != UNDETERMINED else any_of(policy_checks.met, None)
    )
    by_licence = all_of(transaction.us_licence, conditional)
    free = all_of(negate(required), negate(end_use.required))
    verdict = VERDICTS[any_of(free, by_licence, by_exception)]
    steps = (
        item.explanation,
        Explanation(
            "licence required", word(required), children=tuple(ground.explanation for ground in grounds)
        ),
        Explanation("licence requirement enforced", word(enforced)),
        *(found.explanation for found in exceptions),
        review.explanation,
        end_use.explanation,
        Explanation("licence held, its conditions met", word(by_licence)),
    )
    return GateAnswer(
        gate=GATE,
        verdict=verdict,
        explanation=Explanation("United States export gate", str(verdict), children=steps),
        basis=basis_of(item, grounds, required, end_use, review),
        missing=tuple(
            dict.fromkeys(
                what_is_missing(
                    transaction,
                    verdict,
                    item,
                    grounds,
                    required,
                    review,
                    end_use,
                    policy_checks,
                    exception_checks,
                )
            )
        ),
        conditions=tuple(
            {
                condition.id: condition
                for checks in (
                    policy_checks,
                    *(exception_checks[found.id] for found in exceptions if found.listed),
                )
                for condition in checks.conditions
            }.values()
        ),
        warnings=tuple(
            dict.fromkeys(warn(transaction, law, item, grounds, required, enforced, review, end_use))
        ),
        licence_required=required,
        licence_enforced=enforced,
        exceptions=tuple(found.name for found in exceptions if found.listed),
        review_policy=review.policy,
        distances=(
            *item.distances,
            *(distance for ground in grounds for distance in ground.distances),
            *review.distances,
        ),
    )


def check_all(prefix: str, transaction: Transaction, law: LawOnDate) -> Checks:
    """Check every condition below ``prefix``."""
    found = check_conditions(prefix, transaction, law)
    return Checks(
        tuple(condition for condition, _, _ in found),
        all_of(*(truth for _, truth, _ in found)),
        tuple(name for _, _, names in found for name in names),
    )


def check_exception(found: OpenException, transaction: Transaction, law: LawOnDate) -> Checks:
    """Check an exception's conditions: a purchase order, for NAC the notification too; those of HBM are not modelled."""
    if not found.id.startswith(EXCEPTION_CONDITIONS):
        return Checks(met=None)
    return check_all(EXCEPTION_CONDITIONS if found.id == NAC else PURCHASE_ORDER, transaction, law)


def basis_of(
    item: Classification, grounds: tuple[Ground, ...], required: Truth, end_use: EndUse, review: Review
) -> tuple[str, ...]:
    """Provisions that decide: the tests, those that ask for a licence or may, the policy, the end uses."""
    tests = [step.citation for step in item.explanation.children if step.citation]
    if item.code is not None:
        tests = [PROVISIONS[item.code]]
    asking = [ground.id for ground in grounds if ground.required is required]
    return tuple(dict.fromkeys((*tests, *asking, *review.basis, *end_use.basis)))


def what_is_missing(
    transaction: Transaction,
    verdict: Verdict,
    item: Classification,
    grounds: tuple[Ground, ...],
    required: Truth,
    review: Review,
    end_use: EndUse,
    policy_checks: Checks,
    exception_checks: dict[str, Checks],
) -> Iterator[str]:
    """Columns that would settle or support the answer, the weightiest first."""
    if required is None:
        yield from item.missing
        for ground in grounds:
            yield from ground.missing if ground.required is None else ()
    elif item.code is None and item.controlled is None:
        yield from item.missing
    yield from review.missing
    asked = required is not False or end_use.required is True
    if asked and transaction.us_licence is None and verdict is not Verdict.MET:
        yield "us_licence"
    yield from end_use.missing
    if verdict is not Verdict.MET:
        yield from policy_checks.missing
        if transaction.us_licence is not True:
            for checks in exception_checks.values():
                yield from checks.missing
    if transaction.end_user is None:
        yield "end_user"


def warn(
    transaction: Transaction,
    law: LawOnDate,
    item: Classification,
    grounds: tuple[Ground, ...],
    required: Truth,
    enforced: Truth,
    review: Review,
    end_use: EndUse,
) -> Iterator[str]:
    """What a reader must know besides."""
    if required is True and enforced is False:
        yield "the text requires a licence; the agency does not enforce it for this destination and these parties"
    stated = [STATED] if STATED in item.explanation.citations() else []
    grounding = [ground.id for ground in grounds if ground.required is not False]
    for id_ in dict.fromkeys((*stated, *grounding, *review.basis)):
        version = law[id_]
        if version.verification in UNVERIFIED:
            yield f"{id_}: {version.verification}, not read in the primary text"
        for text in version.open:
            yield f"{id_}: {text}"
    if transaction.kind is Movement.REMOTE_ACCESS and REMOTE_ACCESS in law:
        yield law[REMOTE_ACCESS].summary
    if transaction.designer_country not in (None, "US"):
        yield "that a circuit designed abroad is subject to the regulations (15 CFR 734.9) is taken as given"
    yield from end_use.warnings
