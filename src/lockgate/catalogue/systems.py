"""Systems: boards, servers and racks that carry accelerators."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Self

from pydantic import Field, PositiveInt, model_validator

from lockgate.catalogue.facts import Fact, FactSpec, fact_problems
from lockgate.catalogue.records import CatalogueRecord, CountryCode, DateText, RecordId

SYSTEM_FACTS: Mapping[str, FactSpec] = MappingProxyType(
    {
        "chip_link": FactSpec((), "name and shape of the links between chips"),
        "chip_link_bandwidth": FactSpec(("gb_per_s",), "links between chips for one chip, both directions"),
        "chip_link_domain": FactSpec(("count",), "chips that reach each other over those links"),
        "scale_out": FactSpec((), "network ports to other systems"),
        "scale_out_bandwidth": FactSpec(
            ("gb_per_s", "gbit_per_s"), "network to other systems, whole system, one direction"
        ),
        "host": FactSpec((), "host processors"),
        "host_memory": FactSpec(("gib", "gb", "tb"), "memory of the host"),
        "dram_capacity": FactSpec(("gib", "gb", "tb"), "accelerator memory of the whole system"),
        "power": FactSpec(("w", "kw"), "highest power of the whole system"),
        "price": FactSpec(("usd",), "price of the whole system, at the time the fact names"),
    }
)
"""Every fact a system can have."""


class System(CatalogueRecord):
    """One system.

    Attributes:
        name: As the maker writes it.
        aliases: Other names; no two systems share one.
        vendor: Maker.
        vendor_country: Where the maker has its headquarters.
        chip: Id of the accelerator it carries.
        chip_count: How many of them.
        node_count: Servers it is made of.
        released_on: Day, month or year of release.
        facts: Name to fact; the names are those of `SYSTEM_FACTS`.
        note: What a reader should know besides.
    """

    name: str
    aliases: tuple[str, ...] = ()
    vendor: str
    vendor_country: CountryCode
    chip: RecordId
    chip_count: PositiveInt
    node_count: PositiveInt = 1
    released_on: DateText | None = None
    facts: Mapping[str, Fact] = Field(default_factory=dict)
    note: str = ""

    @model_validator(mode="after")
    def _facts_as_specified(self) -> Self:
        problems = fact_problems(self.facts, SYSTEM_FACTS)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def sources(self) -> tuple[str, ...]:
        """Ids of every source the record cites, each once, in order of first use."""
        return tuple(dict.fromkeys(self._cited()))

    def _cited(self) -> Iterator[str]:
        for fact in self.facts.values():
            yield fact.source
            yield from (other.source for other in fact.alternatives)

    def base_value(self, fact: str) -> float | None:
        """The value of a fact in base units; None where it is not known."""
        held = self.facts.get(fact)
        return None if held is None or held.base is None else float(held.base)
