"""Chips: the facet table, one chip, and up to four side by side."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lockgate.base.errors import LockgateError
from lockgate.catalogue import Chip
from lockgate.catalogue.chips import plain
from lockgate.services.chips import chip_row, describe_chip
from lockgate.services.standing import REFERENCE_ROUTE
from lockgate.web.pages.chip_charts import NAMED_MAX
from lockgate.web.pages.figures import FIGURES
from lockgate.web.query import reads
from lockgate.web.respond import QUANTITIES, dates_of, respond
from lockgate.web.site import site_of

router = APIRouter()

COMPARED_MAX = 4
FACETS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "vendor": ("Vendor", lambda row: row["vendor"]),
    "country": ("Country", lambda row: row["vendor_country"]),
    "classification": ("Classification on the date", lambda row: row["classification"] or "none"),
    "memory": ("Memory", lambda row: row["dram_type"] or "unknown"),
    "datacenter": (
        "Marketed for datacentres",
        lambda row: {True: "yes", False: "no", None: "unknown"}[row["marketed_for_datacenter"]],
    ),
}
COLUMNS = (
    ("tpp", "TPP"),
    ("performance_density", "TPP/mm²"),
    ("dram_capacity_gib", "Memory, GiB"),
    ("dram_bandwidth_gb_per_s", "Bandwidth, GB/s"),
    ("io_bandwidth_gb_per_s", "I/O, GB/s"),
    ("power_w", "Power, W"),
)
"""Numeric columns of the table, in its order; any of them sorts it."""


@router.get("/chips")
@reads(*FACETS)
def list_chips(
    request: Request,
    q: str = "",
    sort: str = "name",
    compare: Annotated[list[str], Query()] = [],
    column: Annotated[list[str], Query()] = [],
) -> Response:
    """All accelerators; facets narrow them, `compare` sets up to four side by side."""
    if compare:
        return compare_chips(request, compare)
    site = site_of(request)
    clocks = dates_of(request)
    classes = site.classifications(clocks["on"], clocks["known_at"])
    rows = [listed(chip, classes.get(chip.id)) for chip in site.catalogue.chips()]
    header = tuple(rows[0])
    wanted = {name: request.query_params.getlist(name) for name in FACETS}
    if q:
        needle = q.casefold()
        named = {
            chip.id
            for chip in site.catalogue.chips()
            if any(needle in word.casefold() for word in (chip.id, chip.name, *chip.aliases))
        }
        rows = [row for row in rows if row["id"] in named]
    facets = [facet(name, label, read, rows, wanted, request) for name, (label, read) in FACETS.items()]
    rows = [
        row
        for row in rows
        if all(not values or FACETS[name][1](row) in values for name, values in wanted.items())
    ]
    rows = sort_rows(rows, sort)
    ids = [str(row["id"]) for row in rows]
    narrowed = len(ids) < len(classes)
    return respond(
        request,
        "chips/list.html",
        rows=rows,
        header=header,
        data=rows,
        chips=rows,
        facets=facets,
        columns=chosen_columns(column),
        every_column=COLUMNS,
        q=q,
        sort=sort,
        charts=chart_query(request, ids if narrowed else (), ids if len(ids) <= NAMED_MAX else ()),
        figures=FIGURES,
        **clocks,
    )


@router.get("/chips/{chip_id}")
def show_chip(request: Request, chip_id: str) -> Response:
    """One accelerator: every fact with its source, TPP and density with the arithmetic, its place under the rules."""
    site = site_of(request)
    clocks = dates_of(request)
    chip = site.catalogue.chip(chip_id)
    sources = {source: site.catalogue.source(source) for source in chip.sources()}
    numbers = {source: position for position, source in enumerate(sources, 1)}
    standing = site.determine({"item": chip.id, **REFERENCE_ROUTE}, clocks["on"], clocks["known_at"])
    data = {**describe_chip(site.catalogue, chip), "standing": standing.as_dict()}
    return respond(
        request, "chips/show.html", data=data, rows=fact_rows(chip), chip=chip, sources=sources, numbers=numbers,
        standing=standing, quantities=QUANTITIES, tpp=chip.explain_tpp(), density=chip.explain_density(), **clocks,
    )  # fmt: skip


def compare_chips(request: Request, ids: list[str]) -> Response:
    """Two to four accelerators side by side."""
    chosen = list(dict.fromkeys(ids))
    if len(chosen) > COMPARED_MAX:
        raise LockgateError(
            f"{len(chosen)} chips are too many to compare",
            code="too-many",
            where="compare",
            hint=f"choose up to {COMPARED_MAX}",
        )
    site = site_of(request)
    clocks = dates_of(request)
    classes = site.classifications(clocks["on"], clocks["known_at"])
    rows = [listed(chip, classes.get(chip.id)) for chip in map(site.catalogue.chip, chosen)]
    formats = sorted({name for row in rows for name in row["peak_tflops"]})
    return respond(
        request,
        "chips/compare.html",
        rows=rows,
        data=rows,
        chips=rows,
        columns=COLUMNS,
        formats=formats,
        charts=chart_query(request, (), [row["id"] for row in rows]),
        figures=FIGURES,
        **clocks,
    )


def chosen_columns(names: Sequence[str]) -> Sequence[tuple[str, str]]:
    """Those of the numeric columns that are named; all where none is.

    Raises:
        LockgateError: ``bad-choice``.
    """
    known = [name for name, _ in COLUMNS]
    if wrong := next((name for name in names if name not in known), None):
        raise LockgateError(
            f"there is no column {wrong!r}", code="bad-choice", where="column", hint=", ".join(known)
        )
    return [pair for pair in COLUMNS if not names or pair[0] in names]


def chart_query(request: Request, ids: Sequence[str], named: Sequence[str] = ()) -> str:
    """The query with which the charts show these chips on the page's dates; every chip where no id is given."""
    clocks = dates_of(request)
    dates = [(name, str(clocks[name])) for name in ("on", "known_at")]
    return urlencode([*dates, *(("chip", name) for name in ids), *(("named", name) for name in named)])


def listed(chip: Chip, classification: str | None) -> dict[str, Any]:
    """A chip as a row of the table: the row of every list of chips, with its classification and rates."""
    memory = chip.facts.get("dram_type")
    rates = {name: value / 1e12 for name, value in chip.peak_flop_per_s.items()}
    return {
        **chip_row(chip),
        "dram_type": memory.value if memory else None,
        "classification": classification,
        "peak_tflops": rates,
    }


def fact_rows(chip: Chip) -> Iterable[dict[str, Any]]:
    """Every fact of a chip as a row, rates included."""
    named = [*chip.facts.items(), *(("peak " + "/".join(rate.formats), rate) for rate in chip.rates)]
    for name, fact in named:
        value = plain(fact.value) if isinstance(fact.value, Decimal) else fact.value
        yield {
            "fact": name, "value": value, "unit": fact.unit, "low": plain(fact.low), "high": plain(fact.high),
            "kind": fact.kind, "source": fact.source, "pinpoint": fact.pinpoint, "note": fact.note,
        }  # fmt: skip


def facet(
    name: str, label: str, read: Callable[[Mapping[str, Any]], str], rows: Iterable[Mapping[str, Any]],
    wanted: Mapping[str, list[str]], request: Request,
) -> dict[str, Any]:  # fmt: skip
    """A facet with a count for each value, under the other facets' choices, and the address that toggles it."""
    others = {other: values for other, values in wanted.items() if other != name and values}
    counted = Counter(
        read(row) for row in rows if all(FACETS[other][1](row) in values for other, values in others.items())
    )
    values = [
        {"value": value, "count": count, "on": value in wanted[name], "address": toggle(request, name, value)}
        for value, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
    return {"name": name, "label": label, "choices": values}


def toggle(request: Request, name: str, value: str) -> str:
    """This page's address with one choice of a facet set, or taken back."""
    pairs = request.query_params.multi_items()
    changed = (
        [pair for pair in pairs if pair != (name, value)]
        if (name, value) in pairs
        else [*pairs, (name, value)]
    )
    return request.url.path + ("?" + urlencode(changed) if changed else "")


def sort_rows(rows: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """Rows in the order asked for; ``-`` before a column turns it round; unknown figures come last either way."""
    column = sort.removeprefix("-")
    if column not in ("name", "vendor", "released_on", "classification", *(name for name, _ in COLUMNS)):
        raise LockgateError(
            f"cannot sort by {column!r}",
            code="bad-choice",
            where="sort",
            hint="name, vendor, released_on, " + ", ".join(name for name, _ in COLUMNS),
        )
    known = [row for row in rows if row[column] is not None]
    unknown = [row for row in rows if row[column] is None]
    return sorted(known, key=lambda row: row[column], reverse=sort.startswith("-")) + unknown
