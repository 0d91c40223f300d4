"""Memory of a training run on one chip, by kind, for many layouts at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lockgate.capability.eras import Era
from lockgate.capability.layers import TrainingParameters
from lockgate.capability.layout import Layouts
from lockgate.catalogue.models import ModelArchitecture

Floats = NDArray[np.float64]

WEIGHT_BYTE = 2.0


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Bytes on the fullest chip, by kind; arrays over layouts. ``total`` is their sum."""

    weights: Floats
    gradients: Floats
    optimizer: Floats
    activations: Floats
    logits: Floats
    reserved: Floats

    @property
    def total(self) -> Floats:
        """All kinds together."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.logits + self.reserved


@dataclass(frozen=True, slots=True)
class HeldParameters:
    """Parameters of one chip on the fullest stage, split by who shares them; arrays over layouts.

    Attributes:
        dense: Shared by ``dp × cp`` ranks.
        expert: Routed experts, shared by ``tp × cp × dp / ep`` ranks (all of ``dp × cp`` where ep is 1).
        dense_group: Ranks that hold the same dense parameters.
        expert_group: Ranks that hold the same experts.
    """

    dense: Floats
    expert: Floats
    dense_group: Floats
    expert_group: Floats


def held_parameters(model: ModelArchitecture, layouts: Layouts, era: Era) -> HeldParameters:
    """What one chip of the fullest stage holds; with two directions of pipeline, one stage of each."""
    tp, pp = layouts.tp.astype(float), layouts.pp.astype(float)
    extra = model.prediction_layers
    blocks = (
        (model.layers + extra) * model.attention_parameter_count
        + model.norm_parameter_count
        + (model.dense_layers + (0 if model.experts else extra)) * model.dense_mlp_parameter_count
        + (model.moe_layers + (extra if model.experts else 0)) * model.shared_parameter_count
    )
    vocabulary = np.where(
        layouts.pp > 1,
        float(max(model.embedding_parameter_count, model.head_parameter_count)),
        float(model.embedding_parameter_count + model.head_parameter_count),
    )
    stages = np.where(layouts.pp > 1, 2.0, 1.0) if era.two_directions else np.ones_like(pp)
    dense = stages * (blocks / pp + vocabulary) / tp
    group = stages * (layouts.dp * layouts.cp)
    if model.experts is None:
        return HeldParameters(dense, np.zeros_like(dense), group, group)
    routed = float((model.moe_layers + extra) * model.experts.count * model.expert_parameter_count)
    ep = layouts.ep.astype(float)
    spread = ep > 1
    expert = stages * routed / pp / np.where(spread, ep, tp)
    return HeldParameters(dense, expert, group, np.where(spread, group * tp / ep, group))


def training_memory(
    layouts: Layouts,
    held: HeldParameters,
    era: Era,
    parameters: TrainingParameters,
    *,
    micro_batch_count: Floats,
    activation_byte: Floats,
    work_byte: Floats,
    logits_byte: Floats,
) -> TrainingMemory:
    """Memory by kind on the fullest chip.

    Args:
        layouts: The layouts.
        held: What ``held_parameters`` says of them.
        era: For the width of gradients and optimizer states.
        parameters: Reserve and fragmentation.
        micro_batch_count: Microbatches a replica works through in a step.
        activation_byte: Kept by all layers for one microbatch, with the layout's recomputation.
        work_byte: Of one layer at work.
        logits_byte: Of the output layer.

    Source: arXiv 1910.02054, section 5 (sharded states); arXiv 2205.05198, section 4 (pipeline in flight).
    """
    pp, chunks = layouts.pp.astype(float), layouts.interleave.astype(float)

    def kept(byte: float, from_stage: int) -> Floats:
        dense = np.where(layouts.zero >= from_stage, held.dense_group, 1.0)
        expert = np.where(layouts.zero >= from_stage, held.expert_group, 1.0)
        return np.asarray(byte * (held.dense / dense + held.expert / expert))

    flight = np.where(chunks > 1, pp * (1.0 + (pp - 1.0) / (pp * chunks)), pp)
    flight = flight + (era.two_directions & (pp > 1))
    flight = np.minimum(flight, micro_batch_count * np.where(chunks > 1, 1.0 + 1.0 / chunks, 1.0))
    work = np.where(layouts.recompute > 0, work_byte, 0.0)
    activations = (activation_byte / pp * flight + work) * (1.0 + parameters.fragmentation)
    # The first stage keeps most microbatches, the last one the logits; only a single stage has both.
    first = activations
    last = activations * np.minimum(1.0, (1.0 + (chunks > 1) * (pp - 1.0) / chunks) / flight) + logits_byte
    peak = np.where(layouts.pp == 1, activations + logits_byte, np.maximum(first, last))
    logits = np.where((layouts.pp == 1) | (last > first), logits_byte, 0.0)
    # Fully sharded: two layers' whole weights are on the chip at a time.
    gathered = np.where(layouts.zero >= 3, 2.0 * WEIGHT_BYTE * (held.dense + held.expert) / 32.0, 0.0)
    return TrainingMemory(
        weights=kept(WEIGHT_BYTE, 3) + gathered,
        gradients=kept(era.gradient_byte, 2),
        optimizer=kept(era.optimizer_byte, 1),
        activations=peak - logits,
        logits=logits,
        reserved=np.full(len(layouts), parameters.reserved_byte),
    )
