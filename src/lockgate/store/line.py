"""One connection to PostgreSQL by the driver's lowest layer: prepared statements, sent ahead of their answers."""

import select
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus

_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Line:
    """Runs prepared statements; those sent between two answers are one transaction, unless one is begun.

    Args:
        connection: Of psycopg, in autocommit, used by nobody else meanwhile.
        statements: By name, with ``$1``, ``$2`` … for their values.

    Raises:
        psycopg.Error: Here and in every method, where the connection is gone or a statement cannot be understood.
    """

    def __init__(self, connection: Any, statements: Mapping[str, str]) -> None:
        self._raw = connection.pgconn
        self._waits = select.poll()
        self._waits.register(self._raw.socket, select.POLLIN)
        self._sent = 0
        for name, statement in statements.items():
            self._answer(self._raw.prepare(name.encode(), statement.encode()))

    def run(self, command: str) -> None:
        """A command without values, such as ``BEGIN``."""
        self._answer(self._raw.exec_(command.encode()))

    def ask(self, name: str, values: Sequence[str | int]) -> list[str]:
        """The first row of a statement's answer, as text."""
        found = self._answer(self._raw.exec_prepared(name.encode(), _texts(values)))
        return [found.get_value(0, column).decode() for column in range(found.nfields)]

    def send(self, name: str, values: Sequence[str | int]) -> None:
        """Send a statement; the server begins with it at once.

        Raises:
            ValueError: Where a text holds the character NUL.
        """
        texts = _texts(values)
        if not self._sent:
            self._raw.enter_pipeline_mode()
        self._raw.send_query_prepared(name.encode(), texts)
        self._raw.flush()
        self._sent += 1

    def finish(self) -> str:
        """Wait for what was sent; where no transaction was begun, it is committed when this returns.

        Returns:
            What refused it: the name of a constraint, or the error's code where none is named. Empty where all was done.
        """
        self._raw.pipeline_sync()
        refusal = ""
        for _ in range(self._sent):
            found = self._next()
            if found.status not in _DONE and not refusal:
                refusal = _reason(found)
            self._next()  # nothing: the end of this statement's answer
        self._next()  # the end of the pipeline
        if self._raw.status != ConnStatus.OK:
            raise psycopg.OperationalError("the connection is gone")
        self._raw.exit_pipeline_mode()
        self._sent = 0
        return refusal

    def _next(self) -> Any:
        # Waiting in the driver would hold up all threads, also the one that this statement may be waiting for.
        while self._raw.is_busy():
            self._waits.poll()
            self._raw.consume_input()
        return self._raw.get_result()

    def _answer(self, found: Any) -> Any:
        if found.status not in _DONE:
            raise psycopg.OperationalError(found.error_message.decode(errors="replace"))
        return found


def _texts(values: Sequence[str | int]) -> list[bytes]:
    texts = [str(value).encode() for value in values]
    if b"\x00" in b"".join(texts):
        raise ValueError("on this way the character NUL ends a text")
    return texts


def _reason(found: Any) -> str:
    named = found.error_field(DiagnosticField.CONSTRAINT_NAME) or found.error_field(DiagnosticField.SQLSTATE)
    return named.decode() if named else "unknown"
