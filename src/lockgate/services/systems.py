"""What the catalogue says about systems."""

from decimal import Decimal
from typing import Any

from lockgate.catalogue import Catalogue, System
from lockgate.services.chips import describe_fact, describe_source


def system_row(system: System) -> dict[str, Any]:
    """A system as one row: numbers in the units of the trade, named; None where not known."""

    def held(fact: str, unit: Decimal | int = 1) -> Decimal | None:
        value = system.facts[fact].base if fact in system.facts else None
        return None if value is None else value / unit

    return {
        "id": system.id,
        "name": system.name,
        "vendor": system.vendor,
        "vendor_country": system.vendor_country,
        "chip": system.chip,
        "chip_count": system.chip_count,
        "node_count": system.node_count,
        "released_on": system.released_on,
        "chip_link_bandwidth_gb_per_s": held("chip_link_bandwidth", 10**9),
        "scale_out_bandwidth_gbit_per_s": held("scale_out_bandwidth", Decimal(10**9) / 8),
        "dram_capacity_gib": held("dram_capacity", 2**30),
        "power_kw": held("power", 1000),
        "price_usd": held("price"),
        "origin": system.origin,
    }


def describe_system(catalogue: Catalogue, system: System) -> dict[str, Any]:
    """Everything known about a system, as plain data, each fact with its source."""
    return {
        **system_row(system),
        "aliases": list(system.aliases),
        "note": system.note,
        "facts": {name: describe_fact(fact) for name, fact in system.facts.items()},
        "sources": [describe_source(catalogue, source) for source in system.sources()],
    }
