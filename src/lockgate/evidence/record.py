"""What is on record, as the reconciler needs it: chips by family, dated acts, facts. Built by the services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Known:
    """Values of one property that are on record, with the source of each."""

    values: tuple[tuple[float | str, str], ...]

    def nearest(self, value: float) -> tuple[float, str] | None:
        """The recorded number closest to a value, and its source."""
        numbers = [(float(known), source) for known, source in self.values if not isinstance(known, str)]
        return min(numbers, key=lambda pair: abs(pair[0] - value)) if numbers else None

    def fits(self, low: float | None, high: float | None, tolerance: float) -> bool:
        """Whether a recorded number lies within an interval widened by a share of itself."""
        for known, _ in self.values:
            if isinstance(known, str):
                continue
            if (low is None or known >= low * (1 - tolerance)) and (
                high is None or known <= high * (1 + tolerance)
            ):
                return True
        return False

    def spans(self, value: float, tolerance: float) -> bool:
        """Whether a value lies between the lowest and the highest on record."""
        numbers = [float(known) for known, _ in self.values if not isinstance(known, str)]
        return bool(numbers) and min(numbers) * (1 - tolerance) <= value <= max(numbers) * (1 + tolerance)


@dataclass(frozen=True, slots=True)
class ChipRecord:
    """A family of chips: every variant's properties together.

    ``peaks`` has the dense rates in TOPS by number format. ``rank`` orders the chips of a maker by TPP. ``tpp`` is the
    highest of the variants.
    """

    id: str
    name: str
    maker: str
    maker_country: str
    known: Mapping[str, Known] = field(default_factory=dict)
    peaks: Mapping[str, Known] = field(default_factory=dict)
    tpp: float | None = None
    tpp_source: str = ""
    released: tuple[date, date] | None = None
    released_source: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """A dated act of a government, with every day that it can rightly be dated by, and those it took effect on.

    ``names`` are words, in lower case, by which a text names it and no other act.
    """

    id: str
    title: str
    dates: tuple[date, ...]
    effective: tuple[date, ...]
    direction: str
    government: str
    source: str
    names: tuple[str, ...] = ()

    @property
    def duty(self) -> bool:
        """Whether it is a duty on imports, which is no control of exports."""
        return self.id.endswith("duty")


@dataclass(frozen=True, slots=True)
class RecordFact:
    """A fact on record. Days are ordinals. ``words`` is a set of names or a phrase."""

    subject: str
    attribute: str
    words: tuple[str, ...]
    unit: str
    low: float | None
    high: float | None
    from_on: date | None
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """Everything on record."""

    chips: Mapping[str, ChipRecord]
    acts: tuple[Act, ...]
    facts: Mapping[tuple[str, str], tuple[RecordFact, ...]]

    def about(self, subject: str, attribute: str) -> tuple[RecordFact, ...]:
        """The facts for a subject and an attribute."""
        return self.facts.get((subject, attribute), ())
