"""Every source that is cited exists, and every source is cited."""

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "src" / "lockgate" / "data"
RECORDS = {path.stem for path in (DATA / "sources").glob("*.toml")}
CITING = [
    path
    for folder in (DATA, ROOT / "examples", ROOT / "tests" / "cases")
    for path in sorted(folder.rglob("*"))
    if path.suffix in (".toml", ".csv") and path.parent != DATA / "sources"
]


def cited_in(value: Any, key: str = "") -> Iterator[str]:
    """Ids under every key named ``source`` or ``sources``, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from cited_in(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from cited_in(inner, key)
    elif key in ("source", "sources") and isinstance(value, str):
        yield value


def cited_by(path: Path) -> set[str]:
    if path.suffix == ".toml":
        return set(cited_in(tomllib.loads(path.read_text(encoding="utf-8"))))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in (rows[0] if rows else {}) if name in ("source", "sources")]
    return {
        part.strip()
        for row in rows
        for name in names
        for part in (row[name] or "").split(";")
        if part.strip()
    }


@pytest.mark.parametrize(
    "path",
    [path for path in CITING if path.is_relative_to(DATA)],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_cited_source_exists(path: Path) -> None:
    assert sorted(cited_by(path) - RECORDS) == []


def test_a_missing_source_would_be_found() -> None:
    assert list(
        cited_in({"facts": {"power": {"source": "nowhere"}}, "rates": [{"sources": ["a", "b"]}]})
    ) == [
        "nowhere",
        "a",
        "b",
    ]
