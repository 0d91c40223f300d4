"""What the layers of a microbatch keep for the backward pass."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lockgate.capability.eras import Era
from lockgate.catalogue.models import ModelArchitecture

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MicrobatchSplit:
    """The four axes as arrays that broadcast against each other, and the tokens a rank sees."""

    tp: Floats
    cp: Floats
    ep: Floats
    micro: Floats
    tokens: Floats


def activation_byte(
    model: ModelArchitecture, era: Era, split: MicrobatchSplit, seq_len: int, precision: str
) -> tuple[tuple[Floats, Floats, Floats], Floats]:
    """Bytes kept for the backward pass by all layers, for each way of recomputation; and of one whole layer.

    Args:
        model: What is trained.
        era: Whether attention is fused and norms are split.
        split: Of a microbatch.
        seq_len: Tokens of a sequence.
        precision: Of the layers' products, in which their inputs are kept.

    Source: arXiv 2205.05198, section 4, with fused attention and 8-bit inputs where they apply.
    """
    layers = float(model.layers + model.prediction_layers)
    h, tokens = float(model.hidden), split.tokens
    stored = 1.0 if precision in ("fp8", "fp4", "int8") else 2.0
    shared = split.tp if era.sequence_parallel else np.ones_like(split.tp)
    query, key = float(model.heads * model.head_dim), float(model.kv_heads * model.head_dim)
    value, out = key, query
    if model.latent:
        mla = model.latent
        query = key = float(model.heads * (mla.nope_head_dim + mla.rope_head_dim))
        value = out = float(model.heads * mla.value_head_dim)
    read = 2.0 * (query + key + value)
    norms = tokens * h * (2.0 + 2.0 + 2.0 * stored) / shared
    attention = tokens * (read + 2.0 * out + 4.0 * model.heads) / split.tp
    up = 2.0 if model.gated else 1.0
    dense = float(model.dense_layers + (0 if model.experts else model.prediction_layers))
    # what the activation function reads, and the input of the product after it
    entered = stored if era.activation_fp8 else 2.0
    mlp = tokens * model.ffn * (entered * up + stored) / split.tp * dense
    activated = tokens * model.ffn * stored / split.tp * dense
    if model.experts:
        routed = layers - dense
        width = model.experts.per_token * model.experts.ffn + model.experts.shared_ffn
        mlp = mlp + routed * tokens * (
            width * (entered * up + stored) / split.tp + model.experts.per_token * h * stored / split.tp
        )
        activated = activated + routed * tokens * width * stored / split.tp
    unfused = 0.0 if era.fused_attention else 1.0
    dropout = unfused * tokens * h * 2.0 / shared
    scores = unfused * 5.0 * split.micro / split.cp * model.heads / split.tp * float(seq_len) ** 2
    none = layers * (norms + attention + dropout + scores) + mlp
    if era.fused_attention:
        saved = layers * (tokens * h * 2.0 * stored / shared) + activated
        if model.latent:
            # queries, keys and values are made again from their compressed form
            latent = 2.0 * (model.latent.q_rank + model.latent.kv_rank + model.latent.rope_head_dim)
            saved = saved + layers * tokens * (read / split.tp - latent)
    else:
        saved = layers * scores
    full = layers * 2.0 * tokens * h / shared
    return (none, none - saved, full), none / layers
