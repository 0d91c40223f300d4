"""What failures and checkpoints cost a long run, and how long the run then takes."""

from dataclasses import dataclass
from math import sqrt

# 419 unplanned interruptions in 54 days on 16,384 chips. Source: arXiv 2407.21783, section 3.3.4.
CHIP_HOURS_PER_FAILURE = 16384 * 54 * 24 / 419
# Detect, replace, restart and reload.
RESTART_S = 600.0
# Weights, moments and the 32-bit copy are written: 14 bytes a parameter, at this rate for each node of eight.
NODE_WRITE_BYTE_PER_S = 2.0e9


@dataclass(frozen=True, slots=True)
class Goodput:
    """Share of the time that counts.

    Attributes:
        fraction: Of the time a run takes, not lost to failures and checkpoints.
        failure_interval_s: Mean time between failures of the whole set of chips.
        checkpoint_interval_s: The interval that loses least.
        checkpoint_s: To write one.
    """

    fraction: float
    failure_interval_s: float
    checkpoint_interval_s: float
    checkpoint_s: float


def estimate_goodput(
    chip_count: int, parameter_count: float, *, chip_hours_per_failure: float = CHIP_HOURS_PER_FAILURE
) -> Goodput:
    """Goodput with the checkpoint interval that loses least.

    Args:
        chip_count: Chips at work.
        parameter_count: Of the model.
        chip_hours_per_failure: Mean chip-hours between failures that stop the run.

    Source: the interval is Young's (doi:10.1145/361147.361115): ``sqrt(2 · checkpoint · mean time between failures)``.

    >>> run = estimate_goodput(16384, 405e9)
    >>> round(run.fraction, 2), round(run.failure_interval_s / 3600, 1)
    (0.93, 3.1)
    """
    failure_s = chip_hours_per_failure * 3600.0 / chip_count
    checkpoint_s = 14.0 * parameter_count / (NODE_WRITE_BYTE_PER_S * max(chip_count / 8.0, 1.0))
    interval_s = min(sqrt(2.0 * checkpoint_s * failure_s), failure_s)
    lost = checkpoint_s / interval_s + 0.5 * interval_s / failure_s + RESTART_S / failure_s
    return Goodput(1.0 / (1.0 + lost), failure_s, interval_s, checkpoint_s)
