"""``lockgate read`` and ``lockgate watch``."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("read")(read)


def read(
    files: Annotated[list[Path], typer.Argument(help="Documents, or folders of them.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the claims as CSV.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show which pattern made each claim.")] = False,
    date: Annotated[
        str | None, typer.Option("--date", help="Day the documents were published (YYYY-MM-DD).")
    ] = None,
    reader: Annotated[
        list[str] | None, typer.Option("--reader", help="Use an installed further reader.")
    ] = None,
) -> None:
    """Read claims from documents and show what agrees, what does not, and what the record says."""
    from lockgate.base.dates import parse_date
    from lockgate.services.read import read_files
    from lockgate.services.read_output import as_csv, as_json, as_text

    reading = read_files(files, on=parse_date(date) if date else None, readers=reader or ())
    if json:
        typer.echo(as_json(reading))
    elif csv:
        typer.echo(as_csv(reading), nl=False)
    else:
        typer.echo(as_text(reading, explain=explain))
    for problem in reading.problems:
        typer.echo(f"error: {problem}", err=True)
    if reading.problems and not reading.documents:
        raise typer.Exit(2)
