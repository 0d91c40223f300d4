"""Serial numbers and their reports, documents, and what lists are read from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    create_goods()
    create_projections()
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in ("unit", "unit_report", "document"):
        for statement in GUARD_POSTGRESQL if on_postgresql else GUARD_SQLITE:
            op.execute(sa.text(statement.format(table=table)))


def text_columns(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def create_goods() -> None:
    op.create_table(
        "unit",
        sa.Column("event_seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        *text_columns("lot", "product", "serial"),
        sa.PrimaryKeyConstraint("event_seq", "position", name="unit_pk"),
        sa.UniqueConstraint("product", "serial", name="unit_product_serial"),
        sqlite_with_rowid=False,
    )
    op.create_index("unit_lot", "unit", ["lot"])
    op.create_table(
        "unit_report",
        sa.Column("event_seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        *text_columns("product", "serial", "status", "site", "end_use"),
        sa.PrimaryKeyConstraint("event_seq", "position", name="unit_report_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index("unit_report_serial", "unit_report", ["product", "serial"])
    op.create_table(
        "document",
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="document_pk"),
    )


def create_projections() -> None:
    op.create_table(
        "case_file",
        *text_columns(
            "id", "kind", "state", "title", "applicant", "queue", "assigned_to", "opened_at", "changed_at"
        ),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="case_file_pk"),
    )
    for name, columns in {
        "case_file_state": ["state", "changed_at", "id"],
        "case_file_changed": ["changed_at", "id"],
        "case_file_kind": ["kind", "state", "changed_at", "id"],
        "case_file_applicant": ["applicant", "changed_at", "id"],
        "case_file_assigned": ["assigned_to", "changed_at", "id"],
    }.items():
        op.create_index(name, "case_file", columns)
    op.create_table(
        "item",
        *text_columns("kind", "id", "case_id", "state", "subject", "due_on"),
        sa.Column("event_seq", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="item_pk"),
    )
    op.create_index("item_case", "item", ["case_id", "kind"])
    op.create_index("item_state", "item", ["kind", "state", "due_on"])
    op.create_index("item_subject", "item", ["kind", "subject"])


GUARD_POSTGRESQL = (
    (
        "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    ),
)
GUARD_SQLITE = tuple(
    f"CREATE TRIGGER {{table}}_no_{action.lower()} BEFORE {action} ON {{table}} BEGIN SELECT RAISE(ABORT, 'append_only'); END"
    for action in ("UPDATE", "DELETE")
)
