"""What the commands of casework share: which record, who acts, forms from files and options, how rows are shown."""

import datetime as dt
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.cli.session import Json, print_json, wide_console

if TYPE_CHECKING:
    from lockgate.casework.roles import Actor
    from lockgate.services.registry import Registry

Db = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="URL",
        envvar="LOCKGATE_DB",
        help="The record: sqlite:///FILE, the path of a file, or postgresql://…",
    ),
]
As = Annotated[
    str, typer.Option("--as", metavar="PERSON", envvar="LOCKGATE_AS", help="Who acts: the id of a person.")
]
Key = Annotated[
    str,
    typer.Option("--key", help="Idempotency key: done once however often the command is repeated with it."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A field of the form; may be given often."),
]
Form = Annotated[Path | None, typer.Option("--form", metavar="FILE", help="The form as TOML or JSON.")]
Day = Annotated[dt.datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day; else today.")]
DEFAULT_DB = "sqlite:///lockgate.db"
Command = TypeVar("Command", bound=Callable[..., None])


@contextmanager
def office(db: str, person: str = "") -> Iterator[tuple["Registry", "Actor"]]:
    """The record, opened, and who acts; nobody named: the public."""
    from lockgate.casework.roles import PUBLIC_READER
    from lockgate.services.people import find_person
    from lockgate.services.registry import open_record

    with open_record(db) as registry:
        yield registry, find_person(registry, person) if person else PUBLIC_READER


def read_form(form: Path | None, pairs: Sequence[str] | None) -> dict[str, Any]:
    """A form from a file, with single fields over it.

    Raises:
        LockgateError: ``no-such-file``, ``bad-form``; ``bad-option`` for every pair without a name or value.
    """
    data: dict[str, Any] = {}
    if form:
        try:
            text = form.read_text()
            data = tomllib.loads(text) if form.suffix == ".toml" else json.loads(text)
        except OSError as error:
            raise LockgateError(f"{form} cannot be read: {error.strerror}", code="no-such-file") from error
        except ValueError as error:
            raise LockgateError(f"{form} is no {form.suffix or 'JSON'}: {error}", code="bad-form") from error
        if not isinstance(data, dict):
            raise LockgateError(f"{form} holds no fields", code="bad-form", hint="write name = value")
    problems = ProblemCollector()
    for pair in pairs or ():
        name, found, value = pair.partition("=")
        if not name or not found:
            problems.add(f"{pair!r} is no NAME=VALUE", code="bad-option", where="--set")
        else:
            data[name] = read_value(value)
    problems.raise_if_any()
    answers: dict[str, Any] = plain_data(data)
    return answers


def read_value(text: str) -> Any:
    """A value as people write it on the command line: JSON where it is some, else the text.

    >>> read_value("75000"), read_value("true"), read_value('["a"]'), read_value("CN"), read_value("1.5")
    (75000, True, ['a'], 'CN', '1.5')
    """
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, float) else value


def plain_data(value: Any) -> Any:
    """TOML's dates and fractions as the text the record keeps."""
    if isinstance(value, Mapping):
        return {name: plain_data(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain_data(part) for part in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def read_pairs(pairs: Sequence[str] | None, option: str) -> dict[str, int]:
    """Quantities by name: ``h200=400000``.

    Raises:
        InvalidInputError: ``bad-option``, for every pair that is none.
    """
    problems = ProblemCollector()
    found: dict[str, int] = {}
    for pair in pairs or ():
        name, _, number = pair.partition("=")
        if not name or not number.replace("_", "").isdigit():
            problems.add(
                f"{pair!r} is no NAME=UNITS", code="bad-option", where=option, hint="for example h200=400000"
            )
        else:
            found[name] = int(number)
    problems.raise_if_any()
    return found


@dataclass(frozen=True)
class Desk:
    """Where a command stands: which record, who acts, and whether its answer is JSON."""

    registry: "Registry"
    who: "Actor"
    as_json: bool

    def tell(self, value: Any, text: str) -> None:
        """Print the answer: as JSON, or in words."""
        if self.as_json:
            print_json(value)
        else:
            typer.echo(text)

    def tell_event(self, event: Any) -> None:
        """Say what was recorded."""
        told = {name: getattr(event, name) for name in ("seq", "type", "stream", "at", "hash", "data")}
        self.tell(told, f"{event.type} (event {event.seq})")

    def tell_rows(
        self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], empty: str = "nothing"
    ) -> None:
        """Print rows: as JSON with everything, or as a table of some columns."""
        if self.as_json:
            print_json([dict(row) for row in rows])
        else:
            print_table(rows, columns, empty)


def at_desk(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Register a command that works at the record.

    Its first parameter is the ``Desk``; on the command line stand ``--db``, ``--as`` and ``--json`` in its place, after its own.
    """

    def register(command: Command) -> Command:
        own = list(signature(command).parameters.values())[1:]
        shared = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, kind, default in (("db", Db, DEFAULT_DB), ("as_", As, ""), ("as_json", Json, False))
        ]

        @wraps(command)
        def work(*, db: str, as_: str, as_json: bool, **options: Any) -> None:
            with office(db, as_) as (registry, who):
                command(Desk(registry, who, as_json), **options)

        every = [*(one.replace(kind=Parameter.KEYWORD_ONLY) for one in own), *shared]
        work.__signature__ = Signature(every)  # type: ignore[attr-defined]
        work.__annotations__ = {one.name: one.annotation for one in every}
        app.command(name)(work)
        return command

    return register


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], empty: str = "nothing") -> None:
    """Print some columns of rows as a table."""
    if not rows:
        typer.echo(empty)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        number = any(isinstance(row.get(name), int) and not isinstance(row.get(name), bool) for row in rows)
        table.add_column(name.replace("_", " "), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(render_cell(row.get(name)) for name in columns))
    wide_console().print(table)


def render_cell(value: Any) -> str:
    """A value in a table."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)


def item_row(item: Any) -> dict[str, Any]:
    """An entry of a list as a row: its columns, and its data beside them."""
    own = {name: getattr(item, name) for name in ("id", "case_id", "state", "subject", "due_on")}
    return {**{name: value for name, value in item.data.items() if name not in own}, **own}


def day_of(on: dt.datetime | None, today: dt.date) -> dt.date:
    """The day meant."""
    return on.date() if on else today
