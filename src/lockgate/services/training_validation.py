"""The training model against the measured steps shipped with the package: in sample, and with something held out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lockgate.capability.estimate import Estimate
from lockgate.capability.intervals import Uncertainty
from lockgate.capability.training import predict_steps
from lockgate.capability.training_calibration import EraFactor, MeasuredStep, fit_eras, half_widths
from lockgate.capability.training_jobs import PARTS, settle_layout, settle_run, step_uncertainty
from lockgate.catalogue import Catalogue
from lockgate.catalogue.calibration import read_measurements
from lockgate.services.jobs import read_job, split_row
from lockgate.services.train import training_job

# Eras whose steps contain something else: never pooled.
APART = {"mlperf-v3-0": "its step times include evaluation"}
# The families that eras, and the constants of all models, are learnt from.
LEARNT = ("megatron-bridge", "nemo-24.07", "dgx-cloud", "mlperf-v3.1")
# The families that the constants of routed experts are learnt from; all others are only scored.
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


def table_with(table: Mapping[str, Any], constants: Mapping[str, float]) -> dict[str, Any]:
    """A calibration of training with other constants."""
    return {**table, "parameters": {**table["parameters"], **constants}}


@dataclass(frozen=True, slots=True)
class LayoutPoint:
    """A distinct layout: steps that differ in scale only, by their geometric mean.

    Attributes:
        case: The first of them.
        measured_s: Mean measured step.
        predicted_s: Mean predicted step.
        uncertainty: Of the prediction, what is not known of its era included.
        group: What was held out with it.
    """

    case: TrainingCase
    measured_s: float
    predicted_s: float
    uncertainty: Uncertainty
    group: str = ""

    @property
    def estimate(self) -> Estimate:
        """The step, seconds, with its intervals."""
        return self.uncertainty.about(self.predicted_s)

    @property
    def log_error(self) -> float:
        """Logarithm of predicted over measured."""
        return float(np.log(self.predicted_s / self.measured_s))


def layout_points(
    cases: Sequence[TrainingCase], factors: Sequence[EraFactor], group: str = ""
) -> list[LayoutPoint]:
    """The distinct layouts among the cases, in order.

    Args:
        cases: Any.
        factors: What is known of the factor of each one's era.
        group: What was held out.
    """
    layouts: dict[str, list[tuple[TrainingCase, EraFactor]]] = {}
    for case, factor in zip(cases, factors, strict=True):
        layouts.setdefault(case.step.layout, []).append((case, factor))
    points = []
    for members in layouts.values():
        case, factor = members[0]
        predicted = [other.step.predicted_s(own.log_factor) for other, own in members]
        measured = [other.step.measured_s for other, _ in members]
        points.append(
            LayoutPoint(
                case,
                float(np.exp(np.mean(np.log(measured)))),
                float(np.exp(np.mean(np.log(predicted)))),
                case.uncertainty.wider("factor of the era", factor.sd),
                group,
            )
        )
    return points


def shipped_factors(cases: Sequence[TrainingCase], table: Mapping[str, Any]) -> list[EraFactor]:
    """The factor each case's era has in a calibration; that of an unknown era where it has none."""
    eras, pooled = table["eras"], table["pooled"]
    records = [eras.get(case.step.era, pooled) for case in cases]
    return [EraFactor(float(np.log(record["factor"])), float(record["sd"])) for record in records]


GROUPS: Mapping[str, Callable[[MeasuredStep], str]] = {
    "model": lambda step: step.model,
    "era": lambda step: step.era,
    "chip": lambda step: step.chip,
}


def left_out_points(
    catalogue: Catalogue, word: str, *, experts: bool, left_out: Mapping[str, Any] | None = None
) -> list[LayoutPoint]:
    """Steps predicted with constants and factors learnt without them, and intervals taken from the errors of the others.

    Args:
        catalogue: For the calibrations ``training`` and ``training_left_out``.
        word: What is held out in turn: ``model``, ``era`` or ``chip``.
        experts: Mixtures of experts; otherwise the dense steps that eras are learnt from.
        left_out: Constants by what was held out, in place of those shipped.
    """
    table = catalogue.calibration("training")
    families = ROUTED if experts else LEARNT
    rows = [row for row in read_measurements("training_steps") if row["family"] in families]
    kind = f"expert_{word}" if experts else word
    points: list[LayoutPoint] = []
    for name, constants in (left_out or catalogue.calibration("training_left_out"))[kind].items():
        cases = training_cases(catalogue, table_with(table, constants), rows)
        outside = [case for case in cases if GROUPS[word](case.step) == name]
        if experts:
            factors = shipped_factors(outside, table)
        else:
            eras, pooled = fit_eras([case.step for case in cases if GROUPS[word](case.step) != name])
            factors = [eras.get(case.step.era, pooled) for case in outside]
        points += layout_points(outside, factors, name)
    return [replace(point, uncertainty=_judged_by_others(point, points)) for point in points]


def _judged_by_others(point: LayoutPoint, points: Sequence[LayoutPoint]) -> Uncertainty:
    others = [other for other in points if other.group != point.group]
    half_50, half_90 = widths_of(others)
    return Uncertainty(half_50, half_90, point.uncertainty.parts)


def widths_of(points: Sequence[LayoutPoint]) -> tuple[float, float]:
    """Half-widths, in the logarithm, that would have held half and nine in ten of steps left out."""
    return half_widths(
        np.array([point.log_error for point in points]),
        np.array([point.uncertainty.extra for point in points]),
        len({point.group for point in points}),
    )


def unlearnt_points(catalogue: Catalogue, families: Sequence[str]) -> list[LayoutPoint]:
    """Steps that nothing was learnt from, with the factors that the dense steps of the H100 give."""
    cases = training_cases(catalogue)
    eras, pooled = fit_eras([case.step for case in cases if case.step.family in LEARNT])
    chosen = [case for case in cases if case.step.family in families]
    return layout_points(chosen, [eras.get(case.step.era, pooled) for case in chosen])


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of distinct layouts, and what their intervals held.

    Attributes:
        count: Layouts.
        mean_error: Of predicted over measured less one, without sign.
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


def score_points(points: Sequence[LayoutPoint]) -> Score:
    """Score predictions of distinct layouts."""
    error = np.array([point.predicted_s / point.measured_s - 1.0 for point in points])
    held = np.array(
        [(point.measured_s in point.estimate.interval_50, point.measured_s in point.estimate.interval_90) for point in points]
    )  # fmt: skip
    size = np.abs(error)
    return Score(
        count=len(points),
        mean_error=float(size.mean()),
        worst_error=float(size.max()),
        bias=float(error.mean()),
        held_50=float(held[:, 0].mean()),
        held_90=float(held[:, 1].mean()),
    )
