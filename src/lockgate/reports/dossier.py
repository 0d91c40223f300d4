"""A dossier as one self-contained HTML file: no request leaves it, and it reads in light, in dark and on paper."""

import datetime as dt
import hashlib
import json
import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from lockgate.reports import charts
from lockgate.reports.origin_chart import origin_chart
from lockgate.reports.outline import Dossier

VERDICT_WORDS = {
    "MET": ("✓", "Met"),
    "NOT_MET": ("✕", "Not met"),
    "UNDETERMINED": ("?", "Undetermined"),
    "NOT_IN_FORCE": ("–", "Not in force"),
    "yes": ("●", "Applies"),
    "no": ("○", "Does not apply"),
    "undetermined": ("?", "Undetermined"),
    "met": ("✓", "Met"),
    "unmet": ("✕", "Unmet"),
    "unknown": ("?", "Unknown"),
}
"""Sign and word of every answer: none is told by colour alone."""

QUANTITY_WORDS = {
    "tpp": "TPP",
    "performance_density": "performance density",
    "dram_bandwidth_gb_per_s": "DRAM bandwidth",
    "io_bandwidth_gb_per_s": "I/O bandwidth",
    "bit_tops": "bit length × TOPS",
    "datacenter == 0": "not for datacenters",
}

TONES = {
    "MET": "open", "met": "open", "no": "open", "NOT_MET": "closed", "unmet": "closed", "yes": "hold",
    "UNDETERMINED": "unknown", "undetermined": "unknown", "unknown": "unknown", "NOT_IN_FORCE": "none",
}  # fmt: skip


def render_dossier(dossier: Dossier) -> str:
    """The dossier as an HTML document.

    Args:
        dossier: A finished dossier.
    """
    data = json.dumps(dossier.as_dict(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    template = environment().get_template("dossier.html")
    return template.render(
        dossier=dossier,
        data_json=Markup(data.replace("<", "\\u003c")),  # noqa: S704 our own JSON; "<" cannot end the script
        numbers=source_numbers(dossier),
        data_hash=hashlib.sha256(data.encode()).hexdigest(),
    )


def source_numbers(dossier: Dossier) -> dict[str, int]:
    """Number of each source, by id, as the list of sources has it."""
    return {
        entry["id"]: entry["number"]
        for section in dossier.sections
        if section.id == "sources"
        for group in section.data["groups"]
        for entry in group["entries"]
    }


def environment() -> Environment:
    """Templates, filters and chart functions of every report."""
    environment = Environment(
        loader=PackageLoader("lockgate.reports"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": write_day, "count": write_count, "quantity": write_quantity, "usd": write_usd, "line": write_line, "start": write_start, "word": write_word,
    }  # fmt: skip
    environment.globals |= {
        "verdict_words": VERDICT_WORDS,
        "tones": TONES,
        "region_chart": safe(charts.region_chart),
        "strip_chart": safe(charts.strip_chart),
        "origin_chart": safe(origin_chart),
    }
    return environment


def safe(draw: Any) -> Any:
    """A chart function whose SVG goes into the page as it is."""

    def drawn(*args: Any, **options: Any) -> Markup:
        return Markup(draw(*args, **options))  # noqa: S704 drawn by us, every text in it escaped

    return drawn


def write_day(text: str | None) -> str:
    """An ISO day as people read it; years and months stay as they are.

    >>> write_day("2026-01-28"), write_day("2026-03"), write_day(None)
    ('28 Jan 2026', '2026-03', 'not known')
    """
    if not text:
        return "not known"
    if len(text) != 10:
        return text
    day = dt.date.fromisoformat(text)
    return f"{day.day} {day:%b %Y}"


def write_count(value: float | None) -> str:
    """A number with its thousands apart.

    >>> write_count(400000), write_count(19.45), write_count(None)
    ('400,000', '19.45', 'not known')
    """
    if value is None:
        return "not known"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4f}".rstrip("0").rstrip(".")


def write_quantity(value: float | None) -> str:
    """A large number in words of thousands.

    >>> write_quantity(6332800000.0), write_quantity(400000), write_quantity(None)
    ('6.333 billion', '400,000', 'not known')
    """
    if value is None:
        return "not known"
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{value / size:.4g} {name}"
    return write_count(value)


def write_usd(value: float | None) -> str:
    """An amount of US dollars.

    >>> write_usd(2.7e9), write_usd(6750), write_usd(None)
    ('USD 2.7 billion', 'USD 6,750', 'not known')
    """
    return "not known" if value is None else f"USD {write_quantity(value)}"


def write_line(text: str) -> str:
    """A comparison with the names of its quantities as words.

    >>> write_line("dram_bandwidth_gb_per_s > 4,500 GB/s"), write_line("tpp < 17,500")
    ('DRAM bandwidth > 4,500 GB/s', 'TPP < 17,500')
    """
    text = text.replace(">=", "≥").replace("<=", "≤")
    for name, words in QUANTITY_WORDS.items():
        text = re.sub(rf"\b{name}\b", words, text)
    return text


def write_start(text: str) -> str:
    """A text with a capital at its start; one that starts with an identifier stays as it is.

    >>> write_start("nothing is held"), write_start("us-ear.3a090.a: open"), write_start("")
    ('Nothing is held', 'us-ear.3a090.a: open', '')
    """
    first = text.split(" ", 1)[0]
    return text if "." in first or "_" in first else text[:1].upper() + text[1:]


def write_word(name: str) -> str:
    """An identifier as words.

    >>> write_word("unit_price_usd"), write_word("in-force")
    ('unit price usd', 'in force')
    """
    return name.replace("_", " ").replace("-", " ")
