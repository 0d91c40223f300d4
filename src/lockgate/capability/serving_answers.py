"""The answer to a serving question: figures with intervals, what limits each phase, and what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import sqrt
from typing import Any

import numpy as np

from lockgate.capability.estimate import Estimate
from lockgate.capability.hardware import FORMAT_BYTE, normal_format
from lockgate.capability.intervals import Uncertainty, kernel_deviation
from lockgate.capability.serving import STAGE_LOSS, ServingRun, batch_limit
from lockgate.capability.serving_eras import ServingEra
from lockgate.capability.serving_jobs import ServingJob, SettledJob, lacks_memory, run_job, settle_job
from lockgate.capability.serving_memory import Engine

# Standard deviations, in the logarithm, of what was not calibrated. Eras of one framework differ by .05 to .10 in their
# medians; another framework on the same kernels by about .15; another vendor's software has no row to compare with.
_OTHER_VERSION = 0.08
_OTHER_FRAMEWORK = 0.15
_OTHER_VENDOR = 0.25
_FRAMEWORK = "framework not calibrated"
# Grouped products were measured on two chips, with balanced routing.
_EXPERTS = 0.12
# Eras are calibrated with full engines. With less than half as many requests, steps are short and what a framework adds to them
# shows: DeepSeek-R1 with 4 to 128 requests on eight H200 and B200 missed by this much more than full engines do.
_PARTLY_LOADED = 0.25
# The first token waits for the step in progress and for the queue before it, which depend on how requests arrive.
_ARRIVALS = 0.35


@dataclass(frozen=True, slots=True)
class ServingAnswer:
    """What a deployment delivers.

    Attributes:
        settled: The question with its choices.
        run: One replica, without intervals.
        output_tokens_per_s: Of all chips; sequences a second for an encoder.
        tokens_per_s_per_chip: The same, a chip.
        requests_per_s: Of all chips.
        ttft_s: Admission to first token, mean.
        tpot_s: Between tokens after the first, mean; None where an answer has one token.
        memory_byte: Of the fullest chip, by kind and in all.
        fits: Whether that is no more than the chip shows.
        overrun_byte: By how much it is not.
        bottlenecks: What limits each phase.
        breakdown: Share of each component in the two kinds of steps.
        unsure: What the intervals are made of.
    """

    settled: SettledJob
    run: ServingRun
    output_tokens_per_s: Estimate
    tokens_per_s_per_chip: Estimate
    requests_per_s: Estimate
    ttft_s: Estimate
    tpot_s: Estimate | None
    memory_byte: Mapping[str, float]
    fits: bool
    overrun_byte: float
    bottlenecks: Mapping[str, str]
    breakdown: Mapping[str, Mapping[str, float]]
    unsure: Uncertainty

    @property
    def bottleneck(self) -> str:
        """What limits most of the time: the kind of steps that takes more of it, and the resource that limits them."""
        phase = "prefill" if float(self.run.prefill_fraction) > 0.5 else "decode"
        return f"{phase}: {self.bottlenecks[phase]}"

    def _mean_step_s(self) -> dict[str, float]:
        """What each kind of step adds to the mean length of a step: in proportion to the time each takes of the run."""
        shares = {
            "prefill": float(self.run.prefill_fraction),
            "decode": 1.0 - float(self.run.prefill_fraction),
        }
        lengths = {"prefill": float(self.run.prefill_step_s), "decode": float(self.run.decode_step_s)}
        rate = sum(share / lengths[kind] for kind, share in shares.items() if share > 0 and lengths[kind] > 0)
        return {kind: share / rate if rate else 0.0 for kind, share in shares.items()}

    def as_dict(self) -> dict[str, Any]:
        """The answer for JSON."""
        job, engine, run = self.settled.job, self.settled.engine, self.run
        steps = self._mean_step_s()
        kernels = job.hardware.kernels
        return {
            "kind": "serve", "model": job.model.id, "chip": job.hardware.id, "count": job.count,
            "layout": {
                "tp": int(np.max(engine.tp)), "pp": int(np.max(engine.pp)), "dp": job.dp, "ep": int(np.max(engine.ep)),
                "replicas": self.settled.replicas, "precision": job.precision, "kv_precision": job.kv_precision,
                "scenario": job.scenario, "input_len": job.input_len, "output_len": job.output_len,
                "sequences_in_flight": round(float(run.batch) * float(np.max(engine.attention_groups)) * self.settled.replicas),
            },
            "output_tokens_per_s": self.output_tokens_per_s.as_dict(),
            "tokens_per_s_per_chip": self.tokens_per_s_per_chip.as_dict(),
            "requests_per_s": self.requests_per_s.as_dict(),
            "ttft_s": self.ttft_s.as_dict(),
            "tpot_s": None if self.tpot_s is None else self.tpot_s.as_dict(),
            "memory_byte_per_chip": self.memory_byte["total"],
            "fits": self.fits,
            "bottleneck": self.bottleneck,
            "overrun_byte": self.overrun_byte,
            "bottlenecks": dict(self.bottlenecks),
            "memory_byte": {
                kind: value for kind, value in self.memory_byte.items() if kind not in ("total", "visible")
            },
            "memory_visible_byte": self.memory_byte["visible"],
            "breakdown_s": {
                f"{phase} {name}": share * steps[phase] for phase, parts in self.breakdown.items() for name, share in parts.items()
            },
            "chosen": dict(self.settled.choices),
            "calibration": {
                "kernels": f"{kernels.basis} ({kernels.origin}, {kernels.source})", "era": self.settled.era.note,
                "fitted_to": self.settled.era.era.origin,
                "widened_by": {name: round(value, 4) for name, value in self.unsure.parts.items()},
            },
            "assumptions": list(job.hardware.assumptions),
        }  # fmt: skip


def estimate_serving(job: ServingJob, tables: Mapping[str, Any]) -> ServingAnswer:
    """What a deployment delivers, with intervals.

    Args:
        job: The question.
        tables: The calibration, ``read_calibration("serving")``.

    Raises:
        InvalidInputError: With every problem of the job.
    """
    settled = settle_job(job, tables)
    run = run_job(settled)
    job, era = settled.job, settled.era.era
    breakdown = _breakdown(era, run)
    bottlenecks = {
        phase: _limit(settled.engine, breakdown[phase], tokens)
        for phase, tokens in (("prefill", _step_tokens(run, 0)), ("decode", _step_tokens(run, 1)))
    }
    unsure = _uncertainty(settled, run, breakdown, bottlenecks)
    replicas = settled.replicas
    rate = unsure.about(float(run.output_tokens_per_s) * replicas)
    first = Uncertainty(era.ttft_half_50, era.ttft_half_90, unsure.parts)
    if job.scenario != "static" and (job.concurrency or 2) > settled.replicas:
        first = first.wider("arrivals", _ARRIVALS)
    memory = {
        "weights": float(run.memory.weights), "cache": float(run.memory.cache),
        "activations": float(run.memory.activations), "runtime": run.memory.runtime,
        "total": float(run.memory.total), "visible": run.memory.visible,
    }  # fmt: skip
    return ServingAnswer(
        settled=settled,
        run=run,
        output_tokens_per_s=rate,
        tokens_per_s_per_chip=rate.times(1.0 / job.count),
        requests_per_s=unsure.about(float(run.requests_per_s) * replicas),
        ttft_s=first.about(float(run.ttft_s)),
        tpot_s=None if np.isnan(run.tpot_s) else unsure.about(float(run.tpot_s)),
        memory_byte=memory,
        fits=not bool(lacks_memory(run)),
        overrun_byte=max(memory["total"] - memory["visible"], 0.0),
        bottlenecks=bottlenecks,
        breakdown=breakdown,
        unsure=unsure,
    )


def rate_ratio(answer: ServingAnswer, reference: ServingAnswer) -> Estimate:
    """Rate of one deployment over another's, a chip, for the same work.

    What a framework that was not calibrated may be off by is the same for both and drops out; the errors of single runs are
    nearly independent between chips (measured pairs of one workload differ by 1.3 to 1.5 times the error of one), so they add.

    Args:
        answer: The deployment.
        reference: What it is compared with.
    """
    value = answer.tokens_per_s_per_chip.value / reference.tokens_per_s_per_chip.value
    if answer is reference:
        return Estimate.exact(value)
    shared = {_FRAMEWORK} if answer.settled.era.era.id == reference.settled.era.era.id else set()
    parts = {
        f"{side}: {cause}": deviation
        for side, item in (("this", answer), ("reference", reference))
        for cause, deviation in item.unsure.parts.items()
        if cause not in shared
    }
    pair = (answer.unsure, reference.unsure)
    return Uncertainty(
        sqrt(sum(item.half_50**2 for item in pair)), sqrt(sum(item.half_90**2 for item in pair)), parts
    ).about(value)


def _step_tokens(run: ServingRun, kind: int) -> float:
    """Tokens that pass the weights in a step; those of prefill steps are many enough to say so."""
    return 8192.0 if kind == 0 else float(run.batch)


def _breakdown(era: ServingEra, run: ServingRun) -> dict[str, dict[str, float]]:
    shares: dict[str, dict[str, float]] = {}
    for index, (phase, whole) in enumerate((("prefill", run.prefill_step_s), ("decode", run.decode_step_s))):
        step_s = float(whole)
        parts = {
            item.name: era.kernel_factor * float(getattr(run.points, item.name)[index]) / step_s
            for item in fields(run.points)
        }
        parts = {name: share for name, share in parts.items() if share > 0}
        parts["framework"] = max(1.0 - sum(parts.values()), 0.0)
        shares[phase] = parts
    return shares


def _limit(engine: Engine, parts: Mapping[str, float], tokens: float) -> str:
    groups = _groups(engine, parts, tokens)
    return max(groups, key=lambda name: groups[name])


def _groups(engine: Engine, parts: Mapping[str, float], tokens: float) -> dict[str, float]:
    """Shares of a step by the resource that limits them."""
    element = FORMAT_BYTE[normal_format(engine.number_format)]
    hardware = engine.hardware
    ridge = hardware.rate(engine.number_format) / hardware.memory_bandwidth_byte_per_s * element / 2.0
    weights = parts.get("matrix", 0.0) + parts.get("experts", 0.0) + parts.get("head", 0.0)
    compute_bound = tokens >= ridge
    return {
        "compute": (weights if compute_bound else 0.0) + parts.get("prefill_attention", 0.0),
        "memory bandwidth, weights": 0.0 if compute_bound else weights,
        "memory bandwidth, cache": parts.get("decode_attention", 0.0),
        "memory bandwidth, activations": parts.get("elementwise", 0.0),
        "communication": parts.get("communication", 0.0),
        "framework": parts.get("framework", 0.0),
    }


def _has_room(settled: SettledJob, run: ServingRun) -> bool:
    """Whether the cache would hold more than twice the requests in flight."""
    job, era = settled.job, settled.era.era
    tokens = float(job.input_len or 1) + float(job.output_len or 1)
    limit = batch_limit(settled.engine, era, tokens, era.max_step_tokens)
    return bool(np.max(run.batch) < 0.5 * np.min(limit))


def _uncertainty(
    settled: SettledJob,
    run: ServingRun,
    breakdown: Mapping[str, Mapping[str, float]],
    bottlenecks: Mapping[str, str],
) -> Uncertainty:
    era, kernels = settled.era.era, settled.job.hardware.kernels
    parts: dict[str, float] = {}
    decode_share = 1.0 - float(run.prefill_fraction)
    shares = dict.fromkeys(("compute", "memory", "prefill", "decode", "collective"), 0.0)
    for phase, weight in (("prefill", 1.0 - decode_share), ("decode", decode_share)):
        step = breakdown[phase]
        bound = "memory" if bottlenecks[phase].endswith("weights") else "compute"
        for component, field in (
            ("matrix", bound), ("experts", bound), ("head", bound), ("prefill_attention", "prefill"),
            ("decode_attention", "decode"), ("elementwise", "memory"), ("communication", "collective"),
        ):  # fmt: skip
            shares[field] += weight * step.get(component, 0.0)
    deviation = kernel_deviation(kernels.spread, shares)
    if deviation:
        parts[f"kernels {kernels.basis} from {kernels.origin}"] = deviation
    if expert_share := (1.0 - decode_share) * breakdown["prefill"].get(
        "experts", 0.0
    ) + decode_share * breakdown["decode"].get("experts", 0.0):
        parts["products of experts"] = _EXPERTS * expert_share
    stages = float(np.max(settled.engine.pp))
    if stages > 1:
        parts["stages not calibrated"] = STAGE_LOSS * float(np.log2(stages))
    if era.unseen_chip and settled.job.hardware.id not in era.chips:
        parts["chip not among the era's"] = era.unseen_chip
    if kernels.basis == "generic":
        parts["another vendor's software"] = _OTHER_VENDOR
    if settled.job.scenario == "inflight" and settled.job.concurrency and _has_room(settled, run):
        parts["fewer requests in flight than were calibrated"] = _PARTLY_LOADED
    if not settled.era.exact:
        parts[_FRAMEWORK] = _OTHER_VERSION if settled.era.same_framework else _OTHER_FRAMEWORK
    return Uncertainty(era.half_50, era.half_90, parts)
