"""``lockgate allocate`` and ``lockgate rules``: a round of allocation from a file, tried out before anything is committed."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockgate.cli.session import DATA_VARIABLE, Json, print_csv, print_json, wide_console

if TYPE_CHECKING:
    from lockgate.casework.requests import AllocationRound


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("allocate")(run_round)
    app.command("rules")(list_rules)


def data_folder() -> Path | None:
    """The user's own folder, where one is given."""
    folder = os.environ.get(DATA_VARIABLE, "")
    return Path(folder).resolve() if folder else None


def run_round(
    file: Annotated[
        Path, typer.Argument(help="CSV of requests, or TOML or JSON of a whole round; - reads stdin.")
    ],
    rule: Annotated[
        str, typer.Option(help="Id of an order rule (see `lockgate rules`), or a TOML file.")
    ] = "",
    supply: Annotated[str, typer.Option(help="Units to allocate.")] = "",
    change: Annotated[
        list[str], typer.Option("--set", metavar="PART.NAME=VALUE", help="Change the rule: rounding.lot=8")
    ] = [],  # noqa: B006
    opening_supply: Annotated[
        str, typer.Option(help="Units that a cap by share of supply counts from.")
    ] = "",
    coefficient: Annotated[str, typer.Option(help="A published coefficient, applied as it is: 0.51847")] = "",
    denominator: Annotated[str, typer.Option(help="Total of weights on the record date.")] = "",
    calendar: Annotated[str, typer.Option(help="Calendar of working days: us-federal")] = "",
    day_off: Annotated[list[str], typer.Option(metavar="DAY", help="A day that is not worked.")] = [],  # noqa: B006
    batch: Annotated[
        list[str],
        typer.Option(metavar="DAY=UNITS", help="Release batches one after the other, not one supply."),
    ] = [],  # noqa: B006
    why: Annotated[
        str, typer.Option(metavar="RECIPIENT", help="One recipient's number, and what alone would change it.")
    ] = "",
    compare: Annotated[
        str, typer.Option(metavar="SUPPLY", help="Whose number differs with another supply.")
    ] = "",
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Try out an allocation: who would get how many, why, and what is left. Nothing is committed."""
    from lockgate.casework.rounds import parse_units
    from lockgate.services.allocate import (
        RoundOptions,
        compare_round,
        explain_recipient,
        parse_batches,
        read_round,
        work_batches,
        work_round,
    )

    batches = parse_batches(batch)
    values = {
        "supply": supply or (str(sum(item.quantity for item in batches)) if batches else None),
        "opening_supply": opening_supply or None, "coefficient": coefficient or None, "denominator": denominator or None,
    }  # fmt: skip
    options = RoundOptions(rule, change, values, day_off, calendar)
    path = None if str(file) == "-" else file
    given = read_round(path, read_text(path), options, data_folder())
    if why:
        print_answer(explain_recipient(given, why), as_json)
    elif compare:
        print_rows(compare_round(given, parse_units(compare)), as_json, as_csv)
    elif batches:
        show_batches(work_batches(given, batches), as_json, as_csv)
    else:
        show_round(given, work_round(given), as_json, as_csv)


def read_text(path: Path | None) -> str:
    """A file, or standard input.

    Raises:
        LockgateError: ``unreadable-file``.
    """
    from lockgate.base.errors import LockgateError

    if path is None:
        return sys.stdin.read()
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LockgateError(f"cannot be read: {error}", code="unreadable-file", where=str(path)) from None


def print_answer(answer: dict[str, Any], as_json: bool) -> None:
    """One answer, line by line."""
    if as_json:
        print_json(answer)
        return
    more = answer.pop("more_with")
    for name, value in answer.items():
        typer.echo(f"{name.replace('_', ' ')}: {value}")
    for name, value in more.items():
        text = "nothing" if value is None else f"{value:,}" if isinstance(value, int) else value
        typer.echo(f"more with {name.replace('_', ' ')}: {text}")


def print_rows(rows: list[dict[str, Any]], as_json: bool, as_csv: bool) -> None:
    """Rows as JSON, CSV or a table."""
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows)
    else:
        wide_console().print(make_table(rows))


def make_table(rows: list[dict[str, Any]]) -> Any:
    """Rows as a table; numbers to the right, with thousands set off."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0] if rows else ():
        table.add_column(
            name.replace("_", " "), justify="right" if isinstance(rows[0][name], int) else "left"
        )
    for row in rows:
        table.add_row(
            *(
                f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
                for value in row.values()
            )
        )
    return table


def show_round(given: "AllocationRound", answer: dict[str, Any], as_json: bool, as_csv: bool) -> None:
    """A result with reasons."""
    if as_json:
        print_json(answer)
        return
    if as_csv:
        print_csv(answer["allotments"])
        return
    typer.echo(f"{given.rule.title} ({answer['rule']})")
    typer.echo(f"{answer['allocated']:,} of {answer['supply']:,} allocated")
    rows = [
        {"recipient": item["recipient"], "units": item["quantity"], "why": item["reason"]}
        for item in answer["allotments"]
    ]
    wide_console().print(make_table(rows))
    if answer["remainder_reason"]:
        typer.echo(answer["remainder_reason"])
    typer.echo(f"concentration: HHI {answer['concentration']['hhi']:,}")
    from lockgate.casework.rounds import why_less

    for warning in why_less(given):
        typer.echo(f"note: under this rule a larger supply can give somebody less ({warning})")
    typer.echo(f"digest: {answer['digest']}")


def show_batches(answer: dict[str, Any], as_json: bool, as_csv: bool) -> None:
    """Batches, totals and waiting times."""
    if as_json:
        print_json(answer)
        return
    rows = [{"recipient": who, "units": units} for who, units in answer["totals"].items()]
    if as_csv:
        print_csv(rows)
        return
    for item in answer["batches"]:
        typer.echo(f"{item['released_on']}: {item['allocated']:,} of {item['supply']:,} allocated")
    wide_console().print(make_table(rows))
    waiting = answer["waiting"]
    typer.echo(f"concentration: HHI {answer['hhi']:,}")
    if waiting["mean_days"] is not None:
        typer.echo(
            f"units waited {waiting['mean_days']:.1f} days on average, {waiting['median_days']} at the median"
        )
    for item in waiting["still"]:
        typer.echo(f"still waiting: {item['recipient']} for {item['quantity']:,}")


def list_rules(as_json: Json = False) -> None:
    """List the order rules an allocation can go by."""
    from lockgate.services.practice import list_rules as read_rules

    rules = read_rules(data_folder())
    if as_json:
        print_json([rule.model_dump(mode="json", exclude_defaults=True) for rule in rules])
        return
    wide_console().print(
        make_table([{"rule": rule.id, "confidence": rule.confidence, "title": rule.title} for rule in rules])
    )
