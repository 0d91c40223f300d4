"""Writes the pages of the manual that are made from data. Usage: python tools/write_reference.py [--check]."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import SecretStr

from lockgate.catalogue import Chip, Fact, System, load_catalogue
from lockgate.catalogue.chips import CHIP_FACTS, plain
from lockgate.catalogue.facts import FactSpec
from lockgate.catalogue.systems import SYSTEM_FACTS
from lockgate.reports.case_tables import render_rights_page, render_states_page, write_rights
from lockgate.reports.procedure_tables import render_procedures_page
from lockgate.web.settings import Settings

DOCS = Path(__file__).parents[1] / "docs"
MADE = "<!-- Made from data by tools/write_reference.py; do not edit. -->\n"


def table(titles: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; titles that end in a colon stand to the right."""
    rule = ["---:" if title.endswith(":") else "---" for title in titles]
    lines = [[title.removesuffix(":") for title in titles], rule, *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


def number(value: object) -> str:
    """A number or a text of a fact; empty where it is not known."""
    if value is None or isinstance(value, str):
        return value or ""
    return plain(value) or ""  # type: ignore[arg-type]


def bounded(fact: Fact | None) -> str:
    """A fact's value with what bounds it."""
    if fact is None:
        return ""
    low, high = fact.bounds
    if low == high:
        return number(fact.value)
    if low is None or high is None:
        return f"≤ {number(high)}" if low is None else f"≥ {number(low)}"
    return f"{number(low)}–{number(high)}"


def density(chip: Chip) -> str:
    """Performance density with the sign of its bound."""
    low, high = chip.performance_density_range
    if chip.density_bound == "exact":
        return number(round(low, 2)) if low is not None else ""
    if low is not None:
        return f"≥ {number(round(low, 2))}"
    return f"≤ {number(round(high, 2))}" if high is not None else ""


def fact_names(specs: Mapping[str, FactSpec]) -> str:
    """The names, units and meanings of facts."""
    rows = [
        [f"`{name}`", ", ".join(f"`{unit}`" for unit in spec.units) or "text", spec.meaning]
        for name, spec in specs.items()
    ]
    return table(["fact", "units", "meaning"], rows)


def chips_page() -> str:
    """Every accelerator, and where sources disagree."""
    chips = load_catalogue().chips()
    rows, disputes = [], []
    for chip in chips:
        link = chip.facts.get("chip_link_bandwidth")
        tpp = number(chip.tpp) or (f"≥ {number(chip.tpp_min)}" if chip.tpp_min else "")
        rows.append(
            [
                f"`{chip.id}`", chip.name, chip.vendor, tpp, density(chip), bounded(chip.facts.get("logic_die_area")),
                bounded(chip.facts.get("dram_capacity")), bounded(chip.facts.get("dram_bandwidth")), bounded(link),
                bounded(chip.facts.get("power")), chip.released_on or "", chip.confidence,
            ]
        )  # fmt: skip
        named = [*chip.facts.items(), *(("/".join(rate.formats), rate) for rate in chip.rates)]
        disputes += [
            [
                f"`{chip.id}`",
                name,
                number(fact.value),
                fact.source,
                number(other.value),
                other.source,
                other.reason,
            ]
            for name, fact in named
            for other in fact.alternatives
            if other.reason
        ]
    titles = [
        "id", "name", "maker", "TPP:", "TPP/mm²:", "die mm²:", "GiB:", "DRAM GB/s:", "links GB/s:", "W:", "released",
        "confidence",
    ]  # fmt: skip
    return f"""# Accelerators

{MADE}
{len(chips)} accelerators. `lockgate chip ID` shows each figure with its source, and the arithmetic of TPP and performance
density. An empty cell is not known. ≥ and ≤ mark figures of which only a bound is known: the die area of a package that is
not published whole makes its density a bound as well. Rates are dense; TPP is the highest rate times bit length over all
formats but TF32.

{table(titles, rows)}
## Where sources disagree

The chosen value stands first; the reason says why the other one was not chosen.

{table(["chip", "fact", "chosen:", "source", "other:", "its source", "why not"], disputes)}
## Facts of a chip

Rates stand apart: each names its formats, its bit length and its unit (`tflops`, `tops`).

{fact_names(CHIP_FACTS)}"""


def systems_page() -> str:
    """Every system."""
    systems = load_catalogue().systems()
    return f"""# Systems

{MADE}
{len(systems)} boards, servers and racks. An empty cell is not known.

{table(["id", "name", "maker", "chip", "chips:", "nodes:", "links GB/s a chip:", "network", "host", "power", "price USD:"], [system_row(system) for system in systems])}
## Facts of a system

{fact_names(SYSTEM_FACTS)}"""


def system_row(system: System) -> list[str]:
    """A system as a row."""
    facts = system.facts
    power = facts.get("power")
    price = facts.get("price")
    when = f" ({price.on})" if price is not None and price.on else ""
    return [
        f"`{system.id}`", system.name, system.vendor, f"`{system.chip}`", str(system.chip_count), str(system.node_count),
        bounded(facts.get("chip_link_bandwidth")), bounded(facts.get("scale_out")), bounded(facts.get("host")),
        f"{bounded(power)} {'kW' if power.unit == 'kw' else 'W'}" if power else "", bounded(price) + when,
    ]  # fmt: skip


def places_page() -> str:
    """Every place with its lists today and the dated changes."""
    places = load_catalogue().places()
    changes = []
    rows = []
    for place in places:
        now = sorted({held.group for held in place.memberships if held.until_on is None})
        rows.append([place.code, place.name, " ".join(now), place.note])
        for held in place.memberships:
            for day, verb in ((held.from_on, "joins"), (held.until_on, "leaves")):
                if day is not None and not held.group.startswith("supp"):
                    changes.append(
                        [
                            day.isoformat(),
                            place.name,
                            verb,
                            held.group,
                            held.source,
                            held.confidence,
                            held.note,
                        ]
                    )
    return f"""# Places

{MADE}
{len(places)} countries and territories with the country groups of supplement no. 1 to 15 CFR part 740 and the list of
supplement no. 5, paragraph (a). A membership without a date has held since before 26 August 2022, as far as sources here reach.

## Changes

{table(["day", "place", "", "group", "source", "confidence", "note"], sorted(changes))}
## Lists on the day of the last change

{table(["code", "name", "lists", "note"], rows)}"""


sys.path.insert(0, str(Path(__file__).parent))
from provision_page import columns_page, provisions_page  # noqa: E402  a neighbour, found once its folder is on the path


def settings_page() -> str:
    """Every setting of the web application."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = default.get_secret_value() if isinstance(default, SecretStr) else default
        kind = getattr(field.annotation, "__name__", str(field.annotation)).replace(
            "SecretStr", "str, kept secret"
        )
        written = "" if shown in (None, "") else f"`{shown}`"
        rows.append([f"`LOCKGATE_{name.upper()}`", kind, written, field.description or ""])
    return f"""# Settings of the web application

{MADE}
`lockgate serve` reads these from the environment. `--db` goes before `LOCKGATE_DB`, and `lockgate --data DIR serve` before
`LOCKGATE_DATA`. Two more are not of the web application alone: `LOCKGATE_KEY_FILE` names the signing key of a record (default: beside an
SQLite database, else below `$XDG_STATE_HOME/lockgate`), `LOCKGATE_DATA` holds for every command.

Limits of requests and logins are counted by each process: with `--workers 4` a client gets up to four times as far. Where a limit must
be exact, set it in the proxy in front ([how](../how-to/deploy.md#5-reverse-proxy)).

{table(["variable", "kind", "default", "meaning"], rows)}"""


PAGES: Mapping[str, Callable[[], str]] = {
    "reference/chips.md": chips_page,
    "reference/systems.md": systems_page,
    "reference/places.md": places_page,
    "reference/provisions.md": lambda: provisions_page(MADE),
    "reference/transaction-columns.md": lambda: columns_page(MADE),
    "reference/case-states.md": lambda: render_states_page(MADE),
    "reference/authorisation.md": lambda: render_rights_page(MADE),
    "reference/authorisation.csv": write_rights,
    "reference/settings.md": settings_page,
    "reference/procedures.md": lambda: render_procedures_page(MADE),
}
"""Page below docs/ -> what writes it."""


def lagging() -> list[str]:
    """The pages that are not what the data makes them."""
    return [
        name
        for name, write in PAGES.items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text(encoding="utf-8") != write()
    ]


def main(check: bool) -> int:
    """Write the pages that lag, or only name them."""
    late = lagging()
    for name in late:
        print(f"{'lags' if check else 'wrote'} docs/{name}")
        if not check:
            (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
            (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
    return int(check and bool(late))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
