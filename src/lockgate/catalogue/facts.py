"""One fact: one value, one unit, one source; where sources disagree, both stand and the chosen one says why."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

from lockgate.base.units import TRADE_UNITS, to_base
from lockgate.catalogue.records import DateText, Record, RecordId

Kind = Literal["stated", "measured", "derived", "estimated"]
Format = Literal["fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp6", "fp4", "int4"]

BIT_LENGTHS = MappingProxyType(
    {
        "fp64": 64, "fp32": 32, "tf32": 19, "bf16": 16, "fp16": 16,
        "fp8": 8, "int8": 8, "fp6": 6, "fp4": 4, "int4": 4,
    }
)  # fmt: skip
"""Bits of one input of the multiplication, for each number format."""

FORMATS_OUTSIDE_TPP = frozenset({"tf32"})
"""TF32 is stored in 32 bits and multiplied with 19: which length the rule means is not settled, so it does not count."""


class Alternative(Record):
    """What another source says, and why it was not chosen.

    Attributes:
        value: In the unit of the fact it stands beside.
        source: Id of the source.
        pinpoint: Where in the source.
        reason: Why the other value was chosen.
    """

    value: Decimal | str
    source: RecordId
    pinpoint: str = ""
    reason: str = ""


class Fact(Record):
    """A value with its unit and its source.

    Attributes:
        value: A number or a text; None where only bounds are known.
        unit: A suffix of `lockgate.base.units.TRADE_UNITS`, or empty for a count or a text.
        source: Id of the source.
        pinpoint: Where in the source: a row, a page, a section.
        kind: ``stated`` by the maker or a source that repeats it, ``measured``, ``derived`` by arithmetic
            from other stated values, ``estimated``.
        low: The real value is at least this (None: no lower bound known). With a ``value`` and no bounds the value is exact.
        high: The real value is at most this.
        on: The day, month or year the value belongs to, such as a price's.
        note: What a reader should know besides.
        alternatives: What other sources say.

    >>> Fact(value=Decimal("4.8"), unit="tb_per_s", source="nvidia-h200", kind="stated").base
    Decimal('4800000000000.0')
    """

    value: Decimal | str | None = None
    unit: str = ""
    source: RecordId
    pinpoint: str = ""
    kind: Kind
    low: Decimal | None = None
    high: Decimal | None = None
    on: DateText | None = None
    note: str = ""
    alternatives: tuple[Alternative, ...] = ()

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        if unit and unit not in TRADE_UNITS and unit not in UNITS_AS_THEY_ARE:
            raise ValueError(
                f"unknown unit {unit!r}; known are {', '.join([*TRADE_UNITS, *UNITS_AS_THEY_ARE])}"
            )
        return unit

    @field_validator("value", "low", "high", mode="before")
    @classmethod
    def _can_be(cls, value: object) -> object:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise ValueError("must be a number or a text")  # noqa: TRY004 pydantic wants ValueError
        if not (Decimal(value).is_finite() and 0 <= value <= LARGEST):
            raise ValueError("must be a number of zero or more, and of a size that something can have")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.value is None and self.low is None and self.high is None:
            raise ValueError("needs a value, or a bound (low, high)")
        if isinstance(self.value, str) and self.unit:
            raise ValueError(f"{self.value!r} is text, but the unit {self.unit!r} wants a number")
        number = self.number
        bounds = [bound for bound in (self.low, number, self.high) if bound is not None]
        if bounds != sorted(bounds):
            raise ValueError("low must not exceed value, nor value high")
        return self

    @property
    def number(self) -> Decimal | None:
        """The value in its own unit; None for a text or where only bounds are known."""
        return self.value if isinstance(self.value, Decimal) else None

    @property
    def bounds(self) -> tuple[Decimal | None, Decimal | None]:
        """What the real value lies between, in the fact's own unit; both ends the value where it is exact."""
        if self.low is None and self.high is None:
            return self.number, self.number
        return self.low, self.high

    @property
    def base(self) -> Decimal | None:
        """The value in base units; None where only bounds are known."""
        return None if self.number is None else in_base(self.number, self.unit)


LARGEST = Decimal(10) ** 24
UNITS_AS_THEY_ARE = ("nm", "billion", "gt_per_s", "count")
"""Units that are shown and compared as they are written."""


def in_base(number: Decimal, unit: str) -> Decimal:
    """A number of ``unit`` in base units, exactly."""
    return number if unit not in TRADE_UNITS else to_base(number, unit)[0]


class FactSpec(NamedTuple):
    """What a named fact is: the units it may have (none: it is a text), and its meaning."""

    units: tuple[str, ...]
    meaning: str


def fact_problems(facts: Mapping[str, Fact], specs: Mapping[str, FactSpec]) -> list[str]:
    """What is wrong with the names, units and kinds of value of ``facts``."""
    problems = []
    for name, fact in facts.items():
        spec = specs.get(name)
        if spec is None:
            problems.append(f"unknown fact {name!r}; known are {', '.join(specs)}")
        elif spec.units and fact.unit not in spec.units:
            problems.append(f"{name}: the unit is {' or '.join(spec.units)}, not {fact.unit!r}")
        elif not spec.units and not isinstance(fact.value, str):
            problems.append(f"{name}: wants a text, not {fact.value}")
    return problems


class Rate(Fact):
    """A peak rate of dense arithmetic; a multiply-accumulate counts as two operations.

    Attributes:
        formats: Number formats of the multiplication's inputs that run at this rate.
        bit_length: Bits of one input, the longer where they differ.
    """

    formats: tuple[Format, ...] = Field(min_length=1)
    bit_length: int

    @model_validator(mode="after")
    def _bits_of_formats(self) -> Self:
        for name in self.formats:
            if BIT_LENGTHS[name] != self.bit_length:
                raise ValueError(f"{name} has {BIT_LENGTHS[name]} bits, not {self.bit_length}")
        if self.unit not in ("tflops", "tops"):
            raise ValueError(f"the unit of a rate is tflops or tops, not {self.unit!r}")
        if self.number is None:
            raise ValueError("a rate needs a number")
        return self

    @property
    def flop_per_s(self) -> Decimal:
        """Operations per second."""
        return self.base or Decimal(0)

    @property
    def counts_for_tpp(self) -> bool:
        """Whether the rate takes part in the maximum that total processing performance is."""
        return not FORMATS_OUTSIDE_TPP.issuperset(self.formats)

    @property
    def processing_performance(self) -> Decimal:
        """Rate in tera-operations per second times bit length: this rate's share in the maximum."""
        return self.flop_per_s / 10**12 * self.bit_length
