"""Do the cases notice a change of the law? Every operator, number and day of ``data/law`` is changed, one at a time.

``python -m benchmarks mutation`` changes each and runs the cases of ``tests/cases`` until one fails; a change that none notices
survives. The result goes to ``docs/reference/mutation.md``. Changes: an operator for its neighbour (``>=`` for ``>``) and for its
opposite (``>=`` for ``<``); a limit 0.1 % up and down; the first day of a version, the day since when it is known, and a day among
its parameters one day earlier and later.

Two kinds of case are counted apart: those that are asked as a user asks, from columns to answer, and those that ask the law alone
whether a provision holds the day before, on and after its day, and just below, on and just above its number
(``tests/cases/test_both_sides.py``). Where several provisions begin on one day, only the second kind can notice that one of them
begins a day sooner: until all are there the answer is the same.
"""

import datetime as dt
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.cases.test_both_sides import BOUNDS, DAYS, holds_as_stated, holds_from_its_day
from tests.cases.test_cases import CASES, agrees, in_words

from lockgate.catalogue import load_catalogue
from lockgate.catalogue.law import Law, Limit, Provision, Version
from lockgate.controls.determine import determine
from lockgate.controls.transaction import Transaction
from lockgate.services.determine import Determiner

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "mutation.md"
NEIGHBOUR = {">=": ">", ">": ">=", "<": "<=", "<=": "<"}
OPPOSITE = {">=": "<", ">": "<=", "<": ">=", "<=": ">"}
DAY = dt.timedelta(1)
TODAY = dt.date(2026, 11, 22)
SHIFT = Decimal("0.001")
BOTH_SIDES = "asked from both sides"


@dataclass(frozen=True)
class Mutation:
    """One change: what kind, of which provision, in words; the provision so changed; a day near which it shows."""

    kind: str
    provision: Provision
    text: str
    near: dt.date


@dataclass(frozen=True)
class Question:
    """A case, ready to be asked of any law."""

    name: str
    transaction: Transaction
    on: dt.date
    known_at: dt.date | None
    with_proposed: bool
    warnings: tuple[str, ...]
    expect: dict[str, Any]
    touches: frozenset[str]

    def passes(self, law: Law) -> bool:
        """Whether the case comes out as expected under a law."""
        answer = in_words(
            determine(
                self.transaction,
                law,
                self.on,
                self.known_at,
                with_proposed=self.with_proposed,
                warnings=self.warnings,
            )
        )
        return all(agrees(name, expected, answer) for name, expected in self.expect.items())


def read_questions() -> list[Question]:
    """Every case of ``tests/cases``."""
    catalogue = load_catalogue()
    found = []
    for _, case in CASES:
        determiner = Determiner(catalogue, on=case["on"], known_at=case.get("known_at"), today=TODAY)
        answer = determiner.answer(case["facts"])
        on, known_at, bills = case["on"], case.get("known_at"), case.get("with_proposed", False)
        whole = determine(answer.transaction, catalogue.law, on, known_at, with_proposed=True)
        conditions = {condition.id for gate in whole.gates for condition in gate.conditions}
        touches = frozenset({*whole.explanation.citations(), *conditions})
        found.append(
            Question(
                case["name"],
                answer.transaction,
                on,
                known_at,
                bills,
                answer.warnings,
                case["expect"],
                touches,
            )
        )
    return found


def changed(provision: Provision, version: Version, **update: Any) -> Provision:
    """A provision with one version changed."""
    versions = tuple(
        item.model_copy(update=update) if item is version else item for item in provision.versions
    )
    return provision.model_copy(update={"versions": versions})


def mutate_limits(provision: Provision, version: Version) -> Iterator[Mutation]:
    """Every change of a limit of a version."""
    for line in version.lines:
        for limit in line.limits:
            for kind, other in change_limit(limit):
                limits = tuple(other if item is limit else item for item in line.limits)
                lines = tuple(
                    item.model_copy(update={"limits": limits}) if item is line else item
                    for item in version.lines
                )
                yield Mutation(
                    kind,
                    changed(provision, version, lines=lines),
                    f"{line.id}: {limit} becomes {other.operator} {other.value.normalize():f}",
                    version.from_on,
                )


def change_limit(limit: Limit) -> Iterator[tuple[str, Limit]]:
    """A limit with another operator or another number."""
    if limit.operator == "==":
        yield "operator", limit.model_copy(update={"value": 1 - limit.value})
        return
    for others in (NEIGHBOUR, OPPOSITE):
        yield "operator", limit.model_copy(update={"operator": others[limit.operator]})
    for shift in (-SHIFT, SHIFT):
        yield "number", limit.model_copy(update={"value": limit.value * (1 + shift)})


def mutate_days(provision: Provision, version: Version) -> Iterator[Mutation]:
    """Every change of a day of a version."""
    for step in (-DAY, DAY):
        word = "a day earlier" if step < dt.timedelta(0) else "a day later"
        known = version.known_on or version.from_on
        yield Mutation(
            "first day",
            changed(provision, version, from_on=version.from_on + step, known_on=known),
            f"from {version.from_on} {word}",
            version.from_on,
        )
        yield Mutation(
            "day of knowledge",
            changed(provision, version, known_on=known + step),
            f"known on {known} {word}",
            known,
        )
        for name, value in version.values.items():
            if isinstance(value, dt.date):
                values = {**version.values, name: value + step}
                yield Mutation(
                    "last day",
                    changed(provision, version, values=values),
                    f"{name} {value} {word}",
                    value,
                )


def mutations(law: Law) -> Iterator[Mutation]:
    """Every change of every provision."""
    for provision in law.provisions():
        for version in provision.versions:
            yield from mutate_limits(provision, version)
            yield from mutate_days(provision, version)


def find_killer(mutation: Mutation, law: Law, questions: Sequence[Question]) -> str:
    """The first case that fails under a changed law; empty where none does. Likely ones are asked first."""
    other = law.replacing(mutation.provision)
    id_, earliest = mutation.provision.id, min(v.from_on for v in mutation.provision.versions) - 2 * DAY

    def likelihood(question: Question) -> tuple[bool, int]:
        days = [abs((day - mutation.near).days) for day in (question.on, question.known_at) if day]
        return id_ not in question.touches, min(days)

    asked = [question for question in questions if question.on >= earliest]
    for question in sorted(asked, key=likelihood):
        if not question.passes(other):
            return question.name
    return BOTH_SIDES if notices_by_itself(other, id_) else ""


def notices_by_itself(law: Law, id_: str) -> bool:
    """Whether the law alone, asked from both sides of a provision's days and numbers, answers otherwise than stated."""
    days = (holds_from_its_day(law, statement) for statement in DAYS if statement[0] == id_)
    return not all(days) or not all(holds_as_stated(law, bound) for bound in BOUNDS if bound[0] == id_)


def run(chosen: Sequence[Mutation], law: Law, questions: Sequence[Question]) -> list[tuple[Mutation, str]]:
    """Each change with the case that notices it."""
    return [(mutation, find_killer(mutation, law, questions)) for mutation in chosen]


def page(results: Sequence[tuple[Mutation, str]], cases: int, seconds: float) -> str:
    """The result as a page."""
    kinds = dict.fromkeys(mutation.kind for mutation, _ in results)
    rows = []
    for kind in kinds:
        of_kind = [killer for mutation, killer in results if mutation.kind == kind]
        alone, none = of_kind.count(BOTH_SIDES), of_kind.count("")
        rows.append(f"| {kind} | {len(of_kind)} | {len(of_kind) - alone - none} | {alone} | {none} |")
    survivors = [f"- `{m.provision.id}` {m.text}" for m, killer in results if not killer]
    table = "\n".join(rows)
    listed = "\n".join(survivors) if survivors else "None."
    return f"""# Mutation check

Do the cases notice when the law in `data/law` is changed? Every operator, number and day is changed, one at a time, and the cases are
run; a change that no case notices survives. Made by `python -m benchmarks mutation` on {TODAY_TEXT}: {len(results)} changes against
{cases} cases in {seconds:.0f} seconds of CPU.

An operator is changed for its neighbour and for its opposite, a limit by 0.1 % up and down, a day by one day earlier and later. *In an
answer* counts the changes that a case notices which is asked as a user asks, from columns to answer; *from both sides* those that only
show when the law alone is asked the day before, on and after a day (`tests/cases/test_both_sides.py`): where several provisions begin
together, one of them a day sooner changes no answer.

| changed | changes | noticed in an answer | only from both sides | survived |
| --- | --- | --- | --- | --- |
{table}

## Survivors

{listed}
"""


TODAY_TEXT = dt.datetime.now(dt.UTC).date().isoformat()


def main() -> None:
    """Run all changes and write the page; a first argument limits them to provisions whose ids begin with it."""
    prefix = sys.argv[1] if len(sys.argv) > 1 else ""
    start = time.process_time()
    law, questions = load_catalogue().law, read_questions()
    chosen = [mutation for mutation in mutations(law) if mutation.provision.id.startswith(prefix)]
    results = run(chosen, law, questions)
    seconds = time.process_time() - start
    for mutation, killer in results:
        if not killer:
            print(f"survived: {mutation.provision.id} {mutation.text}")
    print(f"{sum(not killer for _, killer in results)} of {len(results)} survived, {seconds:.0f} CPU seconds")
    if not prefix:
        PAGE.write_text(page(results, len(questions), seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
