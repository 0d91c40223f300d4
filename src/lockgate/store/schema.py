"""The tables. Instants are ISO text in UTC, so that both databases keep the very bytes that were hashed and signed."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# On SQLite only INTEGER is the row's own number: one tree less to write in each commit.
Position = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk", "uq": "%(table_name)s_%(column_0_N_name)s"})

# ------------------------------------------------------------------------------------------------- the record
event = Table(
    "event",
    metadata,
    Column("seq", Position, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text),
    Column("payload", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    UniqueConstraint("stream", "version"),
    UniqueConstraint("key"),
    CheckConstraint("seq > 0", name="event_seq_positive"),
)
head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint("id = 1", name="head_single"),
)
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", Position, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("frontier", Text, nullable=False),
)
secret = Table(
    "secret",
    metadata,
    Column("commitment", Text, primary_key=True),
    Column("event_seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("value", Text, nullable=False),
    Index("secret_subject", "subject"),
)

# ------------------------------------------------------------------------------------------------- the ledger
account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    *(
        Column(name, BigInteger, nullable=False, server_default=text("0"))
        for name in ("posted_in", "posted_out", "held_in", "held_out", "breach")
    ),
    CheckConstraint(
        "posted_in >= 0 AND posted_out >= 0 AND held_in >= 0 AND held_out >= 0 AND breach >= 0",
        name="account_not_negative",
    ),
    CheckConstraint(
        "substr(id, 1, 8) = 'outside:' OR posted_in - posted_out - held_out + breach >= 0",
        name="account_not_overdrawn",
    ),
)
hold = Table(
    "hold",
    metadata,
    Column("key", Text, primary_key=True),
    Column("from_account", Text, nullable=False),
    Column("to_account", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("remaining", BigInteger, nullable=False),
    Column("expires_at", Text, nullable=False),
    CheckConstraint("remaining >= 0 AND remaining <= amount", name="hold_not_overdrawn"),
    Index(
        "hold_expiring",
        "expires_at",
        postgresql_where=text("remaining > 0"),
        sqlite_where=text("remaining > 0"),
    ),
    Index("hold_from_account", "from_account"),
)
posting = Table(
    "posting",
    metadata,
    Column("event_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("from_account", Text, nullable=False),
    Column("to_account", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("hold", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("at", Text, nullable=False),
    UniqueConstraint("key"),
    CheckConstraint("amount > 0", name="posting_amount_positive"),
    CheckConstraint("kind IN ('move', 'reserve', 'settle', 'release', 'lower')", name="posting_kind_known"),
    CheckConstraint("from_account <> to_account", name="posting_two_accounts"),
    CheckConstraint("(hold <> '') = (kind IN ('settle', 'release'))", name="posting_hold_named"),
    sqlite_with_rowid=False,
)

# ------------------------------------------------------------------------- rows that an event binds by a digest
unit = Table(
    "unit",
    metadata,
    Column("event_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("lot", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("serial", Text, nullable=False),
    UniqueConstraint("product", "serial"),
    Index("unit_lot", "lot"),
    sqlite_with_rowid=False,
)
unit_report = Table(
    "unit_report",
    metadata,
    Column("event_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("product", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("end_use", Text, nullable=False),
    Index("unit_report_serial", "product", "serial"),
    sqlite_with_rowid=False,
)
document = Table(
    "document",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# ------------------------------------------------------------------------------- projections: made from events
case_file = Table(
    "case_file",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("applicant", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("assigned_to", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False, server_default=text("''")) for name in ("flags", "due_on", "clock")),
    Index("case_file_queue", "queue", "changed_at", "id"),
    Index("case_file_state", "state", "changed_at", "id"),
    Index("case_file_changed", "changed_at", "id"),
    Index("case_file_kind", "kind", "state", "changed_at", "id"),
    Index("case_file_applicant", "applicant", "changed_at", "id"),
    Index("case_file_assigned", "assigned_to", "changed_at", "id"),
)
item = Table(
    "item",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("due_on", Text, nullable=False),
    Column("event_seq", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Index("item_case", "case_id", "kind"),
    Index("item_state", "kind", "state", "due_on"),
    Index("item_subject", "kind", "subject"),
)

# What may be added to, and never changed or taken away.
APPEND_ONLY = ("event", "checkpoint", "posting", "unit", "unit_report", "document")
