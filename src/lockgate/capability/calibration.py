"""Kernel parameters of a chip: measured on it, or inherited from its class with wider intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import hypot
from types import MappingProxyType
from typing import Any, TypeVar, cast

from lockgate.base.errors import LockgateError

Kernel = TypeVar("Kernel")


@dataclass(frozen=True, slots=True)
class GemmKernel:
    """Matrix products of one format: ``(compute**p + memory**p) ** (1/p) + latency + quantisation``.

    Attributes:
        compute_fraction: Of the dense datasheet peak, reached by large products in bursts.
        sustained_fraction: The same over seconds, as in training, where power limits the clock.
        memory_fraction: Of the datasheet bandwidth, reached by products with few rows.
        latency_s: Of one call.
        sharpness: The power ``p``; large where compute and memory overlap fully.
        quantise_byte: Bytes moved per element of the activations where the call quantises them itself.
        cache_byte: Operands that together fit in this are read ``cache_speedup`` times faster.
        cache_speedup: Of the memory term.
    """

    compute_fraction: float
    memory_fraction: float
    latency_s: float
    sharpness: float
    sustained_fraction: float = 0.0
    quantise_byte: float = 0.0
    cache_byte: float = 0.0
    cache_speedup: float = 1.0


@dataclass(frozen=True, slots=True)
class PrefillKernel:
    """Attention over whole sequences.

    Attributes:
        compute_fraction: Of the 16-bit peak for long sequences.
        half_tokens: Sequence length at which half of it is lost.
        backward_fraction: Of the 16-bit peak, for the backward pass.
        memory_fraction: Of the bandwidth.
        latency_s: Of one call.
        sharpness: As for matrix products.
    """

    compute_fraction: float
    half_tokens: float = 200.0
    backward_fraction: float = 0.0
    memory_fraction: float = 0.8
    latency_s: float = 12e-6
    sharpness: float = 3.0


@dataclass(frozen=True, slots=True)
class DecodeKernel:
    """Attention of one new token a sequence over its cache: ``latency + ramp * b/(b + ramp_byte) + b/bandwidth``.

    Attributes:
        memory_fraction: Of the bandwidth, for large caches.
        latency_s: Of one call.
        ramp_s: Extra time of a call that fills the chip.
        ramp_byte: Cache read at which half of ``ramp_s`` is paid.
        tile_tokens: Caches shorter than this cost as much as this.
    """

    memory_fraction: float
    latency_s: float
    ramp_s: float
    ramp_byte: float
    tile_tokens: float = 100.0


@dataclass(frozen=True, slots=True)
class CollectiveKernel:
    """Collectives within a node: ``latency * n**exponent + ramp * sqrt(MB) + byte / (fraction * link)``.

    Attributes:
        latency_s: For one rank.
        latency_exponent: Growth with the number of ranks.
        ramp_s: Per square root of a megabyte moved: channels and protocols fill up.
        bandwidth_fraction: Of the one-direction link rate.
        switch_fraction: Of the link rate where the switch of a whole node adds the buffers up, so that each rank sends
            and receives its buffer once; 0 where it cannot.
    """

    latency_s: float
    latency_exponent: float
    ramp_s: float
    bandwidth_fraction: float
    switch_fraction: float = 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations, in the natural logarithm, of what kernel parameters may be off by."""

    compute: float = 0.0
    memory: float = 0.0
    prefill: float = 0.0
    decode: float = 0.0
    collective: float = 0.0

    def plus(self, other: "Spread") -> "Spread":
        """Both together, in squares."""
        return Spread(
            **{item.name: hypot(getattr(self, item.name), getattr(other, item.name)) for item in fields(self)}
        )


@dataclass(frozen=True, slots=True)
class KernelSet:
    """All kernel parameters of a chip.

    Attributes:
        prefill: Attention of inference engines over prompts, which fill a cache as they go.
        training_attention: Attention of training frameworks, forward and backward.
        basis: ``measured`` on this chip, on the ``same-silicon``, ``inherited`` from its class, or ``generic``.
        origin: The id whose tables they come from.
        source: Source id of the tables.
        spread: How far the parameters may be off on this chip.
    """

    gemm: Mapping[str, GemmKernel]
    prefill: PrefillKernel
    training_attention: PrefillKernel
    decode: Mapping[str, DecodeKernel]
    collective: CollectiveKernel
    custom_all_reduce: CollectiveKernel
    elementwise_memory_fraction: float
    basis: str
    origin: str
    source: str
    spread: Spread = field(default_factory=Spread)

    def gemm_for(self, number_format: str) -> GemmKernel:
        """The kernel of a format; a format without its own table takes that of the next wider one."""
        for name in (number_format, *_WIDER.get(number_format, ()), "bf16"):
            if name in self.gemm:
                return self.gemm[name]
        raise LockgateError(f"no matrix kernels for {number_format}", code="unknown-format")


# A format without a table of its own behaves most like these.
_WIDER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"fp4": ("fp8",), "int8": ("fp8",), "fp8-block": ("fp8",), "fp8-quantising": ("fp8",), "fp16": ("bf16",)}
)


# Power grows with about the 2.5th power of the clock near the top of its range, so a board with less power per peak rate
# than the one its kernels were measured on settles at the ratio to this exponent, and one with more comes nearer to what
# it reaches in bursts. MLPerf BERT results of SXM and PCIe boards agree: A100 .90 at .75 of the power, H100 .82 at .65.
_CLOCK_EXPONENT = 0.4


def at_board_power(kernels: KernelSet, w_per_tflops: float, reference_w_per_tflops: float) -> KernelSet:
    """Kernels measured on one board, at the clock that a board of other power sustains.

    Args:
        kernels: As measured.
        w_per_tflops: Board power over the dense 16-bit peak, TFLOP/s.
        reference_w_per_tflops: The same of the board measured.
    """
    factor = float((w_per_tflops / reference_w_per_tflops) ** _CLOCK_EXPONENT)

    def sustained(kernel: GemmKernel) -> float:
        known = kernel.sustained_fraction or kernel.compute_fraction
        return min(factor * known, max(kernel.compute_fraction, known))

    changed = {
        name: replace(kernel, sustained_fraction=sustained(kernel)) for name, kernel in kernels.gemm.items()
    }
    return replace(kernels, gemm=MappingProxyType(changed))


def kernels_for(
    chip_id: str, architecture: str, tables: Mapping[str, Any]
) -> tuple[KernelSet, Mapping[str, Any]]:
    """The kernel parameters of a chip and the properties of its class.

    Args:
        chip_id: Such as ``h200-sxm``.
        architecture: The vendor's word for its generation, such as ``Hopper GH100``.
        tables: The calibration as read: ``chips`` and ``classes``.

    Returns:
        The kernels, and the class record (``node_chip_count``, ``network_gb_per_s``, ``reserved_gb``).
    """
    record = _class_of(chip_id, architecture, tables["classes"])
    own = tables["chips"].get(chip_id)
    if own is not None:
        return _kernel_set(own, "measured", chip_id, Spread(**own.get("spread", {}))), record
    twin = tables.get("same_silicon", {}).get(chip_id)
    if twin:
        return _kernel_set(
            tables["chips"][twin], "same-silicon", twin, Spread(**tables["spread"]["same-silicon"])
        ), record
    origin = record["origin"]
    basis = "generic" if record.get("generic") else "inherited"
    spread = Spread(**tables["spread"][basis])
    adjusted = {**tables["chips"][origin], **record.get("kernels", {})}
    return _kernel_set(adjusted, basis, origin, spread), record


def _class_of(chip_id: str, architecture: str, classes: Mapping[str, Any]) -> Mapping[str, Any]:
    told = f"{chip_id} {architecture}".lower()
    for record in classes.values():
        if any(word in told for word in record["match"]):
            return cast("Mapping[str, Any]", record)
    return cast("Mapping[str, Any]", classes["generic"])


def _kernel_set(record: Mapping[str, Any], basis: str, origin: str, spread: Spread) -> KernelSet:
    return KernelSet(
        gemm=MappingProxyType({name: _read(GemmKernel, values) for name, values in record["gemm"].items()}),
        prefill=_read(PrefillKernel, record["prefill"]),
        training_attention=_read(PrefillKernel, record["training_attention"]),
        decode=MappingProxyType(
            {name: _read(DecodeKernel, values) for name, values in record["decode"].items()}
        ),
        collective=_read(CollectiveKernel, record["collective"]),
        custom_all_reduce=_read(CollectiveKernel, record["custom_all_reduce"]),
        elementwise_memory_fraction=record["elementwise_memory_fraction"],
        basis=basis,
        origin=origin,
        source=record["source"],
        spread=spread,
    )


def _read(kind: type[Kernel], values: Mapping[str, float]) -> Kernel:
    """A kernel from a table whose times carry ``_us`` and whose volumes ``_mb``."""
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    plain: dict[str, float] = {}
    for name, value in values.items():
        if name.endswith("_us"):
            plain[name.removesuffix("_us") + "_s"] = value * 1e-6
        elif name.endswith("_mb"):
            plain[name.removesuffix("_mb") + "_byte"] = value * 1e6
        else:
            plain[name] = value
    unknown = set(plain) - known
    if unknown:
        raise LockgateError(
            f"unknown kernel parameter {', '.join(sorted(unknown))}", code="invalid-calibration"
        )
    return kind(**plain)
