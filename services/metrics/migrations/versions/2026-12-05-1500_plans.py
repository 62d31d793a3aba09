"""Plans, alerts, what they do by themselves, and the sums of experiments."""

import sqlalchemy as sa
from alembic import op

from shared.log.migrations import create_holds_1, drop_holds_1

revision = "metrics_0007"
down_revision = "metrics_0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_holds_1()
    _plans()
    _alerts()
    _deeds()
    _experiments()


def _plans() -> None:
    op.create_table(
        "begun_days",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_begun_days"),
    )
    op.create_table(
        "plans",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_on", sa.Date()),
        sa.Column("ended_on", sa.Date()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", name="pk_plans"),
    )
    op.create_table(
        "plan_versions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("authors", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("approved_by", sa.Text()),
        sa.Column("approved_on", sa.Date()),
        sa.Column("holds_from", sa.Date()),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", "version", name="pk_plan_versions"),
    )
    op.create_table(
        "plan_reviews",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("for_day", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", "for_day", name="pk_plan_reviews"),
    )
    op.create_table(
        "plan_days",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", "day", name="pk_plan_days"),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("acknowledged_at", _INSTANT),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("tenant_id", "alert_id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_plan", "alerts", ["tenant_id", "plan_id", "state"])
    op.create_index(
        "ix_alerts_raised_on", "alerts", ["tenant_id", sa.text("raised_on DESC"), "alert_id"]
    )
    op.create_table(
        "alert_rules",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_alert_rules"),
    )
    op.create_table(
        "deliveries",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("alert_ids", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.Column("sent_at", _INSTANT),
        sa.PrimaryKeyConstraint("tenant_id", "delivery_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_alert_ids", "deliveries", ["alert_ids"], postgresql_using="gin")
    op.create_index(
        "ix_deliveries_next_at",
        "deliveries",
        ["next_at"],
        postgresql_where=sa.text("next_at is not null"),
    )


def _deeds() -> None:
    op.create_table(
        "plan_actions",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("contingency", sa.Text(), nullable=False),
        sa.Column("triggered_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.PrimaryKeyConstraint(
            "tenant_id", "plan_id", "contingency", "triggered_on", name="pk_plan_actions"
        ),
    )
    op.create_index(
        "ix_plan_actions_next_at",
        "plan_actions",
        ["next_at"],
        postgresql_where=sa.text("next_at is not null"),
    )
    op.create_table(
        "announcements",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("time", _INSTANT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name="pk_announcements"),
    )
    op.create_index("ix_announcements_type", "announcements", ["tenant_id", "type"])
    op.create_table(
        "experiment_stops",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.PrimaryKeyConstraint("tenant_id", "name", "run", name="pk_experiment_stops"),
    )


def _experiments() -> None:
    op.create_table(
        "analyses",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", "run", name="pk_analyses"),
    )


def downgrade() -> None:
    for table in (
        "analyses",
        "experiment_stops",
        "announcements",
        "plan_actions",
        "deliveries",
        "alert_rules",
        "alerts",
        "plan_days",
        "plan_reviews",
        "plan_versions",
        "plans",
        "begun_days",
    ):
        op.drop_table(table)
    drop_holds_1()
