"""``lockgate determine``: what each gate says about transactions in a file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lockgate.cli.session import open_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockgate.base.errors import LockgateError
    from lockgate.services.determine import Determiner
    from lockgate.services.transaction_rows import Row


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("determine")(determine_command)


def determine_command(
    file: Annotated[str, typer.Argument(help="A .toml, .json, .csv or .jsonl file; - reads standard input.")],
    on: Annotated[
        str | None, typer.Option(help="Ask about this day instead of each row's own (YYYY-MM-DD).")
    ] = None,
    known_at: Annotated[str | None, typer.Option(help="Answer as known on this day.")] = None,
    with_proposed: Annotated[bool, typer.Option(help="Say what proposed bills would do.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a row.")] = False,
    explain: Annotated[
        bool, typer.Option(help="Show the whole reasoning, with the numbers that went in.")
    ] = False,
    input_format: Annotated[
        str | None, typer.Option("--format", help="toml, json, csv or jsonl, for standard input.")
    ] = None,
) -> None:
    """Say for each transaction what the export gate and the import gate answer, and what is missing.

    Ends with 0 when every row is answered, with 2 when some are not; the others are answered all the same.
    """
    import json

    from lockgate.base.dates import parse_date
    from lockgate.cli.determination_text import render
    from lockgate.services.determine import Determiner, answer_as_dict

    catalogue = open_catalogue()
    determiner = Determiner(
        catalogue,
        on=parse_date(on) if on else None,
        known_at=parse_date(known_at) if known_at else None,
        with_proposed=with_proposed,
    )
    rows = read_file(file, input_format)
    if as_json and not explain:
        finish(*print_lines(determiner, rows))
        return
    bad = count = 0
    for answer in determiner.answer_rows(rows):
        count += 1
        if answer.determination is None:
            bad += 1
            report(answer.number, answer.error)
        elif as_json:
            plain = answer_as_dict(answer.determination, catalogue, explain=explain)
            print(json.dumps(plain, ensure_ascii=False))
        else:
            print(("\n" if count > 1 else "") + render(answer.determination, catalogue, explain=explain))
    finish(count, bad)


def print_lines(
    determiner: "Determiner", rows: "Iterator[tuple[int, Row | LockgateError]]"
) -> tuple[int, int]:
    """Print one JSON object a row, many rows at a time; the number of rows and of those that are refused."""
    from itertools import chain

    first = next(rows, None)
    if first is None:
        return 0, 0
    from lockgate.services.determine_many import answer_lines

    bad = count = 0
    sys.stdout.flush()
    out = sys.stdout.buffer
    for line in answer_lines(determiner, chain([first], rows)):
        count += 1
        if line.error is None:
            out.write(line.data + b"\n")
        else:
            bad += 1
            out.flush()
            report(line.number, line.error)
    out.flush()
    return count, bad


def finish(count: int, bad: int) -> None:
    """Say how many rows were refused, and end so."""
    if not count:
        print("no transactions", file=sys.stderr)
    if bad:
        print(f"{bad} of {count} rows could not be answered", file=sys.stderr)
        raise typer.Exit(2)


def read_file(file: str, input_format: str | None) -> "Iterator[tuple[int, Row | LockgateError]]":
    """The rows of a file, or of standard input, one by one, each with its number."""
    from itertools import chain

    from lockgate.base.errors import LockgateError
    from lockgate.services.transaction_files import read_rows, sniff_format

    wanted = f".{input_format.lstrip('.')}" if input_format else ""
    try:
        if file == "-":
            first = sys.stdin.readline()
            lines = chain([first], sys.stdin)
            yield from read_rows(lines, wanted or sniff_format(first))
            return
        path = Path(file)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from read_rows(stream, wanted or path.suffix.lower())
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise LockgateError(f"{file} cannot be read: {reason}", code="unreadable-file") from None


def report(number: int, error: "LockgateError | None") -> None:
    """Print every problem of a row: row, column, value and what is allowed."""
    for problem in error.problems if error is not None else ():
        column = ", column ".join(str(part) for part in problem.where[2:])
        print(
            f"error: row {number}"
            + (f", column {column}" if column else "")
            + f": {problem.message}"
            + (f" ({problem.hint})" if problem.hint else ""),
            file=sys.stderr,
        )
