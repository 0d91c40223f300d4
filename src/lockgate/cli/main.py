"""The command line: ``lockgate COMMAND``. Commands live one module each and import what is heavy when they run."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from lockgate.base.errors import LockgateError
from lockgate.cli.session import DATA_VARIABLE, use_data_folder

# Module of the command(s) -> each has `register(app)`.
COMMANDS: tuple[str, ...] = (
    "allocate",
    "clocks",
    "assess",
    "calibrate",
    "casefiles",
    "chips",
    "determine",
    "estimate",
    "batches",
    "shipping",
    "plan",
    "validate",
    "compare",
    "fleet",
    "read",
    "record",
    "serve",
    "sources",
    "systems",
)

EXIT_BAD_INPUT = 2
EXIT_DEFECT = 70
EXIT_INTERRUPTED = 130

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
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help=f"Folder of your own chips, systems, parties, places and sources, over ours; else ${DATA_VARIABLE}.",
        ),
    ] = None,
) -> None:
    """May an accelerator pass, who gets it, what will it do, and says who."""
    del version  # its callback has answered it
    use_data_folder(data)


for _module in COMMANDS:
    import_module(f"lockgate.cli.{_module}").register(app)


def run() -> None:
    """Entry point: runs a command and ends with its exit status (docs/reference/exit-codes.md).

    A user's error is a message and a hint on stderr, without a traceback. A defect of ours is a reference number there and
    a traceback in a file.
    """
    try:
        app(args=hoist_data_option(sys.argv[1:]), prog_name="lockgate")
    except LockgateError as error:
        report_problems(error)
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt:  # before or after a command; within one, Typer ends with the same status
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:  # the last line of defence: whatever was not foreseen is a defect
        from lockgate.cli.defects import report_defect

        report_defect(error)
        sys.exit(EXIT_DEFECT)


def hoist_data_option(arguments: list[str]) -> list[str]:
    """The arguments with ``--data DIR`` moved to the front, so that it may stand after the command as well.

    >>> hoist_data_option(["chips", "--json", "--data", "mine"])
    ['--data', 'mine', 'chips', '--json']
    >>> hoist_data_option(["read", "--", "--data"])
    ['read', '--', '--data']
    """
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument == "--data":
            front += [argument, *[value for value in [next(remaining, None)] if value is not None]]
        elif argument.startswith("--data="):
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def report_problems(error: LockgateError) -> None:
    """Print every problem with its place and its hint on stderr."""
    for problem in error.problems:
        place = f"{problem.path}: " if problem.where else ""
        print(f"error: {place}{problem.message}", file=sys.stderr)
        if problem.hint:
            print(f"  hint: {problem.hint}", file=sys.stderr)
