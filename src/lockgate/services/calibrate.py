"""Measure the kernels of the GPU at hand and write them as a calibration that lies over ours.

PyTorch is no dependency: where it or a GPU is missing, the error says so.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.capability.hardware import FORMAT_BYTE
from lockgate.capability.kernel_fit import KernelFit, fit_copy, fit_decode, fit_gemm, fit_prefill
from lockgate.catalogue import Catalogue, Chip

SHAPES = [(n, k) for n in (2048, 4096, 8192, 14336) for k in (2048, 4096, 8192)]
ROWS = (1, 8, 32, 128, 512, 1024, 2048, 4096, 8192)


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """What was measured and fitted.

    Attributes:
        chip: Id.
        device: As the driver names it.
        fits: Kernel to fit.
        record: The ``[chips.ID]`` table of a calibration file.
    """

    chip: str
    device: str
    fits: dict[str, KernelFit]
    record: dict[str, Any]


def open_torch() -> Any:
    """PyTorch with a GPU.

    Raises:
        LockgateError: ``no-torch`` or ``no-gpu``.
    """
    try:
        import torch
    except ImportError:
        raise LockgateError(
            "calibration needs PyTorch, and it is not installed here", code="no-torch",
            hint="install torch beside lockgate on the machine with the GPU; the shipped calibrations need neither",
        ) from None  # fmt: skip
    if not torch.cuda.is_available():
        raise LockgateError(
            "there is no GPU here that PyTorch can use, so nothing can be measured", code="no-gpu",
            hint="run this on the machine with the GPU; the shipped calibrations need none",
        )  # fmt: skip
    return torch


def calibrate(catalogue: Catalogue, chip_id: str | None, torch: Any) -> CalibrationResult:
    """Measure and fit every kernel of the first GPU.

    Args:
        catalogue: For the datasheet rates.
        chip_id: Which chip it is; taken from the driver's name if not given.
        torch: As ``open_torch`` gives it.

    Raises:
        LockgateError: ``unknown-chip`` where the driver's name is none of ours, or ``missing-fact``.
    """
    device = str(torch.cuda.get_device_name(0))
    chip = catalogue.chip(chip_id or chip_from_device(device, catalogue))
    bandwidth = chip.dram_bandwidth_byte_per_s
    peaks = chip.peak_flop_per_s
    if not bandwidth or not peaks.get("bf16"):
        raise LockgateError(f"{chip.id} lacks its bandwidth or 16-bit rate", code="missing-fact")
    fits: dict[str, KernelFit] = {}
    for number_format in ("bf16", "fp8"):
        if not peaks.get(number_format):
            continue
        calls = list(_gemm_calls(torch, number_format))
        if calls:
            m, n, k, times = (list(column) for column in zip(*calls, strict=True))
            fits[f"gemm.{number_format}"] = fit_gemm(
                m, n, k, times, peak_flop_per_s=peaks[number_format], bandwidth_byte_per_s=bandwidth,
                element_byte=FORMAT_BYTE[number_format],
            )  # fmt: skip
    for backward in (False, True):
        work, tokens, times = (list(c) for c in zip(*_prefill_calls(torch, backward=backward), strict=True))
        fits["attention.backward" if backward else "attention"] = fit_prefill(
            work, tokens, times, peak_flop_per_s=peaks["bf16"]
        )
    read, times = (list(c) for c in zip(*_decode_calls(torch), strict=True))
    fits["decode.bf16"] = fit_decode(read, times, bandwidth_byte_per_s=bandwidth)
    moved, times = (list(c) for c in zip(*_copy_calls(torch), strict=True))
    fits["copy"] = fit_copy(moved, times, bandwidth_byte_per_s=bandwidth)
    return CalibrationResult(chip.id, device, fits, _record(chip, device, fits, catalogue))


def chip_from_device(device: str, catalogue: Catalogue) -> str:
    """The chip a driver's name means.

    Raises:
        LockgateError: ``unknown-chip``.
    """
    words = re.findall(r"[a-z0-9]+", device.lower())
    told = {
        word for word in words if word not in ("nvidia", "amd", "instinct", "geforce", "gpu", "accelerator")
    }
    # "H100 80GB HBM3" and "A100-SXM4-80GB" mean the module; "H100 PCIe" and "H100 NVL" the card.
    form = next((word for word in ("pcie", "nvl") if word in told), "sxm")
    gigabytes = next((word.removesuffix("gb") for word in words if re.fullmatch(r"\d+gb", word)), "")
    candidates = [chip.id for chip in catalogue.chips() if chip.id.split("-")[0] in told]

    def score(chip_id: str) -> int:
        parts = chip_id.split("-")[1:]
        return (
            2 * (form in parts)
            + (gigabytes in parts)
            - 2 * any(p in ("pcie", "nvl") and p != form for p in parts)
        )

    ranked = sorted(candidates, key=score, reverse=True)
    if ranked and (len(ranked) == 1 or score(ranked[0]) > score(ranked[1])):
        return ranked[0]
    raise LockgateError(
        f"the driver calls the GPU {device!r}, which may be any of {', '.join(candidates) or 'none of our chips'}",
        code="unknown-chip",
        hint="say which with --chip",
    )


def write_calibration(result: CalibrationResult, folder: Path) -> Path:
    """Write, or merge into, ``calibration/kernels.toml`` of the user's folder.

    Args:
        result: Of ``calibrate``.
        folder: The folder ``--data`` or ``LOCKGATE_DATA`` names.
    """
    import tomli_w

    from lockgate.catalogue.shelf import read_toml

    path = folder / "calibration" / "kernels.toml"
    held = read_toml(path, exact=False) if path.is_file() else {}
    chips = held.setdefault("chips", {})
    chips[result.chip] = result.record
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps(held), encoding="utf-8")
    return path


def _record(chip: Chip, device: str, fits: dict[str, KernelFit], catalogue: Catalogue) -> dict[str, Any]:
    """A whole ``[chips.ID]`` table: what was measured, and for the rest what the chip had before."""
    from lockgate.capability.calibration import kernels_for

    tables = catalogue.calibration("kernels")
    kernels, _ = kernels_for(chip.id, chip.architecture or "", tables)
    record = {key: value for key, value in tables["chips"][kernels.origin].items() if key != "spread"}
    gemm = {name: dict(values) for name, values in record["gemm"].items()}
    for name in ("bf16", "fp8"):
        if fit := fits.get(f"gemm.{name}"):
            reached = fit.parameters["compute_fraction"]
            old = gemm.get(name, {})
            burst = old.get("sustained_fraction", reached) / old.get("compute_fraction", reached)
            gemm[name] = fit.parameters | {"sustained_fraction": float(f"{reached * burst:.4g}")}
    attention = dict(record["training_attention"]) | fits["attention"].parameters
    attention["backward_fraction"] = fits["attention.backward"].parameters["compute_fraction"]
    return record | {
        "source": "own-measurement",
        "table": f"lockgate calibrate on {device}",
        "gemm": gemm,
        "training_attention": attention,
        "decode": dict(record["decode"]) | {"bf16": fits["decode.bf16"].parameters},
        "elementwise_memory_fraction": fits["copy"].parameters["elementwise_memory_fraction"],
        "spread": {"collective": 0.2},
    }


def _time_s(torch: Any, call: Callable[[], Any], repeats: int = 20) -> float:
    """Median time of a call on the device, after warming up, with the cache flushed between calls."""
    for _ in range(3):
        call()
    flush = torch.empty(64 * 2**20, dtype=torch.int32, device="cuda")
    times = []
    for _ in range(repeats):
        flush.zero_()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        call()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) * 1e-3)
    return float(sorted(times)[len(times) // 2])


def _gemm_calls(torch: Any, number_format: str) -> Iterator[tuple[int, int, int, float]]:
    # the only 8-bit product PyTorch has is not public
    scaled = getattr(torch, "_scaled_mm", None)
    for n, k in SHAPES:
        for m in ROWS:
            if number_format == "bf16":
                a = torch.randn(m, k, device="cuda", dtype=torch.bfloat16)
                b = torch.randn(n, k, device="cuda", dtype=torch.bfloat16)
                yield m, n, k, _time_s(torch, partial(torch.matmul, a, b.t()))
            elif scaled is not None and m >= 16:
                a = torch.randn(m, k, device="cuda").to(torch.float8_e4m3fn)
                b = torch.randn(n, k, device="cuda").to(torch.float8_e4m3fn)
                one = torch.ones((), device="cuda")
                yield (
                    m,
                    n,
                    k,
                    _time_s(
                        torch,
                        partial(scaled, a, b.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16),
                    ),
                )


def _prefill_calls(torch: Any, *, backward: bool) -> Iterator[tuple[float, int, float]]:
    attention = torch.nn.functional.scaled_dot_product_attention
    for tokens in (512, 1024, 2048, 4096, 8192):
        for batch, heads in ((1, 16), (2, 32)):
            shape = (batch, heads, tokens, 128)
            q, k, v = (
                torch.randn(shape, device="cuda", dtype=torch.bfloat16, requires_grad=backward) for _ in "qkv"
            )
            work = 2.0 * batch * heads * 128 * tokens**2
            if not backward:
                time_s = _time_s(torch, partial(attention, q, k, v, is_causal=True))
            else:
                out = attention(q, k, v, is_causal=True)
                ones = torch.ones_like(out)
                time_s = _time_s(torch, partial(out.backward, ones, retain_graph=True))
                work *= 2.5
            yield work, tokens, time_s


def _decode_calls(torch: Any) -> Iterator[tuple[float, float]]:
    attention = torch.nn.functional.scaled_dot_product_attention
    for batch in (1, 8, 32, 128):
        for context in (512, 2048, 8192):
            q = torch.randn(batch, 8, 1, 128, device="cuda", dtype=torch.bfloat16)
            k, v = (torch.randn(batch, 8, context, 128, device="cuda", dtype=torch.bfloat16) for _ in "kv")
            yield (
                2.0 * 2 * batch * 8 * 128 * context,
                _time_s(torch, partial(attention, q, k, v)),
            )


def _copy_calls(torch: Any) -> Iterator[tuple[float, float]]:
    for megabyte in (1, 8, 32, 128, 512, 1024):
        source = torch.empty(megabyte * 2**20, dtype=torch.uint8, device="cuda")
        target = torch.empty_like(source)
        yield 2.0 * megabyte * 2**20, _time_s(torch, partial(target.copy_, source))
