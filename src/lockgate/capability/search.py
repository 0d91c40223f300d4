"""Search all layouts of a training run: time, memory and divisibility of each, in arrays."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lockgate.base.errors import InvalidInputError, LockgateError
from lockgate.capability.layout import RECOMPUTE, Layouts, is_possible, layers_per_stage, stage_layer_count
from lockgate.capability.training import TrainingRun, predict_steps, prepare_tables
from lockgate.capability.training_jobs import (
    TrainingAnswer,
    TrainingJob,
    answer_layout,
    settle_run,
)
from lockgate.catalogue.models import ModelArchitecture

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Layouts predicted at once: small enough to stay in the cache, large enough to forget the call.
BATCH = 1 << 15
THREADS = 2
MAX_MICRO_BATCH = 64
MAX_TENSOR = 64
MAX_CONTEXT = 64


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What a search found.

    Attributes:
        best: The fastest layout that fits; the one with the least overrun where none does.
        searched: Layouts whose time and memory were predicted.
        fitting: Of these, those that fit.
        pareto: Layouts that fit such that none is both faster and smaller, fastest first.
        losers: Why the best of each other kind loses: what is different, and the ratio of step times.
    """

    best: TrainingAnswer
    searched: int
    fitting: int
    pareto: tuple[TrainingAnswer, ...]
    losers: tuple[Mapping[str, Any], ...]


def candidate_layouts(run: TrainingRun, job: TrainingJob) -> Layouts:
    """Every possible layout, with what the job gives held fixed.

    Searched are all divisors of the chips for ``tp`` and ``cp`` (64 at most) and ``pp``, all divisors of the experts for
    ``ep``, of the global batch for the micro-batch (64 at most), of a stage's layers for the interleaving, the three
    kinds of recomputation, and the stages of sharding: 0 and 1, and without a pipeline 2 and 3.
    """
    model, count = run.model, run.chip_count
    divisors = _divisors(count)
    splits = []
    layers = stage_layer_count(model)
    for tp in _given(job.tp, divisors[divisors <= MAX_TENSOR]):
        stages = np.array([pp for pp in divisors if pp <= layers and layers_per_stage(model, int(pp))])
        for pp in _given(job.pp, stages):
            left = count // (tp * pp)
            if left * tp * pp != count:
                continue
            parts = _divisors(left)
            for cp in _given(job.cp, parts[parts <= MAX_CONTEXT]):
                if left % cp:
                    continue
                dp = left // cp
                if (job.dp is not None and dp != job.dp) or run.global_batch % dp:
                    continue
                chunks = _interleaves(model, pp, job)
                experts = _experts(job, model.experts.count if model.experts else 1, tp * cp * dp)
                splits += [(tp, pp, dp, cp, ep, chunk) for ep in experts for chunk in chunks]
    if not splits:
        return Layouts.of(tp=np.zeros(0, np.int64))
    table = np.array(splits, np.int64)
    parts = _divisors(run.global_batch)
    micro = np.array(_given(job.micro_batch, parts[parts <= MAX_MICRO_BATCH]), np.int64)
    row, batch = np.repeat(np.arange(len(table)), len(micro)), np.tile(micro, len(table))
    columns = {name: table[row, i] for i, name in enumerate(("tp", "pp", "dp", "cp", "ep", "interleave"))}
    split = Layouts.of(**columns, micro_batch=batch)
    possible = is_possible(split, model, chip_count=count, global_batch=run.global_batch, seq_len=run.seq_len)
    ways = np.arange(3) if job.recompute is None else np.array([RECOMPUTE.index(job.recompute)])
    return _with_ways(split.take(possible), ways, job.zero)


def _with_ways(split: Layouts, ways: Ints, zero: int | None) -> Layouts:
    """Each layout with every way of recomputation, and every stage of sharding that goes with its pipeline."""
    stages = np.arange(4) if zero is None else np.array([zero])
    way, stage = (axis.reshape(-1) for axis in np.meshgrid(ways, stages, indexing="ij"))
    names = [name for name in Layouts.__dataclass_fields__ if name not in ("recompute", "zero")]
    columns = {name: np.repeat(getattr(split, name), len(way)) for name in names}
    layouts = Layouts(**columns, recompute=np.tile(way, len(split)), zero=np.tile(stage, len(split)))
    return layouts if zero is not None else layouts.take((layouts.zero <= 1) | (layouts.pp == 1))


def predict_many(run: TrainingRun, layouts: Layouts) -> tuple[Floats, Floats]:
    """Step time in seconds and memory in bytes of every layout, in batches."""
    times, memory = np.empty(len(layouts)), np.empty(len(layouts))
    if not len(layouts):
        return times, memory
    prepared = prepare_tables(run, layouts)

    def predict(start: int) -> None:
        part = slice(start, start + BATCH)
        steps = predict_steps(run, layouts.take(part), prepared)
        times[part], memory[part] = steps.step_s, steps.memory.total

    starts = range(0, len(layouts), BATCH)
    if len(starts) > THREADS:
        # arrays are worked on outside the interpreter's lock
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(predict, starts))
    else:
        for start in starts:
            predict(start)
    return times, memory


def plan_training(job: TrainingJob, table: Mapping[str, Any]) -> TrainingPlan:
    """The best layout of a job, and how the others compare.

    Args:
        job: The question; what it leaves open is searched.
        table: The calibration ``training`` as read.

    Raises:
        LockgateError: Every problem of the job, or ``no-layout`` where nothing divides.
    """
    settled, run, chosen = settle_run(job, table)
    layouts = candidate_layouts(run, settled)
    if not len(layouts):
        raise _no_layout(settled, run)
    times, memory = predict_many(run, layouts)
    fits = memory <= run.hardware.memory_byte
    fitting = np.flatnonzero(fits)
    best = int(fitting[np.argmin(times[fitting])]) if fitting.size else int(np.lexsort((times, memory))[0])
    front = _pareto(times, memory, fitting) if fitting.size else np.array([best])
    shown = np.unique(np.concatenate([[best], front]))
    steps = predict_steps(run, layouts.take(shown))
    answers = {
        int(place): answer_layout(run, layouts.take(shown), steps, i, chosen) for i, place in enumerate(shown)
    }
    return TrainingPlan(
        best=answers[best],
        searched=len(layouts),
        fitting=int(fitting.size),
        pareto=tuple(answers[int(place)] for place in front),
        losers=_losers(layouts, times, fits, best),
    )


def best_answer(job: TrainingJob, table: Mapping[str, Any]) -> TrainingAnswer:
    """The answer for the best layout, saying that it was searched."""
    plan = plan_training(job, table)
    chosen = dict(plan.best.chosen) | {"layout": f"the fastest that fits of {plan.searched:,}"}
    if not plan.fitting:
        chosen["layout"] = f"none of {plan.searched:,} fits; this one lacks least"
    return replace(plan.best, chosen=chosen)


def _given(value: int | None, otherwise: Ints) -> list[int]:
    return [value] if value is not None else [int(v) for v in otherwise]


def _divisors(count: int) -> Ints:
    small = np.arange(1, int(count**0.5) + 1)
    small = small[count % small == 0]
    return np.unique(np.concatenate([small, count // small]))


def _interleaves(model: ModelArchitecture, pp: int, job: TrainingJob) -> list[int]:
    if job.interleave is not None:
        return [job.interleave]
    if pp == 1:
        return [1]
    return [int(count) for count in _divisors(max(layers_per_stage(model, pp), 1))]


def _experts(job: TrainingJob, experts: int, ranks: int) -> list[int]:
    if job.ep is not None:
        return [job.ep]
    return [int(ep) for ep in _divisors(experts) if ranks % ep == 0]


def _pareto(times: Floats, memory: Floats, among: Ints) -> Ints:
    """Positions, fastest first, that no other beats in both time and memory."""
    order = among[np.lexsort((memory[among], times[among]))]
    least = np.minimum.accumulate(memory[order])
    keep = np.concatenate([[True], memory[order][1:] < least[:-1]])
    return np.asarray(order[keep])


def _losers(
    layouts: Layouts, times: Floats, fits: NDArray[np.bool_], best: int
) -> tuple[Mapping[str, Any], ...]:
    """For each choice the best layout makes, the best with any other value there, and why it loses."""
    found: list[Mapping[str, Any]] = []
    for name in ("tp", "pp", "cp", "ep", "micro_batch", "interleave", "recompute", "zero"):
        column = getattr(layouts, name)
        for value in np.unique(column):
            if value == column[best]:
                continue
            same = column == value
            said = RECOMPUTE[int(value)] if name == "recompute" else int(value)
            possible = np.flatnonzero(same & fits)
            if possible.size:
                rival = possible[np.argmin(times[possible])]
                ratio = float(times[rival] / times[best])
                found.append({"field": name, "value": said, "reason": "slower", "step_time_ratio": ratio})
            else:
                found.append(
                    {"field": name, "value": said, "reason": "does not fit", "step_time_ratio": None}
                )
    return tuple(found)


def _no_layout(job: TrainingJob, run: TrainingRun) -> InvalidInputError:
    given = {
        name: getattr(job, name)
        for name in ("tp", "pp", "dp", "cp", "ep", "micro_batch", "interleave")
        if getattr(job, name) is not None
    }
    fixed = " with " + ", ".join(f"{k} {v}" for k, v in given.items()) if given else ""
    return InvalidInputError(
        [
            LockgateError(
                f"no layout of {run.model.id} on {run.chip_count} chips{fixed} divides a global batch of "
                f"{run.global_batch} and sequences of {run.seq_len}",
                code="no-layout",
                hint="try a count or a global batch with more divisors",
            )
        ]
    )
