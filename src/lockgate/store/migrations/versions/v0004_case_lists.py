"""Flags and the next day of a clock beside each case, so that a list need not read its events."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for name in ("flags", "due_on", "clock"):
        op.add_column("case_file", sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''")))
    op.create_index("case_file_queue", "case_file", ["queue", "changed_at", "id"])
