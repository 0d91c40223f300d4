"""``lockgate read``, ``lockgate watch`` and ``lockgate decide``."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("read")(read)
    app.command("watch")(watch)
    app.command("decide")(decide)


def read(
    files: Annotated[list[Path], typer.Argument(help="Documents, or folders of them.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the claims as CSV.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print a self-contained HTML page.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show what made each claim.")] = False,
    date: Annotated[
        str, typer.Option(metavar="DATE", help="Day the documents were published, if they do not say.")
    ] = "",
    journal: Annotated[
        Path | None, typer.Option(help="Journal of decisions (see `lockgate decide`).")
    ] = None,
    deal: Annotated[
        Path | None, typer.Option(help="Add the accepted claims to this deal file; needs --journal.")
    ] = None,
    reader: Annotated[
        list[str] | None, typer.Option(help="Use an installed further reader; repeatable.")
    ] = None,
) -> None:
    """Read claims from documents; show what agrees, what does not, and what the record says."""
    from lockgate.base.dates import parse_date
    from lockgate.services.decisions import read_journal
    from lockgate.services.read import read_files
    from lockgate.services.read_output import print_reading, write_accepted

    history = read_journal(journal) if journal else []
    reading = read_files(files, on=parse_date(date) if date else None, readers=reader or (), history=history)
    form = "json" if as_json else "csv" if as_csv else "html" if as_html else "text"
    typer.echo(print_reading(reading, form, history, explain=explain), nl=form != "csv")
    for problem in reading.problems:
        typer.echo(f"error: {problem}", err=True)
    if deal is not None:
        typer.echo(write_accepted(deal, reading, history), err=True)
    if reading.problems and not reading.documents:
        raise typer.Exit(2)


def watch(
    folder: Annotated[Path, typer.Argument(help="Folder to watch.", show_default=False)],
    every: Annotated[float, typer.Option(metavar="SECONDS", help="How often to look.", min=0.2)] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    state: Annotated[
        Path | None, typer.Option(help="What was shown before; else .lockgate-watch.json in the folder.")
    ] = None,
) -> None:
    """Watch a folder and show only claims and findings that are new or gone."""
    from lockgate.services.watch import watch_folder

    for news in watch_folder(folder, state or folder / ".lockgate-watch.json", every=every, once=once):
        typer.echo(news)


def decide(
    journal: Annotated[Path, typer.Argument(help="Journal of decisions; made if it is not there.")],
    action: Annotated[str, typer.Argument(help="accept, reject, merge or unmerge.")],
    target: Annotated[str, typer.Argument(help="Id of a claim (c-…) or a finding (f-…).")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    into: Annotated[str, typer.Option(help="For merge: the claim that stands for both.")] = "",
) -> None:
    """Accept or reject a claim or finding, merge or un-merge claims, with a reason that is kept."""
    from lockgate.services.decisions import add_decision

    decision = add_decision(journal, by=by, action=action, target=target, reason=reason, other=into)
    typer.echo(f"{decision.at} {decision.by}: {decision.action} {decision.target}")
