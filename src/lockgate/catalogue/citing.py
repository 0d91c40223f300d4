"""Every place in the data that cites a source: what makes each use of a document traceable."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lockgate.base.errors import LockgateError, render_where
from lockgate.catalogue.shelf import read_toml

CITING_NAMES = ("source", "sources")


class Use(NamedTuple):
    """One citation.

    Attributes:
        source: Id of the source.
        file: File that cites it, relative to its data folder.
        place: Where in the file.
    """

    source: str
    file: str
    place: str


def find_uses(folders: Iterable[Path]) -> Iterator[Use]:
    """Every citation in the TOML and CSV files of data folders, but in the source records themselves.

    Args:
        folders: Data folders; a file that cannot be read is left to those who read it for its content.
    """
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            file = str(path.relative_to(folder))
            if path.suffix == ".toml" and not file.startswith("sources/"):
                try:
                    data = read_toml(path)
                except LockgateError:
                    continue
                yield from (Use(source, file, place) for source, place in cited_in(data))
            elif path.suffix == ".csv":
                yield from uses_in_table(path, file)


def cited_in(value: Any, *where: str | int) -> Iterator[tuple[str, str]]:
    """Ids under every key named ``source`` or ``sources``, at any depth, each with its place.

    >>> list(cited_in({"facts": {"power": {"source": "a"}}, "rates": [{"sources": ["b", "c"]}]}))
    [('a', 'facts.power'), ('b', 'rates[0]'), ('c', 'rates[0]')]
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in CITING_NAMES and isinstance(inner, str | list):
                names = [inner] if isinstance(inner, str) else inner
                yield from ((str(one), render_where(where)) for one in names if one)
            else:
                yield from cited_in(inner, *where, name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from cited_in(inner, *where, index)


def uses_in_table(path: Path, file: str) -> Iterator[Use]:
    """Citations in the columns ``source`` and ``sources`` of a CSV file; several in a cell stand between semicolons."""
    with path.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            for name in CITING_NAMES:
                for source in (row.get(name) or "").split(";"):
                    if source.strip():
                        yield Use(source.strip(), file, f"line {number}")
