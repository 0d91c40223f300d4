"""How quick serving answers are: one estimate, the full search on eight chips, and both from process start."""

import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lockgate.capability.hardware import hardware_from_chip
from lockgate.capability.serving_answers import estimate_serving
from lockgate.capability.serving_jobs import ServingJob
from lockgate.capability.serving_search import plan_serving
from lockgate.catalogue import load_catalogue

OUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "serving-speed.json"


def seconds(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """CPU and wall time of one call: least of five means. Other work shares the machine, so the CPU time is the one to compare."""
    work()
    best = [float("inf"), float("inf")]
    for _ in range(5):
        start = time.process_time(), time.perf_counter()
        for _ in range(repeats):
            work()
        spent = time.process_time() - start[0], time.perf_counter() - start[1]
        best = [min(old, new / repeats) for old, new in zip(best, spent, strict=True)]
    return best[0], best[1]


def main() -> None:
    """Measure, print, write."""
    catalogue = load_catalogue()
    tables = catalogue.calibration("serving")
    h200 = hardware_from_chip(catalogue.chip("h200-sxm"), catalogue.calibration("kernels"))
    one = ServingJob(
        load_catalogue().model("llama3.1-70b"),
        h200,
        4,
        precision="fp8",
        tp=4,
        input_len=1000,
        output_len=1000,
    )
    dense = ServingJob(load_catalogue().model("llama3.1-70b"), h200, 8, input_len=2048, output_len=512)
    experts = ServingJob(load_catalogue().model("deepseek-v3"), h200, 8, input_len=2048, output_len=512)
    found = plan_serving(experts, tables)
    figures = {
        **{
            f"{name}_{kind}_ms": value * 1e3
            for name, work, repeats in (
                ("estimate", lambda: estimate_serving(one, tables), 200),
                ("search_dense", lambda: plan_serving(dense, tables), 5),
                ("search_experts", lambda: plan_serving(experts, tables), 5),
            )
            for kind, value in zip(("cpu", "wall"), seconds(work, repeats), strict=True)
        },
        "search_experts_ways": float(found.searched),
        "command_search_s": _command("plan", "--serve", "deepseek-v3", "--on", "h200-sxm", "--count", "8"),
        "command_estimate_s": _command(
            "estimate", "--serve", "llama3.1-70b", "--on", "h200-sxm", "--count", "4"
        ),
    }
    record = {
        "on": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, 2 cores shared with other work, Python {platform.python_version()}",
        "figures": {name: round(value, 3) for name, value in figures.items()},
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=2))


def _command(*words: str) -> float:
    program = [sys.executable, "-c", "from lockgate.cli.main import run; run()", *words, "--json"]
    start = time.perf_counter()
    subprocess.run(program, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
