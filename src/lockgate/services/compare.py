"""The same work on several chips: the best way on each, and how they compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.capability.estimate import Estimate
from lockgate.capability.intervals import Uncertainty
from lockgate.capability.serving_answers import ServingAnswer, estimate_serving, rate_ratio
from lockgate.capability.serving_search import plan_serving
from lockgate.catalogue import Catalogue
from lockgate.services.estimate import estimate_job
from lockgate.services.jobs import Job, read_job
from lockgate.services.serving import serving_job

_LAYOUT = ("precision", "tp", "pp", "dp", "ep", "batch", "concurrency")


@dataclass(frozen=True, slots=True)
class ComparedChip:
    """One chip of a comparison.

    Attributes:
        chip: Catalogue id.
        row: The answer as ``lockgate estimate`` gives it; None where the chip cannot be estimated.
        rate: Tokens a second a chip; None the same.
        ratio: That over the first chip's.
        answer: The serving answer behind it; None for training.
        problem: Why it cannot be estimated.
    """

    chip: str
    row: Mapping[str, Any] | None
    rate: Estimate | None
    ratio: Estimate | None
    answer: ServingAnswer | None
    problem: str

    def as_dict(self) -> dict[str, Any]:
        """The chip for JSON."""
        if self.row is None:
            return {"chip": self.chip, "problem": self.problem}
        return {**self.row, "ratio": None if self.ratio is None else self.ratio.as_dict()}


def compare_chips(
    catalogue: Catalogue, fields: Mapping[str, Any], chips: Sequence[str], *, progress: Any = None
) -> list[ComparedChip]:
    """The same work on each chip; the first is what the others are compared with.

    Serving without a layout takes the layout, batch and step size that serve the most tokens on each chip; training the
    quickest layout.

    Args:
        catalogue: For the chips.
        fields: Of a job, without its chip; eight chips where ``count`` is not given.
        chips: Ids, at least two.
        progress: Told each chip as its turn comes.

    Raises:
        InvalidInputError: Unknown chips, and what is wrong with the job; a chip that lacks facts is no error but says so.
    """
    if len(chips) < 2:
        raise LockgateError("compare needs at least two chips", code="too-few-chips", where="on",
                            hint="--on h100-sxm,h200-sxm")  # fmt: skip
    problems = ProblemCollector()
    for chip in chips:
        with problems.at("on"):
            catalogue.chip(chip)
    problems.raise_if_any()
    given = {"count": 8, **fields}
    compared: list[ComparedChip] = []
    for chip in chips:
        if progress:
            progress(chip)
        job = read_job({**given, "chip": chip})
        try:
            found = _serve(job, catalogue) if job.kind == "serve" else _train(job, catalogue)
        except LockgateError as error:
            if not {"missing-fact", "no-layout"} & {problem.code for problem in error.problems}:
                raise
            compared.append(
                ComparedChip(chip, None, None, None, None, "; ".join(p.message for p in error.problems))
            )
            continue
        first = next((item for item in compared if item.rate is not None), None)
        compared.append(replace(found, ratio=_ratio(found, first or found)))
    if not any(item.rate for item in compared):
        raise LockgateError("none of these chips can be estimated: " + "; ".join(item.problem for item in compared),
                            code="missing-fact")  # fmt: skip
    return compared


def _serve(job: Job, catalogue: Catalogue) -> ComparedChip:
    question = serving_job(job, catalogue)
    tables = catalogue.calibration("serving")
    if all(getattr(job, name) is None for name in _LAYOUT) and job.scenario in (None, "inflight", "offline"):
        best = plan_serving(
            question, tables, ttft_limit_s=job.ttft_limit_s or float("inf"), tpot_limit_s=job.tpot_limit_s or float("inf"),
            apart=False,
        ).best  # fmt: skip
        question = replace(
            question, precision=best.precision, tp=best.tp, pp=best.pp, ep=best.ep, concurrency=best.concurrency,
            step_tokens=best.step_tokens, scenario="inflight",
        )  # fmt: skip
    answer = estimate_serving(question, tables)
    row = {"id": job.id, **answer.as_dict()}
    return ComparedChip(question.hardware.id, row, answer.tokens_per_s_per_chip, None, answer, "")


def _train(job: Job, catalogue: Catalogue) -> ComparedChip:
    row = estimate_job(job.model_dump(exclude_none=True), catalogue)
    figure = row["tokens_per_s_per_chip"]
    rate = _estimate(figure)
    return ComparedChip(str(row["chip"]), row, rate, None, None, "")


def _estimate(figure: Mapping[str, Any]) -> Estimate:
    value = float(figure["value"])
    return Estimate.from_log(
        value, half_50=log(figure["interval_50"][1] / value), half_90=log(figure["interval_90"][1] / value)
    )


def _ratio(item: ComparedChip, first: ComparedChip) -> Estimate | None:
    if item.answer is not None and first.answer is not None:
        return rate_ratio(item.answer, first.answer)
    if item.rate is None or first.rate is None:
        return None
    value = item.rate.value / first.rate.value
    if item is first:
        return Estimate.exact(value)
    halves = [
        (log(rate.interval_50.high / rate.value) ** 2, log(rate.interval_90.high / rate.value) ** 2)
        for rate in (item.rate, first.rate)
    ]
    return Uncertainty(
        sum(half[0] for half in halves) ** 0.5, sum(half[1] for half in halves) ** 0.5, {}
    ).about(value)
