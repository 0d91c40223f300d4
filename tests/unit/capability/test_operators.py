import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.base.errors import LockgateError
from lockgate.capability import operators
from lockgate.capability.hardware import normal_format
from tests.unit.capability.chips_for_tests import hardware

SIZES = st.integers(1, 30000)
FACTORS = st.floats(1.0, 4.0)


def test_a_large_product_reaches_the_measured_fraction_of_peak() -> None:
    time_s = operators.gemm_time_s(hardware(), "bf16", 8192, 8192, 8192)
    assert 2 * 8192**3 / time_s / 989.5e12 == pytest.approx(0.77, abs=0.02)


def test_a_thin_product_reads_its_weights_at_the_measured_rate() -> None:
    time_s = operators.gemm_time_s(hardware(), "bf16", 1, 8192, 28672)
    assert 2 * 8192 * 28672 / time_s / 3.35e12 == pytest.approx(0.80, abs=0.03)


def test_arrays_in_arrays_out() -> None:
    times = operators.gemm_time_s(hardware(), "fp8", np.array([1, 64, 4096]), 4096, 4096)
    assert times.shape == (3,)
    assert (np.diff(times) > 0).all()


@given(m=SIZES, n=SIZES, k=SIZES, flops=FACTORS, bandwidth=FACTORS)
def test_a_better_chip_is_never_slower_and_nothing_beats_the_roofline(
    m: int, n: int, k: int, flops: float, bandwidth: float
) -> None:
    plain = hardware()
    better = hardware(
        peak_flop_per_s={"bf16": 989.5e12 * flops}, dram_bandwidth_byte_per_s=3.35e12 * bandwidth
    )
    time_s = operators.gemm_time_s(plain, "bf16", m, n, k)
    assert operators.gemm_time_s(better, "bf16", m, n, k) <= time_s
    assert time_s >= max(2.0 * m * n * k / 989.5e12, 2.0 * (n * k + m * k + m * n) / 3.35e12)


@given(batch=st.integers(1, 64), tokens=SIZES, flops=FACTORS, bandwidth=FACTORS)
def test_attention_is_never_slower_on_a_better_chip(
    batch: int, tokens: int, flops: float, bandwidth: float
) -> None:
    plain = hardware()
    better = hardware(
        peak_flop_per_s={"bf16": 989.5e12 * flops}, dram_bandwidth_byte_per_s=3.35e12 * bandwidth
    )
    for backward in (False, True):
        time_s = operators.prefill_attention_time_s(plain, batch, 8, 128, tokens, backward=backward)
        assert operators.prefill_attention_time_s(better, batch, 8, 128, tokens, backward=backward) <= time_s
        assert time_s >= 2.0 * batch * 8 * 128 * float(tokens) ** 2 / 989.5e12
    time_s = operators.decode_attention_time_s(plain, batch, 2048, tokens)
    assert operators.decode_attention_time_s(better, batch, 2048, tokens) <= time_s
    assert time_s >= 2.0 * batch * 2048 * tokens / 3.35e12


@given(byte=st.floats(1, 1e10), ranks=st.integers(1, 1024), stride=st.integers(1, 64), faster=FACTORS)
def test_collectives(byte: float, ranks: int, stride: int, faster: float) -> None:
    plain = hardware()
    better = hardware(chip_link_bandwidth_byte_per_s=900e9 * faster)
    for function in (
        operators.all_reduce_time_s,
        operators.all_gather_time_s,
        operators.all_to_all_time_s,
    ):
        time_s = function(plain, byte, ranks, stride=stride)
        assert function(better, byte, ranks, stride=stride) <= time_s
        assert (time_s == 0) == (ranks == 1)
        assert time_s >= byte * (ranks - 1) / ranks / 450e9


def test_bus_bandwidth_within_a_node_is_that_of_nccl() -> None:
    byte = 2.0**30
    time_s = operators.all_reduce_time_s(hardware(), byte, 8)
    assert 2 * 7 / 8 * byte / time_s == pytest.approx(375e9, rel=0.05)


def test_a_group_across_nodes_is_slower_than_one_inside() -> None:
    inside = operators.all_gather_time_s(hardware(), 1e9, 8)
    across = operators.all_gather_time_s(hardware(), 1e9, 8, stride=8)
    assert across > 5 * inside


def test_experts_read_only_the_weights_they_touch() -> None:
    few = operators.grouped_gemm_time_s(hardware(), "bf16", 1, 256, 8, 2048, 7168)
    many = operators.grouped_gemm_time_s(hardware(), "bf16", 10000, 256, 8, 2048, 7168)
    all_weights_s = 256 * 2048 * 7168 * 2 / 3.35e12
    assert few < all_weights_s / 10
    assert many > all_weights_s


def test_formats() -> None:
    assert normal_format("NVFP4") == "fp4"
    with pytest.raises(LockgateError, match="unknown number format"):
        normal_format("fp7")
    assert hardware().executed_format("fp4") == "fp8"
    with pytest.raises(LockgateError):
        hardware().rate("fp64")


def test_a_chip_without_tables_inherits_and_says_so() -> None:
    own = hardware()
    twin = hardware(id="h800-sxm")
    inherited = hardware(id="h100-pcie")
    foreign = hardware(id="ascend-910b3", architecture="Da Vinci")
    assert own.kernels.basis == "measured"
    assert twin.kernels.basis == "same-silicon"
    assert inherited.kernels.basis == "inherited"
    assert own.kernels.spread.compute < twin.kernels.spread.compute < inherited.kernels.spread.compute
    assert foreign.kernels.basis == "generic"
    assert own.kernels.spread.compute < inherited.kernels.spread.compute < foreign.kernels.spread.compute
    assert any("h100-sxm" in text for text in inherited.assumptions)


def test_what_a_chip_does_not_state_is_assumed_said_and_unsure() -> None:
    stated = hardware()
    without = hardware(dram_capacity_byte=None, dram_bandwidth_byte_per_s=None)
    assert (without.memory_byte, without.memory_bandwidth_byte_per_s) == pytest.approx(
        (stated.memory_byte, stated.memory_bandwidth_byte_per_s), rel=0.01
    )
    assert sum("not stated" in text for text in without.assumptions) == 2
    assert without.kernels.spread.memory > stated.kernels.spread.memory
    narrow = hardware(peak_flop_per_s={"fp4": 8e15})
    assert narrow.rate("bf16") == 2e15
    assert narrow.kernels.spread.compute > stated.kernels.spread.compute
    with pytest.raises(LockgateError, match="none of its rates"):
        hardware(peak_flop_per_s={})
