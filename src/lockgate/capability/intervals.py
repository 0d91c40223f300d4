"""How wide an interval is: what left-out runs missed by, and what is not known of this chip and this framework.

All parts are half-widths or standard deviations of a natural logarithm, and add in squares: errors of speed multiply.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from lockgate.capability.calibration import Spread
from lockgate.capability.estimate import Estimate

# Half-widths of a standard normal distribution.
NORMAL_50 = 0.6745
NORMAL_90 = 1.6449


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Why a figure may be off.

    Attributes:
        half_50: Half-width that held half of the calibration's left-out runs.
        half_90: The same for nine in ten.
        parts: Standard deviations beyond those, by cause, in words.
    """

    half_50: float
    half_90: float
    parts: Mapping[str, float]

    @property
    def extra(self) -> float:
        """All parts together."""
        return sqrt(sum(value**2 for value in self.parts.values()))

    def about(self, value: float) -> Estimate:
        """The estimate around a predicted value.

        Args:
            value: Positive, in its own unit.

        >>> known = Uncertainty(0.03, 0.08, {})
        >>> unseen = Uncertainty(0.03, 0.08, {"kernels inherited": 0.2})
        >>> known.about(100.0).interval_90.high < unseen.about(100.0).interval_90.high
        True
        """
        extra = self.extra
        return Estimate.from_log(
            value,
            half_50=sqrt(self.half_50**2 + (NORMAL_50 * extra) ** 2),
            half_90=sqrt(self.half_90**2 + (NORMAL_90 * extra) ** 2),
        )

    def wider(self, cause: str, deviation: float) -> "Uncertainty":
        """The same with one more part.

        Args:
            cause: In words.
            deviation: Standard deviation of the logarithm.
        """
        return Uncertainty(self.half_50, self.half_90, {**self.parts, cause: deviation})


def kernel_deviation(spread: Spread, shares: Mapping[str, float]) -> float:
    """Standard deviation, in the logarithm, of a time whose kernels may each be off.

    Args:
        spread: Of the chip's kernel parameters; nought where its own were measured.
        shares: Of the time, by the field of ``spread`` that limits it.

    >>> kernel_deviation(Spread(memory=0.1), {"memory": 0.5, "compute": 0.5})
    0.05
    """
    return sqrt(sum((getattr(spread, name) * share) ** 2 for name, share in shares.items()))
