"""A finished result becomes a page, or its ``.json``/``.csv`` twin under the same filters."""

import csv
import datetime as dt
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response, StreamingResponse

from lockgate.base.dates import parse_date
from lockgate.base.errors import LockgateError
from lockgate.web import i18n
from lockgate.web.query import CLOCKS

THEME_COOKIE = "lockgate_theme"
KEYS_COOKIE = "lockgate_keys"

NAVIGATION = (
    ("/determine", "May it pass?"),
    ("/chips", "Chips"),
    ("/cases", "Cases"),
    ("/batches", "Batches"),
    ("/shipments", "Shipments"),
    ("/ledger", "Ledger"),
    ("/capability", "Capability"),
    ("/evidence", "Evidence"),
    ("/dossier", "Dossier"),
)

environment = Environment(
    loader=PackageLoader("lockgate.web", "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def classed(svg: str) -> Markup:
    """A chart for a page that forbids inline style: its named colours as classes of the sheet.

    >>> classed('<path style="fill:var(--ink);stroke:var(--rule)"/>')
    Markup('<path class="f-ink s-rule"/>')
    """

    def take(found: re.Match[str]) -> str:
        pairs = re.findall(r"(fill|stroke):var\(--([a-z-]+)\)", found[1])
        return 'class="' + " ".join(f"{kind[0]}-{name}" for kind, name in pairs) + '"'

    return Markup(re.sub(r'style="((?:(?:fill|stroke):var\(--[a-z-]+\);?)+)"', take, svg))  # noqa: S704 our own charts


QUANTITIES = {
    "tpp": "TPP",
    "performance_density": "performance density",
    "dram_bandwidth_gb_per_s": "DRAM bandwidth",
    "io_bandwidth_gb_per_s": "I/O bandwidth",
    "dram_plus_io_gb_per_s": "DRAM and I/O bandwidth together",
    "datacenter": "marketed for data centres",
}
"""What a line of the law is drawn over, in words."""
LIMIT = re.compile(rf"({'|'.join(QUANTITIES)}) (>=|<=|==|<|>) (.+)")
SIGNS = {">=": "≥", "<=": "≤"}
UNITS = {
    "mm2": "mm²", "gib": "GiB", "gb_per_s": "GB/s", "count": "", "w": "W", "usd": "USD", "tflops": "TFLOPS", "tops": "TOPS",
}  # fmt: skip


def worded(label: str) -> str:
    """A step of a reasoning as people read it: a line of the law in words instead of its quantity's name.

    >>> worded("dram_bandwidth_gb_per_s < 6,500 GB/s"), worded("datacenter == 0"), worded("licence required")
    ('DRAM bandwidth < 6,500 GB/s', 'not marketed for data centres', 'licence required')
    """
    found = LIMIT.fullmatch(label)
    if found is None:
        return label
    name, sign, limit = found.groups()
    if name == "datacenter":
        return ("" if limit == "1" else "not ") + QUANTITIES[name]
    return f"{QUANTITIES[name]} {SIGNS.get(sign, sign)} {limit}"


def unit(name: str) -> str:
    """A unit as people write it.

    >>> unit("gb_per_s"), unit("mm2"), unit("nm")
    ('GB/s', 'mm²', 'nm')
    """
    return UNITS.get(name, name.replace("_per_", "/"))


environment.filters |= {"classed": classed, "worded": worded, "unit": unit}


def asset(name: str) -> str:
    """Address of a static file, with a mark of its content so that it can be cached for good."""
    digest = hashlib.sha256(files("lockgate.web").joinpath("static", name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


ASSETS = {"css": asset("site.css"), "htmx": asset("htmx-2.0.11.min.js"), "js": asset("site.js")}


def dates_of(request: Request) -> dict[str, Any]:
    """The two clocks as the reader set them in the query: ``on`` and ``known_at``, today where not given."""
    today = dt.datetime.now(dt.UTC).date()
    on = parse_date(request.query_params.get("on") or today)
    known_at = parse_date(request.query_params.get("known_at") or today)
    return {"on": on, "known_at": known_at, "today": today, "dates_moved": on != today or known_at != today}


def address(request: Request, **changes: object) -> str:
    """This page's address with some of its query changed; None or empty takes a part out. What is there twice stays twice."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changes]
    made = [*kept, *((name, str(value or "")) for name, value in changes.items())]
    query = urlencode([(name, value) for name, value in made if value])
    return request.url.path + (f"?{query}" if query else "")


def marking_of(path: str) -> str:
    """Who a page is for: what concerns somebody's deal, what concerns the office, or everybody."""
    if path.startswith(("/cases", "/batches", "/shipments", "/ledger")):
        return "commercial-confidential"
    return "internal" if path.startswith(("/admin", "/account")) else "public"


def dated(request: Request, path: str) -> str:
    """Another page's address under the same two clocks, where the reader has set them."""
    kept = {name: value for name in CLOCKS if (value := request.query_params.get(name))}
    return path + ("?" + urlencode(kept) if kept else "")


def twin(request: Request, ending: str) -> str:
    """Address of the page's twin in another format, under the same filters."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}.{ending}{query}"


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """Render a page."""
    language = i18n.language_of(request)
    site = request.app.state.site
    shared = {
        "request": request,
        "path": request.url.path,
        "lang": language,
        "languages": i18n.LANGUAGES,
        "_": i18n.translator(language),
        "theme": request.cookies.get(THEME_COOKIE, ""),
        "keys": request.cookies.get(KEYS_COOKIE, "on"),
        "marking": marking_of(request.url.path),
        "contact": site.settings.contact,
        "navigation": NAVIGATION,
        "assets": ASSETS,
        "address": lambda **changes: address(request, **changes),
        "dated": lambda path: dated(request, path),
        "twin": lambda ending: twin(request, ending),
        "person": getattr(request.state, "person", None),
        "csrf": getattr(request.state, "csrf", ""),
        "versions": site.versions,
        "request_id": request.state.request_id,
        "problems": (),
        "unread": getattr(request.state, "unread", {}),
    }
    clocks = context if "on" in context else dates_of(request)
    return HTMLResponse(environment.get_template(template).render(shared | clocks | context), status)


def respond(
    request: Request,
    template: str,
    *,
    data: Any = None,
    rows: Iterable[Mapping[str, Any]] | None = None,
    header: Sequence[str] = (),
    **context: Any,
) -> Response:
    """The page, or what its twin asks for.

    Args:
        request: The request; ``request.state.format`` is what its address ended in.
        template: The page's template.
        data: What ``.json`` gives; ``rows`` where not given.
        rows: What ``.csv`` and ``.jsonl`` give, a mapping a row; streamed.
        header: Columns of the ``.csv``, so that an empty one has its header; those of the first row where not given.
        context: What the template needs.

    Raises:
        LockgateError: ``not-found``, where the page has no such twin.
    """
    ending = request.state.format
    if ending == "html":
        return page(request, template, **context)
    if ending == "json" and (data is not None or rows is not None):
        body = data if data is not None else list(rows or ())
        return Response(encode(body), media_type="application/json")
    if ending in ("csv", "jsonl") and rows is not None:
        lines = as_csv(rows, header) if ending == "csv" else (encode(row) + "\n" for row in rows)
        media_type = "text/csv; charset=utf-8" if ending == "csv" else "application/x-ndjson"
        return StreamingResponse(lines, media_type=media_type)
    raise LockgateError(
        f"this page has no .{ending} form", code="not-found", hint="take the ending off its address"
    )


def encode(value: Any) -> str:
    """JSON as every twin and API answer writes it."""
    return json.dumps(value, default=plain, ensure_ascii=False)


def plain(value: Any) -> Any:
    """Plain data for JSON: dates in ISO form, exact decimals as numbers, sets sorted, models dumped."""
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = ()) -> Iterator[str]:
    r"""Rows as CSV, a line at a time; unknown cells stay empty.

    Args:
        rows: A mapping a row; what is in none of the columns is left out.
        columns: Their columns; those of the first row where not given.

    >>> list(as_csv([], ["id", "state"])), list(as_csv([{"id": 1, "more": 2}], ["id", "state"]))
    (['id,state\n'], ['id,state\n1,\n'])
    """
    buffer = io.StringIO()
    writer: csv.DictWriter[str] | None = None

    def written() -> str:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    def begin(names: Sequence[str]) -> "csv.DictWriter[str]":
        made = csv.DictWriter(buffer, list(names), extrasaction="ignore", lineterminator="\n")
        made.writeheader()
        return made

    for row in rows:
        writer = writer or begin(columns or list(row))
        writer.writerow({name: guard_formula(cell(value)) for name, value in row.items()})
        yield written()
    if writer is None and columns:
        begin(columns)
        yield written()


def cell(value: Any) -> str:
    """One CSV cell: empty for unknown, JSON for anything with parts."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | dict | set):
        return encode(value)
    return str(plain(value)) if not isinstance(value, bool | int | float) else json.dumps(value)


def guard_formula(text: str) -> str:
    """A cell that a spreadsheet would run as a formula is written as text; numbers stay numbers."""
    if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        try:
            float(text)
        except ValueError:
            return "'" + text
    return text
