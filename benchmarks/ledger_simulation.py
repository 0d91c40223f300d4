"""A seeded simulator: clients, a clock, crashes, messages delivered twice and out of order, against a model of fifty lines.

    python -m benchmarks ledger_simulation            # 10,000 runs
    python -m benchmarks ledger_simulation --seed 417 # one run again, step by step

Every run draws everything from its seed: what clients ask, when the clock moves, which messages are delayed or repeated, and
where the writer crashes (before its commit, or after it and before the answer). After each delivered message the store must
have answered as the model does, and its accounts must be the model's. A failing seed is printed and replays.
"""

import argparse
import datetime as dt
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.casework.ledger import Account, Posting, PostingKind
from lockgate.casework.roles import Actor, Role
from lockgate.services import ledger
from lockgate.services.audit import verify_record
from lockgate.services.registry import Registry, init_record
from lockgate.store.work import Work

ADMIN = Actor("admin", frozenset({Role.ADMINISTRATOR}))
MOVE, RESERVE, SETTLE, RELEASE, LOWER = PostingKind


# ------------------------------------------------------------------------------------------------ the model
@dataclass
class Model:
    """What the ledger should do, worked out from its whole history each time: slow, short and plain."""

    done: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # key -> message
    moves: list[tuple[str, str, int]] = field(default_factory=list)
    holds: dict[str, list[Any]] = field(default_factory=dict)  # key -> [from, to, left, expires]

    def headroom(self, name: str) -> int:
        came = sum(units for _, to, units in self.moves if to == name)
        went = sum(units for giver, _, units in self.moves if giver == name)
        held = sum(left for giver, _, left, _ in self.holds.values() if giver == name)
        return int(came - went - held)

    def deliver(self, message: tuple[Any, ...], now: str) -> str:
        """``ok``, ``again`` for a repetition, or why it is refused."""
        kind, key, giver, taker, units, hold, expires = message
        if key in self.done:
            return "again" if self.done[key] == message else "key-reused"
        answer = self.judge(kind, giver, taker, units, hold, now)
        if answer == "ok":
            self.done[key] = message
            if kind == "reserve":
                self.holds[f"{key}/0"] = [giver, taker, units, expires]
            if hold:
                self.holds[hold][2] -= units
            if kind in ("move", "settle", "lower"):
                self.moves.append((giver, taker, units))
        return answer

    def judge(self, kind: str, giver: str, taker: str, units: int, hold: str, now: str) -> str:
        room = self.headroom(giver)
        if hold:
            found = self.holds.get(hold)
            if found is None or found[:2] != [giver, taker]:
                return "unknown-hold"
            if kind == "settle" and found[3] and now >= found[3]:
                return "hold-expired"
            if kind == "settle" and room < 0:
                return "in-breach"
            return "ok" if units <= found[2] else "hold-spent"
        if giver.startswith("outside") or kind == "lower" or units <= room:
            return "ok"
        return "overdrawn"


# ------------------------------------------------------------------------------------------------ the simulation
class CrashError(Exception):
    """The writer dies here."""


@dataclass
class Simulation:
    """One run.

    Args:
        registry: An opened record; runs of different seeds use different accounts in it.
        seed: Decides everything.
    """

    registry: Registry
    seed: int
    told: list[str] = field(default_factory=list)

    def run(self, steps: int = 14) -> None:
        """Play the run.

        Raises:
            AssertionError: Where store and model differ; the message has the seed.
        """
        dice, model = Random(self.seed), Model()
        self.dice, self.model = dice, model
        self.now = dt.datetime(2026, 1, 28, tzinfo=dt.UTC) + dt.timedelta(seconds=self.seed)
        self.registry.clock = lambda: self.now
        self.names = [
            f"licence:s{self.seed}",
            f"batch:s{self.seed}a",
            f"batch:s{self.seed}b",
            f"shipped:s{self.seed}:x",
        ]
        waiting: list[tuple[Any, ...]] = []
        for number in range(steps):
            waiting.append(self.ask(number))
            while waiting and dice.random() < 0.75:  # some messages wait, and overtake one another
                message = waiting.pop(dice.randrange(len(waiting)))
                self.deliver(message)
                if dice.random() < 0.2:
                    waiting.append(message)  # delivered once more, later
            if dice.random() < 0.2:
                self.now += dt.timedelta(seconds=dice.choice((1, 40, 90)))
        for message in waiting:
            self.deliver(message)

    def ask(self, number: int) -> tuple[Any, ...]:
        """What a client sends: kind, key, from, to, units, hold, expiry."""
        dice, names = self.dice, self.names
        key = (
            f"s{self.seed}-{number}"
            if dice.random() < 0.95 or not number
            else f"s{self.seed}-{dice.randrange(number)}"
        )
        kind = dice.choices(("move", "reserve", "settle", "release", "lower"), (4, 4, 4, 2, 1))[0]
        units = dice.choice((1, 2, 3, 5, 8, 40))
        if number < 2 or (kind == "move" and dice.random() < 0.25):
            return ("move", key, "outside:unit", names[dice.randrange(2)], units * 4, "", "")
        giver, taker = dice.sample(names, 2)
        if kind in ("settle", "release") and self.model.holds:
            hold = dice.choice(list(self.model.holds))
            if dice.random() < 0.95:
                giver, taker = self.model.holds[hold][:2]
            return (kind, key, giver, taker, units, hold, "")
        if kind in ("settle", "release"):
            return (kind, key, giver, taker, units, f"s{self.seed}-none/0", "")
        expires = self.now + dt.timedelta(seconds=dice.choice((30, 60, 600)))
        ends = expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if kind == "reserve" and dice.random() < 0.5 else ""
        return (kind, key, giver, taker, units, "", ends)

    def deliver(self, message: tuple[Any, ...]) -> None:
        """Hand a message to store and model; where the writer crashed, the client sends it again."""
        crash = self.dice.choices(("no", "before", "after"), (8, 1, 1))[0]
        if crash == "before":
            with self.crashing():
                self.send(message)
        if crash == "after":
            self.send(message)  # the answer is lost
        found = self.send(message)
        expected = self.model.deliver(message, ledger_now(self.registry))
        if crash == "after" and expected == "ok":
            expected = "again"
        self.told.append(f"{message} -> {found}" + (f" (crash {crash} the commit)" if crash != "no" else ""))
        self.check(found == expected, f"answered {found}, the model {expected}")
        self.compare()

    def send(self, message: tuple[Any, ...]) -> str:
        """Post through the service; the short way or the long one, as the dice fall."""
        kind, key, giver, taker, units, hold, expires = message
        posting = Posting(f"{key}/0", PostingKind(kind), giver, taker, units, hold, expires)
        quick = self.dice.random() < 0.5
        self.registry.quick.enabled = quick
        try:
            _, repeated = ledger.post(self.registry, ADMIN, [posting], key=key)
        except LockgateError as error:
            return error.code
        except CrashError:
            return "crash"
        return "again" if repeated else "ok"

    @contextmanager
    def crashing(self) -> Iterator[None]:
        """The writer dies between its last statement and its commit."""
        kept, sent = Work.put_items, self.registry.quick.append

        def die(*_arguments: Any, **_named: Any) -> None:
            raise CrashError

        Work.put_items = die  # type: ignore[method-assign]
        self.registry.quick.append = lambda *_a, **_n: None  # type: ignore[method-assign]
        try:
            yield
        finally:
            Work.put_items = kept  # type: ignore[method-assign]
            self.registry.quick.append = sent  # type: ignore[method-assign]

    def compare(self) -> None:
        """The store's accounts are the model's."""
        with self.registry.read() as work:
            accounts = work.accounts(self.names)
        for name, account in accounts.items():
            room = self.model.headroom(name)
            self.check(
                (account.headroom, account.breach) == (room, max(0, -room)),
                f"{name}: {account}, the model {room}",
            )
            self.check(Account(name).has_floor, name)

    def check(self, held: bool, what: str) -> None:
        """Stop where something differs."""
        if not held:
            raise AssertionError(f"seed {self.seed}: {what}\n" + "\n".join(self.told))


def ledger_now(registry: Registry) -> str:
    """The clock as the record writes it."""
    return registry.now()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, help="replay one run")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/ledger_simulation.json"))
    options = parser.parse_args()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # crashes are simulated: no disk is needed
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        registry, _ = init_record(f"sqlite:///{folder}/simulation.db")
        seeds = [options.seed] if options.seed is not None else range(options.runs)
        began, steps = time.perf_counter(), 0
        for seed in seeds:
            run = Simulation(registry, seed)
            run.run()
            steps += len(run.told)
            if options.seed is not None:
                print("\n".join(run.told))
        seconds = time.perf_counter() - began
        found = verify_record(registry)
        registry.close()
    result = {
        "runs": len(seeds),
        "messages": steps,
        "events": found.size,
        "holds": found.holds,
        "seconds": round(seconds, 1),
    }
    print(json.dumps(result))
    if options.seed is None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result) + "\n")
    if not found.holds:
        raise SystemExit(str(found.faults[0]))


if __name__ == "__main__":
    main()
