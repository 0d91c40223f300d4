"""How long an operator takes: arrays in, arrays out, seconds.

Every form is a roofline with what measured kernels lose against it: a fraction of each peak, a soft corner between
compute and memory (a ``p``-norm), a latency. All arguments broadcast as numpy arrays.

Source: forms and fits in docs/explanation/training.md, from the kernel tables named in data/calibration/kernels.toml.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lockgate.capability.calibration import CollectiveKernel
from lockgate.capability.hardware import FORMAT_BYTE, Hardware, normal_format

Floats = NDArray[np.float64]


def gemm_time_s(
    hardware: Hardware,
    number_format: str,
    m: ArrayLike,
    n: ArrayLike,
    k: ArrayLike,
    *,
    weight_byte: float | None = None,
    activation_byte: float | None = None,
    output_byte: ArrayLike = 2.0,
    quantising: bool = False,
    sustained: bool = False,
    scattered: bool = False,
) -> Floats:
    """Time of one product of an ``m × k`` with a ``k × n`` matrix.

    Args:
        hardware: The chip.
        number_format: Of the multiplication.
        m: Rows: tokens.
        n: Columns of the weights.
        k: Inner dimension.
        weight_byte: Per element of the ``k × n`` matrix; that of the format if not given.
        activation_byte: Per element of the ``m × k`` matrix; the same.
        output_byte: Per element of the result; twice its width where it is added to what was there.
        quantising: The call casts its activations from 16 bit itself.
        sustained: At the clock that lasts for seconds, as in training.
        scattered: Without the chip's cache: operands come from memory each time.
    """
    executed = hardware.executed_format(number_format)
    kernel = hardware.kernels.gemm_for(executed)
    if quantising and f"{executed}-quantising" in hardware.kernels.gemm:
        kernel = hardware.kernels.gemm[f"{executed}-quantising"]
    element = FORMAT_BYTE[executed]
    m, n, k = (np.asarray(value, float) for value in (m, n, k))
    weights = (element if weight_byte is None else weight_byte) * n * k
    activations = (element if activation_byte is None else activation_byte) * m * k + np.asarray(
        output_byte, float
    ) * m * n
    fraction = (
        kernel.sustained_fraction if sustained and kernel.sustained_fraction else kernel.compute_fraction
    )
    compute = 2.0 * m * n * k / (fraction * hardware.rate(executed))
    byte_per_s = kernel.memory_fraction * hardware.memory_bandwidth_byte_per_s
    memory = (weights + activations) / byte_per_s
    if kernel.cache_byte and not scattered:
        memory = np.where(weights + activations < kernel.cache_byte, memory / kernel.cache_speedup, memory)
    cast_s = kernel.quantise_byte * m * k / byte_per_s
    return np.asarray(_soft_max(compute, memory, kernel.sharpness) + kernel.latency_s + cast_s)


def grouped_gemm_time_s(
    hardware: Hardware,
    number_format: str,
    tokens: ArrayLike,
    experts: ArrayLike,
    per_token: ArrayLike,
    n: ArrayLike,
    k: ArrayLike,
    *,
    weight_byte: float | None = None,
    sustained: bool = False,
    tile_rows: float = 64.0,
    imbalance: float = 1.0,
) -> Floats:
    """Time of the products of one matrix of all experts a rank holds, in one launch.

    Args:
        hardware: The chip.
        number_format: Of the multiplication.
        tokens: Tokens that choose among all ``experts``.
        experts: Experts on this rank.
        per_token: Of those, chosen by a token, on average: the model's count over the ranks that share experts.
        n: Columns of one expert's matrix.
        k: Its inner dimension.
        weight_byte: Per element of the weights.
        sustained: As in training.
        tile_rows: Each expert's rows are padded to this, half of it on average.
        imbalance: Rows of the fullest rank over the mean.
    """
    executed = hardware.executed_format(number_format)
    kernel = hardware.kernels.gemm_for(executed)
    element = FORMAT_BYTE[executed]
    tokens, experts, per_token, n, k = (np.asarray(v, float) for v in (tokens, experts, per_token, n, k))
    rows = tokens * per_token * imbalance
    touched = experts * -np.expm1(tokens * np.log1p(-np.minimum(per_token / experts, 1 - 1e-12)))
    fraction = (
        kernel.sustained_fraction if sustained and kernel.sustained_fraction else kernel.compute_fraction
    )
    padded = rows + 0.5 * tile_rows * touched
    compute = 2.0 * padded * n * k / (fraction * hardware.rate(executed))
    weights = (element if weight_byte is None else weight_byte) * touched * n * k
    memory = (weights + element * rows * k + 2.0 * rows * n) / (
        kernel.memory_fraction * hardware.memory_bandwidth_byte_per_s
    )
    return _soft_max(compute, memory, kernel.sharpness) + 2.0 * kernel.latency_s


def prefill_attention_time_s(
    hardware: Hardware,
    batch: ArrayLike,
    heads: ArrayLike,
    head_dim: ArrayLike,
    tokens: ArrayLike,
    *,
    cached: ArrayLike = 0,
    kv_heads: ArrayLike | None = None,
    window: float | None = None,
    causal: bool = True,
    training: bool = False,
    backward: bool = False,
    kv_byte: float = 2.0,
) -> Floats:
    """Time of attention over whole sequences, fused, as one kernel a layer.

    Args:
        hardware: The chip.
        batch: Sequences.
        heads: Query heads on this rank.
        head_dim: Mean of the widths of keys and values.
        tokens: New tokens of each sequence.
        cached: Tokens each attends to that were there before.
        kv_heads: Key-value heads on this rank; as ``heads`` if not given.
        window: Tokens a token looks back at most.
        causal: A token sees only those before it.
        training: With the kernels of training frameworks instead of those that fill a cache.
        backward: The backward pass of training: 2.5 times the work.
        kv_byte: Per element of keys and values.

    Source: arXiv 2407.08608, section 3.1 (exponentials beside products).
    """
    kernel = hardware.kernels.training_attention if training or backward else hardware.kernels.prefill
    batch, heads, head_dim, tokens, cached = (
        np.asarray(v, float) for v in (batch, heads, head_dim, tokens, cached)
    )
    kv = heads if kv_heads is None else np.asarray(kv_heads, float)
    seen = cached + (tokens / 2 if causal else tokens)
    if window is not None:
        seen = np.minimum(seen, window)
    work = 4.0 * batch * heads * head_dim * tokens * seen
    fraction = kernel.compute_fraction
    if backward:
        work = 2.5 * work
        fraction = kernel.backward_fraction or kernel.compute_fraction
    span = tokens + cached
    efficiency = np.asarray(fraction, float)
    if training or backward:
        # the softmax of a score takes about half as long as its products at a width of 128, whatever the width
        efficiency = efficiency * 1.5 / (1.0 + 0.5 * 128.0 / head_dim)
    efficiency = efficiency * span / (span + kernel.half_tokens)
    compute = work / (efficiency * hardware.rate("bf16"))
    byte = 2.0 * batch * heads * head_dim * tokens * 2 + kv_byte * batch * kv * head_dim * 2 * span
    memory = (
        byte * (2.0 if backward else 1.0) / (kernel.memory_fraction * hardware.memory_bandwidth_byte_per_s)
    )
    return _soft_max(compute, memory, kernel.sharpness) + kernel.latency_s


def decode_attention_time_s(
    hardware: Hardware,
    batch: ArrayLike,
    kv_elements_per_token: ArrayLike,
    context: ArrayLike,
    *,
    kv_format: str = "bf16",
    flop_per_token: ArrayLike = 0.0,
) -> Floats:
    """Time of attention of one new token a sequence over its cache, one layer.

    Args:
        hardware: The chip.
        batch: Sequences.
        kv_elements_per_token: Of the cache of one layer on this rank: ``2 * kv_heads * head_dim``.
        context: Tokens in each sequence's cache.
        kv_format: Of the cache.
        flop_per_token: Work per cached token and sequence; matters for latent attention.
    """
    name = normal_format(kv_format)
    table = hardware.kernels.decode
    kernel = table.get(name) or table.get("fp8" if FORMAT_BYTE[name] < 2 else "bf16") or table["bf16"]
    batch, elements, context, flop = (
        np.asarray(v, float) for v in (batch, kv_elements_per_token, context, flop_per_token)
    )
    span = np.sqrt(context**2 + kernel.tile_tokens**2)
    byte = batch * elements * FORMAT_BYTE[name] * span
    memory = byte / (kernel.memory_fraction * hardware.memory_bandwidth_byte_per_s)
    compute = batch * flop * span / (hardware.kernels.prefill.compute_fraction * hardware.rate("bf16"))
    ramp_s = kernel.ramp_s * byte / (byte + kernel.ramp_byte)
    return np.asarray(kernel.latency_s + ramp_s + np.maximum(memory, compute))


def elementwise_time_s(hardware: Hardware, byte: ArrayLike, *, kernels: ArrayLike = 1) -> Floats:
    """Time of norms, activations, casts and the like.

    Args:
        hardware: The chip.
        byte: Read and written.
        kernels: Launches.
    """
    bandwidth = hardware.kernels.elementwise_memory_fraction * hardware.memory_bandwidth_byte_per_s
    return np.asarray(byte, float) / bandwidth + 2e-6 * np.asarray(kernels, float)


def all_reduce_time_s(
    hardware: Hardware, byte: ArrayLike, ranks: ArrayLike, *, stride: ArrayLike = 1, custom: bool = False
) -> Floats:
    """Time until every rank holds the sum of all ranks' buffers.

    Args:
        hardware: The chip.
        byte: Of one rank's buffer.
        ranks: In the group; one rank costs nothing.
        stride: Distance between neighbours of the group in chips; groups that leave a node use the network.
        custom: The one-shot kernels of inference engines.
    """
    ranks = np.asarray(ranks, float)
    byte = np.asarray(byte, float)
    moved = 2.0 * (ranks - 1) / ranks * byte
    kernel = hardware.kernels.custom_all_reduce if custom else hardware.kernels.collective
    time = _collective(hardware, kernel, moved, ranks, stride)
    if not kernel.switch_fraction:
        return time
    # A switch that reduces needs the whole node: measured gains on H100 and H200 appear at eight ranks, not at four.
    whole = (ranks == hardware.node_chip_count) & (np.asarray(stride, float) == 1)
    link = hardware.link_bandwidth_byte_per_s
    ring_s = moved / (kernel.bandwidth_fraction * link)
    return np.where(whole, time - np.maximum(ring_s - byte / (kernel.switch_fraction * link), 0.0), time)


def all_gather_time_s(
    hardware: Hardware, byte: ArrayLike, ranks: ArrayLike, *, stride: ArrayLike = 1
) -> Floats:
    """Time to gather, or to reduce and scatter, a buffer of ``byte`` in all; arguments as for ``all_reduce_time_s``."""
    ranks = np.asarray(ranks, float)
    moved = (ranks - 1) / ranks * np.asarray(byte, float)
    return _collective(hardware, hardware.kernels.collective, moved, ranks, stride)


def all_to_all_time_s(
    hardware: Hardware, byte: ArrayLike, ranks: ArrayLike, *, stride: ArrayLike = 1
) -> Floats:
    """Time for every rank to send an equal share of its ``byte`` to every other."""
    ranks = np.asarray(ranks, float)
    moved = (ranks - 1) / ranks * np.asarray(byte, float)
    return _collective(hardware, hardware.kernels.collective, moved, ranks, stride, all_to_all=True)


def send_time_s(hardware: Hardware, byte: ArrayLike, *, stride: ArrayLike = 1) -> Floats:
    """Time to send ``byte`` to the rank ``stride`` chips away."""
    inside = np.asarray(stride, float) < hardware.node_chip_count
    rate = np.where(inside, hardware.link_bandwidth_byte_per_s, network_rate(hardware))
    return np.asarray(byte, float) / (0.8 * rate) + np.where(inside, 6e-6, 12e-6)


def network_rate(hardware: Hardware) -> float:
    """Bytes a second a chip can send to other nodes when all do."""
    return hardware.network_bandwidth_byte_per_s / hardware.oversubscription


def _collective(
    hardware: Hardware,
    kernel: CollectiveKernel,
    moved: Floats,
    ranks: Floats,
    stride: ArrayLike,
    *,
    all_to_all: bool = False,
) -> Floats:
    """Ring or tree over the links of a node, or over the network with as many NICs as the group has chips in a node."""
    stride = np.asarray(stride, float)
    inside = np.clip(hardware.node_chip_count / stride, 1.0, ranks)
    leaves = ranks * stride > hardware.node_chip_count
    nvlink = kernel.bandwidth_fraction * hardware.link_bandwidth_byte_per_s
    wire = 0.85 * network_rate(hardware) * (1.0 if all_to_all else inside)
    rate = np.where(leaves, np.minimum(wire, nvlink), nvlink)
    latency = kernel.latency_s * np.where(
        leaves, inside**kernel.latency_exponent + 2.0 * np.log2(np.maximum(ranks / inside, 1.0)) + 2.0,
        ranks**kernel.latency_exponent,
    )  # fmt: skip
    time = latency + kernel.ramp_s * np.sqrt(moved / 1e6) + moved / rate
    return np.where(ranks > 1, time, 0.0)


def _soft_max(compute: Floats, memory: Floats, sharpness: float) -> Floats:
    """``(compute**p + memory**p) ** (1/p)``: never below either."""
    larger = np.maximum(compute, memory)
    smaller = np.minimum(compute, memory)
    ratio = np.divide(smaller, larger, out=np.zeros_like(larger + smaller), where=larger > 0)
    return np.asarray(larger * (1.0 + ratio**sharpness) ** (1.0 / sharpness))
