"""The training model against the measured steps shipped with the package: in sample, and with something held out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lockgate.capability.estimate import Estimate
from lockgate.capability.intervals import Uncertainty
from lockgate.capability.training import predict_steps
from lockgate.capability.training_calibration import EraFactor, MeasuredStep, predict_left_out
from lockgate.capability.training_jobs import PARTS, settle_layout, settle_run, step_uncertainty
from lockgate.catalogue import Catalogue
from lockgate.catalogue.calibration import read_measurements
from lockgate.services.estimate import read_job, split_row
from lockgate.services.train import training_job

# Eras whose steps contain something else: never pooled.
APART = {"mlperf-v3-0": "its step times include evaluation"}
# The families eras are learnt from; all others are only scored.
LEARNT = ("megatron-bridge", "nemo-24.07", "dgx-cloud", "mlperf-v3.1")
# What the two constants of routed experts were set by: scored in sample only.
ROUTED = ("moe-hopper", "moe-blackwell")


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """A measured step, and what was predicted for it.

    Attributes:
        row: As shipped.
        step: For calibration.
        uncertainty: Of the step, without what is not known of its era.
        fits: Whether it was predicted to fit.
    """

    row: Mapping[str, str]
    step: MeasuredStep
    uncertainty: Uncertainty
    fits: bool

    def estimate(self, factor: EraFactor) -> Estimate:
        """The predicted step, seconds, with a factor of its era."""
        known = self.uncertainty.wider("factor of the era", factor.sd)
        return known.about(self.step.predicted_s(factor.log_factor))


def training_cases(
    catalogue: Catalogue,
    table: Mapping[str, Any] | None = None,
    rows: Sequence[Mapping[str, str]] | None = None,
) -> list[TrainingCase]:
    """Every measured step shipped, predicted.

    Args:
        catalogue: For chips, models and the calibration.
        table: Another calibration of training.
        rows: Only these.
    """
    table = table or catalogue.calibration("training")
    cases = []
    for row in read_measurements("training_steps") if rows is None else rows:
        question = training_job(read_job(split_row(row)[0]), catalogue)
        settled, run, chosen = settle_run(question, table)
        bare = replace(run, era=replace(run.era, factor=1.0, sd=0.0))
        layouts = settle_layout(settled, run, chosen)
        steps = predict_steps(bare, layouts)
        fitting = np.flatnonzero(steps.memory.total <= run.hardware.memory_byte)
        way = int(fitting[0]) if fitting.size else len(layouts) - 1
        fixed = float(steps.data_s[way] + steps.optimizer_s[way])
        parts = {name: float(getattr(steps, f"{name}_s")[way]) for name in PARTS}
        step = MeasuredStep(
            family=row["family"],
            era=run.era.id if run.era.known else row["framework"],
            layout=row["layout"],
            model=row["model"].replace("llama3.1", "llama3"),
            chip=row["chip"],
            measured_s=float(row["step_time_s"]),
            scaled_s=float(steps.step_s[way]) - fixed,
            fixed_s=fixed,
        )
        cases.append(TrainingCase(row, step, step_uncertainty(bare, parts), bool(fitting.size)))
    return cases


def may_learn(step: MeasuredStep) -> bool:
    """Whether eras are learnt from this step: dense models on the H100, in eras that measure the step alone."""
    return step.family in LEARNT


def left_out_factors(cases: Sequence[TrainingCase], what: str) -> list[EraFactor]:
    """The factor each case gets when ``what`` is held out: ``model``, ``era``, or ``chip`` (learnt on the H100 only)."""
    steps = [case.step for case in cases]
    groups: dict[str, Callable[[MeasuredStep], str]] = {
        "model": lambda step: step.model,
        "era": lambda step: step.era,
        "chip": lambda step: step.chip,
    }
    return predict_left_out(steps, groups[what], may_learn)


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of distinct layouts, and what their intervals held.

    Attributes:
        count: Layouts.
        mean_error: Of predicted over measured less one, without sign; each layout once.
        worst_error: The largest.
        bias: The mean with sign; positive is too slow.
        held_50: Layouts whose measured steps lie in the 50 % interval, as a fraction.
        held_90: The same at 90 %.
    """

    count: int
    mean_error: float
    worst_error: float
    bias: float
    held_50: float
    held_90: float


@dataclass(frozen=True, slots=True)
class LayoutPoint:
    """A distinct layout: steps that differ in scale only, by their geometric mean.

    Attributes:
        case: The first of them.
        measured_s: Mean measured step.
        estimate: Mean predicted step, seconds, with its intervals.
    """

    case: TrainingCase
    measured_s: float
    estimate: Estimate


def layout_points(cases: Sequence[TrainingCase], factors: Sequence[EraFactor]) -> list[LayoutPoint]:
    """The distinct layouts among the cases, in order."""
    groups: dict[str, list[tuple[TrainingCase, Estimate]]] = {}
    for case, factor in zip(cases, factors, strict=True):
        groups.setdefault(case.step.layout, []).append((case, case.estimate(factor)))
    points = []
    for group in groups.values():
        case, estimate = group[0]
        predicted = float(np.exp(np.mean([np.log(other.value) for _, other in group])))
        measured = float(np.exp(np.mean([np.log(other.step.measured_s) for other, _ in group])))
        points.append(LayoutPoint(case, measured, estimate.times(predicted / estimate.value)))
    return points


def shipped_factors(cases: Sequence[TrainingCase], table: Mapping[str, Any]) -> list[EraFactor]:
    """The factor each case's era has in a calibration; that of an unknown era where it has none."""
    eras, pooled = table["eras"], table["pooled"]
    records = [eras.get(case.step.era, pooled) for case in cases]
    return [EraFactor(float(np.log(record["factor"])), float(record["sd"])) for record in records]


def score_layouts(cases: Sequence[TrainingCase], factors: Sequence[EraFactor]) -> Score:
    """Score predictions by distinct layout: steps that differ in scale only count once, by their mean."""
    errors: dict[str, list[float]] = {}
    inside: dict[str, list[tuple[bool, bool]]] = {}
    for case, factor in zip(cases, factors, strict=True):
        estimate, measured = case.estimate(factor), case.step.measured_s
        errors.setdefault(case.step.layout, []).append(estimate.value / measured - 1.0)
        inside.setdefault(case.step.layout, []).append(
            (measured in estimate.interval_50, measured in estimate.interval_90)
        )
    mean = np.array([np.mean(values) for values in errors.values()])
    size = np.array([np.mean(np.abs(values)) for values in errors.values()])
    held = np.array([np.mean(values, axis=0) for values in inside.values()])
    return Score(
        count=len(mean),
        mean_error=float(size.mean()),
        worst_error=float(max(max(map(abs, values)) for values in errors.values())),
        bias=float(mean.mean()),
        held_50=float(held[:, 0].mean()),
        held_90=float(held[:, 1].mean()),
    )
