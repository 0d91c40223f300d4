"""What the catalogue says about accelerators: rows to compare, and one chip with everything known about it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.catalogue import Catalogue, Chip, Fact
from lockgate.catalogue.shelf import fold_name, near_names

BYTE_PER_GIB = Decimal(2**30)
BYTE_PER_GB = Decimal(10**9)


def find_chips(catalogue: Catalogue, *, vendor: str = "", country: str = "") -> Iterator[Chip]:
    """The chips of a vendor and of a country, by id.

    Args:
        catalogue: Where to look.
        vendor: Name of the maker or a name of its party record, letters large or small; empty: any.
        country: Code or name of the country of its headquarters; empty: any.

    Raises:
        LockgateError: ``unknown-place``; ``unknown-vendor`` with near names.
    """
    code = catalogue.place(country).code if country else ""
    maker = find_vendor(catalogue, vendor) if vendor else ""
    for chip in catalogue.chips():
        if code in ("", chip.vendor_country) and maker in ("", chip.vendor):
            yield chip


def find_vendor(catalogue: Catalogue, name: str) -> str:
    """The maker's name as the chips spell it.

    Raises:
        LockgateError: ``unknown-vendor``, with near names.
    """
    wanted = fold_name(name)
    names: dict[str, str] = {}
    for chip in catalogue.chips():
        names[fold_name(chip.vendor)] = chip.vendor
    if wanted in names:
        return names[wanted]
    for chip in catalogue.chips():
        if chip.vendor_party and chip.vendor_party in catalogue.party_shelf:
            party = catalogue.party(chip.vendor_party)
            if wanted in {fold_name(alias) for alias in (party.id, party.name, *party.aliases)}:
                return chip.vendor
    raise LockgateError(
        f"no chip is made by {name!r}",
        code="unknown-vendor",
        hint=near_names(name, sorted(set(names.values())))
        or f"vendors are {', '.join(sorted(set(names.values())))}",
    )


def chip_row(chip: Chip) -> dict[str, Any]:
    """A chip as one row: numbers in the units of the trade, named; None where not known."""
    io_bandwidth = chip.io_bandwidth_byte_per_s
    return {
        "id": chip.id,
        "name": chip.name,
        "vendor": chip.vendor,
        "vendor_country": chip.vendor_country,
        "architecture": chip.architecture,
        "released_on": chip.released_on,
        "marketed_for_datacenter": chip.marketed_for_datacenter,
        "tpp": chip.tpp,
        "performance_density": None
        if chip.performance_density is None
        else round(chip.performance_density, 4),
        "density_bound": chip.density_bound,
        "logic_die_area_mm2": exact(chip, "logic_die_area"),
        "dram_capacity_gib": exact(chip, "dram_capacity", BYTE_PER_GIB),
        "dram_bandwidth_gb_per_s": exact(chip, "dram_bandwidth", BYTE_PER_GB),
        "chip_link_bandwidth_gb_per_s": exact(chip, "chip_link_bandwidth", BYTE_PER_GB),
        "io_bandwidth_gb_per_s": None if io_bandwidth is None else Decimal(io_bandwidth) / BYTE_PER_GB,
        "power_w": exact(chip, "power"),
        "price_usd": exact(chip, "price"),
        "confidence": chip.confidence,
        "origin": chip.origin,
    }


def exact(chip: Chip, fact: str, unit: Decimal = Decimal(1)) -> Decimal | None:
    """A fact's exact value in a unit, given in base units."""
    held = chip.facts.get(fact)
    return None if held is None or held.base is None else held.base / unit


def describe_chip(catalogue: Catalogue, chip: Chip) -> dict[str, Any]:
    """Everything known about a chip, as plain data: facts and rates with their sources, and what follows from them."""
    low, high = chip.performance_density_range
    return {
        **chip_row(chip),
        "aliases": list(chip.aliases),
        "note": chip.note,
        "facts": {name: describe_fact(fact) for name, fact in chip.facts.items()},
        "rates": [
            {
                "formats": list(rate.formats),
                "bit_length": rate.bit_length,
                "dense": True,
                **describe_fact(rate),
            }
            for rate in chip.rates
        ],
        "unpublished_rates": list(chip.unpublished_rates),
        "tpp_min": chip.tpp_min,
        "tpp_explanation": chip.explain_tpp().as_dict(),
        "stated_tpp": compare_tpp(chip),
        "performance_density_min": low,
        "performance_density_max": high,
        "performance_density_explanation": chip.explain_density().as_dict(),
        "statements": [statement.model_dump(exclude_none=True) for statement in chip.statements],
        "sources": [describe_source(catalogue, source) for source in chip.sources()],
    }


def describe_fact(fact: Fact) -> dict[str, Any]:
    """A fact as plain data, empty fields left out."""
    names = ("value", "unit", "low", "high", "on", "kind", "source", "pinpoint", "note")
    own = {name: getattr(fact, name) for name in names if getattr(fact, name) not in (None, "")}
    others = [
        {name: value for name, value in other.model_dump().items() if value != ""}
        for other in fact.alternatives
    ]
    return own | ({"alternatives": others} if others else {})


def compare_tpp(chip: Chip) -> list[Mapping[str, Any]]:
    """What others state as its TPP, and how far that is from ours."""
    stated = chip.facts.get("stated_tpp")
    if stated is None:
        return []
    claims = [(stated.number, stated.source), *((other.value, other.source) for other in stated.alternatives)]
    return [
        {"value": value, "source": source, "difference": None if chip.tpp is None else value - chip.tpp}
        for value, source in claims
        if isinstance(value, Decimal)
    ]


def describe_source(catalogue: Catalogue, source_id: str) -> dict[str, Any]:
    """A source as plain data, empty fields left out."""
    return {
        name: value
        for name, value in catalogue.source(source_id).model_dump().items()
        if value not in (None, "")
    }
