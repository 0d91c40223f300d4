"""Base and the domain packages know no clock, network, environment or database."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "lockgate"
PURE = ("base", "controls", "capability", "evidence", "casework")
FORBIDDEN_MODULES = {
    "os", "socket", "http", "urllib", "httpx", "requests", "sqlite3", "sqlalchemy", "psycopg", "subprocess",
    "pathlib", "shutil", "tempfile", "time", "secrets", "fastapi", "typer", "rich", "importlib.resources",
}  # fmt: skip
FORBIDDEN_CALLS = {"open", "input", "print", "today", "now", "utcnow"}

MODULES = [path for name in PURE for path in sorted((SRC / name).rglob("*.py"))]


def impurities(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in FORBIDDEN_CALLS:
                found.append(f"line {line}: calls {called}")
        found += [
            f"line {line}: imports {name}"
            for name in names
            if name in FORBIDDEN_MODULES or name.split(".")[0] in FORBIDDEN_MODULES
        ]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_domain_is_pure(path: Path) -> None:
    assert impurities(path.read_text()) == []


@pytest.mark.parametrize(
    "source", ["import os", "from pathlib import Path", "open('x')", "import datetime as dt\ndt.date.today()"]
)
def test_an_impurity_is_found(source: str) -> None:
    assert impurities(source)
