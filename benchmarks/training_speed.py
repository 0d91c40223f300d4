"""How fast training is estimated and searched; writes docs/benchmarks/training-speed.md.

python -m benchmarks training_speed [--write]
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from lockgate.capability.hardware import hardware_from_chip
from lockgate.capability.layout import Layouts, is_possible
from lockgate.capability.search import candidate_layouts, plan_training, predict_many
from lockgate.capability.training import _cached_tables as layer_tables_of
from lockgate.capability.training_jobs import TrainingJob, answer_job, settle_run
from lockgate.catalogue import load_catalogue
from lockgate.catalogue.calibration import read_measurements
from lockgate.services.jobs import read_job, split_row
from lockgate.services.train import training_job

OUT = Path(__file__).parents[1] / "docs/benchmarks/training-speed.md"
PLAN = [
    "plan",
    "--train",
    "gpt3-175b",
    "--on",
    "h100-sxm",
    "--count",
    "3584",
    "--global-batch",
    "3584",
    "--seq-len",
    "2048",
]


def best_of(call: Callable[[], object], times: int) -> float:
    """The shortest of several runs, seconds: what the machine can do when others leave it alone."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    catalogue = load_catalogue()
    table = catalogue.calibration("training")
    chip = hardware_from_chip(catalogue.chip("h100-sxm"), catalogue.calibration("kernels"))
    job = TrainingJob(catalogue.model("gpt3-175b"), chip, 3584, global_batch=3584, seq_len=2048)
    settled, run, _ = settle_run(job, table)
    layouts = candidate_layouts(run, settled)
    many = Layouts(**{name: np.tile(getattr(layouts, name), 30) for name in Layouts.__dataclass_fields__})

    def search_many() -> None:
        possible = is_possible(many, run.model, chip_count=3584, global_batch=3584, seq_len=2048)
        times, memory = predict_many(run, many.take(possible))
        np.argmin(np.where(memory <= run.hardware.memory_byte, times, np.inf))

    many_s = best_of(search_many, 5)
    plan_s = best_of(lambda: plan_training(job, table), 5)
    questions = [
        training_job(read_job(split_row(row)[0]), catalogue) for row in read_measurements("training_steps")
    ]

    def answer_all() -> None:
        layer_tables_of.cache_clear()
        for question in questions:
            answer_job(question, table)

    one_s = best_of(answer_all, 5) / len(questions)
    command = [str(Path(sys.executable).with_name("lockgate")), *PLAN]
    start_s = best_of(lambda: subprocess.run(command, check=True, capture_output=True), 3)
    lines = [
        "# Speed of training estimates",
        "",
        (
            f"Measured {datetime.now(UTC).date()} on {os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}, "
            f"numpy {np.__version__}, the shortest of several runs on a machine shared with other work. "
            "Rerun with `python -m benchmarks training_speed --write`."
        ),
        "",
        "| what | measured | bar |",
        "|---|---|---|",
        f"| layouts a second, divisibility, time and memory of each, two threads | {len(many) / many_s:,.0f} | ≥ 2,000,000 |",
        f"| GPT-3 175B on 3,584 H100, all {len(layouts):,} layouts, from process start | {start_s:.2f} s | ≤ 5 s |",
        f"| the same search, warm, with its front and reasons | {plan_s * 1e3:.0f} ms | |",
        f"| one estimate, warm, mean over the {len(questions)} measured rows, nothing kept between them | {one_s * 1e3:.2f} ms | ≤ 1 ms |",
        "",
        "Calculon (caa4b11, 2024-02-22) took 4 to 18 ms for an estimate on such a machine, and its search for GPT-3 175B on",
        "3,584 H100 had not finished after 240 s.",
    ]
    print("\n".join(lines))
    if "--write" in sys.argv:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
