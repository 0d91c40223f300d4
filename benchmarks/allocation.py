"""How long 50 batches to 5,000 recipients take under each order rule, and what the optimum costs by size.

``python -m benchmarks allocation`` prints the table; ``--write`` writes ``docs/benchmarks/allocation.md``.
"""

import datetime as dt
import platform
import random
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from lockgate.casework.allocation import allocate
from lockgate.casework.requests import AllocationRound, RecipientRequest
from lockgate.casework.rules import AllocationRule
from lockgate.casework.waiting_list import Batch, run_batches
from lockgate.services.practice import list_rules

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "allocation.md"
SEED = 20260128
FIRST = dt.date(2026, 1, 1)


def make_requests(rule: AllocationRule, count: int, seed: int = SEED) -> tuple[RecipientRequest, ...]:
    """Requests of every shape a rule looks at: days, scores, needs, classes, linked recipients."""
    draw = random.Random(seed)
    classes = [item.name for item in rule.classes.classes] if rule.classes else [""]
    if rule.classes and rule.classes.mode == "reserve":
        classes.append("other")
    return tuple(
        RecipientRequest(
            recipient=f"r{at}",
            quantity=draw.randint(8, 20_000),
            accepted_on=FIRST + dt.timedelta(days=draw.randint(0, 120)),
            recipient_class=draw.choice(classes),
            weight=Fraction(draw.randint(1, 10**6)),
            score=Fraction(draw.randint(0, 9)),
            group=draw.choice(["", "", f"g{draw.randint(0, count // 10)}"]),
        )
        for at in range(count)
    )


def time_batches(
    rule: AllocationRule, recipients: int, batches: int, supply: int = 400_000
) -> tuple[float, int]:
    """Seconds of processor time for all batches, and units handed out."""
    requests = make_requests(rule, recipients)
    releases = [Batch(f"b{at}", FIRST + dt.timedelta(days=150 + 30 * at), supply) for at in range(batches)]
    start = time.process_time()
    outcomes = run_batches(rule, releases, requests)
    return time.process_time() - start, sum(item.result.allocated for item in outcomes)


def time_rules(recipients: int, batches: int) -> Iterator[tuple[str, float, int]]:
    """Every rule that is no optimum."""
    for rule in list_rules():
        if rule.share.method != "optimum":
            yield rule.id, *time_batches(rule, recipients, batches)


def time_optimum(recipients: int) -> float:
    """Seconds of processor time for one round of the optimum, tie-break included."""
    rule = next(rule for rule in list_rules() if rule.share.method == "optimum")
    start = time.process_time()
    allocate(AllocationRound(rule, 400_000, make_requests(rule, recipients)))
    return time.process_time() - start


def render() -> str:
    """The page with the figures of this run."""
    lines = [f"| `{name}` | {seconds:.2f} | {units:,} |" for name, seconds, units in time_rules(5_000, 50)]
    sizes = [f"| {count} | {time_optimum(count):.2f} |" for count in (10, 50, 100, 200, 500)]
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    return PAGE_TEXT.format(
        day=dt.datetime.now(dt.UTC).date(), machine=machine, rules="\n".join(lines), sizes="\n".join(sizes)
    )


PAGE_TEXT = """# Speed of allocation

Measured {day} on {machine}, one process on a machine shared with other work; processor time.
Rerun with `python -m benchmarks allocation --write`.

50 batches of 400,000 units to a waiting list of 5,000 recipients, with a reason for every recipient and a digest for every
batch. The bar is 5 s.

| rule | seconds | units handed out |
| --- | ---: | ---: |
{rules}

One round under `accelerators.optimum`, an integer programme with a tie-break that is exact too:

| recipients | seconds |
| ---: | ---: |
{sizes}
"""


def main() -> None:
    """Print the figures, or write the page."""
    page = render()
    if "--write" in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(page)
