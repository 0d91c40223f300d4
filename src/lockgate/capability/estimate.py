"""A figure with its 50 % and 90 % intervals."""

from dataclasses import dataclass
from math import exp, isfinite
from typing import Any, Self

from lockgate.base.errors import LockgateError


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed range of values, in the unit of the estimate it belongs to."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise LockgateError(f"{self.low} is above {self.high}", code="invalid-interval")

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def times(self, factor: float) -> "Interval":
        """Every value multiplied by a positive ``factor``."""
        return Interval(self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A predicted figure: half of all cases are expected within ``interval_50``, nine of ten within ``interval_90``.

    Errors of performance models multiply, so intervals are usually given by half-widths of the logarithm.

    >>> time_s = Estimate.from_log(2.0, half_50=0.05, half_90=0.15)
    >>> 2.2 in time_s.interval_90, 2.2 in time_s.interval_50
    (True, False)
    >>> tokens_per_s = time_s.divides(1000.0)
    >>> tokens_per_s.value, tokens_per_s.interval_90.low == 1000.0 / time_s.interval_90.high
    (500.0, True)
    """

    value: float
    interval_50: Interval
    interval_90: Interval

    @classmethod
    def from_log(cls, value: float, *, half_50: float, half_90: float) -> Self:
        """``value`` times ``exp(± half)``.

        Args:
            value: The figure predicted, positive.
            half_50: Half-width of the 50 % interval of its natural logarithm.
            half_90: The same at 90 %.
        """
        return cls(
            value,
            Interval(value * exp(-half_50), value * exp(half_50)),
            Interval(value * exp(-half_90), value * exp(half_90)),
        )

    @classmethod
    def exact(cls, value: float) -> Self:
        """A figure known exactly."""
        return cls(value, Interval(value, value), Interval(value, value))

    def times(self, factor: float) -> "Estimate":
        """The estimate of ``factor`` (positive) times the figure."""
        return Estimate(self.value * factor, self.interval_50.times(factor), self.interval_90.times(factor))

    def divides(self, numerator: float) -> "Estimate":
        """The estimate of ``numerator`` (positive) over the figure: a rate from a time."""
        return Estimate(
            numerator / self.value,
            Interval(numerator / self.interval_50.high, numerator / self.interval_50.low),
            Interval(numerator / self.interval_90.high, numerator / self.interval_90.low),
        )

    def as_dict(self) -> dict[str, Any]:
        """``value``, ``interval_50`` and ``interval_90``, for JSON; what is not finite becomes null."""
        return {
            "value": _finite(self.value),
            "interval_50": [_finite(self.interval_50.low), _finite(self.interval_50.high)],
            "interval_90": [_finite(self.interval_90.low), _finite(self.interval_90.high)],
        }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
