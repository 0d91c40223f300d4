"""What every command shares: the catalogue with the user's folder over it, and how an answer is printed."""

import json
import os
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from lockgate.catalogue import Catalogue

DATA_VARIABLE = "LOCKGATE_DATA"
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
"""The option every command has."""


def use_data_folder(folder: Path | None) -> None:
    """Let everything this process and its children do lie over ``folder`` (``--data``)."""
    if folder is not None:
        os.environ[DATA_VARIABLE] = str(folder.expanduser())


def open_catalogue() -> "Catalogue":
    """The catalogue, with the folder of ``--data`` or ``LOCKGATE_DATA`` over it.

    Raises:
        LockgateError: ``no-such-folder``.
    """
    from lockgate.catalogue import load_catalogue

    folder = os.environ.get(DATA_VARIABLE, "")
    return load_catalogue(Path(folder).resolve() if folder else None)


def print_json(value: Any) -> None:
    """Print plain data as JSON: two spaces of indent, Chinese as it is, exact numbers as numbers."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=as_plain)
    sys.stdout.write("\n")


def as_plain(value: Any) -> Any:
    """What JSON does not know, as what it knows.

    Raises:
        TypeError: For anything but an exact number, a mapping, a set or a date.

    >>> as_plain(Decimal("15832")), as_plain(Decimal("19.4496")), as_plain(frozenset({2, 1}))
    (15832, 19.4496, [1, 2])
    """
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no plain data")


def print_csv(rows: list[dict[str, Any]]) -> None:
    """Print rows as CSV; what is not known is an empty cell."""
    import csv

    if not rows:
        return
    writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: show(value) for name, value in row.items()} for row in rows)


def wide_console() -> "Console":
    """A console as wide as the terminal, or wide enough for any table where there is none."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=240)


def show(value: Any) -> str:
    """A value for people: exact numbers without an exponent, nothing for what is not known."""
    from lockgate.catalogue.chips import plain

    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) or "" if isinstance(value, Decimal) else str(value)
