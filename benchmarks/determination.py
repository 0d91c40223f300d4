"""How fast the gates answer: one transaction, a million as arrays, a million from CSV to JSON lines; beside OpenFisca-core.

``python -m benchmarks determination`` measures and writes ``docs/benchmarks/determination.md``. A first argument is the number of rows
(1,000,000). Times are of the processor, on one core: other work on the machine lengthens the wall clock, not these.
OpenFisca-core is installed into ``.venv-bench`` on the first run, from ``benchmarks/openfisca-requirements.txt``.
"""

import csv
import datetime as dt
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lockgate.catalogue import load_catalogue
from lockgate.controls.classification import classify
from lockgate.controls.determine import determine
from lockgate.controls.determine_table import determine_table
from lockgate.controls.table import KINDS, QUANTITIES, Coded, Table, as_float
from lockgate.controls.table_classification import classify_rows
from lockgate.controls.table_export import find_grounds
from lockgate.controls.table_rows import Rows
from lockgate.controls.truth_arrays import NUMBERS
from lockgate.services.determine import Determiner

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks" / "determination.md"
BENCH = ROOT / ".venv-bench"
PLACES = ("CN", "HK", "MO", "SG", "DE", "SA", "AE", "IN", "VN", "RU", "TW", "KR")
CHINA = ("CN", "HK", "MO")
SCOPE = ("CN", "HK", "MO", "SA", "AE", "VN", "RU")
BUYERS = ("ByteDance", "Tencent", "Alibaba", "DeepSeek", "Somebody", None)
CERTIFICATES = (
    "dd_us_availability", "dd_us_supply", "dd_foundry_capacity", "dd_volume_cap", "dd_remote_users", "dd_not_military", "dd_kyc",
    "dd_security", "dd_iaas_weights", "dd_iaas_algorithms", "dd_lab_us_hq", "dd_lab_not_d5_controlled", "dd_lab_no_interest",
    "dd_test_in_us", "dd_test_sample", "dd_test_certificate", "dd_lab_revoked",
)  # fmt: skip
SEED = 20260115


def draw(count: int) -> tuple[Table, dict[str, Any]]:
    """Mixed transactions as a table, and as cells: every chip of the catalogue, days from August 2022 to November 2026."""
    random = np.random.default_rng(SEED)
    determiner = Determiner(load_catalogue())
    ids = tuple(determiner.catalogue.chip_shelf.ids())
    facts = [determiner.item_facts(id_).attributes for id_ in ids]
    item = random.integers(0, len(ids), count).astype(np.int32)
    to = random.integers(0, len(PLACES), count).astype(np.int32)
    other = random.integers(0, len(PLACES), count).astype(np.int32)
    parent = np.where(random.random(count) < 0.8, to, other).astype(np.int32)
    on = np.datetime64("2022-08-01") + random.integers(0, 1570, count).astype("timedelta64[D]")
    reexport = (random.random(count) < 0.2).astype(np.int32)
    buyer = random.integers(0, len(BUYERS), count).astype(np.int32)
    bounded = sorted({name for each in facts for name in each["bounds"]})

    def fact(values: list[Any]) -> Any:
        return np.array([np.nan if value is None else as_float(value) for value in values])[item]

    def of_item(name: str) -> Coded:
        return Coded(item, tuple(each[name] for each in facts))

    truths = {name: random.integers(0, 3, count).astype(np.int8) for name in ("military_end_use", "us_licence", *CERTIFICATES)}  # fmt: skip
    table = Table(
        on=on,
        kind=np.where(reexport, *(KINDS.index(kind) for kind in (KINDS[1], KINDS[0]))).astype(np.int32),
        names={"item": Coded(item, ids), "manufacturer": of_item("manufacturer"), "exporter": Coded(np.zeros(count, np.int32), (None,)), "end_user": Coded(buyer, BUYERS)},
        places={
            "from_place": Coded(reexport, ("US", "TW")), "to_place": Coded(to, PLACES), "end_user_hq": Coded(to, PLACES),
            "ultimate_parent": Coded(parent, PLACES), "designer_country": of_item("designer_country"),
        },
        truths={name: truths[name] for name in ("military_end_use", "us_licence")}
        | {"datacenter": np.array([NUMBERS[each["datacenter"]] for each in facts], np.int8)[item]},
        numbers={name: fact([each.get(name) for each in facts]) for name in QUANTITIES},
        lows={name: fact([each["bounds"].get(name, (None, None))[0] for each in facts]) for name in bounded},
        highs={name: fact([each["bounds"].get(name, (None, None))[1] for each in facts]) for name in bounded},
        stated={name: truths[name] for name in CERTIFICATES},
    )  # fmt: skip
    words = np.array(["no", "", "yes"])
    cells = {
        "id": np.arange(count).astype(str), "item": np.array(ids)[item], "on": on.astype(str),
        "kind": np.array(["export", "reexport"])[reexport], "from": np.array(["US", "TW"])[reexport], "to": np.array(PLACES)[to],
        "end_user_hq": np.array(PLACES)[to], "ultimate_parent": np.array(PLACES)[parent],
        "end_user": np.array([buyer_ or "" for buyer_ in BUYERS])[buyer],
        "military_end_use": words[truths["military_end_use"]], "us_licence": words[truths["us_licence"]],
    }  # fmt: skip
    return table, cells


def seconds(task: Callable[[], Any], times: int = 1) -> float:
    """Processor seconds of a task, the best of some times."""
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        task()
        best = min(best, time.process_time() - started)
    return best


def time_one() -> dict[str, float]:
    """One transaction, in this process."""
    determiner = Determiner(load_catalogue())
    row = {"item": "h200-sxm", "on": "2026-02-01", "kind": "export", "from": "US", "to": "CN", "end_user": "Tencent", "end_user_hq": "CN", "ultimate_parent": "CN"}  # fmt: skip
    answer = determiner.answer(row)
    law, transaction, on = determiner.catalogue.law, answer.transaction, answer.on
    times = 300
    return {
        "determine": seconds(lambda: [determine(transaction, law, on) for _ in range(times)], 3) / times,
        "from cells": seconds(lambda: [determiner.answer(row) for _ in range(times)], 3) / times,
        "classification alone": seconds(lambda: [classify(transaction, law.on(on)) for _ in range(times)], 3)
        / times,
    }


def time_arrays(table: Table) -> float:
    """All transactions at once."""
    law = load_catalogue().law
    determine_table(table.take(np.arange(min(len(table), 1000))), law)
    return seconds(lambda: determine_table(table, law), 2)


def time_file(cells: dict[str, Any]) -> dict[str, float]:
    """From CSV to JSON lines by the command, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(cells)
            writer.writerows(zip(*(column.tolist() for column in cells.values()), strict=True))
        command = [sys.executable, "-m", "lockgate", "determine", str(path), "--json"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        peak_kb = 0
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}
        ) as process:
            while process.poll() is None:
                peak_kb = max(peak_kb, peak_memory_kb(process.pid))
                time.sleep(0.1)
        if process.returncode:
            raise SystemExit(process.returncode)
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": used, "wall": wall, "peak_mb": peak_kb / 1024}


def peak_memory_kb(pid: int) -> int:
    """The most memory that a process has held, in KiB; 0 where it has ended or the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def time_same_rule(table: Table) -> dict[str, float]:
    """The part of the answer that the OpenFisca rule gives: classification and licence requirement."""
    law = load_catalogue().law
    day = dt.date(2024, 6, 1)
    same_day = replace(table, on=np.full(len(table), day, dtype="datetime64[D]"))

    def answer(part: Table, on: dt.date) -> None:
        rows = Rows(part, law.on(on))
        find_grounds(rows, classify_rows(rows))

    def answer_mixed() -> None:
        spans = np.searchsorted(np.array(law.turning_days(), dtype="datetime64[D]"), table.on, side="right")
        order = np.argsort(spans, kind="stable")
        for chosen in np.split(order, np.flatnonzero(np.diff(spans[order])) + 1):
            part = table.take(chosen)
            answer(part, part.on.min().astype(object))

    return {"one_day": seconds(lambda: answer(same_day, day), 2), "mixed": seconds(answer_mixed, 2)}


def time_openfisca(table: Table) -> dict[str, Any]:
    """The same rule in OpenFisca-core, in an environment of its own."""
    python = BENCH / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(BENCH)], check=True)
        wanted = ROOT / "benchmarks" / "openfisca-requirements.txt"
        subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(wanted)], check=True)
    to = table.places["to_place"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "columns.npz"
        np.savez(
            path,
            on=table.on,
            tpp=np.nan_to_num(table.number("tpp")),
            density=np.nan_to_num(table.number("performance_density")),
            io=np.nan_to_num(table.number("io_bandwidth_byte_per_s")) / 1e9,
            datacenter=table.truth("datacenter") == 2,
            in_scope=np.isin(np.array(PLACES), SCOPE)[to.codes],
            in_china=np.isin(np.array(PLACES), CHINA)[to.codes],
        )
        script = ROOT / "benchmarks" / "_openfisca_rule.py"
        done = subprocess.run([str(python), str(script), str(path)], check=True, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1"})  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def processor() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())  # fmt: skip


def page(count: int, one: dict[str, float], arrays: float, file: dict[str, float], same: dict[str, float], other: dict[str, Any]) -> str:  # fmt: skip
    """The result as a page."""
    return f"""# Speed of determinations

Measured on {dt.datetime.now(dt.UTC).date()} by `python -m benchmarks determination` on {processor()}, {os.cpu_count()} cores,
Python {platform.python_version()}, numpy {np.__version__}. Processor seconds on one core; the machine was shared with other work, which
lengthens the wall clock.

| what | measured | bar |
| --- | --- | --- |
| one transaction, in process | {one["determine"] * 1000:.2f} ms | 1 ms |
| one transaction, from cells to answer | {one["from cells"] * 1000:.2f} ms | |
| {count:,} transactions from arrays | {arrays:.2f} s | 3 s |
| {count:,} rows from CSV to JSON lines, `lockgate determine big.csv --json` | {file["cpu"]:.1f} s of processor, {file["wall"]:.1f} s of wall clock | 30 s |
| its peak memory | {file["peak_mb"]:.0f} MB | 1,024 MB |

The transactions mix every chip of the catalogue, days from August 2022 to November 2026, twelve destinations, parents elsewhere in one
of five, exports and reexports, six buyers, and certificates that are given, denied or left open. From arrays come classification,
licence by text and enforcement, exceptions, review policy, every condition's status, both gates, the duty, what is missing, citations and
warnings; the file's answers carry the distances to every limit besides, about 6 kB a row.

## Beside OpenFisca-core

The dated test of 3A090 and the licence requirement by destination, as a system of OpenFisca-core {other["version"]}
(`benchmarks/_openfisca_rule.py`): two-valued, without parties, letters, exceptions, policies, conditions, reasons or citations. It answers
for one period a run, so mixed days are run one rule version after the other.

| {count:,} transactions | OpenFisca-core, that part | Lockgate, that part | Lockgate, everything |
| --- | --- | --- | --- |
| one day | {other["one_day"]:.3f} s | {same["one_day"]:.3f} s | |
| mixed days | {other["mixed"]:.3f} s | {same["mixed"]:.3f} s | {arrays:.2f} s |
| one transaction | {other["single"] * 1000:.2f} ms | {one["classification alone"] * 1000:.2f} ms | {one["determine"] * 1000:.2f} ms |

Lockgate's time over OpenFisca's for that part, which here knows unknowns, parties, letters and enforcement too: {same["one_day"] / other["one_day"]:.1f}
times on one day, {same["mixed"] / other["mixed"]:.1f} times on mixed days; for everything {arrays / other["mixed"]:.1f} times, and
{one["determine"] / other["single"]:.1f} times for a single transaction with its explanation.
"""


def main() -> None:
    """Measure and write the page."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    table, cells = draw(count)
    one = time_one()
    arrays = time_arrays(table)
    print(f"one {one['determine'] * 1000:.2f} ms; arrays {arrays:.2f} s")
    same, other = time_same_rule(table), time_openfisca(table)
    del table
    file = time_file(cells)
    text = page(count, one, arrays, file, same, other)
    print(text)
    if count >= 1_000_000:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
