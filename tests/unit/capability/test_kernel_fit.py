import numpy as np
import pytest

from lockgate.base.errors import LockgateError
from lockgate.capability import operators
from lockgate.capability.kernel_fit import fit_copy, fit_decode, fit_gemm, fit_prefill
from tests.unit.capability.chips_for_tests import hardware

RNG = np.random.default_rng(7)


def test_matrix_products_give_back_the_parameters_they_were_made_with() -> None:
    shapes = RNG.choice([64, 256, 1024, 4096, 8192], (200, 3))
    m, n, k = shapes.T
    times = operators.gemm_time_s(hardware(), "bf16", m, n, k) * np.exp(RNG.normal(0, 0.02, 200))
    fit = fit_gemm(m, n, k, times, peak_flop_per_s=989.5e12, bandwidth_byte_per_s=3.35e12, element_byte=2)
    known = hardware().kernels.gemm["bf16"]
    assert fit.parameters["compute_fraction"] == pytest.approx(known.compute_fraction, rel=0.02)
    assert fit.parameters["memory_fraction"] == pytest.approx(known.memory_fraction, rel=0.05)
    assert fit.parameters["latency_us"] == pytest.approx(known.latency_s * 1e6, rel=0.1)
    assert fit.median_error < 0.03


def test_attention_and_copies() -> None:
    tokens = np.array([256, 512, 1024, 2048, 4096, 8192] * 2)
    work = 2.0 * 16 * 128 * tokens**2
    times = work / 989.5e12 / (0.6 * tokens / (tokens + 300)) + 9e-6
    fit = fit_prefill(work, tokens, times, peak_flop_per_s=989.5e12)
    assert fit.parameters == pytest.approx(
        {"compute_fraction": 0.6, "half_tokens": 300, "latency_us": 9}, rel=0.02
    )
    byte = np.geomspace(1e6, 3e9, 20)
    fit = fit_decode(
        byte, byte / (0.9 * 3.35e12) + 8e-6 + 2e-5 * byte / (byte + 1e8), bandwidth_byte_per_s=3.35e12
    )
    assert fit.parameters["memory_fraction"] == pytest.approx(0.9, rel=0.02)
    fit = fit_copy(byte, byte / (0.8 * 3.35e12) + 3e-6, bandwidth_byte_per_s=3.35e12)
    assert fit.parameters["elementwise_memory_fraction"] == pytest.approx(0.8, rel=0.01)


def test_too_few_or_impossible_times_are_refused() -> None:
    with pytest.raises(LockgateError, match="cannot settle"):
        fit_copy([1.0, 2.0], [1.0, 2.0], bandwidth_byte_per_s=1.0)
    with pytest.raises(LockgateError, match="not positive"):
        fit_copy(np.ones(9), np.zeros(9), bandwidth_byte_per_s=1.0)
