"""``lockgate clocks``: the deadlines of a procedure from the days that have happened."""

from typing import Annotated

import typer

from lockgate.cli.allocate import data_folder, make_table
from lockgate.cli.session import Json, print_json, wide_console


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("clocks")(show_clocks)


def show_clocks(
    procedure: Annotated[str, typer.Argument(help="Id of a procedure: us-bis, cn-import.")] = "us-bis",
    day: Annotated[
        list[str], typer.Option(metavar="NAME=DAY", help="A day that has happened: registered=2026-03-02")
    ] = [],  # noqa: B006
    stop: Annotated[
        list[str],
        typer.Option(metavar="KIND=FROM..TO", help="A time that does not count; without TO it runs on."),
    ] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Show when each clock of a procedure ends; overlapping stops count once."""
    from lockgate.services.clocks import work_clocks

    rows = work_clocks(procedure, day, stop, data_folder())
    if as_json:
        print_json(rows)
        return
    shown = [
        {
            "clock": row["clock"],
            "due": row["due"] or "stands still",
            "stopped days": row["stopped_days"],
            "by then": row["title"],
            "silence": row["silence"],
        }
        for row in rows
    ]
    if shown:
        wide_console().print(make_table(shown))
    else:
        typer.echo("no clock has started; give --day NAME=DAY")
