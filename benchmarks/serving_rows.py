"""Build data/calibration/serving_throughput.csv from the published tables in ../shared/facts/benchmarks.

Run by hand when a table is added; what it writes is committed. Each row is a job as `lockgate estimate` reads it, with
the measured figure, its source, and why it is left out where it is.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.loaded_tables import loaded_tables
from benchmarks.tensorrt_llm_tables import later_tables

ROOT = Path(__file__).parents[1]
FACTS = ROOT / "../shared/facts/benchmarks"
OUT = ROOT / "src/lockgate/data/calibration/serving_throughput.csv"
FIELDS = [
    "id", "family", "model", "chip", "count", "precision", "tp", "ep", "input_len", "output_len", "batch", "concurrency", "requests", "scenario",
    "framework", "metric", "value", "date", "source", "pinpoint", "note", "excluded",
]  # fmt: skip
MODELS = {
    "LLaMA v3.1 70B": "llama3.1-70b", "LLaMA v3.1 8B": "llama3.1-8b", "Mistral 7B": "mistral-7b",
    "Mixtral 8x7B": "mixtral-8x7b", "Falcon 180B": "falcon-180b", "GPTJ 6B": "gpt-j-6b", "GPT-J 6B": "gpt-j-6b",
    "LLaMA v2 70B": "llama2-70b", "LLaMA v2 7B": "llama2-7b", "LLaMA v3 70B": "llama3-70b", "LLaMA v3 8B": "llama3-8b",
    "LLaMA 7B": "llama2-7b", "LLaMA 70B": "llama2-70b",
}  # fmt: skip
# Requests of a run by lengths, from the guide of the in-flight benchmark.
REQUESTS = {
    (128, 128): 30000, (128, 2048): 3000, (2048, 128): 3000, (500, 2000): 3000, (1000, 1000): 3000, (128, 4096): 1500,
    (2048, 2048): 1500, (5000, 500): 1500, (20000, 2000): 1000,
}  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def tensorrt_llm() -> Iterator[dict[str, object]]:
    for row in rows("trtllm_perf.csv"):
        if "REPEAT" in row["notes"]:
            continue
        chip = (
            "a100-sxm-80"
            if "A100" in row["accelerator"]
            else "l40s"
            if "L40S" in row["accelerator"]
            else "h100-sxm"
        )
        version = ".".join(row["version"].split()[0].split(".")[:2])
        model, tp, value = MODELS[row["model"]], int(row["n_accelerators"]), float(row["value"])
        lengths = int(row["input_len"]), int(row["output_len"])
        static, first = "static" in row["framework"], row["metric"] == "ttft"
        note = excluded = ""
        if row["metric"] == "output_throughput_per_gpu":
            value, note = value * tp, "per GPU in the source"
        if version == "0.7" and chip == "a100-sxm-80" and tp > 1 and not first:
            value, note = value * tp, "labelled total in the source, per GPU by its size"
        if (version, model, chip, lengths) == ("0.11", "gpt-j-6b", "l40s", (2048, 128)):
            excluded = "implausible: an eighth of its neighbours"
        if first:
            family = "trtllm-ttft"
        elif model.startswith("mixtral"):
            family = "trtllm-mixtral-static" if static else "trtllm-mixtral"
        else:
            family = "trtllm-static" if static else f"trtllm-{version}"
        yield {
            "family": family, "model": model, "chip": chip, "count": tp, "tp": tp,
            "precision": {"FP16": "bf16", "FP8": "fp8"}[row["precision"]],
            "input_len": lengths[0], "output_len": lengths[1],
            "batch": row["batch_concurrency"] if static else "", "requests": "" if static else REQUESTS[lengths],
            "scenario": "static" if static else "inflight", "framework": f"tensorrt-llm {version}",
            "metric": "ttft_s" if first else "output_tokens_per_s", "value": f"{value / 1e3 if first else value:g}",
            "date": row["date"], "source": "nvidia-tensorrt-llm-performance",
            "pinpoint": row["source"].removeprefix("github:"), "note": note, "excluded": excluded,
        }  # fmt: skip


def mlperf() -> Iterator[dict[str, object]]:
    for row in rows("mlperf_inference.csv"):
        name = row["accelerator"]
        # Slices of a GPU are no chip; power and network divisions limit the system on purpose.
        if "MIG" in name or "80C" in name or "division=closed;" not in row["notes"]:
            continue
        hopper, card = "H100" in name, "PCI" in name.upper()
        if hopper:
            chip = "h100-pcie" if card else "h100-sxm"
        else:
            chip = "a100-pcie-80" if card else "a100-sxm-40" if "40GB" in name else "a100-sxm-80"
        bert, strict = row["model"].startswith("bert"), row["model"].endswith("99.9")
        # The declared type is the submitter's: 99 % accuracy ran in int8; 99.9 % in FP8 where the chip has it, else 16 bit.
        precision = "fp8" if not bert or (strict and hopper) else "bf16" if strict else "int8"
        told = [part for part in row["notes"].split("; ") if part.startswith(("submitter=", "platform="))]
        yield {
            "family": "mlperf-bert" if bert else "mlperf-gptj", "model": "bert-large" if bert else "gpt-j-6b", "chip": chip,
            "count": row["n_accelerators"], "tp": 1, "precision": precision, "input_len": 384 if bert else "",
            "scenario": row["scenario"], "framework": "mlperf " + row["version"].split()[-1], "metric": "requests_per_s",
            "value": f"{float(row['value']):g}", "date": row["date"], "source": "mlperf-inference-results",
            "pinpoint": "; ".join([*told, row["model"]]), "note": "custom thermal solution" if "CTS" in name else "",
        }  # fmt: skip


def main() -> None:
    written = [
        {"id": f"S{index:03d}", **row}
        for index, row in enumerate([*tensorrt_llm(), *mlperf(), *later_tables(), *loaded_tables()], start=1)
    ]
    with OUT.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(written)
    print(f"{len(written)} rows -> {OUT}")


if __name__ == "__main__":
    main()
