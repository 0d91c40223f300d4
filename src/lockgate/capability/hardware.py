"""What a chip and the system around it can do at most, in base units."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

from lockgate.base.errors import LockgateError
from lockgate.capability.calibration import KernelSet, Spread, at_board_power, kernels_for

# Bytes an element takes in each format.
FORMAT_BYTE: Mapping[str, float] = MappingProxyType(
    {"fp64": 8.0, "fp32": 4.0, "tf32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "int4": 0.5}
)  # fmt: skip
# Other names people write.
FORMAT_ALIASES: Mapping[str, str] = MappingProxyType(
    {"bfloat16": "bf16", "float16": "fp16", "half": "fp16", "e4m3": "fp8", "fp8-e4m3": "fp8", "nvfp4": "fp4",
     "mxfp4": "fp4", "mxfp8": "fp8", "fp8-mx": "fp8", "fp8-cs": "fp8", "fp8-hybrid": "fp8",
     "bf16-mixed": "bf16", "bf16/fp16": "bf16", "fp16/bf16": "bf16", "fp16-mixed": "fp16", "float32": "fp32", "float8": "fp8", "w8a8": "int8"}
)  # fmt: skip


class ChipLike(Protocol):
    """What is read of a catalogue chip."""

    @property
    def id(self) -> str:
        """As in the catalogue."""
        ...

    @property
    def name(self) -> str:
        """As in the catalogue."""
        ...

    @property
    def architecture(self) -> str | None:
        """As in the catalogue."""
        ...

    @property
    def dram_capacity_byte(self) -> float | None:
        """As in the catalogue."""
        ...

    @property
    def dram_bandwidth_byte_per_s(self) -> float | None:
        """As in the catalogue."""
        ...

    @property
    def chip_link_bandwidth_byte_per_s(self) -> float | None:
        """As in the catalogue."""
        ...

    @property
    def pcie_bandwidth_byte_per_s(self) -> float | None:
        """As in the catalogue."""
        ...

    @property
    def power_w(self) -> float | None:
        """As in the catalogue."""
        ...

    @property
    def peak_flop_per_s(self) -> Mapping[str, Any]:
        """As in the catalogue."""
        ...


class SystemLike(Protocol):
    """What is read of a catalogue system."""

    @property
    def id(self) -> str:
        """As in the catalogue."""
        ...

    @property
    def chip_count(self) -> int:
        """As in the catalogue."""
        ...

    def base_value(self, fact: str) -> float | None:
        """As in the catalogue."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Hardware:
    """One accelerator in its system.

    Attributes:
        peak_flop_per_s: Dense datasheet rate by format.
        memory_byte: Capacity.
        memory_bandwidth_byte_per_s: Datasheet rate.
        link_bandwidth_byte_per_s: To the other chips of its node, one direction.
        network_bandwidth_byte_per_s: To other nodes, one direction, this chip's share, before oversubscription.
        node_chip_count: Chips joined by the fast links.
        oversubscription: Of the network above a node; 1 is none.
        power_w: Of one chip, or None where unknown.
        kernels: What its kernels reach of all this.
        assumptions: What was not stated and had to be assumed, in words.
    """

    id: str
    name: str
    peak_flop_per_s: Mapping[str, float]
    memory_byte: float
    memory_bandwidth_byte_per_s: float
    link_bandwidth_byte_per_s: float
    network_bandwidth_byte_per_s: float
    node_chip_count: int
    kernels: KernelSet
    oversubscription: float = 1.0
    power_w: float | None = None
    assumptions: tuple[str, ...] = ()

    def rate(self, number_format: str) -> float:
        """Dense peak for a format, flop/s; a format the chip lacks runs at the rate of the next wider one it has.

        Raises:
            LockgateError: ``unknown-format``.
        """
        return self.peak_flop_per_s[self.executed_format(number_format)]

    def executed_format(self, number_format: str) -> str:
        """The format a product given in ``number_format`` really runs in on this chip."""
        name = normal_format(number_format)
        if name in ("fp16", "bf16"):
            order = ["bf16", "fp16", "tf32", "fp32"]
        else:
            order = {
                "fp4": ["fp4", "fp8", "bf16", "fp16"],
                "int4": ["bf16", "fp16"],
                "fp8": ["fp8", "bf16", "fp16"],
                "int8": ["int8", "fp8", "bf16", "fp16"],
                "tf32": ["tf32", "fp32"],
            }.get(name, [name])
        for candidate in order:
            if self.peak_flop_per_s.get(candidate):
                return candidate
        raise LockgateError(
            f"{self.id} has no stated rate for {number_format}",
            code="missing-fact",
            hint="rates known: " + (", ".join(sorted(self.peak_flop_per_s)) or "none"),
        )


@cache
def normal_format(number_format: str) -> str:
    """A number format by the name used here.

    Raises:
        LockgateError: ``unknown-format``.

    >>> normal_format("BFloat16")
    'bf16'
    """
    name = number_format.strip().lower().replace("_", "-")
    name = FORMAT_ALIASES.get(name, name)
    if name not in FORMAT_BYTE:
        raise LockgateError(
            f"unknown number format {number_format!r}",
            code="unknown-format",
            hint="one of " + ", ".join(FORMAT_BYTE),
        )
    return name


def hardware_from_chip(
    chip: ChipLike,
    tables: Mapping[str, Any],
    *,
    system: SystemLike | None = None,
    node_chip_count: int | None = None,
    network_bandwidth_byte_per_s: float | None = None,
    oversubscription: float = 1.0,
) -> Hardware:
    """A catalogue chip in its usual system.

    Args:
        chip: From the catalogue.
        tables: The kernel calibration, ``read_calibration("kernels")``.
        system: Whose links and network count, where it states them.
        node_chip_count: Chips joined by the fast links; that of its system or class if not given.
        network_bandwidth_byte_per_s: One direction, each chip; that of its system or class if not given.
        oversubscription: Of the network above a node.

    What is not stated is assumed, said, and makes the intervals wider.

    Raises:
        LockgateError: ``missing-fact`` where no rate at all is stated.
    """
    kernels, record = kernels_for(chip.id, chip.architecture or "", tables)
    boards = tables["boards"]
    facts = _stated_or_assumed(
        chip, boards.get(kernels.origin) or boards[record["origin"]], tables["spread"]["unstated"]
    )
    reference = tables["chips"].get(kernels.origin, {}).get("sustained_w_per_tflops")
    dense = chip.peak_flop_per_s.get("bf16") or chip.peak_flop_per_s.get("fp16")
    if kernels.basis in ("inherited", "same-silicon") and reference and dense and chip.power_w:
        kernels = at_board_power(kernels, float(chip.power_w) / (float(dense) / 1e12), reference)
    kernels = replace(kernels, spread=kernels.spread.plus(facts.spread))
    assumptions = list(facts.assumptions)
    if kernels.basis != "measured":
        assumptions.append(f"no kernel tables for {chip.id}: those of {kernels.origin} ({kernels.basis})")

    def stated(fact: str) -> float | None:
        return system.base_value(fact) if system else None

    link = stated("chip_link_bandwidth") or chip.chip_link_bandwidth_byte_per_s
    if not link:
        link = chip.pcie_bandwidth_byte_per_s or 64e9
        assumptions.append(f"no links between chips: PCI Express, {link / 1e9:g} GB/s both directions")
    scale_out = stated("scale_out_bandwidth")
    if network_bandwidth_byte_per_s is None and scale_out and system:
        network_bandwidth_byte_per_s = scale_out / system.chip_count
    domain = stated("chip_link_domain") or (system.chip_count if system else None)
    network = network_bandwidth_byte_per_s or record["network_gb_per_s"] * 1e9
    if network_bandwidth_byte_per_s is None:
        assumptions.append(
            f"network {network / 1e9:g} GB/s a chip, one direction, as in its class of systems"
        )
    return Hardware(
        id=chip.id,
        name=chip.name,
        peak_flop_per_s=MappingProxyType(facts.rates),
        memory_byte=facts.memory_byte,
        memory_bandwidth_byte_per_s=facts.memory_bandwidth_byte_per_s,
        link_bandwidth_byte_per_s=float(link) / 2,
        network_bandwidth_byte_per_s=network,
        node_chip_count=node_chip_count or int(domain or record["node_chip_count"]),
        oversubscription=oversubscription,
        power_w=None if chip.power_w is None else float(chip.power_w),
        kernels=kernels,
        assumptions=tuple(assumptions),
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    rates: dict[str, float]
    memory_byte: float
    memory_bandwidth_byte_per_s: float
    assumptions: tuple[str, ...]
    spread: Spread


# Where no 16-bit rate is stated: that of another format, and what it is divided by.
_NARROW_RATES = (("fp8", 2.0), ("int8", 2.0), ("fp4", 4.0), ("tf32", 0.5), ("fp32", 1.0))


def _stated_or_assumed(chip: ChipLike, board: Mapping[str, float], unstated: Mapping[str, float]) -> _Facts:
    """Rates, memory and bandwidth of a chip; what is not stated in proportion to the board whose kernels it takes.

    Args:
        chip: From the catalogue.
        board: Its ``tflops`` in 16 bit, ``dram_gib`` and ``dram_gb_per_s``.
        unstated: How far an assumed figure may be off, by field of ``Spread``.
    """
    rates = {name: float(value) for name, value in chip.peak_flop_per_s.items() if value}
    said: list[str] = []
    compute = memory = 0.0
    if not (rates.get("bf16") or rates.get("fp16")):
        known = [(name, divisor) for name, divisor in _NARROW_RATES if rates.get(name)]
        if not known:
            raise LockgateError(
                f"{chip.id} cannot be estimated: none of its rates is stated",
                code="missing-fact",
                hint="add the fact with its source to the catalogue",
            )
        name, divisor = known[0]
        rates["bf16"] = rates[name] / divisor
        said.append(f"no 16-bit rate stated: {rates['bf16'] / 1e12:g} TFLOP/s assumed from that of {name}")
        compute = unstated["compute"]
    scale = rates.get("bf16", rates.get("fp16", 0.0)) / (board["tflops"] * 1e12)
    capacity, bandwidth = chip.dram_capacity_byte, chip.dram_bandwidth_byte_per_s
    if not capacity:
        capacity = scale * board["dram_gib"] * 2**30
        said.append(f"memory not stated: {capacity / 2**30:.0f} GiB assumed, in proportion to its rate")
    if not bandwidth:
        bandwidth = scale * board["dram_gb_per_s"] * 1e9
        said.append(
            f"memory bandwidth not stated: {bandwidth / 1e9:.0f} GB/s assumed, in proportion to its rate"
        )
        memory = unstated["memory"]
    spread = Spread(compute=compute, memory=memory, decode=memory and unstated["decode"])
    return _Facts(rates, float(capacity), float(bandwidth), tuple(said), spread)
