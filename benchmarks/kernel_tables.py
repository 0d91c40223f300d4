"""Shipped kernel parameters against the measured tables they were fitted to.

Needs the tables, which are not shipped: `pip install aiconfigurator-core==0.12.0 pyarrow pandas` beside lockgate (Apache-2.0),
and InferSim's in ../shared/facts/benchmarks/kernels. Its end-to-end sample is a test set and is not read.

    python -m benchmarks kernel_tables [--write]
"""

import csv
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lockgate.capability import operators as op
from lockgate.capability.hardware import Hardware, hardware_from_chip
from lockgate.catalogue import load_catalogue

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs/benchmarks/kernel-accuracy.md"
INFERSIM = ROOT / "../shared/facts/benchmarks/kernels"
# Chip -> folder, and version of each kind of table.
TABLES = {
    "h100-sxm": ("h100_sxm", "gemm/trtllm/1.3.0rc20", "attention/trtllm/1.3.0rc20", "comm/nccl/2.29.2"),
    "h200-sxm": ("h200_sxm", "gemm/trtllm/1.3.0rc20", "attention/trtllm/1.3.0rc20", "comm/nccl/2.29.2"),
    "a100-sxm-80": ("a100_sxm", "gemm/sglang/0.5.10", "attention/vllm/0.14.0", "comm/nccl/2.27.3"),
    "l40s": ("l40s", "gemm/trtllm/1.3.0rc20", "attention/trtllm/1.3.0rc20", ""),
    "b200": ("b200_sxm", "gemm/trtllm/1.3.0rc20", "attention/trtllm/1.3.0rc20", "comm/nccl/2.29.2"),
}  # fmt: skip
# Where prompts and caches come from tables of different engines.
PROMPTS = {"a100-sxm-80": "attention/trtllm/1.0.0"}
SAMPLE = 20000


def hardware(chip: str) -> Hardware:
    catalogue = load_catalogue()
    return hardware_from_chip(catalogue.chip(chip), catalogue.calibration("kernels"))


def errors(predicted: Any, measured: Any) -> tuple[int, float, float, float]:
    ratio = np.asarray(predicted) / np.asarray(measured)
    size = np.abs(ratio - 1.0)
    return size.size, float(np.median(size)), float(np.quantile(size, 0.9)), float(np.median(ratio) - 1.0)


def line(chip: str, kernel: str, predicted: Any, measured: Any) -> str:
    count, median, p90, bias = errors(predicted, measured)
    return f"| {chip} | {kernel} | {count:,} | {median:.1%} | {p90:.0%} | {bias:+.1%} |"


def aiconfigurator() -> Iterator[str]:
    import pandas as pd

    found = importlib.util.find_spec("aiconfigurator_core")
    if found is None or found.origin is None:
        return
    data = Path(found.origin).parent / "systems/data"

    def read(path: str) -> Any:
        table = pd.read_parquet(data / path)
        for name, value in {"window_size": 0, "step": 0, "attn_dtype": "bfloat16", "head_dim": 128}.items():
            if name not in table:
                table[name] = value
        return table

    for chip, (folder, gemm, attention, comm) in TABLES.items():
        h = hardware(chip)
        table = read(f"{folder}/{gemm}/gemm_perf.parquet")
        table = table[(table.n >= 256) & (table.k >= 256)]
        for dtype, kind in (("bfloat16", "bf16"), ("fp8", "fp8")):
            part = table[table.gemm_dtype == dtype]
            if not len(part) or not h.peak_flop_per_s.get(kind):
                continue
            part = part.sample(min(SAMPLE, len(part)), random_state=1)
            times = op.gemm_time_s(h, kind, part.m, part.n, part.k, quantising=kind == "fp8")
            yield line(chip, f"matrix product {kind}", times, part.latency * 1e-3)
        table = read(f"{folder}/{PROMPTS.get(chip, attention)}/context_attention_perf.parquet")
        part = table[
            (table.attn_dtype == "bfloat16") & (table.window_size == 0) & (table.head_dim == 128) & (table.isl >= 512)
        ]  # fmt: skip
        part = part[part.step == 0]
        kv = part.num_key_value_heads.where(part.num_key_value_heads > 0, part.num_heads)
        times = op.prefill_attention_time_s(h, part.batch_size, part.num_heads, 128, part.isl, kv_heads=kv)
        yield line(chip, "attention, sequences ≥ 512", times, part.latency * 1e-3)
        table = read(f"{folder}/{attention}/generation_attention_perf.parquet")
        kept = (table.kv_cache_dtype == "bfloat16") & (table.window_size == 0)
        part = table[kept & (table.batch_size >= 32) & (table.step >= 256)]
        kv = part.num_key_value_heads.where(part.num_key_value_heads > 0, part.num_heads)
        times = op.decode_attention_time_s(h, part.batch_size, 2 * kv * part.head_dim, part.step)
        yield line(chip, "attention, caches ≥ 256, batch ≥ 32", times, part.latency * 1e-3)
        if comm:
            table = read(f"{folder}/{comm}/nccl_perf.parquet")
            table = table[table.nccl_dtype == "half"]
            for name, function in (
                ("all_reduce", op.all_reduce_time_s),
                ("all_gather", op.all_gather_time_s),
            ):
                part = table[table.op_name == name]
                times = function(h, part.message_size * 2.0, part.num_gpus)
                yield line(chip, name.replace("_", "-"), times, part.latency * 1e-3)


def rows(path: Path, names: tuple[str, ...]) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        found = list(csv.reader(stream))
    head = found[0] if not found[0][-1].replace(".", "").isdigit() else list(names)
    body = found[1:] if head == found[0] else found
    return [dict(zip(head, row, strict=False)) for row in body if len(row) == len(head)]


def infersim() -> Iterator[str]:
    for chip, folder in (("h20-96", "h20"), ("h800-sxm", "h800")):
        h = hardware(chip)
        table = rows(INFERSIM / "gemm" / folder / "data.csv", ("m", "k", "n", "latency_us", "mfu"))
        m, k, n, measured = (
            np.array([float(row[c]) for row in table]) for c in ("m", "k", "n", "latency_us")
        )
        yield line(chip, "matrix product fp8", op.gemm_time_s(h, "fp8", m, n, k), measured * 1e-6)
        sizes, predicted, times = [], [], []
        for path in sorted((INFERSIM / "mha/decode" / folder).glob("*.csv")):
            heads, kv_heads, dim = map(int, path.stem.split("-"))
            if heads > 64:
                continue
            for row in rows(path, ("dtype", "kv_dtype", "batch_size", "kv_len", "latency_us", "mfu")):
                batch, context = float(row["batch_size"]), float(row["kv_len"])
                if row["kv_dtype"] == "bf16" and batch * context > 65536:
                    sizes.append(batch)
                    predicted.append(op.decode_attention_time_s(h, batch, 2 * kv_heads * dim, context))
                    times.append(float(row["latency_us"]) * 1e-6)
        yield line(chip, "attention, caches above 65k tokens", np.array(predicted), np.array(times))
        predicted, times = [], []
        for path in sorted((INFERSIM / "mha/prefill" / folder).glob("*.csv")):
            heads, kv_heads, dim = map(int, path.stem.split("-"))
            for row in rows(path, ("dtype", "seq_len", "latency_us", "mfu")):
                if row["dtype"] == "bf16":
                    predicted.append(
                        op.prefill_attention_time_s(
                            h, 1, heads, dim, float(row["seq_len"]), kv_heads=kv_heads
                        )
                    )
                    times.append(float(row["latency_us"]) * 1e-6)
        if times:
            yield line(chip, "attention, sequences", np.array(predicted), np.array(times))


def main() -> None:
    lines = [
        "# Accuracy of kernels",
        "",
        "Shipped parameters against the public tables they were fitted to, in sample (H800: the H100's parameters, out of",
        "sample). Rerun with `python -m benchmarks kernel_tables --write`, which says what it needs.",
        "",
        "| chip | kernel | calls | median error | nine in ten within | median bias |",
        "|---|---|---|---|---|---|",
    ]
    if importlib.util.find_spec("pandas") and importlib.util.find_spec("aiconfigurator_core"):
        lines += aiconfigurator()
    if INFERSIM.is_dir():
        lines += infersim()
    print("\n".join(lines))
    if "--write" in sys.argv:
        OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
