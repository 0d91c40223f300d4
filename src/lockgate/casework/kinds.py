"""Case kinds as manifests: fields, documents, reviewers, routing and clocks of an export licence, a lab's qualification.

A manifest is a file of ``data/casework/kinds``. Whatever depends on an answer of the form says so in a ``when``, whose answer
may also be that it is not known yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lockgate.base.errors import LockgateError, problems_from_validation
from lockgate.base.three_valued import Truth, all_of
from lockgate.casework.calendars import WEEKENDS, Calendar
from lockgate.casework.case import Outcome
from lockgate.casework.clocks import Procedure
from lockgate.casework.roles import Visibility


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class When(_Part):
    """A test of one answer of the form; every part that is given must hold.

    Attributes:
        field: Id of the field.
        any_of: The answer, or one of a list of answers, is among these.
        over: The answer is a number above this.
        filled: There is an answer.
    """

    field: str
    any_of: tuple[str, ...] = ()
    over: Decimal | None = None
    filled: Literal[True] | None = None

    @model_validator(mode="after")
    def _tests_something(self) -> Self:
        if not self.any_of and self.over is None and self.filled is None:
            raise ValueError("give any_of, over or filled")
        return self

    def holds(self, fields: Mapping[str, Any]) -> Truth:
        """Whether it holds; None where the answer is not there yet, or is no number where one is tested.

        >>> test = When(field="destination", any_of=("CN", "MO"))
        >>> test.holds({"destination": "CN"}), test.holds({"destination": "GB"}), test.holds({})
        (True, False, None)
        """
        answer = fields.get(self.field)
        if answer in (None, "", [], ()):
            return False if self.filled and not self.any_of and self.over is None else None
        answers = answer if isinstance(answer, list | tuple) else [answer]
        among = not self.any_of or any(str(item) in self.any_of for item in answers)
        if self.over is None or not among:
            return among
        try:
            return Decimal(str(answer)) > self.over
        except InvalidOperation:
            return None


def holds_all(tests: tuple[When, ...], fields: Mapping[str, Any]) -> Truth:
    """Whether every test holds; none of them: yes."""
    return all_of(*(test.holds(fields) for test in tests))


class FormField(_Part):
    """One field of the form.

    Attributes:
        id: Its name.
        label: As people read it.
        type: What it holds.
        required: Whether it must be filled before the application is complete.
        when: It counts only where this holds.
        visible: Who may see it.
        choices: Answers allowed; empty: any.
        source: Id of the source that asks for it.
        pinpoint: Where in it.
    """

    id: str
    label: str
    type: Literal[
        "text", "number", "quantity", "usd", "date", "party", "parties", "place", "yes_no", "items"
    ] = "text"
    required: bool = True
    when: tuple[When, ...] = ()
    visible: Visibility = Visibility.PARTIES
    choices: tuple[str, ...] = ()
    source: str = ""
    pinpoint: str = ""


class DocumentNeed(_Part):
    """A paper that must be in the file.

    Attributes:
        kind: What paper.
        title: As people read it.
        before: By when: before the application is submitted, before a decision, before a shipment.
        when: It is needed only where this holds.
        issuer: Who must have issued it.
        source: Id of the source that asks for it.
        pinpoint: Where in it.
    """

    kind: str
    title: str
    before: Literal["submission", "decision", "shipment"] = "submission"
    when: tuple[When, ...] = ()
    issuer: str = ""
    source: str = ""
    pinpoint: str = ""


class RoutingRule(_Part):
    """Where a case goes: to which agencies and queue, under which flags, where every test holds."""

    id: str
    when: tuple[When, ...] = ()
    agencies: tuple[str, ...] = ()
    queue: str = ""
    flags: tuple[str, ...] = ()
    reason: str


class CaseKind(_Part):
    """A manifest.

    Attributes:
        id: Such as ``export-licence``.
        aliases: Other names.
        title: As people read it.
        issues: What an approval issues: ``licence``, ``approval``, ``qualification`` …
        authority: Who decides.
        procedure: Id of the procedure whose clocks run.
        outcomes: What may be proposed.
        quantities: Whether an approval grants quantities that batches draw on.
        refers_to: Kind of case this one is about, such as the licence an amendment changes; empty: none.
        fields: The form.
        documents: The papers.
        routing: Rules in order; all that apply count together.
        criteria: Grounds on which a denial may rest, by id.
        note: What a reader should know.
    """

    id: str
    aliases: tuple[str, ...] = ()
    title: str
    issues: str
    authority: str
    procedure: str = ""
    outcomes: tuple[Outcome, ...]
    quantities: bool = False
    refers_to: str = ""
    fields: Annotated[tuple[FormField, ...], Field(alias="field")]
    documents: Annotated[tuple[DocumentNeed, ...], Field(alias="document")] = ()
    routing: Annotated[tuple[RoutingRule, ...], Field(alias="route")] = ()
    criteria: Mapping[str, str] = {}
    note: str = ""

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names = [item.id for item in self.fields]
        problems = [
            f"field {name!r} is there twice"
            for name in sorted({name for name in names if names.count(name) > 1})
        ]
        tests = [test for item in self.fields for test in item.when]
        tests += [test for need in self.documents for test in need.when]
        tests += [test for rule in self.routing for test in rule.when]
        problems += [
            f"a test names {test.field!r}, which is no field" for test in tests if test.field not in names
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def field_by_id(self, name: str) -> FormField:
        """A field of the form.

        Raises:
            LockgateError: ``unknown-field``.
        """
        for item in self.fields:
            if item.id == name:
                return item
        hint = "one of " + ", ".join(item.id for item in self.fields)
        raise LockgateError(
            f"{self.id} has no field {name!r}", code="unknown-field", where=("fields", name), hint=hint
        )


@dataclass(frozen=True)
class Practice:
    """A case kind with the clocks and the calendar it runs by."""

    kind: CaseKind
    procedure: Procedure | None = None
    calendar: Calendar = WEEKENDS


@dataclass(frozen=True, slots=True)
class Routing:
    """Where the rules send a case, and why.

    Attributes:
        agencies: Agencies to refer it to, each once.
        queue: The last queue named; empty where none is.
        flags: Flags to raise.
        reasons: One for each rule that applies.
        undetermined: Ids of rules that cannot be answered yet, with the fields they lack.
    """

    agencies: tuple[str, ...]
    queue: str
    flags: frozenset[str]
    reasons: tuple[str, ...]
    undetermined: Mapping[str, tuple[str, ...]]


def route(kind: CaseKind, fields: Mapping[str, Any]) -> Routing:
    """Where the routing rules of the kind send a case with these answers."""
    agencies, flags, reasons, queue = dict[str, None](), set[str](), list[str](), ""
    open_rules: dict[str, tuple[str, ...]] = {}
    for rule in kind.routing:
        applies = holds_all(rule.when, fields)
        if applies is None:
            open_rules[rule.id] = tuple(test.field for test in rule.when if test.holds(fields) is None)
        if applies:
            agencies |= dict.fromkeys(rule.agencies)
            flags |= set(rule.flags)
            queue = rule.queue or queue
            reasons.append(rule.reason)
    return Routing(tuple(agencies), queue, frozenset(flags), tuple(reasons), open_rules)


def parse_kind(raw: Mapping[str, Any]) -> CaseKind:
    """A case kind from the tables of its file.

    Raises:
        InvalidInputError: With every field that does not fit.
    """
    try:
        return CaseKind.model_validate(dict(raw))
    except ValidationError as error:
        raise problems_from_validation(error, str(raw.get("id", "kind"))) from None
