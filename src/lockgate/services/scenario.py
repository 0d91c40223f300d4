"""What if: one piece of work on up to four chips, with speed, money and energy side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.capability.estimate import Estimate
from lockgate.capability.fleets import Lot, Running, cost_usd_per_million_tokens, power_w, price_usd
from lockgate.catalogue import Catalogue
from lockgate.services.compare import ComparedChip, compare_chips
from lockgate.services.plan import plan_job

CHIPS_MAX = 4
OWN_FIGURES = ("price_usd", "power_w")


@dataclass(frozen=True, slots=True)
class Scenario:
    """The question: work, chips, and what the reader puts in place of the catalogue's prices and powers.

    Attributes:
        fields: Of a job, without its chip.
        chips: Catalogue ids; the first is what the others are compared with.
        own: Chip id to ``price_usd`` and ``power_w`` of the reader's own.
        running: How the chips are run.
    """

    fields: Mapping[str, Any]
    chips: Sequence[str]
    own: Mapping[str, Mapping[str, float]]
    running: Running


@dataclass(frozen=True, slots=True)
class ChipResult:
    """One chip's part of the answer.

    Attributes:
        found: Speed, layout and ratio, or why there is none.
        name: As the maker writes it.
        lot: The chips with the price and power that were used.
        usd_per_million: Cost of a million tokens; None where price or power is not known.
        pareto: Serving: throughput against interactivity, best layouts only.
        own: Names of figures that are the reader's own.
    """

    found: ComparedChip
    name: str
    lot: Lot
    usd_per_million: Estimate | None
    pareto: Sequence[Mapping[str, Any]]
    own: tuple[str, ...]

    def as_dict(self, running: Running) -> dict[str, Any]:
        """The chip for JSON, and as a row of a table."""
        return {
            **self.found.as_dict(),
            "price_usd": self.lot.price_usd,
            "power_w": self.lot.power_w,
            "own_figures": list(self.own),
            "lot_price_usd": price_usd(self.lot),
            "site_power_w": power_w(self.lot, running),
            "usd_per_million_tokens": None
            if self.usd_per_million is None
            else self.usd_per_million.as_dict(),
        }


def play_scenario(catalogue: Catalogue, scenario: Scenario) -> list[ChipResult]:
    """The answer for each chip, in order.

    Raises:
        InvalidInputError: ``too-many``, unknown chips or models, and what is wrong with the job.
    """
    chips = list(dict.fromkeys(scenario.chips))
    problems = ProblemCollector()
    if not 1 <= len(chips) <= CHIPS_MAX:
        problems.add(
            f"{len(chips)} chips cannot be compared",
            code="too-many",
            where="chip",
            hint=f"choose one to {CHIPS_MAX}",
        )
    for chip in chips:
        with problems.at("chip"):
            catalogue.chip(chip)
    problems.raise_if_any()
    compared = compare_chips(catalogue, scenario.fields, chips if len(chips) > 1 else chips * 2)[: len(chips)]
    return [_result(catalogue, scenario, found) for found in compared]


def _result(catalogue: Catalogue, scenario: Scenario, found: ComparedChip) -> ChipResult:
    chip = catalogue.chip(found.chip)
    own = dict(scenario.own.get(chip.id, {}))
    count = int((found.row or {}).get("count", scenario.fields.get("count", 8)))
    lot = Lot(
        chip.id,
        count,
        power_w=own.get("power_w", chip.power_w),
        price_usd=own.get("price_usd", chip.price_usd),
    )
    cost = (
        None
        if found.rate is None
        else cost_usd_per_million_tokens(lot, scenario.running, found.rate.times(float(count)))
    )
    return ChipResult(found, chip.name, lot, cost, _front(catalogue, scenario, chip.id, found), tuple(own))


def _front(
    catalogue: Catalogue, scenario: Scenario, chip: str, found: ComparedChip
) -> list[Mapping[str, Any]]:
    """Layouts that no other beats in both throughput and interactivity."""
    if scenario.fields.get("kind") != "serve" or found.row is None:
        return []
    try:
        plan = plan_job({"count": 8, **scenario.fields, "chip": chip}, catalogue)
    except LockgateError:
        return []
    points = [
        {
            "chip": chip,
            "tokens_per_s_per_chip": entry["tokens_per_s_per_chip"]["value"],
            "tokens_per_s_per_user": 1.0 / entry["tpot_s"]["value"],
            "ttft_s": entry["ttft_s"]["value"],
            "layout": layout_in_words(entry["layout"]),
        }
        for entry in plan["pareto"]
        if entry.get("tpot_s")
    ]
    return sorted(points, key=lambda point: point["tokens_per_s_per_user"])


def layout_in_words(layout: Mapping[str, Any]) -> str:
    """A layout, short: ``fp8, tp 2, concurrency 512``.

    >>> layout_in_words({"precision": "fp8", "tp": 2, "pp": 1, "concurrency": 512})
    'fp8, tp 2, concurrency 512'
    """
    parts = [str(layout["precision"])] if layout.get("precision") else []
    names = ("tp", "pp", "dp", "ep", "cp", "micro_batch", "concurrency")
    parts += [f"{name.replace('_', '-')} {layout[name]}" for name in names if (layout.get(name) or 1) > 1]
    return ", ".join(parts)
