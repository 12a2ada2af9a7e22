"""The journal, its words, and the triggers that keep it append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Each new entry must follow the newest one. On SQLite this also stops INSERT OR REPLACE, which
# would delete without firing the trigger for deletes.
SQLITE = (
    "CREATE VIRTUAL TABLE journal_words USING fts5"
    "(words, content='', tokenize='unicode61 remove_diacritics 0')",
    """CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_follow BEFORE INSERT ON journal
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM journal)
        OR NEW.previous <> coalesce((SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), printf('%064d', 0))
    BEGIN SELECT RAISE(ABORT, 'an entry must follow the newest one'); END""",
)
POSTGRESQL = (
    "CREATE TABLE journal_words (seq bigint PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX ix_journal_words_words ON journal_words USING gin (words)",
    """CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$""",
    """CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_refuse()""",
    """CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()""",
    """CREATE FUNCTION journal_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE newest bigint; tip text;
    BEGIN
        SELECT seq, hash INTO newest, tip FROM journal ORDER BY seq DESC LIMIT 1;
        IF NEW.seq <> coalesce(newest, 0) + 1 OR NEW.previous <> coalesce(tip, repeat('0', 64)) THEN
            RAISE EXCEPTION 'an entry must follow the newest one';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER journal_follow BEFORE INSERT ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_follow()""",
)


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("cost_microusd", sa.BigInteger(), nullable=True),
        sa.Column("closes", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )
    for columns in (["trace_id"], ["at"], ["kind", "seq"], ["person_id", "seq"], ["closes"]):
        op.create_index(op.f(f"ix_journal_{'_'.join(columns)}"), "journal", columns, unique=False)
    op.create_table(
        "journal_keys",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_journal_keys")),
    )
    connection = op.get_bind()
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        connection.exec_driver_sql(statement)
