"""Training jobs, from a row to an answer."""

from dataclasses import asdict
from typing import Any

from lockgate.base.errors import ProblemCollector
from lockgate.capability.goodput import estimate_goodput
from lockgate.capability.hardware import normal_format
from lockgate.capability.training_jobs import NUMBERS, TrainingAnswer, TrainingJob, answer_job, check_numbers
from lockgate.catalogue import Catalogue
from lockgate.services.jobs import Job, job_hardware, resolve_model


def training_job(job: Job, catalogue: Catalogue) -> TrainingJob:
    """A row as a training question.

    Raises:
        InvalidInputError: Unknown models, chips and formats, and numbers that cannot be, all at once.
    """
    problems = ProblemCollector()
    model = hardware = None
    with problems.at():
        model = resolve_model(job.model, catalogue)
    with problems.at("chip"):
        hardware = job_hardware(job, catalogue)
    if job.precision is not None:
        with problems.at("precision"):
            normal_format(job.precision)
    check_numbers({name: getattr(job, name) for name in NUMBERS}, problems)
    problems.raise_if_any()
    if model is None or hardware is None:
        raise AssertionError
    names = (
        "count", "precision", "tp", "pp", "dp", "cp", "ep", "micro_batch", "global_batch", "seq_len", "recompute",
        "interleave", "zero", "framework", "tokens",
    )  # fmt: skip
    return TrainingJob(model=model, hardware=hardware, **{name: getattr(job, name) for name in names})


def estimate_training(job: Job, catalogue: Catalogue) -> dict[str, Any]:
    """The answer to a training row; without tp, pp and dp the best layout is searched."""
    question = training_job(job, catalogue)
    table = catalogue.calibration("training")
    if job.tp is None and job.pp is None and job.dp is None:
        from lockgate.capability.search import best_answer

        answer = best_answer(question, table)
    else:
        answer = answer_job(question, table)
    return training_row(job, question, answer)


def training_row(job: Job, question: TrainingJob, answer: TrainingAnswer) -> dict[str, Any]:
    """An answer as the JSON object of a row."""
    row: dict[str, Any] = {
        "id": job.id,
        "kind": "train",
        "model": question.model.id,
        "chip": question.hardware.id,
        "count": question.count,
        "layout": dict(answer.layout),
        "step_time_s": answer.step_time_s.as_dict(),
        "tokens_per_s": answer.tokens_per_s.as_dict(),
        "tokens_per_s_per_chip": answer.tokens_per_s_per_chip.as_dict(),
        "mfu_fraction": answer.mfu_fraction.as_dict(),
        "memory_byte_per_chip": answer.memory_byte_per_chip,
        "fits": answer.fits,
        "bottleneck": answer.bottleneck,
        "bottlenecks": dict(answer.bottlenecks),
        "overrun_byte": answer.overrun_byte,
        "memory_byte": dict(answer.memory_byte),
        "breakdown_s": dict(answer.breakdown_s),
        "compute_s": dict(answer.compute_s),
        "chosen": dict(answer.chosen),
        "calibration": dict(answer.calibration),
        "assumptions": list(answer.assumptions),
    }
    if question.tokens:
        row |= _run(question, answer)
    return row


def _run(question: TrainingJob, answer: TrainingAnswer) -> dict[str, Any]:
    """How long the whole run takes, failures and checkpoints included, and its energy where the power is known."""
    tokens = float(question.tokens or 0)
    kept = estimate_goodput(question.count, float(question.model.parameter_count))
    days = answer.tokens_per_s.divides(tokens / kept.fraction / 86400.0)
    run: dict[str, Any] = {"tokens": tokens, "days": days.as_dict(), "goodput": asdict(kept)}
    if question.hardware.power_w:
        run["chip_energy_mwh"] = days.times(question.hardware.power_w * question.count * 24e-6).as_dict()
    return run
