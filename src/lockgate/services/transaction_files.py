"""Files of transactions, read row by row: CSV, JSON lines, JSON and TOML."""

import csv
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from lockgate.base.errors import LockgateError
from lockgate.services.transaction_rows import Row, check_columns


def read_rows(lines: Iterable[str], suffix: str) -> Iterator[tuple[int, Row | LockgateError]]:
    """The rows of a file, one by one, each with its number from 1.

    Args:
        lines: Its lines; a CSV is opened with ``newline=""``.
        suffix: ``.csv``, ``.jsonl``, ``.json`` or ``.toml``.

    Raises:
        LockgateError: ``unknown-format``, ``bad-file`` or ``unknown-column``: the file as a whole cannot be read.
    """
    readers: Mapping[str, Callable[[Iterable[str]], Iterable[Row | LockgateError]]] = {
        ".csv": read_csv, ".jsonl": read_jsonl, ".ndjson": read_jsonl, ".json": read_json, ".toml": read_toml
    }  # fmt: skip
    if suffix not in readers:
        raise LockgateError(
            f"{suffix or 'no ending'} is no format of transactions", code="unknown-format",
            hint="one of " + " ".join(readers),
        )  # fmt: skip
    yield from enumerate(readers[suffix](lines), start=1)


def read_csv(lines: Iterable[str]) -> Iterator[Row | LockgateError]:
    """Rows of a CSV with a header; unknown columns are an error of the file, before any row."""
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
        if not any(header):
            raise LockgateError(
                "the file has no header", code="bad-file", hint="the first row names the columns"
            )
        check_columns(header)
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            raise LockgateError(f"column {twice[0]!r} stands twice in the header", code="bad-file")
        for cells in reader:
            if not "".join(cells).strip():
                continue
            if len(cells) > len(header):
                yield LockgateError(
                    f"{len(cells)} cells, the header has {len(header)}", code="too-many-cells",
                    hint="quote a cell that holds a comma",
                )  # fmt: skip
                continue
            yield dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise LockgateError(f"is not CSV: {error}", code="bad-file") from None


def read_jsonl(lines: Iterable[str]) -> Iterator[Row | LockgateError]:
    """One JSON object a line."""
    for line in lines:
        if line.strip():
            try:
                value = json.loads(line, parse_float=Decimal, parse_constant=refuse_constant)
            except ValueError as error:
                yield LockgateError(f"is not JSON: {error}", code="bad-json")
                continue
            yield value if isinstance(value, dict) else LockgateError("is no JSON object", code="bad-json")


def read_json(lines: Iterable[str]) -> Iterator[Row | LockgateError]:
    """One object, a list of them, or an object whose ``transactions`` is one."""
    try:
        data = json.loads("".join(lines), parse_float=Decimal, parse_constant=refuse_constant)
    except ValueError as error:
        raise LockgateError(f"is not JSON: {error}", code="bad-file") from None
    return rows_within(data)


def read_toml(lines: Iterable[str]) -> Iterator[Row | LockgateError]:
    """One transaction, one under ``[transaction]``, or several under ``[[transactions]]``."""
    try:
        data = tomllib.loads("".join(lines), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise LockgateError(f"is not TOML: {error}", code="bad-file") from None
    return rows_within(data)


def sniff_format(line: str) -> str:
    """The format of a text, from its first line.

    >>> sniff_format("id,item"), sniff_format('{"item": "h200-sxm"}'), sniff_format("[[transactions]]"), sniff_format("[{")
    ('.csv', '.jsonl', '.toml', '.json')
    """
    start = line.lstrip("\ufeff \t").rstrip()
    if start.startswith("{"):
        try:
            json.loads(start)
        except ValueError:
            return ".json"
        return ".jsonl"
    if start.startswith("["):
        return ".toml" if start.strip("[] ").isidentifier() else ".json"
    return ".toml" if start.startswith("#") or "=" in start else ".csv"


def refuse_constant(name: str) -> None:
    """Refuse ``NaN`` and ``Infinity``."""
    raise ValueError(f"{name} is no number here")


def rows_within(data: Any) -> Iterator[Row | LockgateError]:
    """The rows of a parsed file."""
    if isinstance(data, dict):
        inner = next(
            (data[name] for name in ("transactions", "transaction") if name in data and len(data) == 1), data
        )
        data = inner if isinstance(inner, list) else [inner]
    if not isinstance(data, list):
        raise LockgateError("holds no transaction", code="bad-file", hint="an object, or a list of objects")
    for row in data:
        yield row if isinstance(row, dict) else LockgateError("is no table of columns", code="bad-row")
