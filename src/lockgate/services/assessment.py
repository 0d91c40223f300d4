"""Assess a deal: ask both gates and every charge for each recipient, on any day."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.catalogue import Catalogue
from lockgate.catalogue.law import Law, LawOnDate
from lockgate.controls.determination import Determination, GateAnswer, Verdict, join_verdicts
from lockgate.services.deals import Deal, Recipient, read_deal
from lockgate.services.determine import Determiner

Ask = Callable[[Mapping[str, str], dt.date, dt.date | None], Determination]
"""Determines one transaction, given as a row of a table: columns, day, day of knowledge."""

OPEN = frozenset({Verdict.MET, Verdict.NOT_IN_FORCE})
"""Verdicts of a gate that does not hold a deal."""


class Asker:
    """Determines rows by the catalogue and the law.

    Args:
        catalogue: Chips, places and the law.
        today: The day of the question.
    """

    def __init__(self, catalogue: Catalogue, today: dt.date) -> None:
        self._determiner = Determiner(catalogue, today=today)

    def __call__(self, row: Mapping[str, str], on: dt.date, known_at: dt.date | None) -> Determination:
        """The determination of one row on a day, as known on another."""
        self._determiner.on, self._determiner.known_at = on, known_at
        return self._determiner.answer(row)


@dataclass(frozen=True, slots=True)
class RecipientAnswer:
    """What the gates say for one recipient."""

    recipient: Recipient
    determination: Determination


@dataclass(frozen=True)
class Assessment:
    """A deal on a day, with everything a section of its dossier may need.

    Attributes:
        deal: The deal.
        on: The day the law is asked about.
        known_at: The day of knowledge; None: all that is known.
        today: The day of the question.
        catalogue: What is known about chips, places and sources.
        law: All provisions.
        ask: Determines a row.
        folder: Folder of the deal file, where its documents lie; None where it came from elsewhere.
        case_file: An exported case file of the deal's approval; None where there is none.
    """

    deal: Deal
    on: dt.date
    known_at: dt.date | None
    today: dt.date
    catalogue: Catalogue
    law: Law
    ask: Ask
    folder: Path | None = None
    case_file: Path | None = None

    @property
    def law_on(self) -> LawOnDate:
        """The law of the day."""
        return self.law.on(self.on, self.known_at)

    def row(self, recipient: Recipient | None, on: dt.date, *, item: str | None = None) -> dict[str, str]:
        """The transaction with one recipient on a day as a row of `lockgate determine`.

        Args:
            recipient: To whom; None: nobody in particular.
            on: The day, which picks the facts that hold.
            item: Another chip in place of the deal's.
        """
        row = {"id": self.deal.id, "quantity": str(self.deal.quantity.low)}
        row |= {column: fact.value for column, fact in self.deal.facts_on(on).items()}
        if recipient is not None:
            row |= {
                "end_user": recipient.name,
                "end_user_hq": recipient.headquarters or "",
                "ultimate_parent": recipient.ultimate_parent or "",
            }
        if item is not None:
            row["item"] = item
        return {column: value for column, value in row.items() if value != ""}

    def determine(
        self, recipient: Recipient | None, on: dt.date | None = None, *, item: str | None = None
    ) -> Determination:
        """What the gates say for one recipient on a day (None: the assessment's)."""
        day = on or self.on
        return self.ask(self.row(recipient, day, item=item), day, self.known_at)

    @cached_property
    def answers(self) -> tuple[RecipientAnswer, ...]:
        """What the gates say for each recipient."""
        return tuple(RecipientAnswer(item, self.determine(item)) for item in self.deal.recipients)

    @cached_property
    def buyers(self) -> tuple[RecipientAnswer, ...]:
        """Those the deal is with; all recipients where it is with nobody yet."""
        return tuple(answer for answer in self.answers if answer.recipient.role == "buyer") or self.answers

    @property
    def reference(self) -> RecipientAnswer:
        """The recipient whose answer stands for the deal where one has to: the first buyer."""
        return self.buyers[0]

    @property
    def verdict(self) -> Verdict:
        """The deal passes only if it passes for every buyer."""
        return join_verdicts(answer.determination.verdict for answer in self.buyers)

    def gate_verdict(self, gate: str) -> Verdict:
        """What one gate says of the deal: for every buyer together."""
        return join_verdicts(
            part.verdict for answer in self.buyers for part in answer.determination.gates if part.gate == gate
        )

    @cached_property
    def gates(self) -> tuple[str, ...]:
        """Ids of the gates, in order."""
        return tuple(part.gate for part in self.reference.determination.gates)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Days on which the law, a report or a fact of the deal changes, up to the day of the question."""
        own = {fact.from_on for fact in self.deal.facts if fact.from_on is not None}
        return tuple(sorted(day for day in {*self.law.change_days, *own} if day <= self.today))

    def held_since(self, gate: str) -> dt.date | None:
        """Since when the gate has answered as it does, without a break; None where it does not hold the deal on the day."""
        now = self.gate_verdict(gate)
        if now in OPEN:
            return None
        since = self.on
        for day in sorted((day for day in self.days if day < self.on), reverse=True):
            then = join_verdicts(
                gate_of(self.determine(answer.recipient, day), gate).verdict for answer in self.buyers
            )
            if then is not now:
                break
            since = day
        return since


def gate_of(determination: Determination, gate: str) -> GateAnswer:
    """The answer of one gate.

    Raises:
        LockgateError: ``unknown-gate``.
    """
    for part in determination.gates:
        if part.gate == gate:
            return part
    raise LockgateError(f"no gate {gate!r}", code="unknown-gate")


def assess_deal(
    path: Path,
    catalogue: Catalogue,
    *,
    on: dt.date | None = None,
    known_at: dt.date | None = None,
    today: dt.date | None = None,
    case_file: Path | None = None,
) -> Assessment:
    """The deal of a file, put to both gates.

    Args:
        path: A deal file.
        catalogue: What is known about chips, places, sources and the law.
        on: The day the law is asked about; None: the deal's own.
        known_at: The day of knowledge; None: all that is known.
        today: The day of the question; None: by the clock.
        case_file: An exported case file: the dossier then shows who gets it.

    Raises:
        InvalidInputError: Every problem of the file at once.
    """
    deal = read_deal(path, frozenset(catalogue.source_shelf.ids()))
    day = today or dt.datetime.now(dt.UTC).date()
    assessment = Assessment(
        deal=deal, on=on or deal.on, known_at=known_at, today=day,
        catalogue=catalogue, law=catalogue.law, ask=Asker(catalogue, day),
        folder=path.parent, case_file=case_file,
    )  # fmt: skip
    check_questions(assessment, str(path))
    return assessment


RECIPIENT_COLUMNS = {"end_user": "name", "end_user_hq": "headquarters", "ultimate_parent": "ultimate_parent"}
"""Columns of the transaction that come from a recipient, and its field for each."""


def check_questions(assessment: Assessment, path: str) -> None:
    """Ask once for every recipient and every chip, so that what cannot be asked is told in the words of the deal's file.

    Raises:
        InvalidInputError: Every problem at once, each once.
    """
    problems: dict[tuple[str, str], LockgateError] = {}
    for index, recipient in enumerate(assessment.deal.recipients):
        try:
            assessment.determine(recipient)
        except LockgateError as error:
            for problem in error.problems:
                column = str(problem.where[0]) if problem.where else ""
                if column in RECIPIENT_COLUMNS:
                    problem.where = ("recipients", index, RECIPIENT_COLUMNS[column])
                else:
                    problem.within("facts")
                problems.setdefault((problem.path, problem.message), problem)
    for index, name in enumerate(assessment.deal.compare):
        try:
            assessment.catalogue.chip(name)
        except LockgateError as error:
            problems.setdefault((f"compare[{index}]", name), error.within("compare", index))
    if problems:
        raise InvalidInputError(problems.values()).within(path)
