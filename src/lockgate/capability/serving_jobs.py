"""One serving question: its layout and defaults made explicit, every problem of it at once, and its run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lockgate.base.errors import ProblemCollector
from lockgate.capability.hardware import Hardware, normal_format
from lockgate.capability.serving import ServingRun, run_inflight, run_static
from lockgate.capability.serving_eras import EraChoice, choose_era, split_framework
from lockgate.capability.serving_memory import Engine, cache_pool_byte, visible_memory_byte
from lockgate.catalogue.models import ModelArchitecture

SCENARIOS = ("static", "inflight", "offline", "server")
# The cache goes with the weights: an engine of 8-bit weights keeps an 8-bit cache (the release tables of TensorRT-LLM
# only fit so), one of 4-bit weights too; weights alone in 4 or 8 bit leave it at 16.
_KV_FORMAT = {"fp8": "fp8", "fp4": "fp8", "int8": "int8"}
# Kernels that serve each query head alone read the cache once a head; two of three reads come from the chip's own cache.
_REREAD_FRACTION = 1.0 / 3.0
# Prompts of a closed loop that a benchmark runs for each request in flight.
_LOOPS = 10.0


@dataclass(frozen=True, slots=True)
class ServingJob:
    """A serving question; what is None is chosen, and said.

    Attributes:
        model: What is served.
        hardware: One chip in its system.
        count: Chips in all.
        precision: Number format of weights and products.
        kv_precision: Of the cache.
        tp: Ranks that share each layer.
        pp: Stages of layers.
        dp: Replicas; with ``ep`` above ``tp`` the ranks of one replica that serve sequences of their own count here too.
        ep: Ranks among which experts are spread.
        input_len: Tokens of each prompt.
        output_len: Tokens of each answer.
        batch: Sequences of a static batch, of each replica.
        concurrency: Requests in flight, over all chips; None loads the engine as far as its cache goes.
        requests: Requests of the whole run; None lets it run for ever.
        step_tokens: Prompt tokens a step carries at most (chunked prefill).
        scenario: ``static``, ``inflight``, ``offline`` or ``server``.
        framework: With its version.
        beams: Answers searched in parallel for each prompt.
    """

    model: ModelArchitecture
    hardware: Hardware
    count: int
    precision: str | None = None
    kv_precision: str | None = None
    tp: int | None = None
    pp: int | None = None
    dp: int | None = None
    ep: int | None = None
    input_len: int | None = None
    output_len: int | None = None
    batch: int | None = None
    concurrency: int | None = None
    requests: int | None = None
    step_tokens: int | None = None
    scenario: str | None = None
    framework: str = ""
    beams: int | None = None


@dataclass(frozen=True, slots=True)
class SettledJob:
    """A job with nothing left open.

    Attributes:
        job: Every field given.
        engine: One replica.
        replicas: How many.
        era: The framework's parameters.
        choices: What was chosen, in words, field first.
        answer_tokens: Tokens of an answer that count, on average; fewer than ``output_len`` where a batch runs to its longest.
    """

    job: ServingJob
    engine: Engine
    replicas: int
    era: EraChoice
    choices: Mapping[str, str]
    answer_tokens: float


def kv_format_for(precision: str) -> str:
    """The cache format an engine of a precision keeps."""
    return _KV_FORMAT.get(precision, "bf16")


def settle_job(job: ServingJob, tables: Mapping[str, Any]) -> SettledJob:
    """The job with its open fields chosen.

    Args:
        job: The question.
        tables: The calibration, ``read_calibration("serving")``.

    Raises:
        InvalidInputError: With every problem of the job.
    """
    problems = ProblemCollector()
    _check_numbers(job, problems)
    precision, kv_precision = "bf16", "bf16"
    with problems.at("precision"):
        precision = normal_format(job.precision or _default_precision(job.hardware))
        job.hardware.rate(precision)
        kv_precision = kv_format_for(precision)
    if job.kv_precision:
        with problems.at("kv_precision"):
            kv_precision = normal_format(job.kv_precision)
    problems.raise_if_any()

    choices: dict[str, str] = {}
    if job.precision is None:
        choices["precision"] = f"{precision}: the narrowest 8-bit or wider format this chip multiplies in"
    scenario = job.scenario or _default_scenario(job)
    if job.scenario is None:
        choices["scenario"] = scenario
    dataset = _dataset(job, tables)
    input_len, output_len, beams = job.input_len, job.output_len, job.beams or 1
    answer_tokens: float | None = None
    if dataset:
        if input_len in (None, dataset.get("input_len_max")):
            input_len = int(dataset["input_len"])
            choices["input_len"] = dataset["said"]
        # A batch runs to its longest answer; what counts is the mean, or the mean that the job gives.
        longest = int(dataset["output_len"])
        answer_tokens = float(dataset.get("answer_tokens", longest))
        if output_len is not None and output_len < longest:
            answer_tokens = float(output_len)
        if output_len is None or "answer_tokens" in dataset:
            output_len = max(output_len or 0, longest)
        beams = job.beams or dataset.get("beams", 1)
        if job.batch is None and job.concurrency is None and "batch" in dataset:
            job = replace(job, batch=dataset["batch"])
            choices["batch"] = f"{dataset['batch']} prompts, {beams} beams: {dataset['said']}"
    if input_len is None:
        input_len = 384 if job.model.kind == "encoder" else 1024
        choices["input_len"] = f"{input_len} tokens assumed"
    if output_len is None:
        output_len = 1 if job.model.kind == "encoder" else 1024
        choices["output_len"] = f"{output_len} tokens assumed"
    if input_len + (0 if job.model.kind == "encoder" else output_len) > job.model.max_context:
        choices["context"] = (
            f"beyond the {job.model.max_context:,} tokens the model states; taken as if it could"
        )
    full = replace(
        job, precision=precision, kv_precision=kv_precision, scenario=scenario, input_len=input_len,
        output_len=output_len, beams=beams,
    )  # fmt: skip
    full = _settle_layout(full, choices, problems)
    if scenario == "inflight" and full.batch is not None and full.concurrency is None:
        # An engine built for a batch holds no more than it in flight.
        replicas = max(job.count // ((full.pp or 1) * max(full.tp or 1, full.ep or 1)), 1)
        full = replace(full, concurrency=full.batch * replicas)
        choices["concurrency"] = f"{full.concurrency}: the batch of each of {replicas} replicas"
    if scenario == "static" and full.batch is None:
        full = replace(full, batch=full.concurrency or 64)
        if job.concurrency is None:
            choices["batch"] = "64 sequences assumed"
    problems.raise_if_any()
    era = choose_era(job.framework, tables, scenario=scenario, kind=job.model.kind)
    if not era.exact:
        choices["framework"] = era.note
    model = job.model
    if model.sliding_layers and era.exact and not era.era.windowed:
        model = model.model_copy(update={"sliding_layers": 0, "sliding_window": None})
        choices["model"] = f"{era.era.id} keeps the whole context of sliding layers"
    group = model.heads / model.kv_heads
    reads = 1.0 if model.latent or group <= era.era.largest_group else max(_REREAD_FRACTION * group, 1.0)
    engine = Engine(
        model, job.hardware, precision, kv_precision, tp=full.tp or 1, pp=full.pp or 1, ep=full.ep or 1, cache_reads=reads
    )  # fmt: skip
    replicas = job.count // ((full.pp or 1) * max(full.tp or 1, full.ep or 1))
    counts = tables.get("requests", {}).get(split_framework(job.framework)[0], {})
    if scenario == "inflight" and job.requests is None and job.concurrency is None:
        count = counts.get(f"{input_len}/{output_len}")
        if count:
            full = replace(full, requests=count * replicas)
            choices["requests"] = (
                f"{count} of each replica, as this benchmark's own guide runs for these lengths"
            )
    return SettledJob(full, engine, replicas, era, choices, answer_tokens or float(full.output_len or 1))


def run_job(settled: SettledJob) -> ServingRun:
    """What one replica of a settled job does.

    Args:
        settled: From ``settle_job``.
    """
    job, engine, era = settled.job, settled.engine, settled.era.era
    prompt, answer, beams = float(job.input_len or 1), float(job.output_len or 1), float(job.beams or 1)
    if job.scenario == "static" or job.model.kind == "encoder" or (job.batch and job.scenario != "inflight"):
        batch = float(job.batch or 256)
        run = run_static(engine, era, input_tokens=prompt, output_tokens=answer, batch=batch, beams=beams)
    else:
        slots = None if job.concurrency is None else max(job.concurrency / settled.replicas, 1.0)
        requests = None if job.requests is None else job.requests / settled.replicas
        if requests is None and slots is not None:
            requests = _LOOPS * slots
        run = run_inflight(
            engine, era, input_tokens=prompt, output_tokens=answer, batch=slots, requests=requests,
            step_tokens=job.step_tokens, beams=beams,
        )  # fmt: skip
    if settled.answer_tokens != answer:
        run = replace(run, output_tokens_per_s=run.requests_per_s * settled.answer_tokens)
    if job.scenario == "server":
        share = era.server_fraction
        run = replace(
            run,
            output_tokens_per_s=run.output_tokens_per_s * share,
            requests_per_s=run.requests_per_s * share,
            features_s=run.features_s / share,
        )
    return run


def _check_numbers(job: ServingJob, problems: ProblemCollector) -> None:
    for name in (
        "count", "tp", "pp", "dp", "ep", "input_len", "output_len", "batch", "concurrency", "requests", "step_tokens", "beams",
    ):  # fmt: skip
        value = getattr(job, name)
        if value is not None and (isinstance(value, bool) or value != int(value) or value < 1):
            problems.add(
                f"{name} must be a whole number of at least 1, not {value}", code="not-positive", where=name,
                hint="at least 1 chip" if name == "count" else f"leave {name} out to have it chosen",
            )  # fmt: skip
    if job.scenario is not None and job.scenario not in SCENARIOS:
        problems.add(
            f"unknown scenario {job.scenario!r}", code="unknown-scenario", where="scenario",
            hint="one of " + ", ".join(SCENARIOS),
        )  # fmt: skip


def _default_precision(hardware: Hardware) -> str:
    return next(
        (name for name in ("fp8", "bf16", "fp16", "int8") if hardware.peak_flop_per_s.get(name)), "bf16"
    )


def _default_scenario(job: ServingJob) -> str:
    return "static" if job.batch is not None and job.concurrency is None else "inflight"


def _dataset(job: ServingJob, tables: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The data a benchmark feeds, where the job names the benchmark and asks for one of its scenarios."""
    if job.scenario not in (None, "offline", "server"):
        return None
    name = split_framework(job.framework)[0]
    record: Mapping[str, Any] | None = tables.get("datasets", {}).get(name, {}).get(job.model.id)
    return record


def _settle_layout(job: ServingJob, choices: dict[str, str], problems: ProblemCollector) -> ServingJob:
    model, count = job.model, job.count
    pp = job.pp or 1
    tp, ep = job.tp, job.ep or 1
    if tp is None:
        tp = _smallest_that_serves(job, pp, ep) if job.dp is None else max(count // (job.dp * pp), 1)
        choices["tp"] = f"{tp}"
    if ep > 1 and model.experts is None:
        problems.add(
            f"{model.id} has no experts to spread", code="invalid-layout", where="ep", hint="leave ep out"
        )
    if model.experts and model.experts.count % ep:
        problems.add(
            f"{ep} ranks cannot hold {model.experts.count} experts evenly", code="invalid-layout", where="ep",
            hint=f"ep must divide {model.experts.count}",
        )  # fmt: skip
    if model.heads % tp:
        problems.add(f"{model.heads} heads cannot be split over {tp} ranks", code="invalid-layout", where="tp",
                     hint=f"tp must divide {model.heads}")  # fmt: skip
    if pp > model.layers:
        problems.add(
            f"{pp} stages, but only {model.layers} layers",
            code="invalid-layout",
            where="pp",
            hint=f"pp is at most {model.layers}",
        )
    if max(tp, ep) % min(tp, ep):
        problems.add(f"ep {ep} and tp {tp} must divide one another", code="invalid-layout", where="ep",
                     hint="take ep equal to tp, or a multiple or part of it")  # fmt: skip
    chips = pp * max(tp, ep)
    if count % chips:
        problems.add(
            f"{count} chips cannot be divided into replicas of {chips} (tp {tp}, pp {pp}, ep {ep})",
            code="invalid-layout", where="count", hint="tp × pp × dp must equal the number of chips",
        )  # fmt: skip
    elif job.dp is not None and job.dp != count // (tp * pp):
        problems.add(
            f"tp {tp} × pp {pp} × dp {job.dp} is {tp * pp * job.dp} chips, not {count}",
            code="invalid-layout", where="dp", hint="leave dp out to have it follow from the others",
        )  # fmt: skip
    return replace(job, tp=tp, pp=pp, ep=ep, dp=max(count // (tp * pp), 1))


def _smallest_that_serves(job: ServingJob, pp: int, ep: int) -> int:
    """The least split that leaves a quarter of the memory to the cache; the widest where none does."""
    widest = min(job.count // pp, job.hardware.node_chip_count)
    doublings: list[int] = [1 << power for power in range(20)]
    options = [
        n for n in doublings if n <= widest and (job.count // pp) % n == 0 and job.model.heads % n == 0
    ]
    for tp in options:
        engine = Engine(
            job.model, job.hardware, job.precision or "bf16", job.kv_precision or "bf16", tp=tp, pp=pp, ep=ep
        )
        if float(cache_pool_byte(engine, 8192, 1.0)) >= 0.25 * visible_memory_byte(job.hardware):
            return tp
    return options[-1] if options else 1


def lacks_memory(run: ServingRun) -> NDArray[np.bool_]:
    """Whether a run needs more memory than there is, or holds not one sequence."""
    return ~np.asarray(run.possible & run.memory.fits)
