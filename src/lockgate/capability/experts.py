"""The routed experts of a mixture: their grouped products, what is moved for them, and the exchange of tokens."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lockgate.capability import operators as op
from lockgate.capability.activations import MicrobatchSplit
from lockgate.capability.eras import Era
from lockgate.capability.hardware import Hardware
from lockgate.catalogue.models import Experts, ModelArchitecture

if TYPE_CHECKING:
    from lockgate.capability.layers import TrainingParameters

Floats = NDArray[np.float64]

# Share of a chip's cores that carry tokens where that runs beside compute: 20 of 132. Source: arXiv 2412.19437, 3.2.2.
COURIERS = 20.0 / 132.0

# Columns of the result that one group of cores computes at a time.
TILE_COLUMNS = 256.0

# Moved per element of the experts' output, forward and backward, to add a bias times the share of a token: in 32 bit,
# expert by expert, then gathered and narrowed. Source: Megatron-LM, megatron/core/transformer/moe/experts.py, _apply_bias.
BIAS_BYTE = (28.0, 38.0)


def expert_products_s(
    model: ModelArchitecture,
    hardware: Hardware,
    era: Era,
    parameters: "TrainingParameters",
    split: MicrobatchSplit,
    precision: str,
) -> tuple[Floats, Floats]:
    """Matrix products of the routed experts of all layers, with the router and the permutation of tokens."""
    experts = model.experts
    if experts is None:
        raise AssertionError
    layers = float(model.moe_layers + model.prediction_layers)
    spread = split.ep > 1
    # With expert parallelism each rank holds whole experts and its own part of the sequence.
    width = experts.ffn / np.where(spread, 1.0, split.tp)
    tokens = split.tokens / np.where(spread, split.tp, 1.0)
    rows = tokens * experts.per_token * np.where(spread, parameters.expert_imbalance, 1.0)
    local = experts.count / split.ep
    up = 2.0 if model.gated else 1.0
    casting = hardware.executed_format(precision) in ("fp8", "fp4", "int8") and not era.expert_fused
    rate = 1.0 if era.expert_fused else parameters.expert_rate
    forward = backward = moved_f = moved_b = np.zeros_like(rows)
    hidden = np.full_like(width, float(model.hidden))
    for n, k in ((up * width, hidden), (hidden, width)):
        each = np.maximum(rows / local, 1.0)
        once = op.gemm_time_s(
            hardware, precision, *np.broadcast_arrays(each * local, n, k), sustained=True, weight_byte=0.0
        )
        weights = local * n * k * 2.0 / (0.8 * hardware.memory_bandwidth_byte_per_s)
        # the last tile of an expert's rows is half empty, and what is left over of its columns takes a whole one
        padded = once * (1.0 + 64.0 / each) * _whole_tiles(n) / rate
        # filling and draining the cores takes as long as some part of the inner dimension
        deep_f, deep_b = 1.0 + parameters.expert_depth / k, 1.0 + parameters.expert_depth / n
        deep_w = 1.0 + parameters.expert_depth / each
        forward = forward + deep_f * padded + weights
        backward = backward + (deep_b + deep_w) * padded + 3.0 * weights
        if casting:
            moved_f = moved_f + parameters.cast_byte * rows * k
            moved_b = moved_b + parameters.cast_byte * rows * n
    # an exchange of copies arrives by rank and is sorted by expert once more, there and back
    permuted = (16.0 if era.expert_copies else 8.0) * rows * model.hidden
    biased_f, biased_b = BIAS_BYTE if experts.biased and not era.expert_fused else (0.0, 0.0)
    activated = 0.0 if era.expert_fused else 2.0 * rows * (up + 1.0) * width
    moved_f = moved_f + permuted + activated + biased_f * rows * model.hidden
    moved_b = moved_b + permuted + 1.6 * activated + biased_b * rows * model.hidden
    return (
        layers * (forward + op.elementwise_time_s(hardware, moved_f, kernels=8)),
        layers * (backward + op.elementwise_time_s(hardware, moved_b, kernels=12)),
    )


def _whole_tiles(columns: Floats) -> Floats:
    """Columns rounded up to whole tiles, over the columns."""
    return np.ceil(columns / TILE_COLUMNS) * TILE_COLUMNS / columns


def expert_activation_again_s(model: ModelArchitecture, hardware: Hardware, split: MicrobatchSplit) -> Floats:
    """Repeating the activation of the experts of all layers."""
    if model.experts is None:
        raise AssertionError
    layers = float(model.moe_layers + model.prediction_layers)
    elements = split.tokens / split.tp * model.experts.per_token * model.experts.ffn
    byte = 2.0 * elements * (3.0 if model.gated else 2.0)
    return layers * op.elementwise_time_s(hardware, byte)


def layer_exchange_s(
    model: ModelArchitecture, hardware: Hardware, era: Era, split: MicrobatchSplit
) -> Floats:
    """Exchange of tokens with their experts, out and back in both passes, of all layers, whether waited for or not."""
    if model.experts is None:
        raise AssertionError
    routed = float(model.moe_layers + model.prediction_layers)
    byte = 2.0 * split.tokens / split.tp * model.hidden
    return 4.0 * routed * exchange_s(hardware, byte, model.experts, split.ep, copies=era.expert_copies)


def courier_slowdown(exchange_s: Floats, compute_s: Floats) -> Floats:
    """How much longer compute takes beside an exchange: while that lasts, some cores carry tokens."""
    share = np.minimum(exchange_s / compute_s, 1.0)
    return np.asarray(1.0 + COURIERS / (1.0 - COURIERS) * share)


def exchange_s(hardware: Hardware, byte: Floats, experts: Experts, ranks: Floats, *, copies: bool) -> Floats:
    """Time to send every token to its experts, or back: once to each node that has some, then to each chip that has.

    Args:
        hardware: The chip.
        byte: Of the tokens of one rank.
        experts: Of the model.
        ranks: Among which experts are spread, neighbours first.
        copies: Once for each expert instead.

    Source: arXiv 2412.19437, section 3.2.2 (across nodes once, forwarded within them).
    """
    inside = np.minimum(ranks, hardware.node_chip_count)
    nodes = ranks / inside
    reached = (nodes - 1.0) * (1.0 - (1.0 - 1.0 / nodes) ** experts.per_token)
    if experts.groups_per_token:
        reached = np.minimum(reached, experts.groups_per_token * (nodes - 1.0) / nodes)
    chips = ranks * (1.0 - (1.0 - 1.0 / ranks) ** experts.per_token)
    if copies:
        reached, chips = experts.per_token * (nodes - 1.0) / nodes, np.full_like(ranks, experts.per_token)
    between = reached * byte / (0.85 * op.network_rate(hardware))
    local = op.all_to_all_time_s(hardware, byte * chips, inside)
    return np.where(ranks > 1, between + local, 0.0)
