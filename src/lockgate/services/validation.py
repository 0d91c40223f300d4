"""How well the model does: every family of measured runs, in sample and left out, with the coverage of its intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lockgate.base.errors import LockgateError
from lockgate.catalogue import Catalogue
from lockgate.catalogue.calibration import read_measurements
from lockgate.services.serving_validation import FITTED, TIMES, refit, serving_cases
from lockgate.services.training_validation import (
    APART,
    LEARNT,
    ROUTED,
    LayoutPoint,
    layout_points,
    left_out_points,
    shipped_factors,
    training_cases,
    unlearnt_points,
)

Floats = NDArray[np.float64]


# Families of a model that no fit has seen: their era learns from other models only.
UNSEEN = ("trtllm-mixtral", "trtllm-mixtral-static")


@dataclass(frozen=True, slots=True)
class Held:
    """What intervals held of runs left out of the fit.

    Attributes:
        left_out: What was left out in turn: ``chip``, ``model``, ``era``.
        count: Runs.
        mean_error: Mean of predicted over measured less one, without sign.
        median_error: Its median.
        worst_error: Its largest.
        held_50: Part of runs inside the 50 % interval.
        held_90: The same at 90 %.
        p_50: Probability of a share at least as far from one half, were the interval right (two-sided binomial).
        p_90: The same at 90 %.
    """

    left_out: str
    count: int
    mean_error: float
    median_error: float
    worst_error: float
    held_50: float
    held_90: float
    p_50: float
    p_90: float


@dataclass(frozen=True, slots=True)
class FamilyReport:
    """One family of measured runs.

    Attributes:
        family: Its name.
        kind: ``serve`` or ``train``.
        count: Runs scored.
        mean_error: With the shipped parameters, without sign.
        median_error: Its median.
        worst_error: Its largest.
        bias: Mean with sign; positive is too fast.
        held_50: Part of runs inside the shipped 50 % interval.
        held_90: The same at 90 %.
        left_out: What refits without a chip, a model or an era say.
        points: Measured, predicted and chip of every run.
        sources: Where the measurements are from.
    """

    family: str
    kind: str
    count: int
    mean_error: float
    median_error: float
    worst_error: float
    bias: float
    held_50: float
    held_90: float
    left_out: tuple[Held, ...]
    points: tuple[tuple[float, float, str], ...]
    sources: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON, without its points."""
        return {
            name: getattr(self, name)
            for name in (
                "family", "kind", "count", "mean_error", "median_error", "worst_error", "bias", "held_50", "held_90", "sources",
            )
        } | {"left_out": [{name: getattr(item, name) for name in Held.__slots__} for item in self.left_out]}  # fmt: skip


def serving_families() -> tuple[str, ...]:
    """The families of serving runs, in file order."""
    return tuple(dict.fromkeys(row["family"] for row in read_measurements("serving_throughput")))


def validate_families(catalogue: Catalogue, families: Sequence[str] = ()) -> list[FamilyReport]:
    """Predict the shipped measured runs of every kind again.

    Args:
        catalogue: For the chips and the calibration.
        families: Only these; all if empty.

    Raises:
        LockgateError: ``unknown-family``.
    """
    known = (*serving_families(), *training_families())
    if unknown := [name for name in families if name not in known]:
        raise LockgateError(
            f"no family {', '.join(unknown)}", code="unknown-family", hint="families: " + ", ".join(known)
        )
    reports = (
        []
        if families and not set(families) & set(serving_families())
        else validate_serving(catalogue, families)
    )
    return reports + validate_training(catalogue, families)


def validate_serving(catalogue: Catalogue, families: Sequence[str] = ()) -> list[FamilyReport]:
    """Predict the shipped measured runs of serving again.

    Args:
        catalogue: For the chips.
        families: Only these; all if empty.
    """
    cases = serving_cases(catalogue, families)
    reports = []
    for family in serving_families():
        own = [case for case in cases if case.family == family]
        if not own:
            continue
        measured = np.array([case.measured for case in own])
        predicted = np.array([case.predicted for case in own])
        estimates = [case.estimate for case in own]
        inside = np.array(
            [
                [value in item.interval_50, value in item.interval_90]
                for value, item in zip(measured, estimates, strict=True)
            ]
        )
        left = refit(own).left_out if family in FITTED else {}
        held = tuple(
            _held(
                word,
                item.log_error,
                np.abs(item.log_error) <= item.half_50,
                np.abs(item.log_error) <= item.half_90,
            )
            for word, item in left.items()
        )
        if family in UNSEEN:
            held = (_held("model", np.log(measured / predicted), inside[:, 0], inside[:, 1]),)
        reports.append(
            report_family(
                family, "serve", measured, predicted, inside, held, [case.row["chip"] for case in own],
                sorted({case.row["source"] for case in own}), times=own[0].row["metric"] in TIMES,
            )
        )  # fmt: skip
    return reports


def training_families() -> tuple[str, ...]:
    """The families of training steps, in file order."""
    return tuple(dict.fromkeys(row["family"] for row in read_measurements("training_steps")))


def validate_training(catalogue: Catalogue, families: Sequence[str] = ()) -> list[FamilyReport]:
    """Predict the shipped measured steps of training again, each distinct layout counted once.

    Args:
        catalogue: For the chips and the calibration.
        families: Only these; all if empty.
    """
    asked = [name for name in training_families() if not families or name in families]
    if not asked:
        return []
    cases = training_cases(catalogue)
    table = catalogue.calibration("training")
    reports = []
    held = _held_families(catalogue, asked)
    for family in asked:
        own = [case for case in cases if case.step.family == family]
        points = layout_points(own, shipped_factors(own, table))
        reports.append(
            report_family(
                family, "train", np.array([point.measured_s for point in points]),
                np.array([point.predicted_s for point in points]), _inside(points),
                tuple(_held_points(word, held[word, family]) for word in ("model", "era", "chip") if (word, family) in held),
                [point.case.step.chip for point in points], sorted({case.row["source"] for case in own}), times=True,
            )
        )  # fmt: skip
    return reports


def _held_families(catalogue: Catalogue, asked: Sequence[str]) -> dict[tuple[str, str], list[LayoutPoint]]:
    """Layouts that were left out, by what was and by family.

    What the dense constants and eras are learnt from is held out by model and by era, routed experts by model and by chip;
    dense steps that nothing was learnt from are of other chips. Steps that contain something else besides cannot be held
    out: no other era tells of it.
    """
    points: list[tuple[str, LayoutPoint]] = []
    for families, experts, words in ((LEARNT, False, ("model", "era")), (ROUTED, True, ("model", "chip"))):
        if set(families) & set(asked):
            for word in words:
                points += [(word, point) for point in left_out_points(catalogue, word, experts=experts)]
    rest = [name for name in asked if name not in (*LEARNT, *ROUTED)]
    points += [
        ("chip", point) for point in unlearnt_points(catalogue, rest) if point.case.step.era not in APART
    ]
    found: dict[tuple[str, str], list[LayoutPoint]] = {}
    for word, point in points:
        found.setdefault((word, point.case.step.family), []).append(point)
    return found


def _inside(points: Sequence[LayoutPoint]) -> NDArray[np.bool_]:
    return np.array(
        [[point.measured_s in point.estimate.interval_50, point.measured_s in point.estimate.interval_90] for point in points]
    )  # fmt: skip


def _held_points(word: str, points: Sequence[LayoutPoint]) -> Held:
    inside = _inside(points)
    error = np.array([-point.log_error for point in points])
    return _held(word, error, inside[:, 0], inside[:, 1])


def report_family(
    family: str, kind: str, measured: Floats, predicted: Floats, inside: NDArray[np.bool_], held: tuple[Held, ...],
    chips: Sequence[str], sources: Sequence[str], *, times: bool,
) -> FamilyReport:  # fmt: skip
    """Summarise one family.

    Args:
        family: Its name.
        kind: ``serve`` or ``train``.
        measured: One figure a run.
        predicted: The same figure.
        inside: Whether each lies in its 50 % and 90 % interval, two columns.
        held: Of runs left out.
        chips: Of each run.
        sources: Source ids.
        times: The figures are times, not rates: slower is larger.
    """
    error = predicted / measured - 1.0
    size = np.abs(error)
    return FamilyReport(
        family, kind, int(error.size), float(size.mean()), float(np.median(size)), float(size.max()),
        float(-error.mean() if times else error.mean()), float(inside[:, 0].mean()), float(inside[:, 1].mean()), held,
        tuple((float(m), float(p), chip) for m, p, chip in zip(measured, predicted, chips, strict=True)), tuple(sources),
    )  # fmt: skip


def pooled(reports: Sequence[FamilyReport]) -> Mapping[str, float]:
    """Coverage over all runs left out, each way of leaving out counted once.

    Args:
        reports: Of families.
    """
    items = [item for report in reports for item in report.left_out]
    total = sum(item.count for item in items)
    if not total:
        return {}
    return {
        "count": total,
        "held_50": sum(item.held_50 * item.count for item in items) / total,
        "held_90": sum(item.held_90 * item.count for item in items) / total,
    }


def _held(word: str, log_error: Floats, in_50: NDArray[np.bool_], in_90: NDArray[np.bool_]) -> Held:
    size = np.abs(np.expm1(-log_error))
    count = int(size.size)
    return Held(
        word, count, float(size.mean()), float(np.median(size)), float(size.max()), float(in_50.mean()),
        float(in_90.mean()), binomial_p(int(in_50.sum()), count, 0.5), binomial_p(int(in_90.sum()), count, 0.9),
    )  # fmt: skip


def binomial_p(hits: int, count: int, share: float) -> float:
    """Two-sided probability of a count at least as unlikely as ``hits`` of ``count``.

    Args:
        hits: Found.
        count: Tried.
        share: Expected part.

    >>> round(binomial_p(5, 10, 0.5), 3), binomial_p(0, 10, 0.9) < 1e-9
    (1.0, True)
    """
    chances = [comb(count, k) * share**k * (1.0 - share) ** (count - k) for k in range(count + 1)]
    limit = chances[hits] * (1.0 + 1e-9)
    return min(sum(chance for chance in chances if chance <= limit), 1.0)
