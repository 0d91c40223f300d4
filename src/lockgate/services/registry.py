"""An opened record: its database, the key that signs for it, and the clock."""

import datetime as dt
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select, text

from lockgate.base.errors import LockgateError
from lockgate.casework.checkpoint import Signer
from lockgate.store import schema
from lockgate.store.engine import (
    connect_raw,
    migrate,
    newest_revision,
    open_engine,
    read_url,
    reported,
    schema_revision,
)
from lockgate.store.quick import QuickPath
from lockgate.store.work import Work, begin_work

Clock = Callable[[], dt.datetime]
RECORD = "record"  # the stream of events about the record itself


def read_clock() -> dt.datetime:
    """Now, in UTC."""
    return dt.datetime.now(dt.UTC)


def render_instant(instant: dt.datetime) -> str:
    """An instant as the record writes it.

    >>> render_instant(dt.datetime(2026, 1, 28, 9, 30, tzinfo=dt.UTC))
    '2026-01-28T09:30:00.000000Z'
    """
    return instant.astimezone(dt.UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


class Registry:
    """An opened record.

    Args:
        url: Address of its database: ``sqlite:///FILE``, a path, or ``postgresql://…``.
        clock: Tells the time of everything done through it.
        key_file: The signing key; None: ``LOCKGATE_KEY_FILE``, or beside an SQLite database.
    """

    def __init__(self, url: str, *, clock: Clock = read_clock, key_file: Path | None = None) -> None:
        self.url = read_url(url)
        self.clock = clock
        self._key_file = key_file
        self.engine = open_engine(self.url)

    def close(self) -> None:
        """Close all connections."""
        if quick := self.__dict__.pop("quick", None):
            quick.close()
        self.engine.dispose()

    @cached_property
    def quick(self) -> QuickPath:
        """The short way for single postings."""
        return QuickPath(self.engine, self.signer, lambda: connect_raw(self.url))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------- the key
    @property
    def key_file(self) -> Path:
        """Where the signing key is kept."""
        if self._key_file:
            return self._key_file
        if named := os.environ.get("LOCKGATE_KEY_FILE"):
            return Path(named)
        if self.url.get_backend_name() == "sqlite":
            return Path(f"{self.url.database}.key")
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        return state / "lockgate" / f"{self.url.host or 'local'}-{self.url.database}.key"

    @cached_property
    def signer(self) -> Signer:
        """The signing key, read once.

        Raises:
            LockgateError: ``no-signing-key``, ``wrong-signing-key``.
        """
        try:
            seed = bytes.fromhex(self.key_file.read_text().strip())
            signer = Signer(seed)
        except FileNotFoundError:
            raise LockgateError(
                f"no signing key at {self.key_file}",
                code="no-signing-key",
                hint="copy the key file of this record there, or name it in LOCKGATE_KEY_FILE; reading needs none",
            ) from None
        except (OSError, ValueError) as error:
            raise LockgateError(f"{self.key_file} holds no signing key", code="no-signing-key") from error
        known = self.public_key
        if known and known != signer.public_key:
            raise LockgateError(
                f"the key at {self.key_file} is not the one this record is signed with",
                code="wrong-signing-key",
                hint=f"the record's public key is {known}",
            )
        return signer

    def forget_key(self) -> None:
        """Read the signing key anew when it is next needed."""
        self.__dict__.pop("signer", None)
        if quick := self.__dict__.pop("quick", None):
            quick.close()

    @property
    def public_key(self) -> str:
        """The public key in force, in hexadecimal, as the record names it; empty before there is a record."""
        with self.read() as work:
            return _key_in_force(work)

    @property
    def origin(self) -> str:
        """Name of the record: from its first event's hash."""
        with self.read() as work:
            return origin_of(work)

    # ------------------------------------------------------------------------------------------- transactions
    @contextmanager
    def work(self) -> Iterator[Work]:
        """A unit of work that may write; committed when the block ends."""
        signer = self.signer
        with reported(self.url), begin_work(self.engine, signer, self.now(), secrets.token_bytes) as work:
            yield work

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A view of the record at one instant; writes nothing."""
        with reported(self.url), self.engine.connect() as connection:
            if self.url.get_backend_name() == "sqlite":
                connection = connection.execution_options(writes=False)
            else:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield Work(connection, _NoSigner(), self.now(), secrets.token_bytes)

    def now(self) -> str:
        """The clock's instant, as the record writes it."""
        return render_instant(self.clock())

    def today(self) -> dt.date:
        """The clock's day, in UTC."""
        return self.clock().astimezone(dt.UTC).date()

    def require_record(self) -> None:
        """Make sure that the database holds a record of this version.

        Raises:
            LockgateError: ``no-record``, ``old-schema``, ``database-unavailable``.
        """
        path = self.url.database if self.url.get_backend_name() == "sqlite" else None
        if path and not Path(path).exists():
            raise _no_record(self.url.render_as_string(hide_password=True))
        with self.read() as work:
            found = schema_revision(work.connection)
        if found is None:
            raise _no_record(self.url.render_as_string(hide_password=True))
        if found != newest_revision():
            raise LockgateError(
                f"the database has schema {found}, this version of Lockgate works with {newest_revision()}",
                code="old-schema",
                hint="make a backup, then run `lockgate init` on it once more",
            )


class _NoSigner:
    def sign_event(self, event_hash: str) -> bytes:
        raise LockgateError(f"a reading transaction signs nothing ({event_hash})", code="read-only")


def _no_record(shown: str) -> LockgateError:
    return LockgateError(
        f"{shown} holds no record", code="no-record", hint=f"`lockgate init --db {shown}` makes one"
    )


def _key_in_force(work: Work) -> str:
    events = schema.event
    payload = work.connection.execute(
        select(events.c.seq)
        .where(events.c.type.in_(("RecordOpened", "SigningKeyReplaced")), events.c.stream == RECORD)
        .order_by(events.c.seq.desc())
        .limit(1)
    ).scalar()
    if payload is None:
        return ""
    found = next(work.events(RECORD, after=payload - 1))
    return str(found.data["public_key"])


def origin_of(work: Work) -> str:
    """Name of the record that ``work`` reads; empty before it is opened."""
    first = work.connection.execute(select(schema.event.c.hash).where(schema.event.c.seq == 1)).scalar()
    return f"lockgate/{first[:12]}" if first else ""


def open_record(url: str, *, clock: Clock = read_clock, key_file: Path | None = None) -> Registry:
    """Open an existing record.

    Raises:
        LockgateError: ``bad-database-url``, ``no-record``, ``old-schema``, ``database-unavailable``.
    """
    registry = Registry(url, clock=clock, key_file=key_file)
    try:
        registry.require_record()
    except BaseException:
        registry.close()
        raise
    return registry


def init_record(
    url: str, *, name: str = "", clock: Clock = read_clock, key_file: Path | None = None
) -> tuple[Registry, bool]:
    """Make a record, or bring an existing one to the newest schema. Whether it is new stands second.

    A new record gets its signing key (mode 0600) in ``Registry.key_file``, or uses the key it finds there, and its first
    event, which names the public key.
    """
    registry = Registry(url, clock=clock, key_file=key_file)
    if registry.url.get_backend_name() == "sqlite":
        Path(str(registry.url.database)).expanduser().parent.mkdir(parents=True, exist_ok=True)
    with reported(registry.url), registry.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(4276215)"))  # one at a time
        migrate(connection)
        fresh = connection.execute(select(schema.head.c.size)).scalar() == 0
    if fresh:
        with suppress(
            FileExistsError
        ):  # kept from an earlier attempt, or put there on purpose: it signs this record too
            _make_key(registry.key_file)
        with registry.work() as work:
            data: dict[str, Any] = {"public_key": registry.signer.public_key, "name": name}
            fresh = not work.lock().stream_version(RECORD)  # several processes may start at once
            if fresh:
                work.append(RECORD, "RecordOpened", data, actor="lockgate", version=1)
    return registry, fresh


def _make_key(path: Path) -> None:
    try:
        write_key_file(path, secrets.token_bytes(32))
    except FileExistsError:
        raise
    except OSError as error:
        raise LockgateError(
            f"the signing key cannot be written to {path}: {error.strerror}",
            code="no-signing-key",
            hint="name a file that can be written in LOCKGATE_KEY_FILE",
        ) from error


def write_key_file(path: Path, seed: bytes) -> None:
    """Write a private key to a new file that only its owner may read.

    Raises:
        FileExistsError: Where there is one already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(seed.hex() + "\n")
