"""What moves, from whom to whom, how, and on which date."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from lockgate.base.three_valued import Truth

Bounds = tuple[Decimal | None, Decimal | None]
Evidence = Truth | Decimal | dt.date | str


class Movement(StrEnum):
    """How an item moves."""

    EXPORT = "export"
    REEXPORT = "reexport"
    IN_COUNTRY_TRANSFER = "in-country-transfer"
    REMOTE_ACCESS = "remote-access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One movement of one item. None is "not known" throughout; it never means "no".

    Places are ISO 3166 alpha-2 codes; Hong Kong is ``HK`` here and counts as China where a provision says so.
    Rates are in base units: a TPP is a plain number, a bandwidth is in byte/s.

    Attributes:
        id: The user's own name for it.
        item: Catalogue id, or empty when only specifications are given.
        on: The day it moves (None: the caller's day).
        kind: How it moves.
        from_place: Where it leaves from.
        to_place: Where it goes.
        quantity: Number of items.
        exporter: Name of the exporter.
        end_user: Name of the end user.
        end_user_hq: Where the end user has its headquarters.
        ultimate_parent: Where the end user's ultimate parent has its headquarters.
        military_end_use: Whether a military, or military-intelligence, end use or end user is known.
        datacenter: Whether the item is designed or marketed for datacenters.
        tpp: Total processing performance.
        performance_density: TPP by applicable die area, per mm².
        dram_bandwidth_byte_per_s: Total DRAM bandwidth.
        io_bandwidth_byte_per_s: Aggregate bidirectional transfer rate of all inputs and outputs but to volatile memory.
        memory_bandwidth_density: Of a memory stack, GB/s per mm² (3A090.c); None for anything that processes.
        bounds: Lowest and highest possible value of a quantity that is only known to lie between, in the unit of its attribute.
        assembly: Whether the item is a computer or assembly that contains the circuit whose quantities are given.
        manufacturer: Name of the maker of the item.
        designer_country: Where the item's designer has its headquarters.
        us_licence: Whether a US licence is held for it.
        cn_approval: Whether a Chinese import approval is held for it.
        us_entry: Whether it is entered for consumption in the United States on its way.
        supp8_approved: Whether the consignee and all end users stand in supplement no. 8 to part 740.
        evidence: Other statements by column name: the certificates of paragraph (dd), a purchase order and the like.
    """

    id: str = ""
    item: str = ""
    on: dt.date | None = None
    kind: Movement | None = None
    from_place: str | None = None
    to_place: str | None = None
    quantity: Decimal | None = None
    exporter: str | None = None
    end_user: str | None = None
    end_user_hq: str | None = None
    ultimate_parent: str | None = None
    military_end_use: Truth = None
    datacenter: Truth = None
    tpp: Decimal | None = None
    performance_density: Decimal | None = None
    dram_bandwidth_byte_per_s: Decimal | None = None
    io_bandwidth_byte_per_s: Decimal | None = None
    memory_bandwidth_density: Decimal | None = None
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    assembly: bool = False
    manufacturer: str | None = None
    designer_country: str | None = None
    us_licence: Truth = None
    cn_approval: Truth = None
    us_entry: Truth = None
    supp8_approved: Truth = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
