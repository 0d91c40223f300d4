"""Serving jobs, from a row to an answer; plans; and what holds under limits or at an arrival rate."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from math import inf
from typing import Any

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.capability.serving_answers import ServingAnswer, estimate_serving
from lockgate.capability.serving_jobs import ServingJob, settle_job
from lockgate.capability.serving_queue import most_under_limits, operate_at
from lockgate.capability.serving_search import ServingPlanEntry, plan_serving
from lockgate.catalogue import Catalogue
from lockgate.services.jobs import Job, job_hardware, resolve_model

_FIELDS = (
    "count", "precision", "kv_precision", "tp", "pp", "dp", "ep", "input_len", "output_len", "batch", "concurrency",
    "requests", "step_tokens", "scenario", "framework", "beams",
)  # fmt: skip


def serving_job(job: Job, catalogue: Catalogue) -> ServingJob:
    """A row as a serving question.

    Raises:
        InvalidInputError: Unknown models and chips, all at once; what is wrong with the rest is found when it is settled.
    """
    problems = ProblemCollector()
    model = hardware = None
    with problems.at():
        model = resolve_model(job.model, catalogue)
    with problems.at("chip"):
        hardware = job_hardware(job, catalogue)
    if job.cp not in (None, 1):
        problems.add(
            "serving has no context parallelism here", code="invalid-layout", where="cp", hint="leave cp out"
        )
    if job.arrival_per_s is not None and not job.arrival_per_s > 0:
        problems.add(
            "arrivals must be above nought",
            code="not-positive",
            where="arrival_per_s",
            hint="requests a second",
        )
    problems.raise_if_any()
    if model is None or hardware is None:  # neither is where no problem was noted
        raise LockgateError("model and chip are needed", code="missing")
    return ServingJob(model=model, hardware=hardware, **{name: getattr(job, name) for name in _FIELDS})


def estimate_serve(job: Job, catalogue: Catalogue) -> dict[str, Any]:
    """The answer to a serving row.

    Raises:
        LockgateError: ``breaks-limits`` where one request alone is slower than the limits of the row allow.
    """
    tables = catalogue.calibration("serving")
    question = serving_job(job, catalogue)
    if job.ttft_limit_s or job.tpot_limit_s:
        question = _under_limits(question, tables, job.ttft_limit_s or inf, job.tpot_limit_s or inf)
    answer = estimate_serving(question, tables)
    row = {"id": job.id, **answer.as_dict()}
    if job.arrival_per_s is not None:
        row["queue"] = _queue(answer, job.arrival_per_s)
    return row


def _under_limits(
    question: ServingJob, tables: Mapping[str, Any], ttft_s: float, tpot_s: float
) -> ServingJob:
    """The question with as many requests in flight as keep both latencies."""
    settled = settle_job(question, tables)
    if settled.job.batch or settled.job.concurrency:
        raise LockgateError("limits choose how many requests are in flight: leave batch and concurrency out",
                            code="conflicting-fields", where="concurrency")  # fmt: skip
    found = most_under_limits(
        settled.engine, settled.era.era, input_tokens=float(settled.job.input_len or 1),
        output_tokens=float(settled.job.output_len or 1), ttft_limit_s=ttft_s, tpot_limit_s=tpot_s,
    )  # fmt: skip
    if found is None:
        raise LockgateError("one request alone breaks the limits, or does not fit", code="breaks-limits",
                            where="limits", hint="more ranks a layer (tp), or looser limits")  # fmt: skip
    return replace(question, concurrency=round(found[0]) * settled.replicas)


def _queue(answer: ServingAnswer, arrivals_per_s: float) -> dict[str, Any]:
    """The operating point of requests that come at random at a mean rate over all replicas."""
    settled = answer.settled
    found = operate_at(
        settled.engine, settled.era.era, arrivals_per_s=arrivals_per_s / settled.replicas,
        input_tokens=float(settled.job.input_len or 1), output_tokens=float(settled.job.output_len or 1),
    )  # fmt: skip
    first = answer.ttft_s.times(found.ttft_s / answer.ttft_s.value)
    return {
        "arrival_per_s": arrivals_per_s,
        "stable": found.stable,
        "utilisation": found.utilisation,
        "in_flight": found.in_flight * settled.replicas,
        "wait_for_slot_s": found.wait_s if found.stable else None,
        "ttft_s": first.as_dict() if found.stable else None,
        "tpot_s": None
        if answer.tpot_s is None
        else answer.tpot_s.times(found.tpot_s / answer.tpot_s.value).as_dict(),
    }


def plan_serve(
    job: Job, catalogue: Catalogue, *, ttft_limit_s: float | None = None, tpot_limit_s: float | None = None
) -> dict[str, Any]:
    """The best way to serve, the front, and why other choices lose.

    Args:
        job: What it gives is held fixed.
        catalogue: For the chip.
        ttft_limit_s: Mean time from admission to first token at most.
        tpot_limit_s: Mean time per token after the first at most.
    """
    question = serving_job(job, catalogue)
    tables = catalogue.calibration("serving")
    plan = plan_serving(
        question, tables, ttft_limit_s=ttft_limit_s or float("inf"), tpot_limit_s=tpot_limit_s or float("inf")
    )
    return {
        "id": job.id,
        "kind": "serve",
        "best": _entry_row(job, question, plan.best, tables),
        "searched": plan.searched,
        "fitting": plan.fitting,
        "pareto": [_entry_row(job, question, entry, tables) for entry in plan.pareto],
        "losers": [dict(loser) for loser in plan.losers],
    }


def _entry_row(
    job: Job, question: ServingJob, entry: ServingPlanEntry, tables: Mapping[str, Any]
) -> dict[str, Any]:
    """An entry with the intervals of an estimate of the same engines."""
    chips = entry.pp * max(entry.tp, entry.ep)
    same = replace(
        question, precision=entry.precision, tp=entry.tp, pp=entry.pp, ep=entry.ep, dp=None, scenario="inflight", batch=None,
        concurrency=max(entry.concurrency, 1), step_tokens=entry.step_tokens, count=entry.replicas * chips,
    )  # fmt: skip
    answer = estimate_serving(same, tables)
    row = {"id": job.id, **answer.as_dict()}
    rate = answer.output_tokens_per_s.times(entry.output_tokens_per_s / answer.output_tokens_per_s.value)
    figures: dict[str, Any] = {
        "output_tokens_per_s": rate.as_dict(),
        "tokens_per_s_per_chip": rate.times(1.0 / question.count).as_dict(),
        "requests_per_s": rate.times(1.0 / float(answer.settled.job.output_len or 1)).as_dict(),
        "ttft_s": answer.ttft_s.times(entry.ttft_s / answer.ttft_s.value).as_dict(),
    }
    if answer.tpot_s is not None:
        figures["tpot_s"] = answer.tpot_s.times(entry.tpot_s / answer.tpot_s.value).as_dict()
    layout = {**asdict(entry), "dp": question.count // (entry.tp * entry.pp)}
    kept = {name: value for name, value in layout.items() if name not in figures}
    return {**kept, **row, **figures, "count": question.count, "layout": kept}
