"""One factor for each framework era, learnt from measured steps, with what is left when something is held out.

The only thing fitted to training runs besides the few global constants: how much longer than its kernels alone a step
of an era takes. Factors of eras are drawn from one distribution, so that an era with few layouts leans on the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Standard deviations of the logarithm: between eras, and between layouts of an era. From the eras of the H100.
BETWEEN_ERAS = 0.045
WITHIN_ERA = 0.045


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
    weights = {era: 1 / (BETWEEN_ERAS**2 + WITHIN_ERA**2 / len(by_era[era])) for era in by_era}
    mean = sum(weights[era] * means[era] for era in by_era) / sum(weights.values())
    found = {}
    for era, factors in by_era.items():
        own = len(factors) / WITHIN_ERA**2
        prior = 1 / BETWEEN_ERAS**2
        found[era] = EraFactor(
            (own * means[era] + prior * mean) / (own + prior), float((own + prior) ** -0.5)
        )
    return found, EraFactor(float(mean), float(np.hypot(BETWEEN_ERAS, sum(weights.values()) ** -0.5)))


def predict_left_out(
    steps: Sequence[MeasuredStep], group: Callable[[MeasuredStep], str], learn: Callable[[MeasuredStep], bool]
) -> list[EraFactor]:
    """For each step, its era's factor as learnt without the step's group.

    Args:
        steps: All of them.
        group: What is held out together: a model, an era.
        learn: Which may be learnt from at all.
    """
    fits = {
        name: fit_eras([other for other in steps if learn(other) and group(other) != name])
        for name in {group(step) for step in steps}
    }
    return [fits[group(step)][0].get(step.era, fits[group(step)][1]) for step in steps]
