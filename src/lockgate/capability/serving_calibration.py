"""Fits the few parameters of a serving era to measured runs, and says how well they hold on what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# What is believed before any row of an era is seen: kernels take as long as alone; sampling costs some microseconds for
# each sequence and 32,000 words; waiting for each other about a tenth of a millisecond for each layer and doubling of
# ranks; launches some tens of microseconds for each layer where they do not overlap.
PRIOR_MEAN = np.array([1.0, 3e-6, 100e-6, 40e-6])
PRIOR_SPREAD = np.array([0.15, 3e-6, 40e-6, 30e-6])


def fit_weights(
    features_s: Floats,
    measured_s: Floats,
    *,
    free: Sequence[bool],
    fixed: Floats,
    row_weights: Floats | None = None,
) -> Floats:
    """Parameters that bring ``weights @ features`` nearest to what was measured, by least absolute relative error.

    Args:
        features_s: Four rows as ``step_features`` names them, one column a run.
        measured_s: Duration of each run.
        free: Which of the four are fitted.
        fixed: Their values where they are not.
        row_weights: How much each run counts; equal if not given.
    """
    open_ = np.asarray(free, bool)
    result = np.asarray(fixed, float).copy()
    if not open_.any() or measured_s.size == 0:
        return result
    relative = features_s / measured_s
    target = 1.0 - result[~open_] @ relative[~open_]
    matrix = relative[open_].T
    mean, spread = PRIOR_MEAN[open_], PRIOR_SPREAD[open_]
    emphasis = np.ones_like(measured_s) if row_weights is None else row_weights
    x = mean.copy()
    for _ in range(60):
        residual = np.abs(matrix @ x - target)
        weight = emphasis / np.maximum(residual, 0.005)
        # The prior counts as one row of ten per cent error a parameter.
        normal = matrix.T @ (weight[:, None] * matrix) + np.diag(1.0 / (10.0 * 0.1 * (spread * 10) ** 2))
        right = matrix.T @ (weight * target) + mean / (10.0 * 0.1 * (spread * 10) ** 2)
        x = np.maximum(np.linalg.solve(normal, right), 0.0)
    result[open_] = x
    return result


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Errors of every run when all runs sharing its label were left out of the fit.

    Attributes:
        log_error: Natural logarithm of measured over predicted rate.
        half_50: Half-width, in the logarithm, of the 50 % interval that the other labels give.
        half_90: The same at 90 %.
    """

    log_error: Floats
    half_50: Floats
    half_90: Floats


def leave_out(
    features_s: Floats, measured_s: Floats, labels: Sequence[str], *, free: Sequence[bool], fixed: Floats,
    row_weights: Floats | None = None,
) -> LeftOut:  # fmt: skip
    """Refit without each label in turn and predict it.

    Args:
        features_s: As in ``fit_weights``.
        measured_s: As in ``fit_weights``.
        labels: Of each run: its chip, say, or its model.
        free: As in ``fit_weights``.
        fixed: As in ``fit_weights``.
        row_weights: As in ``fit_weights``.
    """
    names = np.asarray(labels)
    error = np.zeros_like(measured_s)
    emphasis = np.ones_like(measured_s) if row_weights is None else row_weights
    for name in sorted(set(labels)):
        out = names == name
        weights = fit_weights(
            features_s[:, ~out], measured_s[~out], free=free, fixed=fixed, row_weights=emphasis[~out]
        )
        error[out] = np.log(weights @ features_s[:, out] / measured_s[out])
    half_50, half_90 = np.zeros_like(error), np.zeros_like(error)
    for name in sorted(set(labels)):
        out = names == name
        seen = len(set(labels)) - 1
        half_50[out], half_90[out] = (few_groups(seen) * half for half in half_widths(error[~out]))
    return LeftOut(error, half_50, half_90)


def few_groups(count: int) -> float:
    """Widening of an interval whose errors come from a few groups: the next group's own shift is known that much less.

    Args:
        count: Chips, or models, that the errors come from.
    """
    return float(np.sqrt(1.0 + 1.0 / (2.0 * count)))


def half_widths(log_error: Floats) -> tuple[float, float]:
    """Half-widths that would have held half and nine tenths of the errors.

    Args:
        log_error: Of runs left out of the fit that predicted them.

    >>> half_widths(np.array([-0.1, 0.2, 0.3, -0.4]))
    (0.25, 0.37)
    """
    size = np.abs(log_error)
    return float(np.quantile(size, 0.5)), round(float(np.quantile(size, 0.9)), 12)
