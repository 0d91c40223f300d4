"""Databases: how one is addressed, opened, and brought to the newest schema."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from lockgate.base.errors import LockgateError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_S = 60.0
"""How long a connection waits for another one's write."""


def read_url(text: str) -> URL:
    """The address of a database.

    Args:
        text: ``sqlite:///FILE``, ``postgresql://…`` or the path of an SQLite file.

    Raises:
        LockgateError: ``bad-database-url``.

    >>> str(read_url("postgresql://user@host/lockgate"))
    'postgresql+psycopg://user@host/lockgate'
    >>> str(read_url("cases.db"))
    'sqlite:///cases.db'
    """
    hint = "for example sqlite:///lockgate.db or postgresql://user@host/lockgate"
    if not text.strip():
        raise LockgateError("no database is named", code="bad-database-url", hint=hint)
    try:
        url = make_url(text if re.match(r"[a-z0-9+]+:", text) else f"sqlite:///{text}")
    except ArgumentError:
        raise LockgateError(f"{text!r} is not a database URL", code="bad-database-url", hint=hint) from None
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or url.database in (None, "", ":memory:"):
        raise LockgateError(
            f"{text!r} is no database Lockgate keeps records in", code="bad-database-url", hint=hint
        )
    return url.set(drivername="sqlite")


def open_engine(url: URL, *, pooled: bool = True) -> Engine:
    """Connections to the database, every one set so that what is acknowledged stays on disk."""
    options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_S}, **options)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_pre_ping=pooled, **options)


def connect_raw(url: URL) -> Any:
    """One connection of the driver itself, each statement its own transaction unless one is begun."""
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(url.database), timeout=BUSY_S, check_same_thread=False)
        _set_up_sqlite(connection, None)
        return connection
    import psycopg

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, client_encoding="utf8")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver starts no transaction of its own accord
    _enter_wal(connection)
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _enter_wal(connection: Any) -> None:
    """Readers beside a writer. SQLite refuses the change at once, without waiting, where another process is at it."""
    last = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError:
            if time.monotonic() > last:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: no transaction fails halfway because another one wrote first.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reported(url: URL) -> Iterator[None]:
    """Turns a database that cannot be reached or read into a message the user can act on."""
    try:
        yield
    except OperationalError as error:
        shown = url.render_as_string(hide_password=True)
        reason = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no reason given"
        raise LockgateError(
            f"the database {shown} cannot be used: {reason}",
            code="database-unavailable",
            hint="check the address, that the server runs, and that the folder exists and can be written",
        ) from error
    except DBAPIError as error:
        if "file is not a database" in str(error.orig):
            raise LockgateError(
                f"{url.database} is not an SQLite database", code="database-unavailable"
            ) from error
        raise


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to ``revision``, from empty or from any earlier one; the caller's transaction holds it."""
    from alembic import command

    command.upgrade(alembic_config(connection), revision)


def alembic_config(connection: Connection) -> "Config":
    """Alembic's settings for this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def schema_revision(connection: Connection) -> str | None:
    """The schema's revision; None where the database holds no record yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def newest_revision() -> str:
    """The revision this version of Lockgate works with."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())
