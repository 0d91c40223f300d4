"""The card of one figure of a chip: what it is, who says so, where, what others say. A page of its own, and a part of others."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lockgate.base.errors import LockgateError
from lockgate.catalogue import Catalogue, Chip
from lockgate.catalogue.facts import Fact, Rate
from lockgate.web.respond import respond
from lockgate.web.site import site_of

router = APIRouter()

DERIVED = {"tpp": "explain_tpp", "performance_density": "explain_density"}
FIGURES = {
    "tpp": "tpp", "performance_density": "performance_density", "dram_capacity_gib": "dram_capacity",
    "dram_bandwidth_gb_per_s": "dram_bandwidth", "io_bandwidth_gb_per_s": "io_bandwidth", "power_w": "power",
}  # fmt: skip
"""Column of the lists of chips -> the figure its card is about."""
MADE_OF = {
    "performance_density": ("logic_die_area",), "io_bandwidth": ("chip_link_bandwidth", "pcie_generation", "pcie_lane_count"),
}  # fmt: skip
"""Figure -> the facts that it is worked out from."""


@router.get("/chips/{chip_id}/figures/{name}")
def show_figure(request: Request, chip_id: str, name: str) -> Response:
    """One figure with its sources; a browser with scripts shows it beside the figure."""
    catalogue = site_of(request).catalogue
    chip = catalogue.chip(chip_id)
    explained = getattr(chip, DERIVED[name])() if name in DERIVED else None
    stated = list(statements(catalogue, chip, name))
    if explained is None and not stated:
        raise LockgateError(
            f"nothing is stated of {name!r} of {chip.id}", code="not-found", hint=f"see /chips/{chip.id}"
        )
    return respond(
        request, "chips/figure.html", data={"chip": chip.id, "figure": name, "stated": stated}, rows=stated,
        chip=chip, name=name, explained=explained, stated=stated,
    )  # fmt: skip


def statements(catalogue: Catalogue, chip: Chip, name: str) -> Iterator[dict[str, Any]]:
    """What sources state of a figure: the value that is used first, then what others say."""
    held: list[tuple[str, Fact | Rate]] = []
    rates = chip.decisive_rates if name in DERIVED else [rate for rate in chip.rates if name in rate.formats]
    held += [("peak " + "/".join(rate.formats), rate) for rate in rates]
    held += [(what, chip.facts[what]) for what in MADE_OF.get(name, (name,)) if what in chip.facts]
    for what, fact in held:
        yield statement(
            catalogue, what, fact.value, fact.unit, fact.kind, fact.source, fact.pinpoint, fact.note
        )
        for other in fact.alternatives:
            yield statement(
                catalogue, what, other.value, fact.unit, "not used", other.source, "", other.reason
            )


def statement(
    catalogue: Catalogue, what: str, value: Any, unit: str, kind: str, source: str, pinpoint: str, note: str
) -> dict[str, Any]:  # fmt: skip
    """One source's word on a figure."""
    document = catalogue.source(source)
    return {
        "figure": what, "value": value, "unit": unit, "kind": kind, "source": source, "title": document.title,
        "publisher": document.publisher, "date": document.date, "pinpoint": pinpoint, "url": document.url,
        "confidence": document.confidence, "note": note,
    }  # fmt: skip
