"""A deal as a person writes it down: what moves, how many, to whom, when, and who says so.

A deal is a TOML file. Every figure in it names a source, declared in the file or known to the catalogue, so that every number
of a dossier can be traced.
"""

import datetime as dt
import tomllib
from collections.abc import Container, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lockgate.base.errors import InvalidInputError, LockgateError, ProblemCollector, problems_from_validation


def text_of(value: object) -> object:
    """A plain TOML value as the text a table would hold: ``true`` is ``yes``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (int, Decimal, dt.date)) else value


Text = Annotated[str, BeforeValidator(text_of)]


class Entry(BaseModel):
    """A frozen part of a deal that knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DealSource(Entry):
    """A document that the deal rests on.

    Attributes:
        id: Short name used by the other entries.
        title: Title as printed.
        publisher: Who published it; empty where that could not be found out.
        date: Day of publication; None where it is not known.
        url: Where it is.
        note: What a reader should know: a copy, the same origin as another.
    """

    id: str
    title: str
    publisher: str = ""
    date: dt.date | None = None
    url: str = ""
    note: str = ""


class Sourced(Entry):
    """An entry that somebody answers for.

    Attributes:
        sources: Ids of the documents that say so; at least one.
        note: What a reader should know besides.
    """

    sources: tuple[str, ...] = Field(min_length=1)
    note: str = ""


class DealFact(Sourced):
    """One column of the transaction, from a day on.

    Attributes:
        column: Name of the column, as ``lockgate determine`` knows it.
        value: Its value as a table would hold it; empty for "not known".
        from_on: The day from which it holds; None: always.
    """

    column: str
    value: Text
    from_on: dt.date | None = None


class QuantityReport(Sourced):
    """A quantity as a document gives it: the wording's bounds, ends open where it gives none.

    Attributes:
        low: At least; None: open.
        high: At most; None: open.
        hedge: How it is hedged: ``over``, ``about``, ``estimate``, ``none``.
    """

    low: int | None = Field(default=None, ge=0)
    high: int | None = Field(default=None, ge=0)
    hedge: Literal["over", "about", "estimate", "none"] = "none"

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """The lower bound is not above the upper."""
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is above high")
        return self


class Quantity(Entry):
    """How many, as a range, and every report of it.

    Attributes:
        low: Lowest number the deal is worked for.
        high: Highest number the deal is worked for.
        basis: Why this range, in a sentence of the deal's author.
        reports: What each document says.
    """

    low: int = Field(ge=1)
    high: int = Field(ge=1)
    basis: str
    reports: tuple[QuantityReport, ...] = ()

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """The range is one, and for each end of it there is a report that allows it."""
        if self.low > self.high:
            raise ValueError("low is above high")
        for end in (self.low, self.high):
            allowed = (
                (report.low or 0) <= end and (report.high is None or end <= report.high)
                for report in self.reports
            )
            if self.reports and not any(allowed):
                raise ValueError(f"no report allows for {end:,}")
        return self


class Recipient(Sourced):
    """Somebody who is to get some.

    Attributes:
        name: Name; empty for recipients that nobody names.
        role: ``buyer``: the deal is with them; ``disputed``: named by some documents against others; ``queued``: waiting.
        description: Who they are, where they are not named.
        headquarters: Place (ISO code) of the headquarters; None: not known.
        ultimate_parent: Place of the ultimate parent's headquarters; None: not known.
    """

    name: str = ""
    role: Literal["buyer", "disputed", "queued"]
    description: str = ""
    headquarters: str | None = None
    ultimate_parent: str | None = None

    @model_validator(mode="after")
    def named_or_described(self) -> Self:
        """Somebody without a name is described."""
        if not self.name and not self.description:
            raise ValueError("give a name, or a description of recipients that nobody names")
        return self

    @property
    def label(self) -> str:
        """How the dossier calls them."""
        return self.name or self.description


class DealDate(Sourced):
    """Something that happened.

    Attributes:
        on: The day.
        what: What happened, in the words of the deal's author.
    """

    on: dt.date
    what: str


class Figure(Sourced):
    """A number about the deal, as one document gives it.

    Attributes:
        name: What it is: ``unit_price_usd`` (value of one for the duty), ``stock_units`` (all there is), or anything else, which
            is shown only.
        value: The number.
        unit: Its unit.
        hedge: As for quantities.
    """

    name: str
    value: Decimal
    unit: str = ""
    hedge: Literal["over", "about", "estimate", "none"] = "none"


class Deal(Entry):
    """A whole deal.

    Attributes:
        id: Short name.
        title: What it is called.
        on: The day the law is asked about, unless the caller names another.
        facts: Columns of the transaction, each with its sources; a later one replaces an earlier one from its day on.
        quantity: How many.
        recipients: To whom.
        dates: What happened when.
        figures: Numbers besides.
        compare: Catalogue ids of the chips beside which the deal is put.
        sources: Documents it rests on.
    """

    id: str
    title: str
    on: dt.date
    facts: tuple[DealFact, ...] = Field(min_length=1)
    quantity: Quantity
    recipients: tuple[Recipient, ...] = Field(min_length=1)
    dates: tuple[DealDate, ...] = ()
    figures: tuple[Figure, ...] = ()
    compare: tuple[str, ...] = ()
    sources: tuple[DealSource, ...] = ()

    def facts_on(self, day: dt.date) -> dict[str, DealFact]:
        """The fact that holds for each column on ``day``."""
        held = [fact for fact in self.facts if fact.from_on is None or fact.from_on <= day]
        return {fact.column: fact for fact in sorted(held, key=lambda fact: fact.from_on or dt.date.min)}

    def figures_named(self, name: str) -> tuple[Figure, ...]:
        """Every document's value of one figure."""
        return tuple(figure for figure in self.figures if figure.name == name)

    def sourced(self) -> Iterator[tuple[str, Sourced]]:
        """Every sourced entry with its place in the file."""
        for name in ("facts", "recipients", "dates", "figures"):
            for index, entry in enumerate(getattr(self, name)):
                yield f"{name}[{index}]", entry
        for index, report in enumerate(self.quantity.reports):
            yield f"quantity.reports[{index}]", report


def read_deal(path: Path, known_sources: Container[str] = ()) -> Deal:
    """The deal in a file.

    Args:
        path: A TOML file.
        known_sources: Ids of sources that need not be declared in it.

    Raises:
        InvalidInputError: Every problem of the file at once, each with its place.
        LockgateError: ``unreadable-file``, ``bad-toml``.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        raise LockgateError(
            f"cannot be read: {getattr(error, 'strerror', None) or error}", code="unreadable-file", where=str(path),
            hint="give the path of a deal file, for example examples/h200-first-batch/deal.toml",
        ) from None  # fmt: skip
    except tomllib.TOMLDecodeError as error:
        raise LockgateError(f"is not TOML: {error}", code="bad-toml", where=str(path)) from None
    try:
        deal = Deal.model_validate(data)
    except ValidationError as error:
        raise problems_from_validation(error, str(path)) from None
    try:
        check_sources(deal, known_sources)
    except InvalidInputError as error:
        raise error.within(str(path)) from None
    return deal


def check_sources(deal: Deal, known_sources: Container[str] = ()) -> None:
    """See that every source used is declared, and every one declared is used, once.

    Raises:
        InvalidInputError: Every problem at once.
    """
    problems = ProblemCollector()
    declared = [source.id for source in deal.sources]
    for index, id_ in enumerate(declared):
        if id_ in declared[:index]:
            problems.add(
                f"source {id_!r} is declared twice", code="duplicate-source", where=f"sources[{index}].id"
            )
    used = set()
    for where, entry in deal.sourced():
        for id_ in entry.sources:
            used.add(id_)
            if id_ not in declared and id_ not in known_sources:
                problems.add(
                    f"there is no source {id_!r}", code="unknown-source", where=f"{where}.sources",
                    hint="declare it under [[sources]], or use the id of a source of the catalogue",
                )  # fmt: skip
    for index, id_ in enumerate(declared):
        if id_ not in used:
            problems.add(
                f"nothing uses source {id_!r}", code="unused-source", where=f"sources[{index}].id",
                hint="take it out, or say what it supports",
            )  # fmt: skip
    problems.raise_if_any()
