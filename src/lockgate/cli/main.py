"""The command line: ``lockgate COMMAND``. Commands live one module each and import what is heavy when they run."""

import sys
from importlib import import_module

import typer

from lockgate.base.errors import LockgateError

# Module of the command(s) -> each has `register(app)`.
COMMANDS: tuple[str, ...] = ("read",)

app = typer.Typer(
    name="lockgate",
    help="May an accelerator pass, who gets it, what will it do, and says who.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"lockgate {version('lockgate')}")
        raise typer.Exit


@app.callback()
def main(
    version: bool = typer.Option(
        False, "--version", callback=show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """May an accelerator pass, who gets it, what will it do, and says who."""


for _module in COMMANDS:
    import_module(f"lockgate.cli.{_module}").register(app)


def run() -> None:
    """Entry point: runs a command; a user's error is a message and a hint on stderr and exit status 2."""
    try:
        app()
    except LockgateError as error:
        for problem in error.problems:
            place = f"{problem.path}: " if problem.where else ""
            print(f"error: {place}{problem.message}", file=sys.stderr)
            if problem.hint:
                print(f"  hint: {problem.hint}", file=sys.stderr)
        sys.exit(2)
