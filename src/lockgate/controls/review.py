"""How an application would be reviewed.

Policies are tried in the order of their rank; the first that fits decides. One that may fit leaves the answer open, unless
what follows says the same.

Source: 15 CFR 742.6(b)(10), 744.23(d).
"""

from dataclasses import dataclass

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, word
from lockgate.catalogue.law import LawOnDate, Version
from lockgate.controls.classification import Classification
from lockgate.controls.destination import missing_places, movement, qualifies, starts_from
from lockgate.controls.determination import Distance
from lockgate.controls.licence import GATE, Ground
from lockgate.controls.limits import run_test
from lockgate.controls.transaction import Transaction

NONE, UNDETERMINED, NOT_PUBLISHED = "none", "undetermined", "not-published"


@dataclass(frozen=True, slots=True)
class Review:
    """The policy, what it rests on, and the conditions it asks for.

    Attributes:
        policy: The policy.
        basis: Ids of the provisions that decide it.
        conditions: Prefix of the conditions that go with it or may, empty for none.
        missing: Columns that would settle it.
        explanation: How it came about.
        distances: How far the item stands from each limit of the policies that may fit.
    """

    policy: str
    basis: tuple[str, ...]
    conditions: str
    missing: tuple[str, ...]
    explanation: Explanation
    distances: tuple[Distance, ...] = ()


def find_policy(
    transaction: Transaction,
    law: LawOnDate,
    item: Classification,
    required: Truth,
    grounds: tuple[Ground, ...],
) -> Review:
    """The policy for a transaction.

    Args:
        transaction: What moves.
        law: The law of the day.
        item: What it is.
        required: Whether a licence is required.
        grounds: What asks for it.
    """
    if required is False:
        return Review(NONE, (), "", (), Explanation("review policy", NONE, note="no licence is required"))
    fixed = [ground for ground in grounds if ground.required is True and ground.outcome]
    denied = [ground for ground in fixed if ground.outcome == "presumption-of-denial"]
    if denied:
        return settled(denied[0].outcome, denied[0].id)
    listed = any_of(*(ground.required for ground in grounds if not ground.outcome))
    if listed is False and fixed:
        return settled(fixed[0].outcome, fixed[0].id)
    outcomes: list[tuple[str, str]] = [] if listed is True else [(UNDETERMINED, "")]
    missing: list[str] = []
    conditions = ""
    steps = []
    distances: tuple[Distance, ...] = ()
    for id_, version in sorted(law.of_kind(GATE, "review"), key=lambda pair: pair[1].number("rank")):
        fits, lacks, away = applies(id_, version, transaction, law, item)
        distances += away
        if fits is False:
            continue
        steps.append(
            Explanation(
                version.outcome,
                word(fits),
                citation=id_,
                pinpoint=version.citation.pinpoint,
                note=version.summary,
            )
        )
        conditions = conditions or str(version.values.get("conditions", ""))
        outcomes.append((version.outcome, id_))
        missing += lacks
        if fits is True:
            break
    else:
        outcomes.append((UNDETERMINED, ""))
    policies = {outcome for outcome, _ in outcomes}
    policy = policies.pop() if len(policies) == 1 and required is True else UNDETERMINED
    return Review(
        policy,
        tuple(id_ for _, id_ in outcomes if id_),
        conditions,
        tuple(dict.fromkeys(missing)) if policy == UNDETERMINED else (),
        Explanation("review policy", policy, children=tuple(steps)),
        distances,
    )


def settled(policy: str, id_: str) -> Review:
    """A policy that one ground names by itself."""
    return Review(policy, (id_,), "", (), Explanation("review policy", policy, citation=id_))


def applies(
    id_: str, version: Version, transaction: Transaction, law: LawOnDate, item: Classification
) -> tuple[Truth, tuple[str, ...], tuple[Distance, ...]]:
    """Whether a policy fits, what would tell, and how far the item stands from its limits."""
    if item.among(version.items) is False:
        return False, (), ()
    route = qualifies(law, version, transaction)
    test = run_test(id_, version, item.quantities) if version.lines else None
    away = () if test is None else test.distances
    fits = all_of(
        item.among(version.items),
        route,
        True if test is None else test.truth,
        item.lesser if "lesser" in version.values else True,
    )
    if fits is not None:
        return fits, (), away
    missing = list(test.missing) if test is not None else []
    if route is None:
        missing += missing_places(transaction, version)
        missing += missing_route(transaction, version)
    if "lesser" in version.values and item.lesser is None:
        missing.append("datacenter")
    return fits, tuple(missing), away


def missing_route(transaction: Transaction, version: Version) -> tuple[str, ...]:
    """Columns that would tell how it moves and from where, where the version asks."""
    names = []
    if "kinds" in version.values and movement(transaction) is None:
        names.append("kind")
    if "from_place" in version.values and starts_from(transaction, str(version.values["from_place"])) is None:
        names.append("from")
    return tuple(names)
