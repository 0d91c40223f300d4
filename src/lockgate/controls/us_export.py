"""The United States export gate: what the Export Administration Regulations say about a transaction on a day.

MET: no licence is required, or an exception's conditions are met, or a licence is held and its conditions are met. NOT_MET: one is
required and not held. UNDETERMINED: something that decides is not known. NOT_IN_FORCE: before the first rule or letter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, negate, word
from lockgate.catalogue.law import LawOnDate
from lockgate.controls.classification import PROVISIONS, STATED, Classification, classify
from lockgate.controls.conditions import Checks, check_conditions
from lockgate.controls.determination import Condition, GateAnswer, Verdict
from lockgate.controls.end_use import EndUse, examine_end_use
from lockgate.controls.exceptions import OpenException, check_exception, open_exceptions
from lockgate.controls.letters import guidance_grounds, letter_grounds
from lockgate.controls.licence import GATE, REMOTE_ACCESS, Ground, control_list_grounds
from lockgate.controls.review import UNDETERMINED, Review, find_policy
from lockgate.controls.transaction import Movement, Transaction

VERDICTS: Mapping[Truth, Verdict] = {True: Verdict.MET, False: Verdict.NOT_MET, None: Verdict.UNDETERMINED}
UNVERIFIED = ("secondary", "reported", "open")
NAME = "United States export gate"
NOT_ENFORCED = (
    "the text requires a licence; the agency does not enforce it for this destination and these parties"
)
FOREIGN_DESIGN = (
    "that a circuit designed abroad is subject to the regulations (15 CFR 734.9) is taken as given"
)


def before_any_rule(law: LawOnDate) -> bool:
    """Whether the day lies before the first rule or letter on accelerators."""
    return not law.of_kind(GATE, "test") and not law.of_kind(GATE, "letter")


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
            explanation=Explanation(NAME, str(Verdict.NOT_IN_FORCE), note=note),
        )
    found = examine(transaction, law, item or classify(transaction, law))
    return GateAnswer(
        gate=GATE,
        verdict=found.verdict,
        explanation=found.explain(),
        basis=found.basis(),
        missing=tuple(dict.fromkeys(found.missing())),
        conditions=found.conditions(),
        warnings=tuple(dict.fromkeys(found.warnings())),
        licence_required=found.required,
        licence_enforced=found.enforced,
        exceptions=tuple(exception.name for exception in found.exceptions if exception.listed),
        review_policy=found.review.policy,
        distances=(
            *found.item.distances,
            *(distance for ground in found.grounds for distance in ground.distances),
            *found.review.distances,
        ),
    )


def examine(transaction: Transaction, law: LawOnDate, item: Classification) -> "Findings":
    """Everything there is to find about a transaction: grounds, end use, policy, exceptions and their conditions."""
    grounds = (
        *control_list_grounds(transaction, law, item),
        *letter_grounds(transaction, law, item),
        *guidance_grounds(transaction, law, item),
    )
    required = any_of(*(ground.required for ground in grounds))
    end_use = examine_end_use(transaction, law)
    review = find_policy(transaction, law, item, required, grounds)
    # What is not of the control list names its own policy, and no exception for the item overcomes it.
    blocked = any_of(end_use.required, *(ground.required for ground in grounds if ground.outcome))
    usable = required is not False and blocked is not True
    exceptions = open_exceptions(transaction, law, item) if usable else ()
    return Findings(
        transaction=transaction,
        law=law,
        item=item,
        grounds=grounds,
        required=required,
        enforced=any_of(*(ground.enforced for ground in grounds)),
        end_use=end_use,
        review=review,
        blocked=blocked,
        exceptions=exceptions,
        policy_checks=check_conditions(review.conditions, transaction, law)
        if review.conditions
        else Checks(),
        exception_checks={
            exception.id: check_exception(exception, transaction, law)
            for exception in exceptions
            if exception.usable is not False
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found about one transaction, and what follows from it.

    Attributes:
        transaction: What moves.
        law: The law of the day.
        item: What it is.
        grounds: What asks for a licence, or may.
        required: Whether one is required, by the text.
        enforced: Whether it is enforced.
        end_use: What end uses and end users ask for.
        review: How an application would be reviewed.
        blocked: Whether a letter, an embargo, guidance or an end use takes every exception away.
        exceptions: Exceptions for the item.
        policy_checks: The conditions of the policy.
        exception_checks: The conditions of each exception that may be used, by its id.
    """

    transaction: Transaction
    law: LawOnDate
    item: Classification
    grounds: tuple[Ground, ...]
    required: Truth
    enforced: Truth
    end_use: EndUse
    review: Review
    blocked: Truth
    exceptions: tuple[OpenException, ...]
    policy_checks: Checks
    exception_checks: Mapping[str, Checks]

    @property
    def by_licence(self) -> Truth:
        """Whether a licence is held and its conditions are met; conditions that may not apply count only where met."""
        met = self.policy_checks.met
        conditional = met if self.review.policy != UNDETERMINED else any_of(met, None)
        return all_of(self.transaction.us_licence, conditional)

    @property
    def by_exception(self) -> Truth:
        """Whether an exception covers it and its conditions are met."""
        return any_of(
            *(
                all_of(exception.usable, self.exception_checks[exception.id].met, negate(self.blocked))
                for exception in self.exceptions
                if exception.id in self.exception_checks
            )
        )

    @property
    def verdict(self) -> Verdict:
        """The gate's verdict."""
        free = all_of(negate(self.required), negate(self.end_use.required))
        return VERDICTS[any_of(free, self.by_licence, self.by_exception)]

    def explain(self) -> Explanation:
        """How the answer came about."""
        asking = tuple(ground.explanation for ground in self.grounds)
        steps = (
            self.item.explanation,
            Explanation("licence required", word(self.required), children=asking),
            Explanation("licence requirement enforced", word(self.enforced)),
            *(exception.explanation for exception in self.exceptions),
            self.review.explanation,
            self.end_use.explanation,
            Explanation("licence held, its conditions met", word(self.by_licence)),
        )
        return Explanation(NAME, str(self.verdict), children=steps)

    def basis(self) -> tuple[str, ...]:
        """Provisions that decide: the tests, those that ask for a licence or may, the policy, the end uses."""
        tests = [step.citation for step in self.item.explanation.children if step.citation]
        if self.item.code is not None:
            tests = [PROVISIONS[self.item.code]]
        asking = [ground.id for ground in self.grounds if ground.required is self.required]
        return tuple(dict.fromkeys((*tests, *asking, *self.review.basis, *self.end_use.basis)))

    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of the policy and of the exceptions shown as open, each once."""
        listed = [self.exception_checks[found.id] for found in self.exceptions if found.listed]
        checks = (self.policy_checks, *listed)
        return tuple({found.id: found for check in checks for found in check.conditions}.values())

    def missing(self) -> Iterator[str]:
        """Columns that would settle or support the answer, the weightiest first."""
        passes = self.verdict is Verdict.MET
        if self.required is None:
            yield from self.item.missing
            for ground in self.grounds:
                yield from ground.missing if ground.required is None else ()
        elif self.item.code is None and self.item.controlled is None:
            yield from self.item.missing
        yield from self.review.missing
        asked = self.required is not False or self.end_use.required is True
        if asked and self.transaction.us_licence is None and not passes:
            yield "us_licence"
        yield from self.end_use.missing
        if not passes:
            yield from self.policy_checks.missing
            if self.transaction.us_licence is not True:
                for checks in self.exception_checks.values():
                    yield from checks.missing
        if self.transaction.end_user is None:
            yield "end_user"

    def warnings(self) -> Iterator[str]:
        """What a reader must know besides."""
        if self.required is True and self.enforced is False:
            yield NOT_ENFORCED
        stated = [STATED] if STATED in self.item.explanation.citations() else []
        asking = [ground.id for ground in self.grounds if ground.required is not False]
        for id_ in dict.fromkeys((*stated, *asking, *self.review.basis)):
            version = self.law[id_]
            if version.verification in UNVERIFIED:
                yield f"{id_}: {version.verification}, not read in the primary text"
            for text in version.open:
                yield f"{id_}: {text}"
        if self.transaction.kind is Movement.REMOTE_ACCESS and REMOTE_ACCESS in self.law:
            yield self.law[REMOTE_ACCESS].summary
        if self.transaction.designer_country not in (None, "US"):
            yield FOREIGN_DESIGN
        yield from self.end_use.warnings
