"""``lockgate chips`` and ``lockgate chip``: the accelerators of the catalogue."""

from typing import Annotated, Any

import typer

from lockgate.cli.session import Json, open_catalogue, print_csv, print_json, show, wide_console

On = Annotated[
    str | None, typer.Option(metavar="DATE", help="The day the law is asked about (YYYY-MM-DD); else today.")
]
KnownAt = Annotated[str | None, typer.Option(metavar="DATE", help="Answer as known on this day.")]
TABLE = {
    "id": "id",
    "name": "name",
    "vendor": "vendor",
    "tpp": "TPP",
    "performance_density": "TPP/mm²",
    "dram_capacity_gib": "GiB",
    "dram_bandwidth_gb_per_s": "DRAM GB/s",
    "io_bandwidth_gb_per_s": "I/O GB/s",
    "power_w": "W",
    "released_on": "released",
    "status": "status",
}
UNITS = {
    "nm": "nm",
    "mm2": "mm²",
    "billion": "billion",
    "gib": "GiB",
    "gb": "GB",
    "gb_per_s": "GB/s",
    "tb_per_s": "TB/s",
    "w": "W",
    "kw": "kW",
    "tb": "TB",
    "gbit_per_s": "Gbit/s",
    "usd": "USD",
    "tflops": "TFLOPS",
    "tops": "TOPS",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("chips")(list_chips)
    app.command("chip")(show_chip)


def complete_chip(incomplete: str) -> list[str]:
    """Ids that begin with what is typed so far, for the shell's completion."""
    return [name for name in open_catalogue().chip_shelf.ids() if name.startswith(incomplete)]


def list_chips(
    vendor: Annotated[str, typer.Option(help="Only chips of this maker.")] = "",
    country: Annotated[
        str, typer.Option(help="Only chips of makers in this country: a code or a name.")
    ] = "",
    status: Annotated[
        str,
        typer.Option(
            help="Only chips of this status: 3A090.a, 3A090.b, 3A090-2022, none, undetermined, not-in-force."
        ),
    ] = "",
    on: On = None,
    known_at: KnownAt = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the accelerators of the catalogue, each with its status on a day."""
    from lockgate.base.dates import parse_date
    from lockgate.services.chip_standing import check_status, stand, today
    from lockgate.services.chips import chip_row, find_chips

    catalogue = open_catalogue()
    wanted = check_status(status) if status else ""
    day = parse_date(on) if on else today()
    known = parse_date(known_at) if known_at else None
    rows = []
    for chip in find_chips(catalogue, vendor=vendor, country=country):
        its_status = stand(catalogue, chip, day, known).status
        if wanted in ("", its_status):
            rows.append({**chip_row(chip), "status": its_status, "status_on": day})
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows)
    else:
        print_table(rows, f"status on {day}")


def show_chip(
    name: Annotated[str, typer.Argument(help="Id, name or alias of a chip.", autocompletion=complete_chip)],
    on: On = None,
    known_at: KnownAt = None,
    with_proposed: Annotated[bool, typer.Option(help="Show the lines of proposed bills as well.")] = False,
    as_json: Json = False,
) -> None:
    """Show one accelerator: facts with sources, TPP and density with the arithmetic, and where it stands on a day."""
    from lockgate.base.dates import parse_date
    from lockgate.services.chip_standing import stand, standing_as_dict, today
    from lockgate.services.chips import describe_chip

    catalogue = open_catalogue()
    chip = catalogue.chip(name)
    day = parse_date(on) if on else today()
    known = parse_date(known_at) if known_at else None
    standing = standing_as_dict(stand(catalogue, chip, day, known, with_proposed=with_proposed))
    sheet = {**describe_chip(catalogue, chip), "standing": standing}
    if as_json:
        print_json(sheet)
        return
    print_sheet(sheet, [chip.explain_tpp().as_text(), chip.explain_density().as_text()])


def print_table(rows: list[dict[str, Any]], caption: str) -> None:
    """Print rows as a table, and below it their number and what the status means."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, title in TABLE.items():
        number = name not in ("id", "name", "vendor", "released_on", "status")
        table.add_column(title, justify="right" if number else "left", no_wrap=name == "id")
    for row in rows:
        mark = "*" if row["origin"] == "user" else ""
        table.add_row(*(show(row[name]) + (mark if name == "id" else "") for name in TABLE))
    console = wide_console()
    console.print(table)
    note = "  * from your own folder" if any(row["origin"] == "user" for row in rows) else ""
    console.print(f"{len(rows)} chips; {caption}{note}")


def print_sheet(sheet: dict[str, Any], arithmetic: list[str]) -> None:
    """Print what `describe_chip` gives."""
    from rich.table import Table
    from rich.text import Text

    console = wide_console()
    origin = " (from your own folder)" if sheet["origin"] == "user" else ""
    console.print(Text(f"{sheet['name']}  {sheet['id']}{origin}", style="bold"))
    released = f", released {sheet['released_on']}" if sheet["released_on"] else ""
    console.print(Text(f"{sheet['vendor']} ({sheet['vendor_country']}), {sheet['architecture']}{released}"))
    if sheet["note"]:
        console.print(Text(sheet["note"]))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("fact", "value", "kind", "source"):
        table.add_column(title)
    for name, fact in sheet["facts"].items():
        add_fact(table, name, fact)
    for rate in sheet["rates"]:
        add_fact(table, f"{'/'.join(rate['formats'])} dense", rate)
    console.print()
    console.print(table)
    for text in arithmetic:
        console.print()
        console.print(Text(text))
    for stated in sheet["stated_tpp"]:
        difference = stated["difference"]
        against = (
            "" if difference is None else f" ({show(difference)} from ours)" if difference else " (as ours)"
        )
        console.print(Text(f"  stated elsewhere: {show(stated['value'])}{against}  [{stated['source']}]"))
    for statement in sheet["statements"]:
        console.print(Text(f"{statement.get('on', '')}  {statement['text']}  [{statement['source']}]"))
    console.print()
    print_standing(console, sheet["standing"])
    console.print()
    console.print(Text("sources", style="bold"))
    for source in sheet["sources"]:
        parts = [source["title"], source.get("publisher", ""), source.get("date", ""), source.get("url", "")]
        mine = " (yours)" if source["origin"] == "user" else ""
        console.print(Text(f"  {source['id']}{mine}: " + ", ".join(part for part in parts if part)))


def print_standing(console: Any, standing: dict[str, Any]) -> None:
    """Print where the chip stands against every line."""
    from rich.table import Table
    from rich.text import Text

    known = f", as known on {standing['known_at']}" if standing["known_at"] else ""
    console.print(Text(f"status on {standing['on']}{known}: {standing['status']}", style="bold"))
    if standing["missing"]:
        console.print(Text(f"  missing: {', '.join(standing['missing'])}"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("line", "holds", "quantity", "law", "here", "margin"):
        table.add_column(title, justify="right" if title == "margin" else "left")
    for line in standing["lines"]:
        name = f"{line['provision']} {line['line']}" + (" (proposed)" if line["proposed"] else "")
        for limit in line["limits"]:
            law = f"{limit['operator']} {show(limit['limit'])}"
            margin = "" if limit["margin"] is None else show(round(limit["margin"], 4))
            here = f"{limit['value']} ({limit['holds']})"
            table.add_row(name, line["holds"] if name else "", limit["quantity"], law, here, margin)
            name = ""
    console.print(table)


def add_fact(table: Any, name: str, fact: dict[str, Any]) -> None:
    """Add a fact, and below it what other sources say."""
    unit = UNITS.get(fact.get("unit", ""), "")
    value = " ".join(part for part in (show_value(fact), unit) if part)
    where = f"{fact['source']} {fact.get('pinpoint', '')}".strip()
    notes = [fact[key] for key in ("on", "note") if key in fact]
    table.add_row(name, value, fact["kind"], "; ".join([where, *notes]))
    for other in fact.get("alternatives", ()):
        reason = f": {other['reason']}" if "reason" in other else ""
        table.add_row("", f"or {show(other['value'])}", "", f"{other['source']}{reason}")


def show_value(fact: dict[str, Any]) -> str:
    """The value of a fact with what bounds it."""
    low, high = fact.get("low"), fact.get("high")
    value = show(fact.get("value"))
    if low is not None and high is not None:
        return f"{value} ({show(low)} to {show(high)})".strip()
    if low is not None:
        return f"at least {show(low)}"
    return f"at most {show(high)}" if high is not None else value
