"""How long a training step takes and what it needs, for one layout or millions.

Source: schedules and bubbles, arXiv 2104.04473 section 2; sequence parallelism and recomputation, arXiv 2205.05198.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lockgate.capability import operators as op
from lockgate.capability.eras import Era, training_era
from lockgate.capability.hardware import Hardware
from lockgate.capability.layers import LayerTables, TrainingParameters, layer_tables
from lockgate.capability.layout import Layouts, stage_layer_count
from lockgate.capability.memory import HeldParameters, TrainingMemory, held_parameters, training_memory
from lockgate.catalogue.models import ModelArchitecture

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRun:
    """What is trained, on what, with what: everything but the layout.

    Attributes:
        model: The architecture.
        hardware: The chip in its system.
        chip_count: Chips at work.
        global_batch: Sequences a step.
        seq_len: Tokens a sequence.
        precision: Of the matrix products in the layers.
        era: The framework.
        parameters: Global constants.
    """

    model: ModelArchitecture
    hardware: Hardware
    chip_count: int
    global_batch: int
    seq_len: int
    precision: str
    era: Era
    parameters: TrainingParameters


@dataclass(frozen=True, slots=True)
class TrainingSteps:
    """Predicted steps; arrays over layouts, times in seconds.

    Attributes:
        step_s: All of it.
        compute_s: Matrix products, attention, element-wise work and the output layer.
        recompute_s: Forward work done a second time.
        tensor_s: Exposed traffic within a replica: tensor, context and expert parallel.
        pipeline_s: Bubble and exposed sends.
        data_s: Exposed exchange of gradients and weights.
        optimizer_s: Update, and what a step costs besides.
        memory: By kind.
    """

    step_s: Floats
    compute_s: Floats
    recompute_s: Floats
    tensor_s: Floats
    pipeline_s: Floats
    data_s: Floats
    optimizer_s: Floats
    memory: TrainingMemory


def training_parameters(table: Mapping[str, Any]) -> TrainingParameters:
    """The global constants, from the calibration ``training`` as read."""
    return TrainingParameters(**table["parameters"])


def training_run(
    model: ModelArchitecture,
    hardware: Hardware,
    table: Mapping[str, Any],
    *,
    chip_count: int,
    global_batch: int,
    seq_len: int,
    precision: str = "bf16",
    framework: str = "",
) -> TrainingRun:
    """A run from the calibration ``training`` as read."""
    return TrainingRun(
        model, hardware, chip_count, global_batch, seq_len, precision,
        training_era(framework, table, chip_id=hardware.id), training_parameters(table),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PreparedTables:
    """Tables of a run's layers, and where in them a layout's values stand.

    Attributes:
        tables: Over every combination of the axes.
        places: For each axis, the position of a value along it, by the value itself.
    """

    tables: LayerTables
    places: tuple[NDArray[np.int64], ...]

    def index(self, layouts: Layouts) -> NDArray[np.int64]:
        """Where each layout stands in a table laid flat."""
        index = self.places[0][layouts.tp]
        for place, column in zip(self.places[1:], (layouts.cp, layouts.ep, layouts.micro_batch), strict=True):
            index = index * (place[-1] + 1) + place[column]
        return np.asarray(index)


def predict_steps(
    run: TrainingRun, layouts: Layouts, prepared: PreparedTables | None = None
) -> TrainingSteps:
    """Time and memory of a step for each layout; layouts are taken to be possible.

    Args:
        run: Everything but the layout.
        layouts: Any number.
        prepared: Of layouts among which these are; made if not given.
    """
    prepared = prepared or prepare_tables(run, layouts)
    tables, index = prepared.tables, prepared.index(layouts)
    held = held_parameters(run.model, layouts, run.era)
    way = layouts.recompute
    pp, chunks = layouts.pp.astype(float), layouts.interleave.astype(float)
    count = run.global_batch / (layouts.dp * layouts.micro_batch)
    factor, parameters, hardware = run.era.factor, run.parameters, run.hardware

    def of(table: Floats) -> Floats:
        return table.reshape(-1)[index]

    def of_way(table: Floats) -> Floats:
        return table.reshape(3, -1)[way, index]

    body = of(tables.forward_s + tables.backward_s)
    again = of_way(tables.recompute_s)
    # the first microbatch has no other to hide its exchange behind
    traffic = of(tables.tensor_s) + of(tables.hidden_s) / count
    traffic = traffic + np.where(way == 2, of(tables.tensor_recompute_s), 0.0)
    head = _head_beyond_layers_s(run.model, layouts, of(tables.head_s), body + again + traffic)
    stage_stride = layouts.tp * layouts.cp * layouts.dp
    hop = np.where(
        layouts.pp > 1, 2.0 * op.send_time_s(hardware, of(tables.boundary_byte), stride=stage_stride), 0.0
    )
    hops = chunks * hop
    stage = (body + again + traffic) / pp
    exposed_hops = parameters.hop_exposed * hops
    bubble = (pp - 1.0) / chunks * (stage + hops)
    if run.era.two_directions and run.model.experts:
        # two directions at once: half the stages, each without the gradients of weights. Source: arXiv 2412.19437, table 2
        bubble = np.maximum(pp / 2.0 - 1.0, 0.0) * 2.0 / 3.0 * (stage + hops)
    memory = _memory(run, layouts, held, tables, index, count)
    data, optimizer = _state_s(run, layouts, held, count * (body + again) / pp)
    compute_s = factor * count * (body / pp + head)
    recompute_s = factor * count * again / pp
    tensor_s = factor * count * traffic / pp
    pipeline_s = factor * (bubble + count * exposed_hops)
    return TrainingSteps(
        step_s=compute_s + recompute_s + tensor_s + pipeline_s + data + optimizer,
        compute_s=compute_s,
        recompute_s=recompute_s,
        tensor_s=tensor_s,
        pipeline_s=pipeline_s,
        data_s=data,
        optimizer_s=optimizer,
        memory=memory,
    )


def compute_parts_s(run: TrainingRun, layouts: Layouts, position: int) -> dict[str, float]:
    """What the compute of one layout's step is made of, seconds by name; the parts add up to ``compute_s``."""
    prepared = prepare_tables(run, layouts)
    tables, place = prepared.tables, int(prepared.index(layouts)[position])
    micro_batches = run.global_batch / float(layouts.dp[position] * layouts.micro_batch[position])
    scale = run.era.factor * micro_batches
    again = tables.recompute_s.reshape(3, -1)[layouts.recompute[position], place]
    layers_s = (tables.forward_s + tables.backward_s + tables.tensor_s).reshape(-1)[place] + again
    if layouts.recompute[position] == 2:
        layers_s = layers_s + tables.tensor_recompute_s.reshape(-1)[place]
    one = layouts.take([position])
    head = _head_beyond_layers_s(run.model, one, tables.head_s.reshape(-1)[[place]], np.asarray([layers_s]))
    parts = {
        name: scale * float(part.reshape(-1)[place]) / float(layouts.pp[position])
        for name, part in tables.compute_s.items()
    }
    return parts | {"output layer": scale * float(head[0])}


def _head_beyond_layers_s(
    model: ModelArchitecture, layouts: Layouts, head_s: Floats, layers_s: Floats
) -> Floats:
    """What the slowest stage takes beyond an even share of the layers, for a microbatch: mostly, the output layer.

    Where the layers do not divide evenly, embedding and output layer stand for one each, so that the last stage has a
    layer less; with modules that predict further tokens, frameworks lay stages out by hand: it has as many less as it needs.
    """
    layers = float(stage_layer_count(model))
    pp = layouts.pp.astype(float)
    uneven = (layouts.pp > 1) & (layers % (layouts.pp * layouts.interleave) != 0)
    layer_s = layers_s / layers
    longer = 2.0 / pp * layer_s
    last = np.maximum(head_s / pp if model.prediction_layers else head_s + longer - layer_s, longer)
    return np.where(uneven, last, head_s)


def model_flop_per_token(model: ModelArchitecture, seq_len: int) -> float:
    """Floating-point operations a token needs in forward and backward passes, attention counted as the full square.

    Source: arXiv 2104.04473, appendix; the convention of Megatron-LM, NeMo and the DGX Cloud recipes.
    """
    embedded = model.embedding_parameter_count + model.norm_parameter_count
    passed = (
        model.active_parameter_count - embedded + (model.hidden * model.vocab if model.tied_embeddings else 0)
    )
    if model.latent:
        mla = model.latent
        width = model.heads * (mla.nope_head_dim + mla.rope_head_dim + mla.value_head_dim) / 2
    else:
        width = float(model.heads * model.head_dim)
    sliding = min(model.sliding_window or seq_len, seq_len) * model.sliding_layers
    return 6.0 * passed + 12.0 * width * (sliding + seq_len * (model.layers - model.sliding_layers))


def prepare_tables(run: TrainingRun, layouts: Layouts) -> PreparedTables:
    """The tables that layouts need, for predicting them in parts."""
    axes = [np.unique(a) for a in (layouts.tp, layouts.cp, layouts.ep, layouts.micro_batch)]
    tables = _cached_tables(
        run.model, run.hardware, run.era, run.parameters, run.precision, run.seq_len,
        *(tuple(axis.tolist()) for axis in axes),
    )  # fmt: skip
    places = []
    for axis in axes:
        place = np.zeros(int(axis[-1]) + 1, np.int64)
        place[axis] = np.arange(len(axis))
        places.append(place)
    return PreparedTables(tables, tuple(places))


@lru_cache(maxsize=64)
def _cached_tables(
    model: ModelArchitecture,
    hardware: Hardware,
    era: Era,
    parameters: TrainingParameters,
    precision: str,
    seq_len: int,
    tp: tuple[int, ...],
    cp: tuple[int, ...],
    ep: tuple[int, ...],
    micro: tuple[int, ...],
) -> LayerTables:
    return layer_tables(
        model, hardware, era, parameters, precision=precision, seq_len=seq_len,
        tp=np.array(tp), cp=np.array(cp), ep=np.array(ep), micro_batch=np.array(micro),
    )  # fmt: skip


def _memory(
    run: TrainingRun,
    layouts: Layouts,
    held: HeldParameters,
    tables: LayerTables,
    index: NDArray[np.int64],
    count: Floats,
) -> TrainingMemory:
    return training_memory(
        layouts,
        held,
        run.era,
        run.parameters,
        micro_batch_count=count,
        activation_byte=tables.activation_byte.reshape(3, -1)[layouts.recompute, index],
        work_byte=tables.work_byte.reshape(-1)[index],
        logits_byte=tables.logits_byte.reshape(-1)[index],
    )


def _state_s(
    run: TrainingRun, layouts: Layouts, held: HeldParameters, window_s: Floats
) -> tuple[Floats, Floats]:
    """Exposed exchange of gradients and weights, and the optimizer's update with the fixed cost of a step.

    Args:
        run: The run.
        layouts: The layouts.
        held: Parameters of one chip.
        window_s: Compute of the whole step, behind which traffic can hide.
    """
    hardware, parameters = run.hardware, run.parameters
    zero = layouts.zero
    gradient, weight = run.era.gradient_byte, 2.0
    count = run.global_batch / (layouts.dp * layouts.micro_batch)
    # Fully sharded: weights are gathered for both passes of every microbatch and gradients scattered after it.
    gathers = np.where(zero >= 3, 2.0 * count, 1.0)
    scatters = np.where(zero >= 3, count, 1.0)
    total = np.zeros(len(layouts))
    for parameter, group, stride in (
        (held.dense, held.dense_group, layouts.tp),
        (held.expert, held.expert_group, layouts.ep),
    ):
        if not parameter.any():
            continue
        total = total + scatters * op.all_gather_time_s(hardware, gradient * parameter, group, stride=stride)
        total = total + gathers * op.all_gather_time_s(
            hardware, np.where(zero == 0, gradient, weight) * parameter, group, stride=stride
        )
    # Only the passes of the last microbatches, or of every one if fully sharded, run beside the traffic.
    behind = np.where(zero >= 3, window_s, window_s / count * np.minimum(layouts.pp, count))
    hidden = np.minimum((1.0 - parameters.data_exposed) * total, 0.5 * behind)
    share = np.where(zero >= 1, held.dense_group, 1.0)
    updated = held.dense / share + held.expert / np.where(zero >= 1, held.expert_group, 1.0)
    update = op.elementwise_time_s(hardware, 30.0 * updated, kernels=4) + parameters.step_s
    return total - hidden, update
