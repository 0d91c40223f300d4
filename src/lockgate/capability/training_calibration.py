"""One factor for each framework era, learnt from measured steps, with what is left when something is held out.

The only thing fitted to training runs besides the few global constants: how much longer than its kernels alone a step
of an era takes. Factors of eras are drawn from one distribution, so that an era with few layouts leans on the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lockgate.capability.intervals import NORMAL_50, NORMAL_90
from lockgate.capability.serving_calibration import few_groups

Floats = NDArray[np.float64]

# Standard deviations of the logarithm: between layouts of an era, and between eras where there are too few to tell.
WITHIN_ERA = 0.045
BETWEEN_ERAS = 0.045


@dataclass(frozen=True, slots=True)
class MeasuredStep:
    """A measured step beside what the kernels alone would take.

    Attributes:
        family: Whose table it is from.
        era: Of the framework.
        layout: Steps that differ in scale only share one.
        model: Architecture; two names of one architecture are one.
        chip: Id.
        measured_s: The step.
        scaled_s: Predicted with a factor of 1: the part an era's factor multiplies.
        fixed_s: The rest.
    """

    family: str
    era: str
    layout: str
    model: str
    chip: str
    measured_s: float
    scaled_s: float
    fixed_s: float

    @property
    def log_factor(self) -> float:
        """Of the factor that would make the prediction exact."""
        return float(np.log(max(self.measured_s - self.fixed_s, 0.05 * self.measured_s) / self.scaled_s))

    def predicted_s(self, log_factor: float) -> float:
        """The step with an era's factor."""
        return float(np.exp(log_factor)) * self.scaled_s + self.fixed_s


@dataclass(frozen=True, slots=True)
class EraFactor:
    """What is known of an era's factor, in the logarithm."""

    log_factor: float
    sd: float


def fit_eras(steps: Sequence[MeasuredStep]) -> tuple[dict[str, EraFactor], EraFactor]:
    """The factor of each era, and that of an era not seen.

    Args:
        steps: Any number; layouts weigh alike, however many scales they were run at.

    Returns:
        By era, shrunk towards their mean; and the mean, with the spread between eras.
    """
    by_layout: dict[tuple[str, str], list[float]] = {}
    for step in steps:
        by_layout.setdefault((step.era, step.layout), []).append(step.log_factor)
    by_era: dict[str, list[float]] = {}
    for (era, _), factors in by_layout.items():
        by_era.setdefault(era, []).append(float(np.mean(factors)))
    if not by_era:
        return {}, EraFactor(0.1, 2 * BETWEEN_ERAS)
    means = {era: float(np.mean(factors)) for era, factors in by_era.items()}
    between = float(np.std(list(means.values()), ddof=1)) if len(means) > 2 else BETWEEN_ERAS
    weights = {era: 1 / (between**2 + WITHIN_ERA**2 / len(by_era[era])) for era in by_era}
    mean = sum(weights[era] * means[era] for era in by_era) / sum(weights.values())
    found = {}
    for era, factors in by_era.items():
        own = len(factors) / WITHIN_ERA**2
        prior = 1 / between**2
        found[era] = EraFactor(
            (own * means[era] + prior * mean) / (own + prior), float((own + prior) ** -0.5)
        )
    return found, EraFactor(float(mean), float(np.hypot(between, sum(weights.values()) ** -0.5)))


def half_widths(log_error: Floats, known_sd: Floats, groups: int) -> tuple[float, float]:
    """Half-widths that hold half, and nine in ten, of what was left out, beside what is known to be unsure of each.

    The smallest that do, with the rank that a layout not yet seen takes among those seen.

    Args:
        log_error: Of predictions that have not seen what they predict, natural logarithm.
        known_sd: Standard deviation, in the logarithm, of each for reasons of its own: its era's factor, its chip's kernels.
        groups: Models, say, that the errors come from: the shift of the next is known that much less.

    >>> half_widths(np.array([-0.1, 0.2, 0.3, -0.4]), np.zeros(4), 10**6)
    (0.3, 0.4)
    """
    found = []
    for share, normal in ((0.5, NORMAL_50), (0.9, NORMAL_90)):
        own = np.sort(np.sqrt(np.maximum(log_error**2 - (normal * known_sd) ** 2, 0.0)))
        found.append(float(own[min(int(np.ceil(share * (len(own) + 1))), len(own)) - 1]) * few_groups(groups))
    return round(found[0], 4), round(found[1], 4)
