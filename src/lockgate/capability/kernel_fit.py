"""Fit kernel parameters to measured times: the forms of ``operators`` turned round.

Parameters are found by least squares on the logarithm of time, so that short and long calls weigh alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lockgate.base.errors import LockgateError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KernelFit:
    """Fitted parameters, by the names a calibration file gives them, and what they leave.

    Attributes:
        parameters: Name to value; times in microseconds, volumes in megabytes.
        median_error: Of time, without sign.
        p90_error: The error nine in ten stay under.
        count: Calls fitted to.
    """

    parameters: dict[str, float]
    median_error: float
    p90_error: float
    count: int


def fit_gemm(
    m: ArrayLike, n: ArrayLike, k: ArrayLike, time_s: ArrayLike, *, peak_flop_per_s: float,
    bandwidth_byte_per_s: float, element_byte: float,
) -> KernelFit:  # fmt: skip
    """Parameters of matrix products.

    Args:
        m: Rows of each call.
        n: Columns.
        k: Inner dimension.
        time_s: Measured, of each call.
        peak_flop_per_s: Dense datasheet rate of the format.
        bandwidth_byte_per_s: Datasheet memory bandwidth.
        element_byte: Bytes of an operand's element.

    Raises:
        LockgateError: ``too-few-measurements`` for fewer than eight calls.
    """
    m, n, k = (np.asarray(value, float) for value in (m, n, k))
    compute = 2.0 * m * n * k / peak_flop_per_s
    memory = (element_byte * (n * k + m * k) + 2.0 * m * n) / bandwidth_byte_per_s

    def predict(x: Floats) -> Floats:
        a, b = compute / x[0], memory / x[1]
        return np.asarray((a ** x[3] + b ** x[3]) ** (1.0 / x[3]) + x[2])

    names = ("compute_fraction", "memory_fraction", "latency_us", "sharpness")
    return _fit(
        predict, time_s, names, ((0.05, 0.7, 1.0), (0.05, 0.8, 1.0), (1e-7, 5e-6, 2e-4), (1.0, 2.5, 8.0))
    )


def fit_prefill(
    work_flop: ArrayLike, tokens: ArrayLike, time_s: ArrayLike, *, peak_flop_per_s: float
) -> KernelFit:
    """Parameters of attention over whole sequences.

    Args:
        work_flop: Of each call, the causal half counted.
        tokens: Sequence length of each call.
        time_s: Measured.
        peak_flop_per_s: Dense 16-bit datasheet rate.
    """
    work, span = np.asarray(work_flop, float), np.asarray(tokens, float)

    def predict(x: Floats) -> Floats:
        return np.asarray(work / peak_flop_per_s / (x[0] * span / (span + x[1])) + x[2])

    names = ("compute_fraction", "half_tokens", "latency_us")
    return _fit(predict, time_s, names, ((0.02, 0.5, 1.0), (1.0, 200.0, 5000.0), (1e-7, 1e-5, 2e-4)))


def fit_decode(byte: ArrayLike, time_s: ArrayLike, *, bandwidth_byte_per_s: float) -> KernelFit:
    """Parameters of attention of new tokens over their caches.

    Args:
        byte: Of the caches read, each call.
        time_s: Measured.
        bandwidth_byte_per_s: Datasheet memory bandwidth.
    """
    read = np.asarray(byte, float)

    def predict(x: Floats) -> Floats:
        return np.asarray(read / (x[0] * bandwidth_byte_per_s) + x[1] + x[2] * read / (read + x[3]))

    names = ("memory_fraction", "latency_us", "ramp_us", "ramp_mb")
    return _fit(
        predict, time_s, names, ((0.05, 0.8, 1.0), (1e-7, 1e-5, 2e-4), (1e-9, 1e-5, 2e-4), (1e5, 1e8, 2e9))
    )


def fit_copy(byte: ArrayLike, time_s: ArrayLike, *, bandwidth_byte_per_s: float) -> KernelFit:
    """The share of the bandwidth that element-wise work reaches.

    Args:
        byte: Read and written, each call.
        time_s: Measured.
        bandwidth_byte_per_s: Datasheet memory bandwidth.
    """
    moved = np.asarray(byte, float)

    def predict(x: Floats) -> Floats:
        return np.asarray(moved / (x[0] * bandwidth_byte_per_s) + x[1])

    names = ("elementwise_memory_fraction", "latency_us")
    return _fit(predict, time_s, names, ((0.05, 0.8, 1.0), (1e-7, 3e-6, 2e-4)))


def _fit(
    predict: Callable[[Floats], Floats],
    time_s: ArrayLike,
    names: Sequence[str],
    bounds: Sequence[tuple[float, float, float]],
) -> KernelFit:
    """Least squares on logarithms, parameters on a logarithmic scale between their bounds (low, start, high)."""
    from scipy.optimize import least_squares

    measured = np.asarray(time_s, float)
    if measured.size < 2 * len(names):
        raise LockgateError(
            f"{measured.size} measurements cannot settle {len(names)} parameters", code="too-few-measurements"
        )
    if not (np.isfinite(measured).all() and (measured > 0).all()):
        raise LockgateError("a measured time is not positive", code="invalid-measurement")
    low, start, high = (np.log(np.array(column)) for column in zip(*bounds, strict=True))
    found = least_squares(
        lambda x: np.log(predict(np.exp(x)) / measured),
        start,
        bounds=(low, high),
        loss="soft_l1",
        f_scale=0.1,
    )
    values = np.exp(found.x)
    error = np.abs(predict(values) / measured - 1.0)
    parameters = {}
    for name, value in zip(names, values, strict=True):
        scale = 1e6 if name.endswith("_us") else (1e-6 if name.endswith("_mb") else 1.0)
        parameters[name] = float(f"{value * scale:.4g}")
    return KernelFit(parameters, float(np.median(error)), float(np.quantile(error, 0.9)), int(measured.size))
