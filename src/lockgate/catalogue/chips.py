"""Accelerators: what the datasheet states, with sources, and what follows from it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Literal, Self

from pydantic import Field, model_validator

from lockgate.base.explanation import Explanation
from lockgate.catalogue.facts import Fact, FactSpec, Format, Rate, fact_problems
from lockgate.catalogue.records import CatalogueRecord, CountryCode, DateText, Record, RecordId

Bound = Literal["exact", "lower", "upper", "range", "unknown"]


CHIP_FACTS: Mapping[str, FactSpec] = MappingProxyType(
    {
        "process_node": FactSpec(("nm",), "name of the logic process, in nanometres"),
        "logic_die_area": FactSpec(("mm2",), "area of all logic dies of the package on a non-planar process"),
        "transistor_count": FactSpec(("billion",), "transistors of the package"),
        "dram_capacity": FactSpec(("gib", "gb"), "memory of the package or card"),
        "dram_type": FactSpec((), "kind of memory"),
        "dram_bandwidth": FactSpec(("gb_per_s", "tb_per_s"), "total bandwidth to that memory"),
        "chip_link": FactSpec((), "name of the links between chips"),
        "chip_link_bandwidth": FactSpec(("gb_per_s",), "all links between chips together, both directions"),
        "pcie_generation": FactSpec(("count",), "generation of the PCI Express port"),
        "pcie_lane_count": FactSpec(("count",), "lanes of the PCI Express port"),
        "power": FactSpec(("w",), "design power of the package or card"),
        "price": FactSpec(("usd",), "price of one, at the time the fact names"),
        "stated_tpp": FactSpec(("count",), "total processing performance as somebody else states it"),
    }
)
"""Every fact a chip can have besides its rates."""

PCIE_GB_PER_S_PER_LANE = MappingProxyType({3: Decimal(2), 4: Decimal(4), 5: Decimal(8), 6: Decimal(16)})
"""Nominal rate of one lane, both directions together, as datasheets print it (16 lanes of generation 5: 128 GB/s)."""


class Statement(Record):
    """What the maker or an agency said about the chip's place under the rules.

    Attributes:
        text: The statement in our own words.
        source: Id of the source.
        on: Day, month or year.
    """

    text: str
    source: RecordId
    on: DateText | None = None


class Chip(CatalogueRecord):
    """One accelerator: a package, a module or a card, as it is sold.

    Attributes:
        name: As the maker writes it.
        aliases: Other names, Chinese ones included; no two chips share one.
        vendor: Maker whose name is on it.
        vendor_party: Id of the maker's record among the parties; empty where there is none.
        vendor_country: Where the maker has its headquarters.
        architecture: Name of the design and of the die.
        released_on: Day, month or year of release as sources give it; None where unknown or unreleased.
        marketed_for_datacenter: Whether the product line is designed or marketed for data centres.
        confidence: How far the record as a whole can be trusted.
        facts: Name to fact; the names are those of `CHIP_FACTS`.
        rates: Peak rates of dense arithmetic, one for each rate the datasheet prints.
        unpublished_rates: Formats it has whose rate is not published and could decide its TPP, which is then unknown.
        statements: What was said about its place under the rules.
        note: What a reader should know besides.
    """

    name: str
    aliases: tuple[str, ...] = ()
    vendor: str
    vendor_party: str = ""
    vendor_country: CountryCode
    architecture: str = ""
    released_on: DateText | None = None
    marketed_for_datacenter: bool | None = None
    confidence: Literal["high", "medium", "low"] = "medium"
    facts: Mapping[str, Fact] = Field(default_factory=dict)
    rates: tuple[Rate, ...] = ()
    unpublished_rates: tuple[Format, ...] = ()
    statements: tuple[Statement, ...] = ()
    note: str = ""

    @model_validator(mode="after")
    def _facts_as_specified(self) -> Self:
        problems = fact_problems(self.facts, CHIP_FACTS)
        named = [name for rate in self.rates for name in rate.formats]
        problems += [f"two rates for {name}" for name in sorted(set(named)) if named.count(name) > 1]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def sources(self) -> tuple[str, ...]:
        """Ids of every source the record cites, each once, in order of first use."""
        return tuple(dict.fromkeys(self._cited()))

    def _cited(self) -> Iterator[str]:
        for fact in (*self.facts.values(), *self.rates):
            yield fact.source
            yield from (other.source for other in fact.alternatives)
        yield from (statement.source for statement in self.statements)

    def base_value(self, fact: str) -> float | None:
        """The value of a fact in base units; None where it is not known.

        Args:
            fact: A name of `CHIP_FACTS` that has a unit.
        """
        held = self.facts.get(fact)
        return None if held is None or held.base is None else float(held.base)

    @property
    def dram_capacity_byte(self) -> float | None:
        """Memory, in bytes."""
        return self.base_value("dram_capacity")

    @property
    def dram_bandwidth_byte_per_s(self) -> float | None:
        """Total memory bandwidth, in bytes per second."""
        return self.base_value("dram_bandwidth")

    @property
    def logic_die_area_mm2(self) -> float | None:
        """Area of the logic dies, in square millimetres; see `density_bound` for whether it is all of it."""
        return self.base_value("logic_die_area")

    @property
    def power_w(self) -> float | None:
        """Design power, in watts."""
        return self.base_value("power")

    @property
    def chip_link_bandwidth_byte_per_s(self) -> float | None:
        """All links between chips together, both directions, in bytes per second; 0 where it has none."""
        return self.base_value("chip_link_bandwidth")

    @property
    def price_usd(self) -> float | None:
        """Price of one, in US dollars of the time the fact names."""
        return self.base_value("price")

    @property
    def pcie_bandwidth_byte_per_s(self) -> float | None:
        """The PCI Express port, both directions, nominal, in bytes per second; None where it is not known."""
        generation, lanes = (self.facts.get(name) for name in ("pcie_generation", "pcie_lane_count"))
        if generation is None or lanes is None or generation.number is None or lanes.number is None:
            return None
        per_lane = PCIE_GB_PER_S_PER_LANE.get(int(generation.number))
        return None if per_lane is None else float(per_lane * lanes.number * 10**9)

    @property
    def io_bandwidth_byte_per_s(self) -> float | None:
        """Aggregate bidirectional transfer rate: chip links and PCI Express, in bytes per second.

        None unless both are known; `io_bandwidth_min_byte_per_s` gives what is known at least.
        """
        parts = (self.chip_link_bandwidth_byte_per_s, self.pcie_bandwidth_byte_per_s)
        return None if None in parts else sum(part for part in parts if part is not None)

    @property
    def io_bandwidth_min_byte_per_s(self) -> float:
        """What of the aggregate transfer rate is known, in bytes per second: a lower bound."""
        parts = (self.chip_link_bandwidth_byte_per_s, self.pcie_bandwidth_byte_per_s)
        return sum(part for part in parts if part is not None)

    @cached_property
    def rate_of(self) -> Mapping[str, Rate]:
        """The rate of each number format that has one."""
        return MappingProxyType({name: rate for rate in self.rates for name in rate.formats})

    @cached_property
    def peak_flop_per_s(self) -> Mapping[str, float]:
        """Dense peak rate of each number format that has one, in operations per second."""
        return MappingProxyType({name: float(rate.flop_per_s) for name, rate in self.rate_of.items()})

    @property
    def decisive_rates(self) -> tuple[Rate, ...]:
        """The rates whose product with their bit length is the highest; empty where no rate counts."""
        counted = [rate for rate in self.rates if rate.counts_for_tpp]
        best = max((rate.processing_performance for rate in counted), default=None)
        return tuple(rate for rate in counted if rate.processing_performance == best)

    @cached_property
    def tpp(self) -> Decimal | None:
        """Total processing performance, exactly: the maximum of rate (tera-operations a second) times bit length.

        None where no rate is known, or where one that could decide is not published; see `tpp_min`.

        Source: 15 CFR part 774, supplement 1, ECCN 3A090, technical notes.
        """
        return None if self.unpublished_rates else self.tpp_min

    @cached_property
    def tpp_min(self) -> Decimal | None:
        """What the known rates make of TPP: a lower bound of it; None where no rate is known."""
        decisive = self.decisive_rates
        return decisive[0].processing_performance if decisive else None

    @cached_property
    def performance_density(self) -> Decimal | None:
        """TPP per square millimetre of logic die, with the area as published; None where either is not known.

        `density_bound` says whether that area is all of it.

        Source: 15 CFR part 774, supplement 1, ECCN 3A090, technical notes.
        """
        area = self.facts.get("logic_die_area")
        if self.tpp is None or area is None or not area.number:
            return None
        return self.tpp / area.number

    @cached_property
    def performance_density_range(self) -> tuple[Decimal | None, Decimal | None]:
        """What the real performance density lies between; None for an end that is not known."""
        area = self.facts.get("logic_die_area")
        if self.tpp is None or area is None:
            return None, None
        low, high = area.bounds
        return (self.tpp / high if high else None), (self.tpp / low if low else None)

    @property
    def density_bound(self) -> Bound:
        """How the printed performance density stands to the real one."""
        low, high = self.performance_density_range
        if low is None and high is None:
            return "unknown"
        if low is None or high is None:
            return "upper" if low is None else "lower"
        return "exact" if low == high else "range"

    def explain_tpp(self) -> Explanation:
        """TPP with the arithmetic shown: each rate times its bit length, and the maximum of them."""
        steps = tuple(
            Explanation(
                label=f"{'/'.join(rate.formats)}: {plain(rate.number)} × {rate.bit_length}",
                value=plain(rate.processing_performance),
                citation=rate.source,
                pinpoint=rate.pinpoint,
                note="" if rate.counts_for_tpp else "does not count: whether 19 or 32 bits is open",
            )
            for rate in self.rates
        )
        note = "highest of rate in TOPS × bit length" if steps else "no rate is known"
        if self.unpublished_rates:
            note = f"not known: the rates of {', '.join(self.unpublished_rates)} are not published"
            note += f"; at least {plain(self.tpp_min)}" if steps else ""
        return Explanation(
            label="total processing performance", value=plain(self.tpp), unit="TPP" if self.tpp else "", note=note,
            children=steps,
        )  # fmt: skip

    def explain_density(self) -> Explanation:
        """Performance density with the arithmetic shown, and what it is where the die area is only a bound."""
        area = self.facts.get("logic_die_area")
        low, high = self.performance_density_range
        notes = {
            "exact": "",
            "upper": "the area leaves out logic dies: the real density is at most this",
            "lower": f"only an upper bound of the area is known: the density is at least {plain(low, 2)}",
            "range": f"between {plain(low, 2)} and {plain(high, 2)}",
            "unknown": "the logic die area or the rates are not known",
        }
        label = "performance density"
        if self.performance_density is not None and area is not None:
            label += f": {plain(self.tpp)} / {plain(area.number)} mm²"
        return Explanation(
            label=label, value=plain(self.performance_density, 2), unit="TPP/mm²",
            citation=area.source if area else "", pinpoint=area.pinpoint if area else "",
            note=notes[self.density_bound],
        )  # fmt: skip


def plain(number: Decimal | None, places: int | None = None) -> str | None:
    """A number as people write it, without an exponent or trailing zeros; None stays None.

    >>> plain(Decimal("15832.000")), plain(Decimal("19.4496"), 2)
    ('15832', '19.45')
    """
    if number is None:
        return None
    if places is not None:
        number = round(number, places)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
