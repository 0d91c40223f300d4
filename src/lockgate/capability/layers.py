"""The work of a transformer's layers in training: tables over the ways to split a microbatch.

A table has one axis for each of ``tp, cp, ep, micro_batch``; a search gathers from it what a layout needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lockgate.capability import operators as op
from lockgate.capability.activations import MicrobatchSplit, activation_byte
from lockgate.capability.eras import Era
from lockgate.capability.experts import (
    courier_slowdown,
    expert_activation_again_s,
    expert_products_s,
    layer_exchange_s,
)
from lockgate.capability.hardware import Hardware
from lockgate.catalogue.models import ModelArchitecture

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrainingParameters:
    """Global constants of training, each with a physical meaning; fitted once, for all eras and chips.

    Attributes:
        tensor_exposed: Share of tensor-parallel traffic not hidden behind matrix products.
        data_exposed: Share of data-parallel traffic never hidden.
        hop_exposed: Share of pipeline sends not hidden in the steady state.
        expert_exposed: Share of all-to-all traffic not hidden, where nothing is scheduled beside it.
        expert_rate: Of the experts' matrix products where each is launched by itself, over that of one product of all.
        expert_depth: Inner dimension whose work takes as long as filling and draining the cores for a tile of them.
        cast_byte: Moved per element to cast an operand to 8 bit, both layouts.
        layer_launch_s: Per layer and pass that the device waits for launches when kernels are short.
        step_s: Per step: gradient norm, barriers, input.
        expert_host_s: Of the host for a layer with routed experts and a microbatch, both passes: the chip waits for it
            where its own work is shorter.
        expert_overlap_host: Times that, where microbatches are launched in pieces to run the exchange of one beside the other.
        expert_half_50: Half-width, in the logarithm, that held half of the steps with routed experts left out of the fit.
        expert_half_90: The same for nine in ten.
        expert_unnamed_sd: Standard deviation, in the logarithm, added where nobody says how experts were run.
        expert_imbalance: Rows of the fullest expert rank over the mean.
        reserved_byte: Runtime, communicators and workspaces on every chip.
        fragmentation: Of activations, lost between allocations.
        row_half_50: Half-width, in the logarithm, that held half of the layouts left out of an era's fit.
        row_half_90: The same for nine in ten.
    """

    tensor_exposed: float
    data_exposed: float
    hop_exposed: float
    expert_exposed: float
    cast_byte: float
    layer_launch_s: float
    step_s: float
    expert_rate: float
    expert_depth: float
    expert_host_s: float
    expert_overlap_host: float
    expert_half_50: float
    expert_half_90: float
    expert_unnamed_sd: float
    expert_imbalance: float
    reserved_byte: float
    fragmentation: float
    row_half_50: float
    row_half_90: float


@dataclass(frozen=True, slots=True)
class LayerTables:
    """Times in seconds and volumes in bytes of one microbatch, by ``[tp, cp, ep, micro_batch]``.

    Attributes:
        forward_s: All layers, forward, compute only.
        backward_s: The same, backward.
        recompute_s: What each way of recomputation adds: a first axis of three.
        tensor_s: Exposed tensor-, context- and expert-parallel traffic of all layers, both passes.
        tensor_recompute_s: Of these, what is paid again by full recomputation.
        hidden_s: Expert-parallel traffic hidden behind another microbatch, where there is one.
        head_s: Output layer and loss, on the last stage.
        boundary_byte: Activations sent between stages, one direction.
        activation_byte: Kept for the backward pass, all layers: a first axis of three.
        work_byte: Largest working set of a single layer.
        logits_byte: Kept on the last stage.
        compute_s: What the layers' compute is made of, both passes, by name.
    """

    forward_s: Floats
    backward_s: Floats
    recompute_s: Floats
    tensor_s: Floats
    tensor_recompute_s: Floats
    hidden_s: Floats
    head_s: Floats
    boundary_byte: Floats
    activation_byte: Floats
    work_byte: Floats
    logits_byte: Floats
    compute_s: Mapping[str, Floats]


def layer_tables(
    model: ModelArchitecture,
    hardware: Hardware,
    era: Era,
    parameters: TrainingParameters,
    *,
    precision: str,
    seq_len: int,
    tp: NDArray[np.int64],
    cp: NDArray[np.int64],
    ep: NDArray[np.int64],
    micro_batch: NDArray[np.int64],
) -> LayerTables:
    """Tables for every combination of the given axes.

    Args:
        model: What is trained.
        hardware: On what.
        era: With which framework.
        parameters: Global constants.
        precision: Of the matrix products of the layers: ``bf16``, ``fp8`` and so on; all else runs in 16 bit.
        seq_len: Tokens of a sequence.
        tp: Distinct values of the axis, as for the rest.
        cp: Context-parallel ranks.
        ep: Expert-parallel ranks.
        micro_batch: Sequences.
    """
    axes = np.ix_(tp, cp, ep, micro_batch)
    t, c, e, b = (np.asarray(axis, float) for axis in axes)
    split = MicrobatchSplit(t, c, e, b, tokens=b * seq_len / c)
    shape = np.broadcast_shapes(t.shape, c.shape, e.shape, b.shape)
    attention_f, attention_b = _attention_s(model, hardware, era, split, seq_len)
    element_f = _elementwise_s(model, hardware, era, split)
    dense_f, dense_b = _dense_gemms_s(model, hardware, era, parameters, split, precision)
    layers = model.layers + model.prediction_layers
    launch = parameters.layer_launch_s
    forward = layers * (attention_f + element_f + launch) + dense_f
    backward = layers * (attention_b + 1.6 * element_f + launch) + dense_b
    compute = {
        "matrix products": dense_f + dense_b,
        "attention": layers * (attention_f + attention_b),
        "element-wise": layers * (2.6 * element_f + 2.0 * launch),
    }
    if model.experts:
        expert_f, expert_b = expert_products_s(model, hardware, era, parameters, split, precision)
        forward, backward = forward + expert_f, backward + expert_b
        compute["experts"] = expert_f + expert_b
    tensor, tensor_again = _traffic_s(model, hardware, parameters, era, split, (attention_f, attention_b))
    full, hidden = forward, np.zeros(shape)
    if model.experts:
        exchange = layer_exchange_s(model, hardware, era, split)
        if era.expert_overlapped:
            slower = courier_slowdown(exchange, forward + backward)
            forward, backward = slower * forward, slower * backward
            compute = {name: slower * part for name, part in compute.items()}
            exposed = np.maximum(exchange - forward - backward, 0.0)
            hidden, again = exchange - exposed, 0.5 * exchange
        else:
            exposed = parameters.expert_exposed * exchange
            again = 0.5 * exposed
        tensor, tensor_again = tensor + exposed, tensor_again + again
        # the host prepares one layer after the other: what it needs beyond the chip's own time is waited for
        host = era.expert_launched * parameters.expert_host_s * (model.moe_layers + model.prediction_layers)
        host = host * (parameters.expert_overlap_host if era.expert_overlapped else 1.0)
        wait = np.maximum(host - forward - backward - tensor, 0.0)
        # repeating the forward pass takes the host a third of that once more
        full = np.maximum(forward, host / 3.0)
        backward = backward + wait
        compute["waiting for the host"] = wait
    # with experts, frameworks repeat activations and norms but not attention
    repeated = 0.0 if model.experts and era.fused_attention else attention_f
    selective = layers * (repeated + (0.5 * element_f if era.fused_attention else 0.0))
    if model.experts:
        selective = selective + expert_activation_again_s(model, hardware, split)
    if model.latent and era.fused_attention:
        selective = selective + layers * _latent_up_s(model, hardware, split, precision)
    head, logits = _head(model, hardware, era, split)
    activation, work = activation_byte(model, era, split, seq_len, precision)
    ways = [np.zeros(shape), selective, full]
    return LayerTables(
        forward_s=np.broadcast_to(forward, shape),
        backward_s=np.broadcast_to(backward, shape),
        recompute_s=np.stack([np.broadcast_to(way, shape) for way in ways]),
        tensor_s=np.broadcast_to(tensor, shape),
        tensor_recompute_s=np.broadcast_to(tensor_again, shape),
        hidden_s=np.broadcast_to(hidden, shape),
        head_s=np.broadcast_to((1 + model.prediction_layers) * head, shape),
        boundary_byte=np.broadcast_to(2.0 * split.tokens * model.hidden / split.tp, shape),
        activation_byte=np.stack([np.broadcast_to(kept, shape) for kept in activation]),
        work_byte=np.broadcast_to(work, shape),
        logits_byte=np.broadcast_to(logits, shape),
        compute_s={name: np.broadcast_to(part, shape) for name, part in compute.items()},
    )


def _dense_gemms_s(
    model: ModelArchitecture,
    hardware: Hardware,
    era: Era,
    parameters: TrainingParameters,
    split: MicrobatchSplit,
    precision: str,
) -> tuple[Floats, Floats]:
    """Matrix products of all layers that are not routed: attention, ordinary MLPs, shared experts."""
    products: list[tuple[Floats, Floats, float]] = []  # columns, inner, layers that have it
    h, tp, layers = float(model.hidden), split.tp, float(model.layers + model.prediction_layers)
    up = (2.0 if model.gated else 1.0) / tp
    one = np.ones_like(tp)
    if model.latent:
        mla = model.latent
        qk = float(mla.nope_head_dim + mla.rope_head_dim)
        if mla.q_rank:
            products += [
                (one * mla.q_rank, one * h, layers),
                (model.heads * qk / tp, one * mla.q_rank, layers),
            ]
        else:
            products.append((model.heads * qk / tp, one * h, layers))
        products += [
            (one * (mla.kv_rank + mla.rope_head_dim), one * h, layers),
            (model.heads * (mla.nope_head_dim + mla.value_head_dim) / tp, one * mla.kv_rank, layers),
            (one * h, model.heads * mla.value_head_dim / tp, layers),
        ]
    else:
        heads = model.heads + 2 * np.maximum(model.kv_heads, tp)
        products += [
            (heads * model.head_dim / tp, one * h, layers),
            (one * h, model.heads * model.head_dim / tp, layers),
        ]
    dense = float(model.dense_layers + (0 if model.experts else model.prediction_layers))
    if dense:
        products += [(model.ffn * up, one * h, dense), (one * h, model.ffn / tp, dense)]
    if model.experts and model.experts.shared_ffn:
        routed = layers - dense
        products += [
            (model.experts.shared_ffn * up, one * h, routed),
            (one * h, model.experts.shared_ffn / tp, routed),
        ]
    n = np.stack([np.broadcast_to(item[0], tp.shape) for item in products])
    k = np.stack([np.broadcast_to(item[1], tp.shape) for item in products])
    count = np.array([item[2] for item in products]).reshape(-1, 1, 1, 1, 1)
    return _passes_s(hardware, era, precision, split.tokens[None], n, k, count, parameters.cast_byte)


def _latent_up_s(
    model: ModelArchitecture, hardware: Hardware, split: MicrobatchSplit, precision: str
) -> Floats:
    """Making queries, keys and values of one layer from their compressed form, forward."""
    mla = model.latent
    if mla is None:
        return np.zeros_like(split.tokens)
    up = model.heads / split.tp
    query = op.gemm_time_s(
        hardware, precision, split.tokens, up * (mla.nope_head_dim + mla.rope_head_dim), mla.q_rank or model.hidden,
        sustained=True,
    )  # fmt: skip
    return query + op.gemm_time_s(
        hardware,
        precision,
        split.tokens,
        up * (mla.nope_head_dim + mla.value_head_dim),
        mla.kv_rank,
        sustained=True,
    )


def _passes_s(
    hardware: Hardware,
    era: Era,
    precision: str,
    m: Floats,
    n: Floats,
    k: Floats,
    count: Floats,
    cast_byte: float,
) -> tuple[Floats, Floats]:
    """Forward, and both backward products; the gradient of the weights is added to the one kept."""
    m, n, k = np.broadcast_arrays(m, n, k)
    rows, columns, inner = np.stack([m, m, n]), np.stack([n, k, k]), np.stack([k, n, m])
    output = np.array([2.0, 2.0, 2.0 * era.gradient_byte]).reshape(3, 1, 1, 1, 1, 1)
    times = op.gemm_time_s(hardware, precision, rows, columns, inner, sustained=True, output_byte=output)
    forward, backward = times[0], times[1] + times[2]
    if hardware.executed_format(precision) in ("fp8", "fp4", "int8"):
        forward = forward + op.elementwise_time_s(hardware, cast_byte * m * k, kernels=0)
        backward = backward + op.elementwise_time_s(hardware, cast_byte * m * n, kernels=0)
    return (count * forward).sum(axis=0), (count * backward).sum(axis=0)


def _attention_s(
    model: ModelArchitecture, hardware: Hardware, era: Era, split: MicrobatchSplit, seq_len: int
) -> tuple[Floats, Floats]:
    """The core of attention of one layer, forward and backward, averaged over full and sliding layers."""
    heads = model.heads / split.tp
    if model.latent:
        width = (model.latent.nope_head_dim + model.latent.rope_head_dim + model.latent.value_head_dim) / 2.0
    else:
        width = float(model.head_dim)
    causal = model.kind == "decoder"
    if not era.fused_attention:
        return _unfused_attention_s(hardware, split, heads, width, seq_len)
    share = model.sliding_layers / model.layers
    times = []
    for backward in (False, True):
        full = op.prefill_attention_time_s(
            hardware,
            split.micro / split.cp,
            heads,
            width,
            seq_len,
            causal=causal,
            training=True,
            backward=backward,
        )
        if share and model.sliding_window and model.sliding_window < seq_len:
            near = op.prefill_attention_time_s(
                hardware, split.micro / split.cp, heads, width, seq_len, causal=causal, training=True, backward=backward,
                window=model.sliding_window,
            )  # fmt: skip
            full = share * near + (1 - share) * full
        times.append(full)
    # only the products gain from 8 bit; the softmax takes about half as long as they did at a width of 128
    softmax = 0.5 * 128.0 / width
    gain = (1.0 + softmax) / (hardware.rate("bf16") / hardware.rate("fp8") + softmax)
    return (times[0] / gain, times[1] / gain) if era.attention_fp8 else (times[0], times[1])


def _unfused_attention_s(
    hardware: Hardware, split: MicrobatchSplit, heads: Floats, width: float, seq_len: int
) -> tuple[Floats, Floats]:
    """Two batched products and the scores written and read between them."""
    batch = split.micro / split.cp
    scores = batch * heads * float(seq_len) ** 2
    product = 2.0 * scores * width / (0.55 * hardware.rate("bf16"))
    # write, mask and softmax, dropout with its mask, read: 13 bytes a score forward, as many and half again backward
    forward = 2.0 * product + op.elementwise_time_s(hardware, 13.0 * scores, kernels=4)
    backward = 4.0 * product + op.elementwise_time_s(hardware, 19.0 * scores, kernels=6)
    return forward, backward


def _elementwise_s(model: ModelArchitecture, hardware: Hardware, era: Era, split: MicrobatchSplit) -> Floats:
    """Norms, residuals, activation and rotation of one layer, forward."""
    shared = split.tp if era.sequence_parallel else np.ones_like(split.tp)
    h = float(model.hidden)
    norms = 2.0 * split.tokens * h * (2 + 2 + 3 + 3) / shared
    inner = float(model.experts.shared_ffn if model.experts else model.ffn)
    activation = 2.0 * split.tokens * inner * (3.0 if model.gated else 2.0) / split.tp
    qk = 2.0 * split.tokens * model.head_dim * (model.heads + model.kv_heads) * 2.0 / split.tp
    rotation = 0.0 if model.learned_positions else qk
    return op.elementwise_time_s(hardware, norms + activation + rotation, kernels=8)


def _traffic_s(
    model: ModelArchitecture,
    hardware: Hardware,
    parameters: TrainingParameters,
    era: Era,
    split: MicrobatchSplit,
    attention_s: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """Exposed traffic within a replica, all layers; and the part that full recomputation repeats."""
    layers = float(model.layers + model.prediction_layers)
    activation = 2.0 * split.tokens * model.hidden
    gather = op.all_gather_time_s(hardware, activation, split.tp)
    calls = 1.0 if model.parallel_block else 2.0
    # each call: gather before and scatter after; backward the same, and the input gathered again
    tensor_f, tensor_b = 2.0 * calls * gather, 3.0 * calls * gather
    exposed = parameters.tensor_exposed if era.sequence_parallel else 1.0
    forward, both = exposed * tensor_f, exposed * (tensor_f + tensor_b)
    kv = 2.0 * split.tokens * model.kv_element_count_per_token_and_layer / split.tp
    ring = (split.cp - 1.0) * op.send_time_s(hardware, kv, stride=split.tp)
    ring = np.where(split.cp > 1, ring, 0.0)
    ring_f = np.maximum(ring - 0.8 * attention_s[0], 0.15 * ring)
    ring_b = np.maximum(2.0 * ring - 0.8 * attention_s[1], 0.3 * ring)
    forward, both = layers * (forward + ring_f), layers * (both + ring_f + ring_b)
    return both, forward


def _head(
    model: ModelArchitecture, hardware: Hardware, era: Era, split: MicrobatchSplit
) -> tuple[Floats, Floats]:
    """Output layer, loss and embedding: their time, and the logits kept."""
    # a masked model predicts 15 % of its tokens
    tokens = split.tokens * (0.15 if model.kind == "encoder" else 1.0)
    forward, backward = _passes_s(
        hardware, era, "bf16", tokens[None], model.vocab / split.tp[None],
        np.full_like(split.tp[None], float(model.hidden)), np.ones((1, 1, 1, 1, 1)), 0.0,
    )  # fmt: skip
    logits = tokens * model.vocab / split.tp
    loss = op.elementwise_time_s(hardware, 20.0 * logits, kernels=8)
    embedding = op.elementwise_time_s(hardware, 10.0 * split.tokens * model.hidden, kernels=3)
    return forward + backward + loss + embedding, 6.0 * logits
