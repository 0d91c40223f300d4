"""Build data/calibration/training_steps.csv from the published tables in ../shared/facts/benchmarks.

Run by hand when a table is added; what it writes is committed. Each row is a job as `lockgate estimate` reads it, with
the measured step time, the source, and what had to be assumed about the layout.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FACTS = ROOT / "../shared/facts/benchmarks"
OUT = ROOT / "src/lockgate/data/calibration/training_steps.csv"
FIELDS = [
    "id", "family", "layout", "kind", "model", "chip", "count", "precision", "tp", "pp", "cp", "ep", "micro_batch",
    "global_batch", "seq_len", "recompute", "interleave", "zero", "framework", "step_time_s", "source", "pinpoint",
    "assumed",
]  # fmt: skip
MODELS = {
    "LLAMA3.1_405B": "llama3.1-405b", "LLAMA3_70B": "llama3-70b", "LLAMA3_8B": "llama3-8b", "GPT3-5B": "gpt3-5b",
    "GPT3-20B": "gpt3-20b", "GPT3-175B": "gpt3-175b", "LLAMA2-7B": "llama2-7b", "LLAMA2-13B": "llama2-13b",
    "LLAMA2-70B": "llama2-70b", "Nemotron-8B": "nemotron-8b", "Nemotron-22B": "nemotron-22b",
    "Nemotron-340B": "nemotron-340b", "LLAMA3-8B": "llama3-8b", "LLAMA3-70B": "llama3-70b",
}  # fmt: skip
# Layouts of the DGX Cloud recipes: tp, pp, cp, interleave, micro-batch, sequence length.
RECIPES = {
    "llama3.1-405b": (8, 9, 2, 7, 1, 8192), "llama3.1-70b": (4, 4, 2, 5, 1, 8192), "llama3.1-8b": (1, 1, 2, 1, 1, 8192),
    "gpt3-175b": (4, 8, 1, 12, 1, 2048), "nemotron-15b": (4, 1, 1, 1, 4, 4096), "nemotron-340b": (8, 8, 1, 12, 1, 4096),
}  # fmt: skip
WITHOUT_LAYOUT = "layout of release v24.11.1; global batch from tokens a second and step time"


def rows(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def number(name: str, text: str, default: int = 1) -> int:
    found = re.search(rf"\b{name}=?\s?(\d+)", text)
    return int(found[1]) if found else default


def job(**fields: object) -> dict[str, object]:
    base = {
        "kind": "train",
        "chip": "h100-sxm",
        "recompute": "none",
        "zero": 1,
        "cp": 1,
        "ep": 1,
        "interleave": 1,
    }
    return base | {"assumed": ""} | fields


def bridge_and_nemo() -> Iterator[dict[str, object]]:
    for row in rows("training_throughput.csv"):
        pretraining = row["workload"] in ("llm pre-training", "llm pretraining", "llm sft")
        if not pretraining or row["metric"] != "tokens_per_s_per_gpu":
            continue
        bridge = row["framework"].startswith("Megatron-Bridge")
        layout, batch, count = row["parallelism"], row["batch_concurrency"], int(row["n_accelerators"])
        sharded = number("FSDP", layout, 0) > 1
        gbs, seq = number("GBS", batch), int(row["input_len"])
        yield job(
            family="megatron-bridge" if bridge else "nemo-24.07",
            model=MODELS[row["model"]], count=count, precision="fp8",
            tp=number("TP", layout), pp=number("PP", layout), cp=number("CP", layout),
            interleave=number("VP", layout), micro_batch=number("MBS", batch), global_batch=gbs, seq_len=seq,
            zero=3 if sharded else 1, framework=f"megatron-bridge {row['version']}" if bridge else "nemo 24.07",
            step_time_s=gbs * seq / (float(row["value"]) * count),
            source="nvidia-megatron-bridge" if bridge else "nvidia-nemo-24.07",
            pinpoint=f"{row['source'].split(' ')[0].split('/')[-1]} {row['workload']}",
            assumed="" if row["precision"] else "precision taken as FP8",
        )  # fmt: skip


def dgx_cloud() -> Iterator[dict[str, object]]:
    table: dict[tuple[str, str, str, str], dict[str, str]] = {}
    for row in rows("training_throughput.csv"):
        if "DGXC" in row["framework"] and row["metric"] in ("step_time", "tokens_per_s_total"):
            recipe = row["framework"].split()[-1]
            key = (recipe, row["version"], row["model"], row["n_accelerators"])
            entry = table.setdefault(key, dict(row))
            entry[row["metric"]] = row["value"]
            if "LAYERS=" in row["notes"]:
                entry["layers"] = row["notes"].split("LAYERS=")[1].split(" ")[0]
    for (recipe, version, name, text), entry in table.items():
        model = model_of(recipe, name)
        count = int(text)
        if model is None or "step_time" not in entry or "tokens_per_s_total" not in entry:
            continue
        if entry.get("layers", "126") != "126" or (model == "llama3.1-405b" and count < 512):
            continue  # models cut in depth
        tp, pp, cp, chunks, micro, seq = RECIPES[model]
        newer = version == "v25.04.02"
        if newer and model == "llama3.1-405b":
            pp, chunks = 8, 8
        replicas = count // (tp * pp * cp) * micro
        step = float(entry["step_time"])
        tokens = float(entry["tokens_per_s_total"]) * step
        yield job(
            family="dgx-cloud", model=model, count=count, precision="fp8" if "FP8" in name else "bf16",
            tp=tp, pp=pp, cp=cp, interleave=chunks, micro_batch=micro, global_batch=round(tokens / seq / replicas) * replicas, seq_len=seq,
            framework="dgx cloud " + version.removeprefix("v"), step_time_s=step, source="nvidia-dgxc-benchmarking",
            pinpoint=f"{recipe} {version}", assumed=WITHOUT_LAYOUT if newer else "",
        )  # fmt: skip


def model_of(recipe: str, name: str) -> str | None:
    if recipe.startswith("llama3.1"):
        size = re.search(r"(8|70|405)b", name)
        return f"llama3.1-{size[1]}b" if size else None
    if recipe.startswith("nemo_megatron"):
        return "gpt3-175b"
    if recipe.startswith("nemotron"):
        return "nemotron-340b" if "340b" in name else "nemotron-15b"
    return None


def mlperf() -> Iterator[dict[str, object]]:
    runs: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows("mlperf_gpt3_step_times.csv"):
        if "tpu" not in row["dir"]:
            runs.setdefault((row["round"], row["dir"]), []).append(row)
    for (release, folder), group in runs.items():
        steps = sorted(float(row["step_s"]) for row in group)
        row = group[0]
        yield job(
            family=f"mlperf-{release}", model="gpt3-175b", count=int(row["accelerators"]), precision="fp8", tp=4, pp=8,
            interleave=6, micro_batch=1, global_batch=int(row["gbs"]), seq_len=int(row["seq"]),
            framework=f"mlperf {release}", step_time_s=steps[len(steps) // 2], source=f"mlperf-training-{release}",
            pinpoint=folder, assumed="tp 4, pp 8, interleave 6, micro-batch 1, as NeMo 24.07 trains the same model",
        )  # fmt: skip


def a100() -> Iterator[dict[str, object]]:
    names = {"megatron-22B": ("megatron-22b", 1, 4), "gpt3-175B": ("gpt3-175b", 3, 1),
             "turing-530B": ("megatron-530b", 3, 1), "megatron-1T": ("megatron-1t", 1, 1)}  # fmt: skip
    for row in rows("megatron_a100_seqsel_table5.csv"):
        model, chunks, micro = names[row["model"]]
        yield job(
            family="megatron-a100", model=model, chip="a100-sxm-80", count=int(row["gpus"]), precision="bf16",
            tp=int(row["tp"]), pp=1 if model == "megatron-22b" else int(row["pp"]), interleave=chunks,
            micro_batch=micro, global_batch=int(row["batch"]), seq_len=2048,
            recompute="full" if row["config"] == "full" else "selective", framework="megatron-lm 2022",
            step_time_s=float(row["iter_s"]), source="arxiv-2205-05198", pinpoint=f"table 5, {row['config']}",
            assumed="one stage for 22B on 8 chips" if model == "megatron-22b" else "",
        )  # fmt: skip


# Megatron-Bridge, docs/performance-summary-archive.md @0a25f911b2ed: release, model, chip, chips, precision, global batch,
# micro-batch, sequence, fully sharded, tp, pp, cp, interleave, ep, tokens a second and chip. Dropless routing, balanced by force.
ARCHIVE = """
25.11 gpt-oss-120b h100-sxm 64 bf16 512 4 4096 0 1 4 1 1 8 5630
25.11 qwen3-30b-a3b h100-sxm 16 fp8 512 2 4096 0 1 2 1 24 8 5275
25.11 qwen3-235b-a22b h100-sxm 256 fp8 2048 1 4096 0 2 8 1 4 32 1575
25.09 deepseek-v3 h100-sxm 1024 bf16 8192 1 4096 0 2 8 1 4 64 1297
25.11 gpt-oss-120b b200 64 bf16 512 4 4096 0 1 1 1 1 8 8213
25.11 qwen3-30b-a3b b200 8 fp8 512 1 4096 0 1 1 1 1 8 9299
25.11 qwen3-30b-a3b gb200 8 fp8 512 4 4096 0 1 1 1 1 8 23766
25.11 qwen3-235b-a22b gb200 256 bf16 8192 1 4096 0 1 8 1 3 32 4916
25.11 gpt-oss-120b gb200 64 bf16 1280 1 8192 0 1 1 1 1 64 15876
25.11 gpt-oss-120b gb300 64 bf16 1280 2 8192 0 1 1 1 1 64 18347
25.11 deepseek-v3 b200 256 fp8 2048 1 4096 0 1 16 1 1 8 2139
25.11 qwen3-235b-a22b b200 64 fp8 1024 1 4096 0 1 8 1 2 8 3269
25.11 llama3-8b b200 8 fp8 128 2 8192 0 1 1 1 1 1 30624
25.11 llama3.1-405b b200 128 fp8 64 1 8192 0 4 8 2 8 1 661
25.11 llama3-8b gb200 8 fp8 128 2 8192 0 1 1 1 1 1 31508
25.11 llama3-70b gb200 64 fp8 256 2 8192 1 1 1 1 1 1 4312
25.11 llama3.1-405b gb200 256 fp8 1536 1 8192 0 4 16 1 4 1 813
26.02 llama3-70b gb200 64 fp8 256 1 8192 0 2 4 1 5 1 3613
26.02 llama3.1-405b gb200 256 fp8 1536 1 8192 0 4 16 1 8 1 786
25.11 llama3-8b gb300 8 fp8 128 2 8192 0 1 1 1 1 1 37556
25.11 llama3-70b gb300 64 fp8 256 2 8192 1 1 1 1 1 1 4520
26.02 llama3-70b gb300 64 fp8 256 1 8192 0 1 4 1 5 1 4596
26.02 llama3.1-405b gb300 256 fp8 1536 1 8192 0 2 8 2 4 1 931
26.02 deepseek-v3 b200 256 fp8 4096 1 4096 0 1 16 1 1 8 2689
26.02 deepseek-v3 b300 256 fp8 4096 1 4096 0 1 16 1 1 8 2983
26.02 deepseek-v3 gb200 256 fp8 4096 1 4096 0 1 4 1 4 64 3955
26.02 deepseek-v3 gb300 256 fp8 4096 2 4096 0 1 2 1 8 32 4612
26.02 gpt-oss-120b b200 64 bf16 1280 4 4096 0 1 1 1 1 64 8047
26.02 gpt-oss-120b b300 64 bf16 1280 4 4096 0 1 1 1 1 64 8359
26.02 gpt-oss-120b gb200 64 bf16 1280 4 4096 0 1 1 1 1 64 15784
26.02 gpt-oss-120b gb300 64 bf16 1280 4 4096 0 1 1 1 1 64 19412
26.02 gpt-oss-120b h100-sxm 64 bf16 1280 1 4096 0 1 4 1 1 8 5993
26.02 qwen3-235b-a22b b200 256 fp8 8192 1 4096 0 1 8 1 1 8 3805
26.02 qwen3-235b-a22b b300 256 fp8 8192 1 4096 0 1 8 1 4 8 2691
26.02 qwen3-235b-a22b gb200 256 fp8 8192 1 4096 0 1 8 1 1 32 5448
26.02 qwen3-235b-a22b gb300 256 fp8 8192 2 4096 0 1 4 1 1 32 6583
26.02 qwen3-235b-a22b h100-sxm 256 fp8 8192 1 4096 0 2 8 1 4 32 1633
26.02 qwen3-30b-a3b b200 8 fp8 512 1 4096 0 1 1 1 1 8 9691
26.02 qwen3-30b-a3b b300 8 fp8 512 8 4096 0 1 1 1 1 8 29521
26.02 qwen3-30b-a3b gb200 8 fp8 512 4 4096 0 1 1 1 1 8 26084
26.02 qwen3-30b-a3b gb300 8 fp8 512 8 4096 0 1 1 1 1 8 30376
26.02 qwen3-30b-a3b h100-sxm 16 fp8 1024 1 4096 0 1 2 1 12 8 5113
26.02.01 deepseek-v3 b200 256 fp8 4096 1 4096 0 1 16 1 1 8 2790
26.02.01 deepseek-v3 b300 256 fp8 4096 1 4096 0 1 16 1 1 8 3099
26.02.01 deepseek-v3 gb200 256 fp8 4096 1 4096 0 1 4 1 4 64 4021
26.02.01 deepseek-v3 gb300 256 fp8 4096 2 4096 0 1 2 1 8 32 4691
26.02.01 gpt-oss-120b b200 64 bf16 1280 4 4096 0 1 1 1 1 8 13722
26.02.01 gpt-oss-120b b300 64 bf16 1280 4 4096 0 1 1 1 1 8 15031
26.02.01 gpt-oss-120b gb200 64 bf16 1280 4 4096 0 1 1 1 1 64 15754
26.02.01 gpt-oss-120b gb300 64 bf16 1280 4 4096 0 1 1 1 1 64 19366
26.02.01 gpt-oss-120b h100-sxm 64 bf16 1280 1 4096 0 1 4 1 1 8 5984
26.02.01 qwen3-235b-a22b b300 256 fp8 8192 1 4096 0 1 8 1 4 8 2644
26.02.01 qwen3-235b-a22b gb200 256 fp8 8192 1 4096 0 1 8 1 1 32 5530
26.02.01 qwen3-235b-a22b gb300 256 fp8 8192 2 4096 0 1 4 1 1 32 6583
26.02.01 qwen3-235b-a22b h100-sxm 256 fp8 8192 1 4096 0 2 8 1 4 32 1611
26.02.01 qwen3-30b-a3b b200 8 fp8 512 4 4096 0 1 1 1 1 8 26695
26.02.01 qwen3-30b-a3b b300 8 fp8 512 8 4096 0 1 1 1 1 8 29454
26.02.01 qwen3-30b-a3b gb200 8 fp8 512 4 4096 0 1 1 1 1 8 26373
26.02.01 qwen3-30b-a3b gb300 8 fp8 512 8 4096 0 1 1 1 1 8 30411
26.02.01 qwen3-30b-a3b h100-sxm 16 fp8 1024 1 4096 0 1 2 1 12 8 9058
26.04 deepseek-v3 b200 256 fp8 4096 1 4096 0 1 16 1 1 8 2815
26.04 deepseek-v3 b300 256 fp8 4096 1 4096 0 1 16 1 1 8 3131
26.04 deepseek-v3 gb200 256 fp8 4096 1 4096 0 1 4 1 4 64 4193
26.04 deepseek-v3 gb300 256 fp8 4096 2 4096 0 1 2 1 8 32 4965
26.04 gpt-oss-120b b200 64 bf16 1280 4 4096 0 1 1 1 1 8 13045
26.04 gpt-oss-120b b300 64 bf16 1280 4 4096 0 1 1 1 1 8 15114
26.04 gpt-oss-120b gb200 64 bf16 1280 4 4096 0 1 1 1 1 64 15938
26.04 gpt-oss-120b gb300 64 bf16 1280 4 4096 0 1 1 1 1 64 19275
26.04 gpt-oss-120b h100-sxm 64 bf16 1280 1 4096 0 1 4 1 1 8 5810
26.04 qwen3-235b-a22b b300 256 fp8 8192 2 4096 0 1 8 1 1 8 4865
26.04 qwen3-235b-a22b gb200 256 fp8 8192 1 4096 0 1 8 1 3 32 5672
26.04 qwen3-235b-a22b gb300 256 fp8 8192 2 4096 0 1 4 1 12 32 6994
26.04 qwen3-235b-a22b h100-sxm 256 fp8 8192 1 4096 0 2 8 1 4 32 1686
26.04 qwen3-30b-a3b b200 8 fp8 512 4 4096 0 1 1 1 1 8 26859
26.04 qwen3-30b-a3b b300 8 fp8 512 8 4096 0 1 1 1 1 8 30553
26.04 qwen3-30b-a3b gb200 8 fp8 512 4 4096 0 1 1 1 1 8 26032
26.04 qwen3-30b-a3b gb300 8 fp8 512 8 4096 0 1 1 1 1 8 31470
26.04 qwen3-30b-a3b h100-sxm 16 fp8 1024 1 4096 0 1 1 1 1 16 8901
26.04.01 deepseek-v3 b200 256 fp8 4096 1 4096 0 1 8 1 2 32 3328
26.04.01 deepseek-v3 b300 256 fp8 4096 2 4096 0 1 8 1 1 8 3456
26.04.01 deepseek-v3 gb200 256 fp8 4096 1 4096 0 1 4 1 4 64 4256
26.04.01 deepseek-v3 gb300 256 fp8 4096 2 4096 0 1 2 1 8 32 4992
26.04.01 gpt-oss-120b b200 64 bf16 1280 4 4096 0 1 1 1 1 8 13568
26.04.01 gpt-oss-120b b300 64 bf16 1280 4 4096 0 1 1 1 1 8 15232
26.04.01 gpt-oss-120b gb200 64 bf16 1280 4 4096 0 1 1 1 1 64 16640
26.04.01 gpt-oss-120b gb300 64 bf16 1280 4 4096 0 1 1 1 1 64 19200
26.04.01 gpt-oss-120b h100-sxm 64 bf16 1280 1 4096 0 1 4 1 1 8 5824
26.04.01 qwen3-235b-a22b b200 256 fp8 8192 1 4096 0 1 8 1 1 8 3776
26.04.01 qwen3-235b-a22b b300 256 fp8 8192 2 4096 0 1 8 1 1 8 5936
26.04.01 qwen3-235b-a22b gb200 256 fp8 8192 1 4096 0 1 8 1 3 32 5680
26.04.01 qwen3-235b-a22b gb300 256 fp8 8192 2 4096 0 1 4 1 12 32 6944
26.04.01 qwen3-235b-a22b h100-sxm 256 fp8 8192 1 4096 0 2 8 1 4 32 1712
26.04.01 qwen3-30b-a3b b200 8 fp8 512 4 4096 0 1 1 1 1 8 27136
26.04.01 qwen3-30b-a3b b300 8 fp8 512 8 4096 0 1 1 1 1 8 30720
26.04.01 qwen3-30b-a3b gb200 8 fp8 512 4 4096 0 1 1 1 1 8 26112
26.04.01 qwen3-30b-a3b gb300 8 fp8 512 8 4096 0 1 1 1 1 8 31744
26.04.01 qwen3-30b-a3b h100-sxm 16 fp8 1024 1 4096 0 1 1 1 1 16 8960
26.06 deepseek-v3 b300 256 fp8 4096 2 4096 0 1 8 1 1 8 3541
26.06 deepseek-v3 gb200 256 fp8 4096 1 4096 0 1 4 1 4 64 4969
26.06 deepseek-v3 gb300 256 fp8 4096 1 4096 0 1 2 1 8 32 6338
26.06 deepseek-v3 gb300 256 fp8 15360 1 4096 0 1 2 1 8 32 6422
26.06 gpt-oss-120b b300 64 fp8 1280 4 4096 0 1 1 1 1 8 18534
26.06 gpt-oss-120b gb200 64 fp8 1280 4 4096 0 1 1 1 1 64 28947
26.06 gpt-oss-120b gb300 64 fp8 1280 4 4096 0 1 1 1 1 16 33166
26.06 qwen3-235b-a22b gb200 256 fp8 8192 1 4096 0 1 8 1 3 32 7376
26.06 qwen3-235b-a22b gb300 256 fp8 8192 2 4096 0 1 4 1 12 32 9015
26.06 qwen3-30b-a3b b300 8 fp8 512 8 4096 0 1 1 1 1 8 40769
26.06 qwen3-30b-a3b gb200 8 fp8 512 4 4096 0 1 1 1 1 8 40706
26.06 qwen3-30b-a3b gb300 8 fp8 512 8 4096 0 1 1 1 1 8 45275
26.06 qwen3-30b-a3b h100-sxm 16 fp8 1024 1 4096 0 1 1 1 1 16 8826
26.06.01 deepseek-v3 gb200 256 fp8 4096 1 4096 0 1 4 1 4 64 4928
26.06.01 deepseek-v3 gb300 256 fp8 4096 1 4096 0 1 2 1 8 32 6304
26.06.01 gpt-oss-120b gb200 64 fp8 1280 4 4096 0 1 1 1 1 64 18304
26.06.01 gpt-oss-120b gb300 64 fp8 1280 4 4096 0 1 1 1 1 16 20288
26.06.01 qwen3-235b-a22b gb200 256 fp8 8192 1 4096 0 1 8 1 3 32 7360
26.06.01 qwen3-235b-a22b gb300 256 fp8 8192 2 4096 0 1 4 1 12 32 9008
26.06.01 qwen3-30b-a3b gb200 8 fp8 512 4 4096 0 1 1 1 1 8 40960
26.06.01 qwen3-30b-a3b gb300 8 fp8 512 8 4096 0 1 1 1 1 8 44544
26.08 deepseek-v3 gb200 256 fp8 4096 1 4096 0 1 4 1 4 64 4912
26.08 deepseek-v3 gb300 256 fp8 4096 1 4096 0 1 2 1 8 32 6288
26.08 gpt-oss-120b gb200 64 fp8 1280 4 4096 0 1 1 1 1 64 28672
26.08 gpt-oss-120b gb300 64 fp8 1280 4 4096 0 1 1 1 1 16 33024
26.08 qwen3-235b-a22b gb200 256 fp8 8192 1 4096 0 1 8 1 3 32 7280
26.08 qwen3-235b-a22b gb300 256 fp8 8192 2 4096 0 1 4 1 12 32 8816
26.08 qwen3-30b-a3b gb200 8 fp8 512 4 4096 0 1 1 1 1 8 39936
26.08 qwen3-30b-a3b gb300 8 fp8 512 8 4096 0 1 1 1 1 8 44544
"""


def archive() -> Iterator[dict[str, object]]:
    for line in ARCHIVE.split("\n"):
        if not line:
            continue
        release, model, chip, *figures = line.split()
        precision = figures.pop(1)
        count, gbs, micro, seq, sharded, tp, pp, cp, chunks, ep, rate = map(int, figures)
        if model == "gpt-oss-120b" and release == "26.06.01":
            continue  # a regression, says the source
        moe, assumed = ep > 1, ""
        if (release, model, chip) in RECIPE_SAYS:
            pp, micro, chunks, ep = RECIPE_SAYS[release, model, chip]
            assumed = (
                "pp, micro-batch, interleave and ep as in the recipe of the release; the table says otherwise"
            )
        if sharded:
            assumed = "some layers' activations are kept in the host's memory, says the recipe: here they do not fit"
        yield job(
            family=("moe-" if moe else "") + ("hopper" if chip == "h100-sxm" else "blackwell"),
            model=model, chip=chip, count=count, precision=precision, tp=tp, pp=pp, cp=cp, ep=ep, micro_batch=micro,
            global_batch=gbs, seq_len=seq, interleave=chunks, zero=3 if sharded else 1,
            recompute="selective" if recipe_recomputes(release, model, chip) else "none",
            framework=f"megatron-bridge {release}" + recipe_settings(release, model, chip),
            step_time_s=gbs * seq / (rate * count),
            source="nvidia-megatron-bridge", pinpoint="docs/performance-summary-archive.md @067f987df03b", assumed=assumed,
        )  # fmt: skip


# What recipes say beyond the tables: scripts/performance/configs of the tags v0.2.0 (25.11), v0.3.0 (26.02), v0.3.1 (26.02.01),
# v0.4.0 (26.04), v0.4.2 (26.04.01), v0.5.0 (26.06). pp, micro-batch, interleave and ep where they differ.
RECIPE_SAYS = {
    ("25.11", "gpt-oss-120b", "h100-sxm"): (4, 1, 1, 8),
    ("25.11", "gpt-oss-120b", "b200"): (1, 4, 1, 64),
    ("25.11", "qwen3-30b-a3b", "h100-sxm"): (2, 1, 12, 8),
    ("25.11", "qwen3-235b-a22b", "b200"): (8, 1, 4, 8),
    ("26.02.01", "qwen3-30b-a3b", "h100-sxm"): (1, 1, 1, 16),
}
# How much of a layer the host launches, and whether experts' tokens travel beside other compute, by release (the last entry
# not later than it). Words as docs/reference/job-columns.md explains them.
SETTINGS = {
    ("gpt-oss-120b", "h100-sxm"): {"25.11": "launched alltoall"},
    ("gpt-oss-120b", "b200"): {"25.11": "launched alltoall", "26.04": "launched", "26.04.01": "launched alltoall"},
    ("gpt-oss-120b", "b300"): {"26.02": "graphed alltoall", "26.04": "graphed"},
    ("gpt-oss-120b", "gb200"): {
        "25.11": "launched alltoall", "26.04": "launched overlapped", "26.04.01": "launched overlapped alltoall",
        "26.06": "recorded attention-fp8",
    },
    ("gpt-oss-120b", "gb300"): {"25.11": "graphed alltoall", "26.06": "recorded attention-fp8"},
    ("qwen3-235b-a22b", "h100-sxm"): {
        "25.11": "launched overlapped alltoall", "26.02.01": "launched overlapped", "26.04": "launched overlapped alltoall",
    },
    ("qwen3-235b-a22b", "b200"): {"25.11": "launched overlapped alltoall", "26.02": "launched alltoall"},
    # the recipe of 26.02.01 overlaps nothing, but its table repeats the layout and nearly the speed of 26.02
    ("qwen3-235b-a22b", "b300"): {
        "26.02": "launched overlapped alltoall", "26.04": "launched alltoall", "26.04.01": "launched",
    },
    ("qwen3-235b-a22b", "gb200"): {"25.11": "graphed", "26.06": "recorded attention-fp8"},
    ("qwen3-235b-a22b", "gb300"): {"25.11": "graphed", "26.06": "recorded attention-fp8"},
    ("qwen3-30b-a3b", "h100-sxm"): {"25.11": "launched overlapped alltoall", "26.02": "launched overlapped", "26.02.01": "launched"},
    ("qwen3-30b-a3b", "b200"): {"25.11": "router-graphed alltoall", "26.02.01": "graphed"},
    ("qwen3-30b-a3b", "b300"): {"26.02": "router-graphed", "26.06": "recorded attention-fp8"},
    ("qwen3-30b-a3b", "gb200"): {"25.11": "router-graphed", "26.06": "recorded attention-fp8"},
    ("qwen3-30b-a3b", "gb300"): {"25.11": "router-graphed", "26.06": "recorded attention-fp8"},
    ("deepseek-v3", "h100-sxm"): {"25.09": "launched overlapped"},
    ("deepseek-v3", "b200"): {"25.11": "launched alltoall", "26.02": "launched", "26.04.01": "graphed overlapped"},
    ("deepseek-v3", "b300"): {"25.11": "launched", "26.04.01": "graphed"},
    ("deepseek-v3", "gb200"): {"25.11": "graphed", "26.06": "recorded"},
    ("deepseek-v3", "gb300"): {"25.11": "launched", "26.06": "recorded attention-fp8"},
}  # fmt: skip


def recipe_recomputes(release: str, model: str, chip: str) -> bool:
    """Norms and activations of experts (GPT-OSS), or the up-projections of latent attention (DeepSeek-V3)."""
    if model == "deepseek-v3":
        if chip == "gb200":
            return not release.startswith("26.04")
        return release < "26.06" or chip != "gb300"
    return model == "gpt-oss-120b" and (
        chip in ("h100-sxm", "b200") or (chip == "gb200" and release < "26.06")
    )


def recipe_settings(release: str, model: str, chip: str) -> str:
    """What follows the framework's name."""
    by_release = SETTINGS.get((model, chip), {})
    known = [since for since in by_release if since <= release]
    return " " + by_release[max(known)] if known else ""


def main() -> None:
    seen: dict[tuple[object, ...], str] = {}
    written = []
    for index, row in enumerate([*bridge_and_nemo(), *dgx_cloud(), *mlperf(), *a100(), *archive()]):
        dp = int(str(row["count"])) // (int(str(row["tp"])) * int(str(row["pp"])) * int(str(row["cp"])))
        microbatches = int(str(row["global_batch"])) // dp // int(str(row["micro_batch"]))
        era = str(row["framework"])
        if "bridge" in era:
            era = "megatron-bridge " + " ".join(era.split()[2:])
        key = (era, *(row[name] for name in ("model", "chip", "precision", "tp", "pp", "cp", "micro_batch", "interleave",
                                             "recompute", "zero", "seq_len", "ep")), microbatches)  # fmt: skip
        layout = seen.setdefault(key, f"L{len(seen) + 1:02d}")
        row |= {
            "id": f"T{index + 1:03d}",
            "layout": layout,
            "step_time_s": f"{float(str(row['step_time_s'])):.5g}",
        }
        written.append(row)
    with OUT.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS)
        writer.writeheader()
        writer.writerows(written)
    print(f"{len(written)} rows, {len(seen)} layouts -> {OUT}")


if __name__ == "__main__":
    main()
