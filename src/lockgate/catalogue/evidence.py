"""The tables of the evidence grammar, checked: word classes, units, named things, roles of quantities, patterns."""

import csv
import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lockgate.base.errors import problems_from_validation


class Row(BaseModel):
    """One row of a table: unknown columns are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UnitRow(Row):
    """What may follow a number: ``factor`` turns the written unit into ``unit``."""

    dimension: str
    unit: str
    factor: float = Field(gt=0)
    forms: tuple[str, ...] = Field(min_length=1)


class EntityRow(Row):
    """A thing with a name: a family of chips, a firm, an agency, a country, a person, a publisher.

    ``belongs_to`` is the maker of a chip and the country of a firm or an agency.
    """

    kind: Literal[
        "chip", "vendor", "buyer", "us_agency", "cn_agency", "country", "person", "publisher",
        "architecture", "memory", "precision", "benchmark", "group",
    ]  # fmt: skip
    id: str
    name: str
    belongs_to: str = ""
    aliases: tuple[str, ...] = Field(min_length=1)
    chips: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


class RoleRow(Row):
    """What a quantity can be: the attribute it gets where its cues stand near it.

    ``cues`` are word classes with a weight; ``needs`` names alternatives of which the sentence must hold one (each
    entry is one requirement, alternatives parted by ``|``); ``avoid`` lists classes that forbid the role near the
    amount, ``beside`` classes that forbid it within a few tokens, ``before`` ones that forbid it right before; ``tail`` lists classes that decide when they stand
    right behind the amount ("a $5.5 billion hit"), ``behind`` classes of which one must stand shortly behind it.
    ``base`` is the score without any cue, in documents about ``event`` where that is given. A quantity takes the role
    with the highest score above zero.
    """

    attribute: str
    dimension: tuple[str, ...] = Field(min_length=1)
    cues: dict[str, float] = {}
    needs: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    event: str = ""
    base: float = 0.0
    subject: str = "chip"
    low_min: float | None = None
    high_max: float | None = None
    per: float = 1.0
    unit: str | None = None


class PatternRow(Row):
    """A shape of words that makes a claim. ``match`` is in the pattern language of ``lockgate.evidence.grammar``.

    ``unless`` must not match within the match; ``needs`` are requirements on the sentence as in `RoleRow`,
    ``avoid`` classes that it must not hold.
    """

    id: str
    attribute: str
    match: str
    value: str
    subject: str = "{topic} {event}"
    polarity: bool = True
    span: str = ""
    unless: str = ""
    needs: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    hedge: str = ""


class ActRow(Row):
    """A dated act of a government: every day that it can rightly be dated by (released, published, in force).

    ``provisions`` are those of the law data that it brought: the day each took effect is taken from there and not written
    here again (``id#2`` means the second version). ``effective`` are further such days. ``names`` are words by which a
    text names this act and no other.
    """

    id: str
    title: str
    dates: tuple[date, ...] = ()
    effective: tuple[date, ...] = ()
    provisions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    direction: Literal["tightened", "relaxed"]
    government: str
    source: str


class RecordRow(Row):
    """A fact on record that is no property of a chip in the catalogue.

    ``low`` and ``high`` are numbers or days; ``value`` is words, a set parted by ``;``. ``from_on`` is the day from which
    it holds; ``text`` says in a sentence what the source says. ``provision`` names a value of the law data
    (``id:value``, a fraction) that is the number in percent, in place of ``low`` and ``high``.
    """

    subject: str
    attribute: str
    value: str = ""
    unit: str = ""
    low: float | date | None = None
    high: float | date | None = None
    from_on: date | None = None
    provision: str = ""
    source: str
    text: str


class RecordTables(Row):
    """What is on record."""

    acts: tuple[ActRow, ...]
    facts: tuple[RecordRow, ...]


class EvidenceTables(Row):
    """Everything the grammar knows, as data."""

    vocabulary: dict[str, dict[str, tuple[str, ...]]]
    units: tuple[UnitRow, ...]
    entities: tuple[EntityRow, ...]
    roles: tuple[RoleRow, ...]
    patterns: tuple[PatternRow, ...]
    macros: dict[str, str]


def _rows(text: str) -> list[dict[str, Any]]:
    """Rows of a CSV file; columns with several values part them by ``;``."""
    several = {"aliases", "chips", "domains"}
    return [
        {key: tuple(filter(None, cell.split(";"))) if key in several else cell for key, cell in row.items()}
        for row in csv.DictReader(text.splitlines())
    ]


@cache
def load_evidence_tables() -> EvidenceTables:
    """The tables under ``data/evidence``, read once.

    Raises:
        InvalidInputError: Where a row does not fit its schema; all problems at once.
    """
    folder = files("lockgate") / "data" / "evidence"

    def toml(name: str) -> dict[str, Any]:
        return tomllib.loads((folder / name).read_text(encoding="utf-8"))

    patterns = toml("patterns.toml")
    try:
        return EvidenceTables.model_validate(
            {
                "vocabulary": toml("vocabulary.toml"),
                "units": toml("units.toml")["unit"],
                "entities": _rows((folder / "entities.csv").read_text(encoding="utf-8")),
                "roles": toml("roles.toml")["role"],
                "patterns": patterns["pattern"],
                "macros": patterns["macros"],
            }
        )
    except ValidationError as error:
        raise problems_from_validation(error, "data", "evidence") from error


@cache
def load_record_tables() -> RecordTables:
    """``data/evidence/record.toml``, read once.

    Raises:
        InvalidInputError: Where a row does not fit its schema; all problems at once.
    """
    text = (files("lockgate") / "data" / "evidence" / "record.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    try:
        return RecordTables(acts=tables["act"], facts=tables["fact"])
    except ValidationError as error:
        raise problems_from_validation(error, "data", "evidence", "record.toml") from error
