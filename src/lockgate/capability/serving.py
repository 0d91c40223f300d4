"""Serving throughput and latency: steps of an engine composed into static batches and into waves of in-flight requests.

With requests of one length, in-flight batching moves in waves: a slot that finishes is filled at once, so each wave of
``output_tokens`` steps has some that also prefill (as many as the prompts of a full batch need at ``step_tokens`` each)
and some that only decode. Where prompts need more steps than a request has output tokens, every step prefills and the
batch never fills. All requests of a run are counted, so the last, partly filled wave is in the throughput.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lockgate.capability.serving_eras import ServingEra
from lockgate.capability.serving_memory import (
    Engine,
    MemoryBudget,
    activation_byte,
    cache_pool_byte,
    kv_byte_per_sequence,
    visible_memory_byte,
    weight_byte_per_chip,
)
from lockgate.capability.serving_steps import StepTimes, step_times

Floats = NDArray[np.float64]

# Gauss-Legendre points over the growing context of a static batch: attention is nearly linear in it.
# Stages wait for each other where their micro-steps differ: assumed for each doubling of stages, not calibrated.
STAGE_LOSS = 0.05
# Tokens of a step at which half of the ranks' drift shows.
_DRIFT_TOKENS = 64.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(3)


@dataclass(frozen=True, slots=True)
class ServingRun:
    """What one replica does, arrays where its splits or the batch are.

    Attributes:
        output_tokens_per_s: Of the replica; for an encoder, sequences a second.
        requests_per_s: Of the replica.
        ttft_s: From admission to the first token, mean over requests, waiting for a step included.
        tpot_s: Between the following tokens, mean; NaN where only one token is made.
        batch: Sequences in flight in each attention group.
        prefill_fraction: Of the time, spent in steps that carry prompts.
        prefill_step_s: One step that carries prompts.
        decode_step_s: One step that carries none.
        points: Times by component of those two steps, first axis.
        features_s: Of the whole run: kernels alone; and the units of each overhead (see ``overhead_s``), first axis.
        memory: Of the fullest chip.
        possible: Whether at least one sequence fits beside the weights.
    """

    output_tokens_per_s: Floats
    requests_per_s: Floats
    ttft_s: Floats
    tpot_s: Floats
    batch: Floats
    prefill_fraction: Floats
    prefill_step_s: Floats
    decode_step_s: Floats
    points: StepTimes
    features_s: Floats
    memory: MemoryBudget
    possible: NDArray[np.bool_]


def step_features(engine: Engine, device_s: Floats, sampled: Floats, tokens: Floats) -> Floats:
    """What the time of a step is made of: kernels, and the units of the three overheads, first axis.

    Ranks wait for the slowest of them, longer the more they are; in steps of few tokens, which run as one graph of
    kernels, they hardly drift apart.

    Args:
        engine: The replica.
        device_s: Time of its kernels alone.
        sampled: Sequences that get a token in the step.
        tokens: That pass the layers in the step.
    """
    layers = float(engine.model.layers)
    ranks = np.maximum(np.asarray(engine.tp, float), np.asarray(engine.ep, float))
    drift = tokens / (tokens + _DRIFT_TOKENS)
    device_s = device_s * (1.0 + STAGE_LOSS * np.log2(np.asarray(engine.pp, float)))
    words = 0.0 if engine.model.kind == "encoder" else engine.model.vocab / 32000.0
    return np.stack(
        np.broadcast_arrays(device_s, sampled * words, layers * np.log2(ranks) * drift, np.float64(layers))
    )


def era_weights(era: ServingEra) -> Floats:
    """The parameters of an era in the order of ``step_features``."""
    return np.array([era.kernel_factor, era.sampling_s, era.synchronisation_s, era.host_s])


def batch_limit(
    engine: Engine, era: ServingEra, total_tokens: ArrayLike, step_tokens: ArrayLike, *, beams: float = 1.0
) -> Floats:
    """Requests of ``total_tokens`` (prompt and output) whose cache fits on each attention group, at most the era's limit."""
    pool = cache_pool_byte(engine, step_tokens, era.kv_fraction)
    fitting = np.floor(pool / kv_byte_per_sequence(engine, total_tokens))
    return np.asarray(np.clip(fitting, 0, era.max_batch / beams))


def run_static(
    engine: Engine,
    era: ServingEra,
    *,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    batch: ArrayLike,
    beams: float = 1.0,
) -> ServingRun:
    """A batch that starts and ends together.

    Args:
        engine: The replica.
        era: The framework.
        input_tokens: Of each prompt.
        output_tokens: Of each answer.
        batch: Prompts.
        beams: Answers searched in parallel for each.
    """
    prompt, answer, count = (np.asarray(value, float) for value in (input_tokens, output_tokens, batch))
    groups = engine.attention_groups
    each = count / groups
    shape = np.broadcast_shapes(
        prompt.shape, answer.shape, each.shape, np.shape(engine.tp), np.shape(engine.pp)
    )
    later = np.maximum(answer - 1.0, 0.0)
    context = [prompt, *(prompt + 1.0 + later * (node + 1.0) / 2.0 for node in _NODES)]
    times = step_times(
        engine,
        prefill_tokens=_points(shape, each * prompt, 0.0, 0.0, 0.0),
        prompt_tokens=prompt,
        sequences=_points(shape, 0.0, *([each * beams] * 3)),
        context=_points(shape, *context),
        causal=engine.model.kind != "encoder",
    )
    repeats = _points(shape, 1.0, *(later * weight / 2.0 for weight in _WEIGHTS))
    passing = _points(shape, each * prompt, *([each * beams] * 3))
    features = step_features(engine, times.total, np.broadcast_to(each * beams, shape), passing)
    seconds = np.tensordot(era_weights(era), features, axes=1)
    ttft = seconds[0]
    total = (repeats * seconds).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        tpot = np.where(later > 0, (total - ttft) / later, np.nan)
    budget = MemoryBudget(
        visible_memory_byte(engine.hardware),
        weight_byte_per_chip(engine) + np.zeros(shape),
        activation_byte(engine, np.minimum(each * prompt, era.max_step_tokens)) + np.zeros(shape),
        each * beams * kv_byte_per_sequence(engine, prompt + answer) * (engine.model.kind != "encoder")
        + np.zeros(shape),
    )
    return ServingRun(
        output_tokens_per_s=count * answer / total,
        requests_per_s=count / total,
        ttft_s=ttft,
        tpot_s=tpot,
        batch=np.broadcast_to(each, shape),
        prefill_fraction=ttft / total,
        prefill_step_s=ttft,
        decode_step_s=seconds[2],
        points=StepTimes(
            *(getattr(times, name)[np.array([0, 2])] for name in StepTimes.__dataclass_fields__)
        ),
        features_s=(features * repeats).sum(axis=1),
        memory=budget,
        possible=np.broadcast_to(budget.fits, shape),
    )


def run_inflight(
    engine: Engine,
    era: ServingEra,
    *,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    batch: ArrayLike | None = None,
    requests: ArrayLike | None = None,
    step_tokens: ArrayLike | None = None,
    beams: float = 1.0,
) -> ServingRun:
    """Requests that enter and leave a running batch.

    Args:
        engine: The replica.
        era: The framework.
        input_tokens: Of each prompt.
        output_tokens: Of each answer.
        batch: Requests in flight in the replica; as many as the cache holds if not given.
        requests: In the whole run, so that its filling and draining count; endless if not given.
        step_tokens: Prompt tokens a step carries at most (chunked prefill); the era's if not given.
        beams: Answers searched in parallel for each prompt.
    """
    prompt, answer = np.asarray(input_tokens, float), np.asarray(output_tokens, float)
    most = np.asarray(era.max_step_tokens if step_tokens is None else step_tokens, float)
    groups = engine.attention_groups
    limit = batch_limit(engine, era, beams * (prompt + answer), most, beams=beams)
    slots = limit if batch is None else np.minimum(np.asarray(batch, float) / groups, era.max_batch)
    each_requests = np.inf if requests is None else np.asarray(requests, float) / groups
    possible = (limit >= 1) & (slots <= limit) if batch is not None else limit >= 1
    slots = np.maximum(np.minimum(slots, each_requests), 1.0)

    wave = _waves(prompt, answer, slots, each_requests, most)
    shape = np.broadcast_shapes(wave.fresh.shape[1:], np.shape(engine.tp), np.shape(engine.pp))
    middle = prompt + answer / 2.0
    times = step_times(
        engine,
        prefill_tokens=_spread(wave.fresh, shape),
        prompt_tokens=prompt,
        sequences=_spread(wave.active * beams, shape),
        context=middle,
    )
    sampled = _spread(wave.active * beams + wave.fresh / np.maximum(prompt, 1.0), shape)
    passing = _spread(wave.active * beams + wave.fresh, shape)
    features = step_features(engine, times.total, sampled, passing)
    seconds = np.tensordot(era_weights(era), features, axes=1)
    steps = _spread(wave.steps, shape)
    total = (steps * seconds).sum(axis=0)
    finished = wave.requests * groups
    mixed, pure = seconds[0], seconds[1]
    prefilling = np.minimum(wave.prefill_steps, answer)
    tpot = (prefilling * mixed + (answer - prefilling) * pure) / answer
    chunks = np.maximum(np.ceil(prompt / most), 1.0)
    first = np.minimum(slots / each_requests, 1.0) if requests is not None else np.float64(0.1)
    queue = np.maximum(np.minimum(wave.prefill_steps, answer) - 1.0, 0.0) / 2.0
    together = (chunks + queue) * mixed
    alone = (
        _joining_s(engine, era, prompt, answer, slots, most, beams, chunks) + 0.5 * (1.0 - 1.0 / slots) * pure
    )
    budget = MemoryBudget(
        visible_memory_byte(engine.hardware),
        weight_byte_per_chip(engine) + np.zeros(shape),
        activation_byte(engine, most) + np.zeros(shape),
        slots * beams * kv_byte_per_sequence(engine, prompt + answer) + np.zeros(shape),
    )
    return ServingRun(
        output_tokens_per_s=finished * answer / total,
        requests_per_s=finished / total,
        ttft_s=first * together + (1.0 - first) * alone,
        tpot_s=np.where(answer > 1, tpot, np.nan),
        batch=np.broadcast_to(slots, shape),
        prefill_fraction=((steps * seconds)[[0, 2]]).sum(axis=0) / total,
        prefill_step_s=mixed,
        decode_step_s=pure,
        points=StepTimes(*(getattr(times, name)[:2] for name in StepTimes.__dataclass_fields__)),
        features_s=(features * steps).sum(axis=1),
        memory=budget,
        possible=np.broadcast_to(possible, shape),
    )


def _joining_s(
    engine: Engine,
    era: ServingEra,
    prompt: Floats,
    answer: Floats,
    slots: Floats,
    most: Floats,
    beams: float,
    chunks: Floats,
) -> Floats:
    """Steps that carry the prompt of a request which joins a running batch: alone, or with as many as end in one step."""
    fresh = np.minimum(most, np.maximum(prompt, slots * prompt / answer))
    times = step_times(
        engine,
        prefill_tokens=fresh,
        prompt_tokens=prompt,
        sequences=slots * beams,
        context=prompt + answer / 2.0,
    )
    sampled = slots * beams + fresh / np.maximum(prompt, 1.0)
    features = step_features(engine, times.total, sampled, slots * beams + fresh)
    return np.asarray(chunks * np.tensordot(era_weights(era), features, axes=1))


@dataclass(frozen=True, slots=True)
class _Waves:
    """The kinds of steps of a run, first axis, of one attention group.

    In order: full batch with prompts, full batch without, filling up, the last full wave running out, the last wave whole, and
    the last wave running out. An endless run has only the first two.

    Attributes:
        steps: How many of each.
        fresh: Prompt tokens in each.
        active: Sequences that decode in each, mean.
        prefill_steps: Steps that the prompts of a full batch need.
        requests: Finished in the whole run; those of one wave where it is endless.
    """

    steps: Floats
    fresh: Floats
    active: Floats
    prefill_steps: Floats
    requests: Floats


def _waves(prompt: Floats, answer: Floats, slots: Floats, requests: ArrayLike, most: Floats) -> _Waves:
    requests = np.asarray(requests, float)
    endless = np.isinf(requests)
    known = np.where(endless, slots, requests)
    fresh = np.minimum(most, slots * prompt)
    needed = slots * prompt / fresh
    # Where prompts take every step, in flight are those that entered during one answer, and it takes that long to get there.
    starved = needed > answer
    running = np.where(starved, answer * fresh / prompt, slots)
    ramp = np.minimum(needed, answer)
    full = np.where(starved, known * prompt / fresh / answer, np.floor(known / slots))
    rest = np.where(starved, 0.0, known - full * slots)
    last = ramp * rest / slots
    ends = np.where(endless, 0.0, 1.0)
    mixed = np.where(endless, full * ramp, (full - 1.0) * ramp + last)
    none = np.zeros_like(fresh)
    parts = [
        (mixed, fresh, running),
        (full * (answer - ramp), none, running),
        (ends * ramp, fresh, running / 2.0),
        (ends * (ramp - last), none, (running + rest) / 2.0),
        (np.where(rest > 0, ends * (answer - ramp), 0.0), none, rest),
        (ends * last, none, rest / 2.0),
    ]
    shape = np.broadcast_shapes(*(np.shape(item) for part in parts for item in part))
    steps, carried, active = (_points(shape, *(part[i] for part in parts)) for i in range(3))
    return _Waves(steps, carried, active, needed, known)


def _points(shape: tuple[int, ...], *values: ArrayLike) -> Floats:
    """The values as a first axis before ``shape``."""
    return np.stack([np.broadcast_to(np.asarray(value, float), shape) for value in values])


def _spread(values: Floats, shape: tuple[int, ...]) -> Floats:
    """``values`` with everything after the first axis broadcast to ``shape``."""
    missing = len(shape) - (values.ndim - 1)
    return np.broadcast_to(
        values.reshape(values.shape[:1] + (1,) * missing + values.shape[1:]), (values.shape[0], *shape)
    )
