"""Charts of chips over the regions that the law draws on the chosen date, on the pages of chips and as files."""

import datetime as dt
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lockgate.base.errors import LockgateError
from lockgate.reports.capability_charts import as_png, standalone
from lockgate.reports.charts import region_chart
from lockgate.services.chip_lines import chart_lines
from lockgate.web.respond import dates_of
from lockgate.web.site import Site, site_of

router = APIRouter()

AXES = {
    "density": ("Performance by density", "performance density (TPP per mm²)"),
    "bandwidth": ("Performance by DRAM bandwidth", "total DRAM bandwidth (GB/s)"),
}
NAMED_MAX = 12
"""So many chips have their names beside them at most."""
KEPT = 64


@lru_cache(maxsize=KEPT)
def draw(
    site: Site, name: str, on: dt.date, known_at: dt.date, ids: tuple[str, ...], named: tuple[str, ...]
) -> str:
    """One chart as SVG, drawn once for the same question.

    Args:
        site: The application.
        name: ``density`` or ``bandwidth``.
        on: The day of the law.
        known_at: The day of knowledge.
        ids: Chips to show.
        named: Those with their names beside them; they stand out.
    """
    data = chart_lines(site.catalogue.law.on(on, known_at), [site.catalogue.chip(one) for one in ids], named)[
        name
    ]
    title, axis = AXES[name]
    return region_chart(
        data["points"], data["regions"], id_=f"chips-{name}", title=f"{title} on {on.isoformat()}",
        description=f"{len(data['points'])} chips as points; the regions are those of the rules on {on.isoformat()}. The table has the figures.",
        x=("total processing performance (TPP)", data["tpp_domain"]), y=(axis, data["domain"]),
    )  # fmt: skip


@router.get("/chips/charts/{name}.{ending}")
def show_chart(
    request: Request, name: str, ending: str, chip: Annotated[list[str], Query()] = [], named: Annotated[list[str], Query()] = []
) -> Response:  # fmt: skip
    """One chart as a file; of all chips where none is named."""
    if name not in AXES or ending not in ("svg", "png"):
        raise LockgateError(
            f"there is no chart {name}.{ending}",
            code="not-found",
            hint=", ".join(f"{known}.svg" for known in AXES),
        )
    site, clocks = site_of(request), dates_of(request)
    everything = [item.id for item in site.catalogue.chips()]
    chosen = [site.catalogue.chip(item).id for item in chip] or everything
    shown = [site.catalogue.chip(item).id for item in named][:NAMED_MAX]
    svg = draw(
        site, name, clocks["on"], clocks["known_at"], tuple(dict.fromkeys([*shown, *chosen])), tuple(shown)
    )
    if ending == "png":
        return Response(as_png(svg), media_type="image/png")
    return Response(standalone(svg), media_type="image/svg+xml")
