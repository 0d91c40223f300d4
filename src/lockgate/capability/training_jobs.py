"""One training question: its open fields chosen and said, every problem of it at once, and its answer with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lockgate.base.errors import InvalidInputError, ProblemCollector
from lockgate.capability.eras import SETTINGS_SD
from lockgate.capability.estimate import Estimate
from lockgate.capability.hardware import Hardware, normal_format
from lockgate.capability.intervals import Uncertainty
from lockgate.capability.layout import RECOMPUTE, Layouts, explain_impossible, largest_interleave
from lockgate.capability.training import (
    TrainingRun,
    TrainingSteps,
    compute_parts_s,
    model_flop_per_token,
    predict_steps,
    training_run,
)
from lockgate.catalogue.models import ModelArchitecture

TOKENS_PER_STEP = 4_194_304
# What a step is made of.
PARTS = ("compute", "recompute", "tensor", "pipeline", "data", "optimizer")


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A training question; what is None is chosen, and said.

    Attributes:
        model: What is trained.
        hardware: One chip in its system.
        count: Chips in all.
        precision: Number format of the layers' matrix products.
        tp: Tensor-parallel ranks.
        pp: Pipeline stages.
        dp: Replicas.
        cp: Context-parallel ranks.
        ep: Expert-parallel ranks.
        micro_batch: Sequences a replica works on at once.
        global_batch: Sequences a step.
        seq_len: Tokens a sequence.
        recompute: ``none``, ``selective`` or ``full``.
        interleave: Chunks of the model a stage holds.
        zero: Stage of state sharding, 0 to 3.
        framework: With its version.
        tokens: Of the whole run.
    """

    model: ModelArchitecture
    hardware: Hardware
    count: int
    precision: str | None = None
    tp: int | None = None
    pp: int | None = None
    dp: int | None = None
    cp: int | None = None
    ep: int | None = None
    micro_batch: int | None = None
    global_batch: int | None = None
    seq_len: int | None = None
    recompute: str | None = None
    interleave: int | None = None
    zero: int | None = None
    framework: str = ""
    tokens: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingAnswer:
    """What a layout does.

    Attributes:
        layout: In words.
        chosen: What was not given: field to what was taken, and why.
        step_time_s: One optimizer step.
        tokens_per_s: All chips together.
        tokens_per_s_per_chip: Each.
        mfu_fraction: Model flop over the dense peak of the format the layers multiply in.
        memory_byte_per_chip: On the fullest chip.
        fits: Whether that is there.
        overrun_byte: What is missing, 0 where it fits.
        memory_byte: By kind.
        breakdown_s: Parts of the step; they add up to it.
        compute_s: Parts of the compute; they add up to it.
        bottleneck: The largest part of the step.
        bottlenecks: The largest part of the compute, of all that is not compute (``loss``), of the traffic and of the memory.
        calibration: What the figures rest on.
        assumptions: What else was assumed.
    """

    layout: Mapping[str, Any]
    chosen: Mapping[str, str]
    step_time_s: Estimate
    tokens_per_s: Estimate
    tokens_per_s_per_chip: Estimate
    mfu_fraction: Estimate
    memory_byte_per_chip: float
    fits: bool
    overrun_byte: float
    memory_byte: Mapping[str, float]
    breakdown_s: Mapping[str, float]
    compute_s: Mapping[str, float]
    bottleneck: str
    bottlenecks: Mapping[str, str]
    calibration: Mapping[str, Any]
    assumptions: tuple[str, ...]


def settle_run(job: TrainingJob, table: Mapping[str, Any]) -> tuple[TrainingJob, TrainingRun, dict[str, str]]:
    """The job with everything but its layout chosen, the run it describes, and what was chosen.

    Args:
        job: The question.
        table: The calibration ``training`` as read.

    Raises:
        InvalidInputError: With every problem of the job.
    """
    problems = ProblemCollector()
    check_numbers({name: getattr(job, name) for name in NUMBERS}, problems)
    chosen: dict[str, str] = {}
    precision = job.precision or "bf16"
    if job.precision is None:
        chosen["precision"] = "bf16: the layers multiply in 16 bit"
    with problems.at("precision"):
        precision = normal_format(precision)
        if precision in ("fp64", "int4"):
            problems.add(
                f"training in {precision} is not modelled", code="unknown-format", where="precision",
                hint="bf16, fp16, fp8, fp4, tf32 or fp32",
            )  # fmt: skip
        job.hardware.rate(precision)
    problems.raise_if_any()
    seq_len = job.seq_len or min(job.model.max_context, 8192)
    if job.seq_len is None:
        chosen["seq_len"] = f"{seq_len}: the model's context, 8,192 at most"
    global_batch = job.global_batch
    if global_batch is None:
        global_batch = _default_batch(job, seq_len)
        chosen["global_batch"] = f"{global_batch}: about {TOKENS_PER_STEP / 1e6:.1f} million tokens a step"
    settled = replace(job, precision=precision, seq_len=seq_len, global_batch=global_batch)
    run = training_run(
        job.model, job.hardware, table, chip_count=job.count, global_batch=global_batch, seq_len=seq_len,
        precision=precision, framework=job.framework,
    )  # fmt: skip
    return settled, run, chosen


def settle_layout(job: TrainingJob, run: TrainingRun, chosen: dict[str, str]) -> Layouts:
    """The layout a job names, dp and interleave chosen by rule; with each recomputation unless one is given.

    Args:
        job: With everything but the layout chosen.
        run: Of ``settle_run``.
        chosen: Is added to.

    Raises:
        InvalidInputError: With every reason why the layout is impossible.
    """
    values = {name: getattr(job, name) for name in ("tp", "pp", "cp", "ep", "micro_batch")}
    for name, value in values.items():
        if value is None:
            values[name] = 1
            chosen[name] = "1"
    split = values["tp"] * values["pp"] * values["cp"]
    dp = job.dp if job.dp is not None else max(job.count // split, 1)
    if job.dp is None:
        chosen["dp"] = f"{dp}: the chips that are left"
    interleave = job.interleave
    if interleave is None:
        interleave = largest_interleave(job.model, values["pp"])
        chosen["interleave"] = f"{interleave}: the largest count up to 8 that divides the layers of a stage"
    zero = 1 if job.zero is None else job.zero
    if job.zero is None:
        chosen["zero"] = "1: optimizer states are shared among replicas"
    named = values | {"dp": dp, "interleave": interleave, "zero": zero}
    reasons = explain_impossible(
        named, job.model, chip_count=job.count, global_batch=run.global_batch, seq_len=run.seq_len
    )
    if reasons:
        raise InvalidInputError(reasons)
    ways = [RECOMPUTE.index(job.recompute)] if job.recompute else [0, 1, 2]
    return Layouts.of(**named, recompute=np.array(ways))


def answer_layout(
    run: TrainingRun, layouts: Layouts, steps: TrainingSteps, position: int, chosen: Mapping[str, str]
) -> TrainingAnswer:
    """The answer for one of the layouts predicted."""
    step_s = float(steps.step_s[position])
    parts = {name: float(getattr(steps, f"{name}_s")[position]) for name in PARTS}
    kinds = ("weights", "gradients", "optimizer", "activations", "logits", "reserved")
    memory = {kind: float(getattr(steps.memory, kind)[position]) for kind in kinds}
    total = sum(memory.values())
    uncertainty = step_uncertainty(run, parts)
    time = uncertainty.about(step_s)
    tokens = float(run.global_batch * run.seq_len)
    rate = time.divides(tokens)
    peak = run.hardware.rate(run.precision) * run.chip_count
    others = {name: value for name, value in parts.items() if name != "compute"}
    compute = compute_parts_s(run, layouts, position)
    traffic = {name: parts[name] for name in ("tensor", "pipeline", "data")}
    bottlenecks = {
        "compute": _largest(compute),
        "loss": _BOTTLENECKS[_largest(others)],
        "memory": _largest(memory),
    }
    if any(traffic.values()):
        bottlenecks["traffic"] = _BOTTLENECKS[_largest(traffic)]
    return TrainingAnswer(
        layout=layouts.row(position),
        chosen=dict(chosen),
        step_time_s=time,
        tokens_per_s=rate,
        tokens_per_s_per_chip=rate.times(1 / run.chip_count),
        mfu_fraction=rate.times(model_flop_per_token(run.model, run.seq_len) / peak),
        memory_byte_per_chip=total,
        fits=total <= run.hardware.memory_byte,
        overrun_byte=max(0.0, total - run.hardware.memory_byte),
        memory_byte=memory,
        breakdown_s=parts,
        compute_s=compute,
        bottlenecks=bottlenecks,
        bottleneck="compute" if _largest(parts) == "compute" else _BOTTLENECKS[_largest(parts)],
        calibration=_calibration(run, uncertainty),
        assumptions=(*run.hardware.assumptions, *_run_assumptions(run)),
    )


def answer_job(job: TrainingJob, table: Mapping[str, Any]) -> TrainingAnswer:
    """The answer to a question that names its layout.

    Raises:
        InvalidInputError: With every problem of the job, or every reason why its layout is impossible.
    """
    settled, run, chosen = settle_run(job, table)
    layouts = settle_layout(settled, run, chosen)
    steps = predict_steps(run, layouts)
    way = 0
    if job.recompute is None:
        fitting = np.flatnonzero(steps.memory.total <= run.hardware.memory_byte)
        way = int(fitting[0]) if fitting.size else len(RECOMPUTE) - 1
        chosen["recompute"] = f"{RECOMPUTE[way]}: " + (
            "the least that fits" if fitting.size else "and even that does not fit"
        )
    return answer_layout(run, layouts, steps, way, chosen)


_BOTTLENECKS = {
    "recompute": "recomputation",
    "tensor": "traffic within a replica",
    "pipeline": "pipeline bubble and sends",
    "data": "traffic between replicas",
    "optimizer": "optimizer and fixed costs",
}


def _largest(parts: Mapping[str, float]) -> str:
    return max(parts, key=lambda name: parts[name])


def step_uncertainty(run: TrainingRun, parts: Mapping[str, float]) -> Uncertainty:
    """Why the predicted step may be off.

    Args:
        run: With its era and the spread of its chip's kernels.
        parts: Of the step, seconds.
    """
    spread, kernels = run.hardware.kernels.spread, run.hardware.kernels
    step_s = sum(parts.values())
    compute = (parts["compute"] + parts["recompute"]) / step_s
    traffic = (parts["tensor"] + parts["pipeline"] + parts["data"]) / step_s
    causes = {"factor of the era": run.era.sd}
    chip = np.hypot(compute * np.hypot(spread.compute, 0.2 * spread.prefill), traffic * spread.collective)
    if chip:
        causes[f"kernels {kernels.basis} from {kernels.origin}"] = float(chip)
    if not run.model.experts:
        return Uncertainty(run.parameters.row_half_50, run.parameters.row_half_90, causes)
    if not run.era.described:
        causes["settings of experts, not named"] = (
            run.parameters.expert_unnamed_sd if run.era.known else SETTINGS_SD
        )
    return Uncertainty(run.parameters.expert_half_50, run.parameters.expert_half_90, causes)


def _calibration(run: TrainingRun, uncertainty: Uncertainty) -> dict[str, Any]:
    kernels = run.hardware.kernels
    return {
        "era": run.era.id,
        "era_known": run.era.known,
        "era_factor": run.era.factor,
        "kernels": kernels.basis,
        "kernels_of": kernels.origin,
        "uncertainty": {name: round(value, 4) for name, value in uncertainty.parts.items()},
        "sources": [source for source in (kernels.source, run.era.source) if source],
    }


def _run_assumptions(run: TrainingRun) -> tuple[str, ...]:
    said = []
    executed = run.hardware.executed_format(run.precision)
    if executed != run.precision:
        said.append(f"{run.hardware.id} has no {run.precision} rate: products run in {executed}")
    if not run.era.known:
        said.append("no framework named, or none that was measured: the mean of all eras, with their spread")
    if run.seq_len > run.model.max_context:
        said.append(
            f"sequences of {run.seq_len} tokens although the model's context is {run.model.max_context}"
        )
    if run.model.experts:
        said.append("tokens are spread evenly over the experts, and none is dropped")
    return tuple(said)


def _default_batch(job: TrainingJob, seq_len: int) -> int:
    """About four million tokens a step, and a whole number of microbatches for every replica."""
    split = (job.tp or 1) * (job.pp or 1) * (job.cp or 1)
    replicas = job.dp or max(job.count // split, 1)
    unit = replicas * (job.micro_batch or 1) if (job.tp or job.pp or job.dp) else 1
    wanted = max(TOKENS_PER_STEP // seq_len, 1)
    if unit > 1:
        return unit * max(round(wanted / unit), 1)
    # a search divides the chips in many ways: a multiple of their odd part leaves most of them possible
    odd = job.count
    while odd % 2 == 0:
        odd //= 2
    even = 1
    while odd * even * 2 <= wanted:
        even *= 2
    return odd * even if odd <= 64 * wanted else wanted


NUMBERS = (
    "count", "tp", "pp", "dp", "cp", "ep", "micro_batch", "global_batch", "seq_len", "interleave", "zero",
    "recompute", "tokens",
)  # fmt: skip


def check_numbers(fields: Mapping[str, Any], problems: ProblemCollector) -> None:
    """Note every field of a job whose value cannot be.

    Args:
        fields: Those of ``NUMBERS``; None is allowed.
        problems: Is added to.
    """
    for name in NUMBERS[:10]:
        value = fields[name]
        if value is not None and value < 1:
            problems.add(
                f"{value} is not a positive number",
                code="not-positive",
                where=name,
                hint="at least 1 chip" if name == "count" else f"leave {name} out to have it chosen",
            )
        elif value is not None and value > 10**9:
            problems.add(
                f"{value} is beyond anything that exists",
                code="too-large",
                where=name,
                hint="at most 1,000,000,000",
            )
    zero, recompute, tokens = fields["zero"], fields["recompute"], fields["tokens"]
    if zero is not None and zero not in (0, 1, 2, 3):
        problems.add(f"there is no ZeRO stage {zero}", code="unknown-stage", where="zero", hint="0 to 3")
    if recompute is not None and recompute not in RECOMPUTE:
        problems.add(
            f"unknown recomputation {recompute!r}", code="unknown-recompute", where="recompute",
            hint="one of " + ", ".join(RECOMPUTE),
        )  # fmt: skip
    if tokens is not None and not 0 < tokens < 1e18:
        problems.add(
            f"{tokens} is not a number of tokens", code="not-positive", where="tokens", hint="such as 1e12"
        )
