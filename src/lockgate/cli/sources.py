"""``lockgate sources`` and ``lockgate source``: the documents everything rests on."""

from typing import Annotated

import typer

from lockgate.cli.session import Json, open_catalogue, print_csv, print_json, wide_console


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sources")(list_all)
    app.command("source")(show_one)


def complete_source(incomplete: str) -> list[str]:
    """Ids that begin with what is typed so far, for the shell's completion."""
    return [name for name in open_catalogue().source_shelf.ids() if name.startswith(incomplete)]


def list_all(
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the documents everything rests on, with the number of their uses."""
    from lockgate.services.sources import list_sources

    rows = list_sources(open_catalogue())
    if as_json:
        print_json(rows)
        return
    if as_csv:
        print_csv(rows)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "uses", "kind", "confidence", "date", "publisher: title"):
        table.add_column(title, justify="right" if title == "uses" else "left", no_wrap=title == "id")
    for row in rows:
        title = f"{row['publisher']}: {row['title']}" if row["publisher"] else row["title"]
        mark = "*" if row["origin"] == "user" else ""
        table.add_row(
            row["id"] + mark, str(row["use_count"]), row["kind"], row["confidence"], row["date"] or "", title
        )
    wide_console().print(table)


def show_one(
    source: Annotated[str, typer.Argument(help="Id of a source.", autocompletion=complete_source)],
    as_json: Json = False,
) -> None:
    """Show one document and every place that cites it."""
    from lockgate.services.sources import describe_source_uses

    sheet = describe_source_uses(open_catalogue(), source)
    if as_json:
        print_json(sheet)
        return
    for name, value in sheet.items():
        if name != "uses" and value:
            typer.echo(f"{name}: {value}")
    typer.echo(f"{len(sheet['uses'])} uses")
    for use in sheet["uses"]:
        typer.echo(f"  {use['file']}  {use['place']}".rstrip())
