"""The schema that migrations make is the one the tables declare, from empty and from every released version with data."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from lockgate.casework.checkpoint import Signer
from lockgate.casework.ledger import Posting, PostingKind
from lockgate.store import access, schema
from lockgate.store.audit import audit_record
from lockgate.store.engine import MIGRATIONS, migrate, newest_revision, open_engine, read_url, schema_revision
from lockgate.store.work import Work

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
SIGNER = Signer(bytes(32))


def test_migrations_make_the_declared_tables(empty_url: str) -> None:
    engine = open_engine(read_url(empty_url), pooled=False)
    with engine.begin() as connection:
        assert schema_revision(connection) is None
        migrate(connection)
        assert schema_revision(connection) == newest_revision() == REVISIONS[-1]
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        declared_tables: Any = [schema.metadata, access.metadata]  # alembic takes several; its stub says one
        assert compare_metadata(context, declared_tables) == []
        inspector = inspect(connection)
        for table in schema.metadata.tables.values():
            found = {check["name"] for check in inspector.get_check_constraints(table.name)}
            declared = {constraint.name for constraint in table.constraints if hasattr(constraint, "sqltext")}
            assert declared <= found, table.name


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_version_is_upgraded_with_its_data(empty_url: str, revision: str) -> None:
    engine = open_engine(read_url(empty_url), pooled=False)
    at = "2026-01-28T00:00:00.000000Z"
    with engine.begin() as connection:
        migrate(connection, revision)
        work = Work(connection, SIGNER, at, bytes)
        work.append("record", "RecordOpened", {"public_key": SIGNER.public_key}, actor="x")
        posting = Posting("g", PostingKind.MOVE, "outside:unit", "licence:l1", 5)
        work.append("ledger", "Granted", {}, actor="x", postings=[posting])
    with engine.begin() as connection:
        migrate(connection)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT posted_in FROM account WHERE id = 'licence:l1'")).scalar() == 5
        assert audit_record(connection).holds
        migrate(connection)  # once more changes nothing
        assert schema_revision(connection) == newest_revision()
