"""What a served model keeps in the memory of each chip: weights, cache, activations, and what the runtime reserves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lockgate.capability.hardware import FORMAT_BYTE, Hardware, normal_format
from lockgate.catalogue.models import ModelArchitecture

Floats = NDArray[np.float64]

# Context of the driver, communication buffers and allocator slack of one chip.
RUNTIME_BYTE = 1.5e9
# Of the capacity stated (in binary gigabytes), what software sees: an 80 GiB part shows 81,559 MiB, one of 141 GiB 143,771
# MiB. Boards with GDDR lose a sixteenth to error correction (48 GiB shows 46,068 MiB). Bandwidth tells the two apart.
_STACKED_FRACTION = 0.992
_BOARD_FRACTION = 0.9375
_STACKED_FROM_BYTE_PER_S = 1.1e12


@dataclass(frozen=True, slots=True)
class Engine:
    """One replica of a served model: what runs, on what, split how. The splits broadcast as arrays.

    Attributes:
        model: What is served.
        hardware: One chip of the replica.
        number_format: Of weights and matrix products.
        kv_format: Of the key-value cache.
        tp: Ranks that share each layer.
        pp: Stages of layers.
        ep: Ranks among which whole experts are spread. Above ``tp`` attention is data parallel: ``ep / tp`` groups of
            ``tp`` ranks each serve sequences of their own and meet in the experts.
        cache_reads: Times the cache is read from memory for each new token; more than once where the attention kernel
            treats every query head alone.
    """

    model: ModelArchitecture
    hardware: Hardware
    number_format: str
    kv_format: str
    tp: ArrayLike = 1
    pp: ArrayLike = 1
    ep: ArrayLike = 1
    cache_reads: float = 1.0

    @property
    def chip_count(self) -> Floats:
        """Chips of the replica."""
        wide: Floats = np.maximum(np.asarray(self.tp, float), np.asarray(self.ep, float))
        return np.asarray(self.pp, float) * wide

    @property
    def attention_groups(self) -> Floats:
        """Groups of ranks that serve sequences of their own."""
        return np.asarray(np.maximum(np.asarray(self.ep, float) / np.asarray(self.tp, float), 1.0))


def visible_memory_byte(hardware: Hardware) -> float:
    """The memory of a chip that software sees.

    Args:
        hardware: With ``memory_byte`` as the vendor states it.
    """
    stacked = hardware.memory_bandwidth_byte_per_s >= _STACKED_FROM_BYTE_PER_S
    return hardware.memory_byte * (_STACKED_FRACTION if stacked else _BOARD_FRACTION)


def weight_byte_per_chip(engine: Engine) -> Floats:
    """Bytes of weights on the fullest chip."""
    model = engine.model
    tp, pp = np.asarray(engine.tp, float), np.asarray(engine.pp, float)
    spread = np.maximum(tp, np.asarray(engine.ep, float))
    count = model.experts.count if model.experts else 0
    layers = (
        model.layers * model.attention_parameter_count / tp
        + model.dense_layers * model.dense_mlp_parameter_count / tp
        + model.moe_layers
        * (model.shared_parameter_count / tp + count * model.expert_parameter_count / spread)
    )
    # The vocabulary stays in 16 bit: the embedding on the first stage, the output layer on the last.
    ends = np.where(
        pp > 1,
        np.maximum(model.embedding_parameter_count, model.hidden * model.vocab),
        model.embedding_parameter_count + model.head_parameter_count,
    )
    return np.asarray(FORMAT_BYTE[normal_format(engine.number_format)] * layers / pp + 2.0 * ends / tp)


def kv_elements_per_token_and_layer(engine: Engine) -> Floats:
    """Elements of one layer's cache that a token adds on each rank."""
    model = engine.model
    if model.latent:
        return np.asarray(float(model.latent.kv_rank + model.latent.rope_head_dim))
    heads = np.maximum(model.kv_heads / np.asarray(engine.tp, float), 1.0)
    return np.asarray(2.0 * heads * model.head_dim)


def kv_byte_per_sequence(engine: Engine, context: ArrayLike) -> Floats:
    """Bytes of cache that a sequence holds on each chip of its group.

    Args:
        engine: The replica.
        context: Tokens of the sequence; layers with a window keep no more than it.
    """
    model = engine.model
    context = np.asarray(context, float)
    windowed = np.minimum(context, model.sliding_window or np.inf)
    tokens = (model.layers - model.sliding_layers) * context + model.sliding_layers * windowed
    element = FORMAT_BYTE[normal_format(engine.kv_format)]
    return np.asarray(
        element * kv_elements_per_token_and_layer(engine) * tokens / np.asarray(engine.pp, float)
    )


def activation_byte(engine: Engine, step_tokens: ArrayLike) -> Floats:
    """Bytes of working memory of one step.

    Args:
        engine: The replica.
        step_tokens: Tokens of the largest step of a rank.
    """
    model = engine.model
    ffn = (
        model.experts.ffn * model.experts.per_token + model.experts.shared_ffn if model.experts else model.ffn
    )
    wide = model.mlp_matrices * ffn / np.asarray(engine.tp, float)
    return np.asarray(2.0 * np.asarray(step_tokens, float) * (4.0 * model.hidden + wide))


@dataclass(frozen=True, slots=True)
class MemoryBudget:
    """The memory of the fullest chip by kind, byte; arrays where the engine's splits are arrays."""

    visible: float
    weights: Floats
    activations: Floats
    cache: Floats
    runtime: float = RUNTIME_BYTE

    @property
    def total(self) -> Floats:
        """All of it."""
        return np.asarray(self.weights + self.activations + self.cache + self.runtime)

    @property
    def fits(self) -> NDArray[np.bool_]:
        """Whether it is no more than what software sees."""
        return np.asarray(self.total <= self.visible)


def cache_pool_byte(engine: Engine, step_tokens: ArrayLike, kv_fraction: float) -> Floats:
    """Bytes left for the cache on each chip; negative where the weights alone do not fit.

    Args:
        engine: The replica.
        step_tokens: Tokens of the largest step.
        kv_fraction: Of the free memory, that the engine gives to the cache.
    """
    free = (
        visible_memory_byte(engine.hardware)
        - weight_byte_per_chip(engine)
        - activation_byte(engine, step_tokens)
        - RUNTIME_BYTE
    )
    return np.asarray(np.where(free > 0, kv_fraction * free, free))
