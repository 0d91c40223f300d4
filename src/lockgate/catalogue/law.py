"""The law as data: provisions with dated versions, read from ``data/law/<body>/<path>.toml``.

A provision is one clause, or one reported fact about an unpublished rule. Its id is its path: ``us-ear.3a090.a`` is
``us-ear/3a090/a.toml``. A version says what the clause says from a day on, since when that is known, whether it is in
force, how far the text was checked, and where it stands. Versions are appended, never edited.
"""

import datetime as dt
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lockgate.base.dates import DatedSeries, DatedValue
from lockgate.base.errors import InvalidInputError, LockgateError, problems_from_validation

Operator = Literal[">=", ">", "<", "<=", "=="]
Status = Literal["in-force", "proposed", "suspended", "dormant", "ended", "unknown"]
Verification = Literal["primary", "quoted", "secondary", "reported", "open"]
Kind = Literal[
    "test", "licence", "exception", "review", "condition", "letter", "end-use", "guidance", "charge", "reported", "definition"
]  # fmt: skip


def exact(value: object) -> object:
    """A number as written: floats are refused because they are not."""
    if isinstance(value, float):
        raise ValueError("write the number in quotes, so that it stays exact")  # noqa: TRY004 pydantic wants ValueError
    return value


Exact = Annotated[Decimal, BeforeValidator(exact)]


class Record(BaseModel):
    """A frozen record that knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(Record):
    """Where a version stands in print."""

    document: str
    """The published document: ``88 FR 73458 (FR Doc. 2023-23055)``."""
    section: str = ""
    pinpoint: str = ""
    url: str = ""
    source: str = ""
    """Id of the source record in ``data/sources/``, where there is one."""


class Limit(Record):
    """One comparison of a quantity with an exact number."""

    quantity: str
    operator: Operator
    value: Exact
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.quantity} {self.operator} {self.value:,f}" + (f" {self.unit}" if self.unit else "")


class Line(Record):
    """An alternative of a test: all its limits must hold."""

    id: str
    limits: tuple[Limit, ...] = Field(min_length=1)


class Scope(Record):
    """Places a version reaches: the world, or the union of groups and places, less the excepted ones."""

    worldwide: bool = False
    groups: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    except_groups: tuple[str, ...] = ()
    except_places: tuple[str, ...] = ()

    def holds(self, place: str, groups: frozenset[str]) -> bool:
        """Whether ``place`` (ISO code), a member of ``groups`` on the day, is in scope.

        A place named outright stays in scope although a group of its own is excepted.
        """
        if place in self.except_places:
            return False
        if place in self.places:
            return True
        if not groups.isdisjoint(self.except_groups):
            return False
        return self.worldwide or not groups.isdisjoint(self.groups)


class Version(Record):
    """What a provision says from one day on."""

    from_on: dt.date
    known_on: dt.date | None = None
    """When it was published or reported, where that differs from ``from_on``."""
    status: Status = "in-force"
    verification: Verification
    summary: str
    citation: Citation
    lines: tuple[Line, ...] = ()
    """A test: any line."""
    scope: Scope | None = None
    """Destinations the text reaches."""
    enforced_scope: Scope | None = None
    """Destinations for which the agency enforces it, where that is less than the text."""
    party_scope: Scope | None = None
    """Headquarters or ultimate parents it reaches, wherever the goods go."""
    outcome: str = ""
    """A review policy, or the state of a reported fact."""
    values: Mapping[str, Annotated[Exact | dt.date | str, Field(union_mode="left_to_right")]] = {}
    """Single parameters by name."""
    items: tuple[str, ...] = ()
    """Items it names: catalogue ids, classifications, or families ending in ``*``."""
    parties: tuple[str, ...] = ()
    """Persons it is addressed to, or recipients it names."""
    confidence: Literal["", "high", "medium", "low"] = ""
    """Of a reported fact."""
    needs: str = ""
    """The evidence that meets a condition."""
    open: tuple[str, ...] = ()
    """What is unresolved in the text."""

    def line(self, id_: str) -> Line:
        """The line of that id.

        Raises:
            LockgateError: ``unknown-line``.
        """
        for line in self.lines:
            if line.id == id_:
                return line
        raise LockgateError(f"no line {id_!r}", code="unknown-line")

    def number(self, name: str) -> Decimal:
        """The parameter ``name`` as a number.

        Raises:
            LockgateError: ``unknown-parameter``.
        """
        value = self.values.get(name)
        if not isinstance(value, Decimal):
            raise LockgateError(f"no number {name!r}", code="unknown-parameter")
        return value


class Provision(Record):
    """One clause, or one reported fact, through time."""

    id: str
    gate: Literal["us-export", "cn-import", "us-section-232"]
    kind: Kind
    title: str
    versions: tuple[Version, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """Versions stand in the order in which they hold."""
        days = [version.from_on for version in self.versions]
        if days != sorted(days):
            raise ValueError("versions must be in the order of from_on")
        return self

    def on(self, day: dt.date, known_at: dt.date | None = None) -> Version | None:
        """The version that holds on ``day`` as known on ``known_at``; None before the first."""
        return self.series().on(day, known_at)

    def series(self) -> DatedSeries[Version]:
        """The versions as dated values."""
        return DatedSeries(
            DatedValue(item.from_on, item, item.known_on or item.from_on) for item in self.versions
        )


Groups = Callable[[str, dt.date, dt.date | None], frozenset[str]]
"""Country groups of a place (ISO code) on a day, as known on another."""

Days = Callable[[], Iterable[dt.date]]
"""Days on which something begins or ends; asked for only when needed."""


class LawOnDate(Mapping[str, Version]):
    """The versions that hold on one day as known on another; provisions not yet there are absent.

    Attributes:
        on: The day the law is asked about.
        known_at: The day of knowledge (None: all that is known).
    """

    def __init__(self, on: dt.date, known_at: dt.date | None, state: "State", groups: Groups) -> None:
        self.on, self.known_at, self._state, self._groups = on, known_at, state, groups

    def groups(self, place: str) -> frozenset[str]:
        """Country groups of ``place`` on the day."""
        return self._groups(place, self.on, self.known_at)

    def __getitem__(self, id_: str) -> Version:
        return self._state.versions[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.versions)

    def __len__(self) -> int:
        return len(self._state.versions)

    def in_force(self, id_: str) -> Version | None:
        """The version of ``id_`` if it is in force on the day, else None."""
        version = self._state.versions.get(id_)
        return version if version is not None and version.status == "in-force" else None

    def of_kind(self, gate: str, kind: Kind) -> tuple[tuple[str, Version], ...]:
        """Ids and versions of one kind of provision that say something on the day: not ended, not only proposed."""
        return self._state.by_kind.get((gate, kind), ())

    def proposed(self) -> tuple[tuple[str, Version], ...]:
        """Ids and versions of what is only proposed."""
        return tuple((id_, version) for id_, version in self.items() if version.status == "proposed")


class State(NamedTuple):
    """What the law says between two of its change days."""

    versions: Mapping[str, Version]
    by_kind: Mapping[tuple[str, Kind], tuple[tuple[str, Version], ...]]


class Law:
    """All provisions, and the days on which any of them changes.

    Args:
        provisions: The provisions.
        groups: Country groups of a place on a day; they are law too (supplement no. 1 to part 740).
        group_days: Every day on which a place joins or leaves a group.

    Attributes:
        change_days: Every day on which a version begins.
    """

    def __init__(
        self, provisions: Iterable[Provision], groups: Groups, group_days: Days = tuple[dt.date]
    ) -> None:
        self._groups, self._group_days = groups, group_days
        self._provisions = {item.id: item for item in sorted(provisions, key=lambda item: item.id)}
        self._series = {id_: item.series() for id_, item in self._provisions.items()}
        versions = [version for item in self._provisions.values() for version in item.versions]
        self.change_days = tuple(sorted({item.from_on for item in versions}))
        self._known_days = sorted({item.known_on or item.from_on for item in versions})
        self._states: dict[tuple[int, int], State] = {}

    def replacing(self, provision: Provision) -> "Law":
        """The law with one provision in another form: a what-if, or a mutation to test the cases with."""
        others = {**self._provisions, provision.id: provision}
        return Law(others.values(), self._groups, self._group_days)

    def turning_days(self) -> tuple[dt.date, ...]:
        """Every day on which any answer may change: versions begin, places join or leave groups, a last day is past."""
        days = {*self.change_days, *self._group_days()}
        for item in self._provisions.values():
            for version in item.versions:
                lasts = (value for value in version.values.values() if isinstance(value, dt.date))
                days |= {day + dt.timedelta(1) for day in lasts}
        return tuple(sorted(days))

    def provision(self, id_: str) -> Provision:
        """The provision of that id.

        Raises:
            LockgateError: ``unknown-provision``.
        """
        try:
            return self._provisions[id_]
        except KeyError:
            raise LockgateError(f"there is no provision {id_!r}", code="unknown-provision") from None

    def provisions(self, prefix: str = "") -> tuple[Provision, ...]:
        """All provisions whose id begins with ``prefix``, by id."""
        return tuple(item for id_, item in self._provisions.items() if id_.startswith(prefix))

    def on(self, day: dt.date, known_at: dt.date | None = None) -> LawOnDate:
        """The law of ``day`` as known on ``known_at``."""
        epoch = bisect_right(self.change_days, day)
        known = len(self._known_days) if known_at is None else bisect_right(self._known_days, known_at)
        state = self._states.get((epoch, known))
        if state is None:
            state = self._states[epoch, known] = self._state(day, known_at)
        return LawOnDate(day, known_at, state, self._groups)

    def _state(self, day: dt.date, known_at: dt.date | None) -> State:
        found = ((id_, series.on(day, known_at)) for id_, series in self._series.items())
        versions = {id_: version for id_, version in found if version is not None}
        by_kind: dict[tuple[str, Kind], tuple[tuple[str, Version], ...]] = {}
        for id_, version in versions.items():
            if version.status not in ("ended", "proposed"):
                key = (self._provisions[id_].gate, self._provisions[id_].kind)
                by_kind[key] = (*by_kind.get(key, ()), (id_, version))
        return State(versions, by_kind)


def read_law(folder: Path, groups: Groups, group_days: Days = tuple[dt.date]) -> Law:
    """The provisions below ``folder``.

    Args:
        folder: ``data/law``.
        groups: Country groups of a place on a day.
        group_days: Every day on which a place joins or leaves a group.

    Raises:
        InvalidInputError: With every problem of every file.
    """
    problems: list[LockgateError] = []
    provisions = []
    for path in sorted(folder.rglob("*.toml")):
        id_ = ".".join(path.relative_to(folder).with_suffix("").parts)
        try:
            provisions.append(Provision.model_validate({"id": id_, **tomllib.loads(path.read_text("utf-8"))}))
        except ValidationError as error:
            problems.append(problems_from_validation(error, id_))
        except tomllib.TOMLDecodeError as error:
            problems.append(LockgateError(str(error), code="bad-toml", where=id_))
    if problems:
        raise InvalidInputError(problems)
    return Law(provisions, groups, group_days)
