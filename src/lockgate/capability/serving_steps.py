"""How long one iteration of a serving engine takes, by component: some sequences prefill, others decode."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lockgate.capability.hardware import FORMAT_BYTE, normal_format
from lockgate.capability.operators import (
    all_reduce_time_s,
    all_to_all_time_s,
    decode_attention_time_s,
    elementwise_time_s,
    gemm_time_s,
    grouped_gemm_time_s,
    network_rate,
    prefill_attention_time_s,
    send_time_s,
)
from lockgate.capability.serving_memory import Engine, kv_elements_per_token_and_layer

Floats = NDArray[np.float64]

# Grouped products of experts reach this part of what one product of the same size does (InferSim tables of H20 and H800).
_GROUPED_FRACTION = 0.82
# Of one layer's routing, permutation and grouped products together, beyond their work: 30 to 90 microseconds in the tables
# of fused expert layers on A100, H100 and H200.
_ROUTING_S = 40e-6
# Of the network's rate, that many small messages between nodes reach.
_NETWORK_FRACTION = 0.85
# Rows of the fullest rank over the mean where experts are spread over ranks and routing is not balanced.
_IMBALANCE = 1.2


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Seconds of one iteration by component, all layers and stages together; arrays over the points asked for.

    Attributes:
        matrix: Products with dense weights.
        experts: Products with experts' weights, routing and permutation.
        prefill_attention: Attention of new prompts.
        decode_attention: Attention of one new token a sequence.
        elementwise: Norms, activations, casts.
        communication: Between ranks.
        head: The output layer.
    """

    matrix: Floats
    experts: Floats
    prefill_attention: Floats
    decode_attention: Floats
    elementwise: Floats
    communication: Floats
    head: Floats

    @property
    def total(self) -> Floats:
        """Their sum."""
        return np.asarray(sum(getattr(self, item.name) for item in fields(self)))


def step_times(
    engine: Engine,
    *,
    prefill_tokens: ArrayLike,
    prompt_tokens: ArrayLike,
    sequences: ArrayLike,
    context: ArrayLike,
    causal: bool = True,
) -> StepTimes:
    """Time of one iteration of one replica.

    Args:
        engine: The replica; its splits broadcast against the points.
        prefill_tokens: New prompt tokens in the step, of each attention group.
        prompt_tokens: Length of the prompts they belong to.
        sequences: Sequences that decode one token each, of each attention group.
        context: Mean tokens in their caches.
        causal: False for encoders.
    """
    model, hardware, form = engine.model, engine.hardware, engine.number_format
    tp, pp = np.asarray(engine.tp, float), np.asarray(engine.pp, float)
    # With stages the tokens of an iteration pass as `pp` micro-steps, one in each stage at a time.
    fresh = np.asarray(prefill_tokens, float) / pp
    prompt = np.maximum(np.asarray(prompt_tokens, float), 1.0)
    decoding = np.asarray(sequences, float) / pp
    tokens = fresh + decoding
    zero = np.zeros(np.broadcast_shapes(tokens.shape, tp.shape))

    columns, rows, layers = _dense_products(engine, zero.ndim)
    # Products in 4 bit scale their activations block by block as they run.
    stored = FORMAT_BYTE[normal_format(form)]
    casts = stored < 1 and hardware.executed_format(form) == normal_format(form)
    times = gemm_time_s(
        hardware, form, tokens, columns, rows, weight_byte=stored, sustained=True, quantising=casts
    )
    matrix = np.tensordot(layers, times, axes=1) + zero
    experts, exchange = _expert_times(engine, tokens, zero)

    prefill = np.where(fresh > 0, _prefill_times(engine, fresh, prompt, causal), 0.0)
    decode = np.where(decoding > 0, _decode_times(engine, decoding, np.asarray(context, float)), 0.0)
    width = model.mlp_matrices * (
        model.experts.ffn * model.experts.per_token + model.experts.shared_ffn if model.experts else model.ffn
    )
    passed = tokens * (12.0 * model.hidden + 2.0 * width / tp)
    if model.kind == "encoder":
        # Encoder engines fuse activations and residuals into the products, and stay in 8 bit where the products are int8.
        narrow = normal_format(form) == "int8"
        passed = tokens * 4.0 * model.hidden * (1.0 if narrow else 2.0)
        prefill = prefill / (hardware.rate("int8") / hardware.rate("bf16") if narrow else 1.0)
    elementwise = model.layers * elementwise_time_s(hardware, passed, kernels=3) + zero

    per_layer = 1.0 if model.parallel_block else 2.0
    reduce = all_reduce_time_s(hardware, 2.0 * tokens * model.hidden, tp, custom=True)
    hop = np.where(pp > 1, pp * send_time_s(hardware, 2.0 * tokens * model.hidden, stride=tp), 0.0)
    communication = model.layers * per_layer * reduce + exchange + hop

    sampled = decoding + fresh / prompt
    head = pp * gemm_time_s(hardware, "bf16", sampled, model.vocab / tp, model.hidden)
    if model.kind == "encoder":
        head = zero
    return StepTimes(matrix, experts, prefill, decode, elementwise, communication + zero, head + zero)


def _dense_products(engine: Engine, dimensions: int) -> tuple[Floats, Floats, Floats]:
    """Columns and rows of every product with dense weights, products first, then ``dimensions`` axes; and how many layers have it."""
    model, tp = engine.model, np.asarray(engine.tp, float)
    heads = model.heads / tp
    products: list[tuple[ArrayLike, ArrayLike, int]]
    if model.latent:
        mla = model.latent
        query = heads * (mla.nope_head_dim + mla.rope_head_dim)
        products = [
            (mla.q_rank + mla.kv_rank + mla.rope_head_dim, model.hidden, model.layers),
            (query, mla.q_rank or model.hidden, model.layers),
            (heads * (mla.nope_head_dim + mla.value_head_dim), mla.kv_rank, model.layers),
            (model.hidden, heads * mla.value_head_dim, model.layers),
        ]
    else:
        kv = np.maximum(model.kv_heads / tp, 1.0)
        products = [
            ((heads + 2 * kv) * model.head_dim, model.hidden, model.layers),
            (model.hidden, heads * model.head_dim, model.layers),
        ]
    gates = model.mlp_matrices - 1
    widths = [(model.ffn, model.dense_layers)]
    if model.experts:
        widths.append((model.experts.shared_ffn, model.moe_layers))
    for width, layers in widths:
        if width and layers:
            products += [(gates * width / tp, model.hidden, layers), (model.hidden, width / tp, layers)]
    sides = (np.array([np.broadcast_to(product[side], tp.shape) for product in products]) for side in (0, 1))
    columns, rows = (side.reshape(len(products), *(1,) * (dimensions - tp.ndim), *tp.shape) for side in sides)
    return columns, rows, np.array([float(product[2]) for product in products])


def _expert_times(engine: Engine, tokens: Floats, zero: Floats) -> tuple[Floats, Floats]:
    """Seconds of the experts of all layers, and of the exchange of tokens between the ranks that hold them."""
    model, hardware = engine.model, engine.hardware
    moe = model.experts
    if moe is None:
        return zero, zero
    tp, ep = np.asarray(engine.tp, float), np.asarray(engine.ep, float)
    groups = engine.attention_groups
    everyone = tokens * groups
    width = moe.ffn * np.maximum(ep, 1.0) / np.maximum(tp, ep)
    held = moe.count / ep
    share = moe.per_token / ep
    uneven = np.where(ep > 1, _IMBALANCE, 1.0)
    gates = model.mlp_matrices - 1
    stored = FORMAT_BYTE[normal_format(engine.number_format)]
    products = zero
    for columns, rows in ((gates * width, model.hidden), (model.hidden, width)):
        products = products + uneven * grouped_gemm_time_s(
            hardware,
            engine.number_format,
            everyone,
            held,
            share,
            columns,
            rows,
            weight_byte=stored,
            sustained=True,
        )
    # What is bound by compute pays the lower efficiency; what is bound by reading weights does not.
    routed = everyone * share
    compute = 2.0 * routed * model.mlp_matrices * model.hidden * width / hardware.rate(engine.number_format)
    products = products + np.minimum(compute, products) * (1.0 / _GROUPED_FRACTION - 1.0)
    moved = 2.0 * (2.0 * everyone * model.hidden + routed * (4.0 * model.hidden + 2.0 * width))
    routing = elementwise_time_s(hardware, moved) + _ROUTING_S
    exchange = np.where(groups > 1, _exchange_times(engine, tokens, ep), 0.0)
    return model.moe_layers * (products + routing), model.moe_layers * exchange


def _exchange_times(engine: Engine, tokens: Floats, ep: Floats) -> Floats:
    """Seconds to send each token to the ranks of its experts in 8 bit and to bring the results back in 16, one layer.

    Between nodes a token travels once to each node that holds one of its experts and is passed on over the links there.
    """
    hardware, moe = engine.hardware, engine.model.experts
    if moe is None:
        return np.zeros_like(tokens)
    inside = np.minimum(ep, hardware.node_chip_count)
    copies = tokens * np.minimum(moe.per_token, ep) * engine.model.hidden
    links = all_to_all_time_s(hardware, copies, inside) + all_to_all_time_s(hardware, 2.0 * copies, inside)
    nodes = np.maximum(ep / hardware.node_chip_count, 1.0)
    reached = (nodes - 1.0) * -np.expm1(moe.per_token * np.log1p(-np.minimum(1.0 / nodes, 1 - 1e-12)))
    away = 3.0 * tokens * reached * engine.model.hidden
    return np.asarray(
        np.maximum(links, away / (_NETWORK_FRACTION * network_rate(hardware)))
        + np.where(nodes > 1, 25e-6, 0.0)
    )


def _prefill_times(engine: Engine, fresh: Floats, prompt: Floats, causal: bool) -> Floats:
    model, tp = engine.model, np.asarray(engine.tp, float)
    heads, dim = model.heads / tp, float(model.head_dim)
    kv = np.maximum(model.kv_heads / tp, 1.0)
    if model.latent:
        dim = (model.latent.nope_head_dim + model.latent.rope_head_dim + model.latent.value_head_dim) / 2
        kv = heads
    batch = fresh / prompt

    def layer(window: float | None) -> Floats:
        return prefill_attention_time_s(
            engine.hardware, batch, heads, dim, prompt, kv_heads=kv, causal=causal, window=window
        )

    total = (model.layers - model.sliding_layers) * layer(None)
    if model.sliding_layers:
        total = total + model.sliding_layers * layer(float(model.sliding_window or 0))
    return np.asarray(total)


def _decode_times(engine: Engine, sequences: Floats, context: Floats) -> Floats:
    model, tp = engine.model, np.asarray(engine.tp, float)
    elements = engine.cache_reads * kv_elements_per_token_and_layer(engine)
    flop: ArrayLike = 4.0 * model.heads / tp * model.head_dim
    if model.latent:
        flop = 2.0 * model.heads / tp * (2.0 * model.latent.kv_rank + model.latent.rope_head_dim)

    def layer(span: Floats) -> Floats:
        return decode_attention_time_s(
            engine.hardware, sequences, elements, span, kv_format=engine.kv_format, flop_per_token=flop
        )

    total = (model.layers - model.sliding_layers) * layer(context)
    if model.sliding_layers:
        total = total + model.sliding_layers * layer(np.minimum(context, float(model.sliding_window or 0)))
    return np.asarray(total)
