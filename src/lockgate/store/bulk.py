"""Many rows at once: COPY on PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import IntegrityError

COPY_FROM = 50  # rows from which COPY is quicker than one INSERT


def insert_rows(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows whose values stand in the order of the table's columns.

    On PostgreSQL the table's statement triggers see all rows together.
    """
    if not rows:
        return
    names = [column.name for column in table.columns]
    if connection.dialect.name == "postgresql" and len(rows) >= COPY_FROM:
        statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
        driver: Any = connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except connection.dialect.dbapi.IntegrityError as error:  # type: ignore[union-attr]
            raise IntegrityError(statement, None, error) from error
    elif connection.dialect.name == "postgresql":
        connection.execute(insert(table).values([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - names of our own tables
            [tuple(row) for row in rows],
        )
