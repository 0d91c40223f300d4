"""The record (events, head, checkpoints, secrets) and the ledger (accounts, holds, postings), with what guards them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Position = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    create_record()
    create_ledger()
    statements = POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE
    for statement in statements:
        op.execute(sa.text(statement.replace(":", r"\:")))
    op.execute(sa.text("INSERT INTO head (id, size, hash) VALUES (1, 0, '" + "0" * 64 + "')"))


def create_record() -> None:
    op.create_table(
        "event",
        sa.Column("seq", Position, nullable=False, autoincrement=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="event_pk"),
        sa.UniqueConstraint("stream", "version", name="event_stream_version"),
        sa.UniqueConstraint("key", name="event_key"),
        sa.CheckConstraint("seq > 0", name="event_seq_positive"),
    )
    op.create_table(
        "head",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="head_pk"),
        sa.CheckConstraint("id = 1", name="head_single"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", Position, nullable=False, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("frontier", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("size", name="checkpoint_pk"),
    )
    op.create_table(
        "secret",
        sa.Column("commitment", sa.Text, nullable=False),
        sa.Column("event_seq", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("commitment", name="secret_pk"),
    )
    op.create_index("secret_subject", "secret", ["subject"])


def create_ledger() -> None:
    amounts = [
        sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))
        for name in ("posted_in", "posted_out", "held_in", "held_out", "breach")
    ]
    op.create_table(
        "account",
        sa.Column("id", sa.Text, nullable=False),
        *amounts,
        sa.PrimaryKeyConstraint("id", name="account_pk"),
        sa.CheckConstraint(
            "posted_in >= 0 AND posted_out >= 0 AND held_in >= 0 AND held_out >= 0 AND breach >= 0",
            name="account_not_negative",
        ),
        sa.CheckConstraint(
            "substr(id, 1, 8) = 'outside:' OR posted_in - posted_out - held_out + breach >= 0",
            name="account_not_overdrawn",
        ),
    )
    op.create_table(
        "hold",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("from_account", sa.Text, nullable=False),
        sa.Column("to_account", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("remaining", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="hold_pk"),
        sa.CheckConstraint("remaining >= 0 AND remaining <= amount", name="hold_not_overdrawn"),
    )
    open_holds = sa.text("remaining > 0")
    op.create_index(
        "hold_expiring", "hold", ["expires_at"], postgresql_where=open_holds, sqlite_where=open_holds
    )
    op.create_index("hold_from_account", "hold", ["from_account"])
    op.create_table(
        "posting",
        sa.Column("event_seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("from_account", sa.Text, nullable=False),
        sa.Column("to_account", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("hold", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event_seq", "position", name="posting_pk"),
        sa.UniqueConstraint("key", name="posting_key"),
        sa.CheckConstraint("amount > 0", name="posting_amount_positive"),
        sa.CheckConstraint(
            "kind IN ('move', 'reserve', 'settle', 'release', 'lower')", name="posting_kind_known"
        ),
        sa.CheckConstraint("from_account <> to_account", name="posting_two_accounts"),
        sa.CheckConstraint("(hold <> '') = (kind IN ('settle', 'release'))", name="posting_hold_named"),
        sqlite_with_rowid=False,
    )


# What a posting does to its two accounts. The breach is by how much the head-room is under zero; only a lowering may
# take it deeper than it was, by what is lowered beyond the head-room there was.
POSTGRESQL = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'check_violation', CONSTRAINT = 'append_only';
    END $$
    """,
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("event", "checkpoint", "posting")
    ),
    """
    CREATE FUNCTION event_chained() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE head SET size = NEW.seq, hash = NEW.hash
            WHERE size = NEW.seq - 1 AND strpos(NEW.payload, '"previous":"' || hash || '"') > 0;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'event % does not follow the last one', NEW.seq
                USING ERRCODE = 'check_violation', CONSTRAINT = 'event_follows';
        END IF;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER event_chained AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION event_chained()",
    """
    CREATE FUNCTION refuse_direct() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF pg_trigger_depth() < 2 THEN
            RAISE EXCEPTION '% changes by postings only', TG_TABLE_NAME
                USING ERRCODE = 'check_violation', CONSTRAINT = 'by_posting_only';
        END IF;
        RETURN NULL;
    END $$
    """,
    *(
        f"CREATE TRIGGER {table}_by_posting BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_direct()"
        for table in ("account", "hold")
    ),
    """
    CREATE FUNCTION posting_applied() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        single posting%ROWTYPE;
        moved bigint;
        withheld bigint;
    BEGIN
        IF EXISTS (SELECT FROM (SELECT DISTINCT event_seq FROM added) a
                   WHERE NOT EXISTS (SELECT FROM event e WHERE e.seq = a.event_seq)) THEN
            RAISE EXCEPTION 'a posting belongs to an event'
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'posting_event';
        END IF;
        -- The quick way for one posting that draws on no reservation, between accounts that are there.
        IF (SELECT count(*) FROM added) = 1 THEN
            SELECT * INTO single FROM added;
            IF single.hold = '' AND single.kind <> 'lower' AND (
                    SELECT count(*) FROM account WHERE id IN (single.from_account, single.to_account)) = 2 THEN
                IF single.kind = 'reserve' THEN
                    INSERT INTO hold (key, from_account, to_account, amount, remaining, expires_at)
                        VALUES (single.key, single.from_account, single.to_account, single.amount, single.amount, single.expires_at);
                    moved := 0; withheld := single.amount;
                ELSE
                    moved := single.amount; withheld := 0;
                END IF;
                -- One lock order for everybody: by account. One statement a side, the lesser id first.
                FOR side IN 1..2 LOOP
                    IF (side = 1) = (single.from_account < single.to_account) THEN
                        UPDATE account SET posted_out = posted_out + moved, held_out = held_out + withheld,
                            breach = CASE WHEN substr(id, 1, 8) = 'outside:' THEN 0 ELSE GREATEST(0, LEAST(
                                -(posted_in - posted_out - held_out),
                                -(posted_in - posted_out - moved - held_out - withheld))) END
                            WHERE id = single.from_account;
                    ELSE
                        UPDATE account SET posted_in = posted_in + moved, held_in = held_in + withheld,
                            breach = CASE WHEN substr(id, 1, 8) = 'outside:' THEN 0 ELSE GREATEST(0, LEAST(
                                -(posted_in - posted_out - held_out),
                                -(posted_in + moved - posted_out - held_out))) END
                            WHERE id = single.to_account;
                    END IF;
                END LOOP;
                RETURN NULL;
            END IF;
        END IF;
        INSERT INTO account (id)
            SELECT from_account FROM added UNION SELECT to_account FROM added ORDER BY 1
            ON CONFLICT DO NOTHING;
        -- One lock order for everybody: by account.
        PERFORM FROM account
            WHERE id IN (SELECT from_account FROM added UNION SELECT to_account FROM added)
            ORDER BY id FOR UPDATE;
        INSERT INTO hold (key, from_account, to_account, amount, remaining, expires_at)
            SELECT key, from_account, to_account, amount, amount, expires_at FROM added WHERE kind = 'reserve';
        IF EXISTS (SELECT FROM added WHERE hold <> '') THEN
            IF EXISTS (SELECT FROM added a LEFT JOIN hold h ON h.key = a.hold
                       AND h.from_account = a.from_account AND h.to_account = a.to_account
                       WHERE a.hold <> '' AND h.key IS NULL) THEN
                RAISE EXCEPTION 'no such reservation'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'unknown_hold';
            END IF;
            IF EXISTS (SELECT FROM added a JOIN hold h ON h.key = a.hold
                       WHERE a.kind = 'settle' AND h.expires_at <> '' AND h.expires_at <= a.at) THEN
                RAISE EXCEPTION 'the reservation expired'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_expired';
            END IF;
            IF EXISTS (SELECT FROM added a JOIN account c ON c.id = a.from_account
                       WHERE a.kind = 'settle' AND c.breach > 0) THEN
                RAISE EXCEPTION 'the account is in breach'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'in_breach';
            END IF;
            UPDATE hold SET remaining = remaining - d.amount
                FROM (SELECT hold AS key, sum(amount) AS amount FROM added WHERE hold <> '' GROUP BY 1) d
                WHERE hold.key = d.key;
        END IF;
        UPDATE account SET
            posted_in = posted_in + d.came, posted_out = posted_out + d.went,
            held_in = held_in + d.awaited, held_out = held_out + d.kept,
            breach = CASE WHEN substr(id, 1, 8) = 'outside:' THEN 0 ELSE GREATEST(0, LEAST(
                d.lowered - (posted_in - posted_out - held_out),
                -(posted_in + d.came - posted_out - d.went - held_out - d.kept))) END
            FROM (
                SELECT account, sum(came) AS came, sum(went) AS went, sum(awaited) AS awaited,
                       sum(kept) AS kept, sum(lowered) AS lowered
                FROM (
                    SELECT from_account AS account, 0 AS came,
                           CASE WHEN kind IN ('move', 'settle', 'lower') THEN amount ELSE 0 END AS went,
                           0 AS awaited,
                           CASE kind WHEN 'reserve' THEN amount WHEN 'settle' THEN -amount
                                     WHEN 'release' THEN -amount ELSE 0 END AS kept,
                           CASE kind WHEN 'lower' THEN amount ELSE 0 END AS lowered
                    FROM added
                    UNION ALL
                    SELECT to_account, CASE WHEN kind IN ('move', 'settle', 'lower') THEN amount ELSE 0 END, 0,
                           CASE kind WHEN 'reserve' THEN amount WHEN 'settle' THEN -amount
                                     WHEN 'release' THEN -amount ELSE 0 END,
                           0, 0
                    FROM added
                ) legs GROUP BY account
            ) d
            WHERE account.id = d.account;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER posting_applied AFTER INSERT ON posting REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION posting_applied()
    """,
)

_HELD = (
    "CASE NEW.kind WHEN 'reserve' THEN NEW.amount WHEN 'settle' THEN -NEW.amount "
    "WHEN 'release' THEN -NEW.amount ELSE 0 END"
)
_MOVED = "CASE WHEN NEW.kind IN ('move', 'settle', 'lower') THEN NEW.amount ELSE 0 END"
_LOWERED = "CASE NEW.kind WHEN 'lower' THEN NEW.amount ELSE 0 END"

SQLITE = (
    *(
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'append_only'); END"
        for table in ("event", "checkpoint", "posting")
        for action in ("UPDATE", "DELETE")
    ),
    """
    CREATE TRIGGER event_chained AFTER INSERT ON event BEGIN
        SELECT RAISE(ABORT, 'event_follows') WHERE NOT EXISTS (
            SELECT 1 FROM head WHERE size = NEW.seq - 1 AND instr(NEW.payload, '"previous":"' || hash || '"'));
        UPDATE head SET size = NEW.seq, hash = NEW.hash;
    END
    """,
    """
    CREATE TRIGGER posting_applied AFTER INSERT ON posting BEGIN
        SELECT RAISE(ABORT, 'posting_event') WHERE NOT EXISTS (SELECT 1 FROM event WHERE seq = NEW.event_seq);
        INSERT OR IGNORE INTO account (id) VALUES (NEW.from_account), (NEW.to_account);
        INSERT INTO hold (key, from_account, to_account, amount, remaining, expires_at)
            SELECT NEW.key, NEW.from_account, NEW.to_account, NEW.amount, NEW.amount, NEW.expires_at
            WHERE NEW.kind = 'reserve';
        SELECT RAISE(ABORT, 'unknown_hold') WHERE NEW.hold <> '' AND NOT EXISTS (
            SELECT 1 FROM hold WHERE key = NEW.hold
            AND from_account = NEW.from_account AND to_account = NEW.to_account);
        SELECT RAISE(ABORT, 'hold_expired') WHERE NEW.kind = 'settle' AND EXISTS (
            SELECT 1 FROM hold WHERE key = NEW.hold AND expires_at <> '' AND expires_at <= NEW.at);
        SELECT RAISE(ABORT, 'in_breach') WHERE NEW.kind = 'settle' AND EXISTS (
            SELECT 1 FROM account WHERE id = NEW.from_account AND breach > 0);
        UPDATE hold SET remaining = remaining - NEW.amount WHERE key = NEW.hold AND NEW.hold <> '';
        UPDATE account SET
            posted_out = posted_out + MOVED_, held_out = held_out + HELD_,
            breach = CASE WHEN substr(id, 1, 8) = 'outside:' THEN 0 ELSE max(0, min(
                LOWERED_ - (posted_in - posted_out - held_out), -(posted_in - posted_out - held_out - MOVED_ - HELD_))) END
            WHERE id = NEW.from_account;
        UPDATE account SET
            posted_in = posted_in + MOVED_, held_in = held_in + HELD_,
            breach = CASE WHEN substr(id, 1, 8) = 'outside:' THEN 0 ELSE max(0, min(
                -(posted_in - posted_out - held_out), -(posted_in - posted_out - held_out + MOVED_))) END
            WHERE id = NEW.to_account;
    END
    """.replace("MOVED_", _MOVED)
    .replace("HELD_", _HELD)
    .replace("LOWERED_", _LOWERED),
)
