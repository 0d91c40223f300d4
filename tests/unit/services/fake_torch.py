"""A stand-in for PyTorch on a GPU: calls take the time of a chip whose kernels are known, so that a fit can be held to them."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

PEAK = {"bf16": 989.5e12, "fp8": 1979e12}
BANDWIDTH = 3.35e12
# What the device reaches; the names are those of the calibration.
TRUTH = {
    "compute": 0.62, "memory": 0.71, "latency_s": 4e-6, "sharpness": 2.4, "attention": 0.44, "half": 300.0, "copy": 0.77,
    "decode": 0.80, "backward": 0.35,
}  # fmt: skip


class Tensor:
    def __init__(self, torch: "FakeTorch", shape: tuple[int, ...], dtype: str) -> None:
        self.torch, self.shape, self.dtype = torch, shape, dtype
        self.backward_s = 0.0

    def t(self) -> "Tensor":
        return Tensor(self.torch, self.shape[::-1], self.dtype)

    def to(self, dtype: str) -> "Tensor":
        return Tensor(self.torch, self.shape, dtype)

    def zero_(self) -> None:
        self.torch.clock_s += 1e-3

    def copy_(self, source: "Tensor") -> None:
        self.torch.spend(2.0 * math.prod(source.shape) / (TRUTH["copy"] * BANDWIDTH) + 2e-6)

    def backward(self, _ones: "Tensor", *, retain_graph: bool) -> None:
        assert retain_graph
        self.torch.spend(self.backward_s)


class FakeTorch:
    """The few names of PyTorch that calibration uses."""

    bfloat16, float8_e4m3fn, int32, uint8 = "bf16", "fp8", "int32", "uint8"

    def __init__(self, name: str = "NVIDIA H100 80GB HBM3") -> None:
        self.clock_s = 0.0
        self.noise = np.random.default_rng(7)
        self.cuda = SimpleNamespace(
            is_available=lambda: True, get_device_name=lambda _index: name, synchronize=lambda: None, Event=self._event
        )  # fmt: skip
        self.nn = SimpleNamespace(functional=SimpleNamespace(scaled_dot_product_attention=self._attention))

    def spend(self, seconds: float) -> None:
        self.clock_s += seconds * float(np.exp(self.noise.normal(0.0, 0.02)))

    def _event(self, *, enable_timing: bool) -> Any:
        assert enable_timing
        at = SimpleNamespace(clock_s=0.0)
        at.record = lambda: setattr(at, "clock_s", self.clock_s)
        at.elapsed_time = lambda end: (end.clock_s - at.clock_s) * 1e3
        return at

    def randn(self, *shape: Any, device: str, dtype: str = "bf16", requires_grad: bool = False) -> Tensor:
        assert device == "cuda"
        flat = shape[0] if isinstance(shape[0], tuple) else shape
        return Tensor(self, flat, dtype)

    def empty(self, count: int, dtype: str, device: str) -> Tensor:
        return Tensor(self, (count,), dtype)

    def ones(self, shape: tuple[int, ...], device: str) -> Tensor:
        return Tensor(self, shape, "fp32")

    def empty_like(self, other: Tensor) -> Tensor:
        return Tensor(self, other.shape, other.dtype)

    ones_like = empty_like

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        return self._product(a, b, "bf16", 2.0)

    def _scaled_mm(self, a: Tensor, b: Tensor, *, scale_a: Tensor, scale_b: Tensor, out_dtype: str) -> Tensor:
        return self._product(a, b, "fp8", 1.0)

    def _product(self, a: Tensor, b: Tensor, number_format: str, element_byte: float) -> Tensor:
        (m, k), n = a.shape, b.shape[1]
        compute = 2.0 * m * n * k / (TRUTH["compute"] * PEAK[number_format])
        memory = (element_byte * (n * k + m * k) + 2.0 * m * n) / (TRUTH["memory"] * BANDWIDTH)
        p = TRUTH["sharpness"]
        self.spend((compute**p + memory**p) ** (1 / p) + TRUTH["latency_s"])
        return Tensor(self, (m, n), "bf16")

    def _attention(self, q: Tensor, k: Tensor, _v: Tensor, *, is_causal: bool = False) -> Tensor:
        batch, heads, tokens, width = q.shape
        out = Tensor(self, q.shape, q.dtype)
        if not is_causal:  # one new token a sequence over its cache
            byte = 2.0 * 2 * batch * heads * width * k.shape[2]
            self.spend(8e-6 + byte / (TRUTH["decode"] * BANDWIDTH))
            return out
        work = 2.0 * batch * heads * width * tokens**2
        lost = 1.0 + TRUTH["half"] / tokens
        self.spend(work * lost / (TRUTH["attention"] * PEAK["bf16"]) + 12e-6)
        out.backward_s = 2.5 * work * lost / (TRUTH["backward"] * PEAK["bf16"]) + 20e-6
        return out
