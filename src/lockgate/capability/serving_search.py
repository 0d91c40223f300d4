"""Every way to serve a model on some chips: splits, precisions, batches, chunked prefill, prefill and decode apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lockgate.base.errors import LockgateError
from lockgate.capability.hardware import normal_format
from lockgate.capability.operators import send_time_s
from lockgate.capability.serving import run_inflight
from lockgate.capability.serving_eras import ServingEra
from lockgate.capability.serving_jobs import ServingJob, SettledJob, kv_format_for, settle_job
from lockgate.capability.serving_memory import Engine, kv_byte_per_sequence

Floats = NDArray[np.float64]

# Requests in flight in a replica that are tried: powers of two and the half steps between.
BATCHES = np.unique(np.concatenate([2.0 ** np.arange(0, 12), 3.0 * 2.0 ** np.arange(0, 10)]))
STEP_TOKENS = (1024.0, 2048.0, 4096.0, 8192.0, 16384.0)


@dataclass(frozen=True, slots=True)
class ServingPlanEntry:
    """One way to serve.

    Attributes:
        precision: Of weights and products.
        tp: Ranks that share each layer.
        pp: Stages.
        ep: Ranks that share the experts.
        replicas: Of the engine; where prefill and decode are apart, engines that decode.
        prefill_replicas: Engines that only prefill; nought where both share.
        prefill_tp: Of those engines; nought where there are none.
        prefill_ep: The same.
        concurrency: Requests in flight over all chips.
        step_tokens: Prompt tokens a step carries at most.
        output_tokens_per_s: Over all chips.
        ttft_s: Mean.
        tpot_s: Mean.
    """

    precision: str
    tp: int
    pp: int
    ep: int
    replicas: int
    prefill_replicas: int
    prefill_tp: int
    prefill_ep: int
    concurrency: int
    step_tokens: int
    output_tokens_per_s: float
    ttft_s: float
    tpot_s: float


@dataclass(frozen=True, slots=True)
class ServingPlan:
    """What the search found.

    Attributes:
        best: Most tokens a second within the limits.
        pareto: Ways that no other beats in both tokens a second and time per token, fastest per user first.
        searched: Ways tried.
        fitting: Of those, that fit the memory.
        losers: Best of each rejected choice, and by how much it loses.
    """

    best: ServingPlanEntry
    pareto: tuple[ServingPlanEntry, ...]
    searched: int
    fitting: int
    losers: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """Ways of one precision as columns."""

    precision: str
    splits: NDArray[np.int64]
    batch: Floats
    step_tokens: Floats
    replicas: NDArray[np.int64]
    prefill_replicas: NDArray[np.int64]
    prefill_split: tuple[int, int]
    rate: Floats
    ttft: Floats
    tpot: Floats
    fits: NDArray[np.bool_]


def plan_serving(
    job: ServingJob, tables: Mapping[str, Any], *, ttft_limit_s: float = np.inf, tpot_limit_s: float = np.inf,
    precisions: Sequence[str] = (), apart: bool = True,
) -> ServingPlan:  # fmt: skip
    """Search every way to serve; what the job gives is held fixed.

    Args:
        job: The question.
        tables: The calibration, ``read_calibration("serving")``.
        ttft_limit_s: Mean time to the first token at most.
        tpot_limit_s: Mean time per further token at most.
        precisions: Tried where the job names none; the chip's own 16 and 8 bit formats if empty.
        apart: Try prefill and decode on engines of their own as well.

    Raises:
        LockgateError: ``no-layout`` where nothing fits; the problems of the job.
    """
    base = replace(job, tp=1, pp=1, dp=None, ep=1, batch=None, concurrency=None, scenario=None)
    settled = settle_job(replace(base, count=1, precision=job.precision or "bf16"), tables)
    names = [job.precision] if job.precision else list(precisions) or _formats(job)
    found = [table for name in names for table in _search(job, settled, str(name), apart=apart)]
    if not found:
        raise LockgateError(
            f"{job.count} chips cannot be split evenly over {job.model.id}", code="no-layout", where="count",
            hint=f"a count that shares divisors with its {job.model.heads} heads and {job.model.layers} layers",
        )  # fmt: skip
    searched = sum(table.rate.size for table in found)
    fitting = sum(int(table.fits.sum()) for table in found)
    if not fitting:
        raise LockgateError(
            f"{job.model.id} fits {job.count} × {job.hardware.id} in no layout", code="no-layout", where="model",
            hint="more chips, or a narrower precision",
        )  # fmt: skip
    kept = [_within(table, ttft_limit_s, tpot_limit_s) for table in found]
    if not any(mask.any() for mask in kept):
        quickest = min(float(np.nanmin(np.where(t.fits, t.tpot, np.inf))) for t in found)
        raise LockgateError(
            "no layout keeps the limits", code="no-layout", where="limits",
            hint=f"the least time per token is {quickest:.4g} s; ask for more chips or looser limits",
        )  # fmt: skip
    entries = _front(found, kept)
    best = max(entries, key=lambda entry: entry.output_tokens_per_s)
    return ServingPlan(best, tuple(entries), searched, fitting, tuple(_losers(found, kept, best)))


def _formats(job: ServingJob) -> list[str]:
    order = ("bf16", "fp8", "int8") if not job.hardware.peak_flop_per_s.get("fp8") else ("bf16", "fp8", "fp4")
    return [name for name in order if job.hardware.peak_flop_per_s.get(name)] or ["bf16"]


def splits_of(job: ServingJob) -> Iterator[tuple[int, int, int]]:
    """Every split (tp, pp, ep) of a replica that divides the chips, the heads and the experts.

    Args:
        job: With its count, and any split it holds fixed.
    """
    model, count = job.model, job.count
    divisors = [n for n in range(1, count + 1) if count % n == 0]
    tps = [n for n in divisors if model.heads % n == 0 and n <= job.hardware.node_chip_count]
    eps = [1] if not model.experts else [n for n in divisors if model.experts.count % n == 0]
    for tp, pp, ep in product(tps, divisors, eps):
        wide = max(tp, ep)
        fixed = all(given in (None, value) for given, value in ((job.tp, tp), (job.pp, pp), (job.ep, ep)))
        if fixed and count % (wide * pp) == 0 and wide % min(tp, ep) == 0 and pp <= model.layers:
            yield tp, pp, ep


def _search(job: ServingJob, settled: SettledJob, precision: str, *, apart: bool) -> Iterator[_Table]:
    splits = np.array(list(splits_of(job)), dtype=np.int64).reshape(-1, 3)
    if not splits.size:
        return
    era = settled.era.era
    prompt, answer = float(settled.job.input_len or 1), float(settled.job.output_len or 1)
    yield _together(job, _engine(job, settled, precision, splits), era, splits, prompt, answer)
    if apart and answer > 1 and job.concurrency is None and job.count > 1:
        # Stages add latency to both sides and gain nothing a wider split does not: kept out of this part of the search.
        flat = splits[splits[:, 1] == 1]
        if flat.size:
            yield from _apart(job, _engine(job, settled, precision, flat), era, flat, prompt, answer)


def _engine(job: ServingJob, settled: SettledJob, precision: str, splits: NDArray[np.int64]) -> Engine:
    tp, pp, ep = (splits[:, axis, None, None].astype(float) for axis in range(3))
    kv_format = job.kv_precision or kv_format_for(precision)
    return replace(
        settled.engine, number_format=precision, kv_format=normal_format(kv_format), tp=tp, pp=pp, ep=ep
    )


def _together(
    job: ServingJob, engine: Engine, era: ServingEra, splits: NDArray[np.int64], prompt: float, answer: float
) -> _Table:
    """Prefill and decode in the same engines: axes split, requests in flight, step tokens."""
    replicas = job.count / engine.chip_count
    slots = BATCHES[None, :, None] if job.concurrency is None else np.maximum(job.concurrency / replicas, 1.0)
    steps = np.array(STEP_TOKENS if job.step_tokens is None else (float(job.step_tokens),))[None, None, :]
    run = run_inflight(
        engine,
        era,
        input_tokens=prompt,
        output_tokens=answer,
        batch=slots,
        requests=10.0 * slots,
        step_tokens=steps,
    )
    shape = run.output_tokens_per_s.shape
    every = np.broadcast_to(splits[:, None, None, :], (*shape, 3)).reshape(-1, 3)
    whole = np.broadcast_to(replicas, shape)
    return _Table(
        engine.number_format, every, np.broadcast_to(slots, shape).ravel(), np.broadcast_to(steps, shape).ravel(),
        whole.ravel().astype(np.int64), np.zeros(whole.size, np.int64), (0, 0), (run.output_tokens_per_s * whole).ravel(),
        run.ttft_s.ravel(), run.tpot_s.ravel(), (run.possible & run.memory.fits).ravel(),
    )  # fmt: skip


def _apart(
    job: ServingJob, engine: Engine, era: ServingEra, splits: NDArray[np.int64], prompt: float, answer: float
) -> Iterator[_Table]:
    """Prefill and decode on engines of their own, of one split each, in every number that uses all chips."""
    slots = BATCHES[None, :, None]
    run = run_inflight(
        engine,
        era,
        input_tokens=prompt,
        output_tokens=answer,
        batch=slots,
        requests=10.0 * slots,
        step_tokens=8192.0,
    )
    alone = run_inflight(engine, era, input_tokens=prompt, output_tokens=1.0, batch=max(1.0, 2048.0 / prompt))
    step_s, first_s = run.decode_step_s[..., 0], alone.ttft_s[:, 0, 0]
    prompts_per_s = alone.requests_per_s[:, 0, 0]
    # The prompt's cache moves to the decoding engine before the second token.
    cache_byte = np.broadcast_to(kv_byte_per_sequence(engine, prompt), (len(splits), 1, 1))[:, 0, 0]
    first_s = first_s + send_time_s(engine.hardware, cache_byte, stride=engine.hardware.node_chip_count)
    fits, fits_prefill = (
        (run.possible & run.memory.fits)[..., 0],
        (alone.possible & alone.memory.fits)[:, 0, 0],
    )
    chips = engine.chip_count[:, 0, 0].astype(np.int64)
    for before, after in product(range(len(splits)), repeat=2):
        prefillers = np.arange(1, max((job.count - chips[after]) // chips[before], 0) + 1)
        rest = job.count - prefillers * chips[before]
        prefillers, rest = (part[rest % chips[after] == 0] for part in (prefillers, rest))
        if not prefillers.size:
            continue
        decoders = rest // chips[after]
        groups = engine.attention_groups[after, 0, 0]
        decoded = decoders[:, None] * np.maximum(BATCHES, groups) / (answer * step_s[after])
        rate = answer * np.minimum(decoded, prefillers[:, None] * prompts_per_s[before])
        shape = rate.shape
        yield _Table(
            engine.number_format, np.broadcast_to(splits[after], (rate.size, 3)),
            np.broadcast_to(BATCHES, shape).ravel(), np.full(rate.size, 8192.0),
            np.broadcast_to(decoders[:, None], shape).ravel(), np.broadcast_to(prefillers[:, None], shape).ravel(),
            (int(splits[before][0]), int(splits[before][2])),
            rate.ravel(), np.full(rate.size, first_s[before]), np.broadcast_to(step_s[after], shape).ravel(),
            np.broadcast_to(fits[after] & fits_prefill[before], shape).ravel(),
        )  # fmt: skip


def _within(table: _Table, ttft_limit_s: float, tpot_limit_s: float) -> NDArray[np.bool_]:
    return table.fits & (table.ttft <= ttft_limit_s) & (np.nan_to_num(table.tpot) <= tpot_limit_s)


def _front(found: Sequence[_Table], kept: Sequence[NDArray[np.bool_]]) -> list[ServingPlanEntry]:
    """Ways no other beats in both rate and time per token, quickest per user first."""
    rate = np.concatenate([table.rate[mask] for table, mask in zip(found, kept, strict=True)])
    tpot = np.concatenate([np.nan_to_num(table.tpot[mask]) for table, mask in zip(found, kept, strict=True)])
    where = np.concatenate([np.full(int(mask.sum()), number) for number, mask in enumerate(kept)])
    inside = np.concatenate([np.flatnonzero(mask) for mask in kept])
    order = np.lexsort((-rate, tpot))
    best = np.maximum.accumulate(rate[order])
    rising = np.flatnonzero(np.diff(best, prepend=-1.0) > 0)
    return [_entry(found[where[place]], int(inside[place])) for place in order[rising]]


def _entry(table: _Table, row: int) -> ServingPlanEntry:
    tp, pp, ep = (int(value) for value in table.splits[row])
    replicas = int(table.replicas[row])
    return ServingPlanEntry(
        table.precision, tp, pp, ep, replicas, int(table.prefill_replicas[row]), *table.prefill_split,
        round(float(table.batch[row]) * replicas), int(table.step_tokens[row]), float(table.rate[row]),
        float(table.ttft[row]), float(table.tpot[row]),
    )  # fmt: skip


def _losers(
    found: Sequence[_Table], kept: Sequence[NDArray[np.bool_]], best: ServingPlanEntry
) -> Iterator[Mapping[str, Any]]:
    """The best way with each other value of each choice, and how it compares; or why it has none."""
    columns = {
        "precision": [np.full(t.rate.size, t.precision) for t in found], "tp": [t.splits[:, 0] for t in found],
        "pp": [t.splits[:, 1] for t in found], "ep": [t.splits[:, 2] for t in found],
        "prefill_replicas": [t.prefill_replicas for t in found],
    }  # fmt: skip
    rate = np.concatenate([t.rate for t in found])
    fits = np.concatenate([t.fits for t in found])
    good = np.concatenate(list(kept))
    for field, parts in columns.items():
        values = np.concatenate(parts)
        for value in np.unique(values):
            plain = value.item()
            if plain == getattr(best, field):
                continue
            mine = values == value
            if (mine & good).any():
                share = float(rate[mine & good].max()) / best.output_tokens_per_s
                told = f"at best {share:.2f} × the tokens a second"
                yield {"field": field, "value": plain, "rate_ratio": share, "reason": told}
            else:
                why = "breaks the limits" if (mine & fits).any() else "does not fit the memory"
                yield {"field": field, "value": plain, "rate_ratio": None, "reason": why}
