"""``lockgate systems`` and ``lockgate system``: the boards, servers and racks of the catalogue."""

from typing import Annotated

import typer

from lockgate.cli.session import Json, open_catalogue, print_csv, print_json, show, wide_console

TABLE = {
    "id": "id",
    "name": "name",
    "vendor": "vendor",
    "chip": "chip",
    "chip_count": "chips",
    "chip_link_bandwidth_gb_per_s": "links GB/s",
    "scale_out_bandwidth_gbit_per_s": "network Gbit/s",
    "power_kw": "kW",
    "price_usd": "USD",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("systems")(list_systems)
    app.command("system")(show_system)


def complete_system(incomplete: str) -> list[str]:
    """Ids that begin with what is typed so far, for the shell's completion."""
    return [name for name in open_catalogue().system_shelf.ids() if name.startswith(incomplete)]


def list_systems(
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the boards, servers and racks of the catalogue."""
    from lockgate.services.systems import system_row

    rows = [system_row(system) for system in open_catalogue().systems()]
    if as_json:
        print_json(rows)
        return
    if as_csv:
        print_csv(rows)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, title in TABLE.items():
        text = name in ("id", "name", "vendor", "chip")
        table.add_column(title, justify="left" if text else "right", no_wrap=name == "id")
    for row in rows:
        mark = "*" if row["origin"] == "user" else ""
        table.add_row(*(show(row[name]) + (mark if name == "id" else "") for name in TABLE))
    wide_console().print(table)


def show_system(
    name: Annotated[
        str, typer.Argument(help="Id, name or alias of a system.", autocompletion=complete_system)
    ],
    as_json: Json = False,
) -> None:
    """Show one system: its chip, and its facts with their sources."""
    from lockgate.cli.chips import add_fact
    from lockgate.services.systems import describe_system

    catalogue = open_catalogue()
    sheet = describe_system(catalogue, catalogue.system(name))
    if as_json:
        print_json(sheet)
        return
    from rich.table import Table
    from rich.text import Text

    console = wide_console()
    origin = " (from your own folder)" if sheet["origin"] == "user" else ""
    console.print(Text(f"{sheet['name']}  {sheet['id']}{origin}", style="bold"))
    nodes = f" in {sheet['node_count']} nodes" if sheet["node_count"] > 1 else ""
    console.print(
        Text(f"{sheet['vendor']} ({sheet['vendor_country']}): {sheet['chip_count']} × {sheet['chip']}{nodes}")
    )
    if sheet["note"]:
        console.print(Text(sheet["note"]))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("fact", "value", "kind", "source"):
        table.add_column(title)
    for fact_name, fact in sheet["facts"].items():
        add_fact(table, fact_name, fact)
    console.print(table)
    for source in sheet["sources"]:
        parts = [source["title"], source.get("publisher", ""), source.get("url", "")]
        console.print(Text(f"  {source['id']}: " + ", ".join(part for part in parts if part)))
