"""First."""

import sqlalchemy as sa
from alembic import op

from passback.store import columns
from passback.store.following import guard

revision = "0001"
down_revision = None


def upgrade() -> None:
    """First."""
    op.create_table(
        "account",
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("learner", columns.Text(), nullable=False),
        sa.Column("organisation", columns.Text(), nullable=False),
        sa.Column("state", columns.Text(), nullable=False),
        sa.Column("user_id", columns.Text(), nullable=True),
        sa.Column("matched_by", columns.Text(), nullable=False),
        sa.Column("candidates", columns.Text(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("refused", columns.Text(), nullable=True),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", columns.Text(), nullable=True),
        sa.Column("proposed_id", columns.Text(), nullable=True),
        sa.CheckConstraint("state <> 'known' OR user_id IS NOT NULL", name="the_known_have_a_user"),
        sa.PrimaryKeyConstraint("connection", "learner", "organisation"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "account_expected",
        "account",
        ["connection"],
        unique=False,
        sqlite_where=sa.text("checked = 0"),
        postgresql_where=sa.text("checked = 0"),
    )
    op.create_index("account_learner", "account", ["learner", "organisation"], unique=False)
    op.create_index("account_user", "account", ["connection", "user_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("activity", columns.Text(), nullable=False),
        sa.Column("organisation", columns.Text(), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("activity", "organisation", "connection"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "connection",
        sa.Column("name", columns.Text(), nullable=False),
        sa.Column("fingerprint", columns.Text(), nullable=False),
        sa.Column("health", columns.Text(), nullable=False),
        sa.Column("detail", columns.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("fails", sa.Integer(), nullable=False),
        sa.Column("next_probe", sa.BigInteger(), nullable=True),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("last_success", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=True),
        sa.Column("used", columns.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "context",
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("lists_users", sa.Boolean(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("synced", sa.BigInteger(), nullable=True),
        sa.Column("busy", sa.BigInteger(), nullable=False),
        sa.Column("health", columns.Text(), nullable=False),
        sa.Column("detail", columns.Text(), nullable=False),
        sa.Column("health_since", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=True),
        sa.Column("list_rests", sa.BigInteger(), nullable=False),
        sa.Column("list_by", columns.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "course",
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("activity", columns.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "activity"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("kind", columns.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("took", sa.Integer(), nullable=True),
        sa.Column("summary", columns.Text(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_of", "event", ["connection", "at"], unique=False)
    op.create_table(
        "history",
        sa.Column("delivery", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("outcome", columns.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery", "event"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=True),
        sa.Column("reminded", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("ended IS NULL OR told IS NOT NULL", name="only_the_told_are_remembered"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "incident_open",
        "incident",
        ["connection"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.create_table(
        "lane",
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("owner", columns.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "launch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", columns.Text(), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("organisation", columns.Text(), nullable=False),
        sa.Column("activity", columns.Text(), nullable=False),
        sa.Column("learner", columns.Text(), nullable=True),
        sa.Column("user_id", columns.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("proven", sa.BigInteger(), nullable=True),
        sa.Column("refused", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "launch_claimed", "launch", ["learner", "organisation", "connection", "activity"], unique=False
    )
    op.create_index(
        "launch_usable",
        "launch",
        ["connection", "at"],
        unique=False,
        sqlite_where=sa.text("refused IS NULL"),
        postgresql_where=sa.text("refused IS NULL"),
    )
    op.create_table(
        "link",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("organisation", columns.Text(), nullable=False),
        sa.Column("learner", columns.Text(), nullable=False),
        sa.Column("issuer", columns.Text(), nullable=True),
        sa.Column("kind", columns.Text(), nullable=True),
        sa.Column("subject", columns.Text(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "link_learner",
        "link",
        ["connection", "organisation", "learner"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    op.create_index("link_person", "link", ["organisation", "learner"], unique=False)
    op.create_table(
        "link_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("what", columns.Text(), nullable=False),
        sa.Column("before", columns.Text(), nullable=True),
        sa.Column("learner", columns.Text(), nullable=True),
        sa.Column("by", columns.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("link_change_link", "link_change", ["link"], unique=False)
    op.create_table(
        "meta",
        sa.Column("key", columns.Text(), nullable=False),
        sa.Column("value", columns.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", columns.Text(), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("kind", columns.Text(), nullable=False),
        sa.Column("channel", columns.Text(), nullable=False),
        sa.Column("recipient", columns.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=True),
        sa.Column("error", columns.Text(), nullable=False),
        sa.CheckConstraint("sent IS NULL OR due IS NULL", name="sent_once"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "notice_due",
        "notice",
        ["due"],
        unique=False,
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_table(
        "person",
        sa.Column("organisation", columns.Text(), nullable=False),
        sa.Column("learner", columns.Text(), nullable=False),
        sa.Column("email", columns.Text(), nullable=True),
        sa.Column("email_proven", sa.Boolean(), nullable=False),
        sa.Column("external_id", columns.Text(), nullable=True),
        sa.Column("privileged", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", "learner"),
        sqlite_with_rowid=False,
    )
    op.create_index("person_email", "person", ["organisation", "email"], unique=False)
    op.create_index("person_external_id", "person", ["organisation", "external_id"], unique=False)
    op.create_table(
        "provision",
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("organisation", columns.Text(), nullable=False),
        sa.Column("learner", columns.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "organisation", "learner"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "result",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", columns.Text(), nullable=False),
        sa.Column("organisation", columns.Text(), nullable=False),
        sa.Column("learner", columns.Text(), nullable=False),
        sa.Column("whose", sa.BigInteger(), nullable=False),
        sa.Column("activity", columns.Text(), nullable=False),
        sa.Column("kind", columns.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("routed", sa.Boolean(), nullable=False),
        sa.Column("source", columns.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id", "organisation"),
        sqlite_autoincrement=True,
    )
    op.create_index("result_whose", "result", ["whose"], unique=False)
    op.create_index(
        "result_unrouted",
        "result",
        ["organisation", "activity", "seq"],
        unique=False,
        sqlite_where=sa.text("routed = 0"),
        postgresql_where=sa.text("NOT routed"),
    )
    op.create_table(
        "seen",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_index("seen_until", "seen", ["until"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("reference", sa.LargeBinary(), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reference"),
        sqlite_with_rowid=False,
    )
    op.create_index("sign_in_expires", "sign_in", ["expires"], unique=False)
    op.create_table(
        "signal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "standing",
        sa.Column("learner", columns.Text(), nullable=False),
        sa.Column("organisation", columns.Text(), nullable=False),
        sa.Column("activity", columns.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("learner", "organisation", "activity"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tally",
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("ended", columns.Text(), nullable=False),
        sa.Column("many", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "ended"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watch",
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.Column("gathering", sa.BigInteger(), nullable=True),
        sa.Column("digested", sa.BigInteger(), nullable=True),
        sa.Column("warned", sa.BigInteger(), nullable=True),
        sa.Column("kept_for", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("connection"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "worker",
        sa.Column("name", columns.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("serves", columns.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivery",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("result", sa.BigInteger(), nullable=False),
        sa.Column("connection", columns.Text(), nullable=False),
        sa.Column("state", columns.Code(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("absent", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("waiting_for", columns.Text(), nullable=True),
        sa.Column("learner", columns.Text(), nullable=True),
        sa.Column("reason", columns.Text(), nullable=False),
        sa.Column("remote_id", columns.Text(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=True),
        sa.Column("kept_from", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(state = 2) = (waiting_for IS NOT NULL)", name="waiting_says_for_what"),
        sa.CheckConstraint("lease IS NULL OR state = 0", name="only_pending_is_leased"),
        sa.CheckConstraint("state BETWEEN 0 AND 3", name="one_known_state"),
        sa.ForeignKeyConstraint(
            ["result"],
            ["result.seq"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("result", "connection"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "delivery_due",
        "delivery",
        ["connection", "due"],
        unique=False,
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_index(
        "delivery_kept",
        "delivery",
        ["connection", "state", "changed"],
        unique=False,
        sqlite_where=sa.text("state > 1"),
        postgresql_where=sa.text("state > 1"),
    )
    op.create_index(
        "delivery_of_learner",
        "delivery",
        ["connection", "learner"],
        unique=False,
        sqlite_where=sa.text("learner IS NOT NULL"),
        postgresql_where=sa.text("learner IS NOT NULL"),
    )
    op.create_index(
        "delivery_order",
        "delivery",
        ["connection", "result", "kept_from"],
        unique=False,
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_table(
        "told",
        sa.Column("delivery", sa.BigInteger(), nullable=False),
        sa.Column("what", columns.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.seq"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("delivery"),
        sqlite_with_rowid=False,
    )
    guard(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        # Rows change often and briefly: a fifth of a large table is much to leave to a scan.
        for name in ("delivery", "lane", "result", "signal"):
            op.execute(f"ALTER TABLE {name} SET (autovacuum_vacuum_scale_factor = 0.01)")
