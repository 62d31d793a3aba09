"""Cells instead of daily measures, in a schema of their own; all figures are made anew.

The tables of the first generation are those of the release that migrates (`store/schema.py`): a
later one that has others makes all figures anew.
"""

import sqlalchemy as sa
from alembic import op

from services.metrics.domain.version import FIGURES_VERSION
from services.metrics.store.schema import schema_of, statements

revision = "metrics_0004"
down_revision = "metrics_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _forget_figures()
    for table in ("money_days", "contact_days", "items", "accounts", "currencies"):
        op.drop_table(table)
    op.create_table(
        "generations",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("swapped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("behind", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("events_per_s", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("generation", name=op.f("pk_generations")),
    )
    op.create_index(
        "generations_state",
        "generations",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state in ('building', 'current')"),
    )
    op.execute(
        "insert into generations (generation, version, state) "
        f"values (1, {FIGURES_VERSION:d}, 'current')"
    )
    op.execute(f"create schema {schema_of(1)}")
    op.execute(f"set local search_path = {schema_of(1)}, public")
    for statement in statements():
        op.execute(statement)
    op.execute("set local search_path = public")


def downgrade() -> None:
    _forget_figures()
    op.execute(
        """
        do $$ declare made int; begin
            for made in select generation from generations loop
                execute format('drop schema if exists figures_%s cascade', made);
            end loop;
        end $$
        """
    )
    op.drop_table("generations")
    _create_daily_measures()


def _create_daily_measures() -> None:
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_accounts")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "currencies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "currency", name=op.f("pk_currencies")),
    )
    op.create_table(
        "items",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "kind", "item_id", name=op.f("pk_items")
        ),
        postgresql_with={"fillfactor": "80"},
    )
    _create_measures("money_days", ("measure", "currency"), ("until_on",), _MONEY_KEY, _SUMS)
    _create_measures("contact_days", ("result",), (), _CONTACT_KEY, (("count", sa.BigInteger()),))


_SUMS = (("amount", sa.Numeric()), ("count", sa.BigInteger()), ("weight", sa.Numeric()))
_MONEY_KEY = ("kind", "country", "segment")
_CONTACT_KEY = ("kind", "country", "segment", "channel", "strategy", "rule")


def _create_measures(
    table: str,
    first: tuple[str, ...],
    more_days: tuple[str, ...],
    splits: tuple[str, ...],
    sums: tuple[tuple[str, sa.types.TypeEngine[object]], ...],
) -> None:
    key = ("tenant_id", *first, "day", *more_days, "known", *splits)
    kinds = {"day": sa.Date(), "until_on": sa.Date(), "known": sa.Integer()}
    op.create_table(
        table,
        *(sa.Column(name, kinds.get(name, sa.Text()), nullable=False) for name in key),
        *(sa.Column(name, kind, nullable=False) for name, kind in sums),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
        postgresql_with={"fillfactor": "80"},
    )


def _forget_figures() -> None:
    for table in ("positions", "heads", "waiting", "dead_letters"):
        op.execute(f"delete from {table} where split_part(consumer, '@', 1) = 'metrics'")
    op.execute("truncate changes")
    op.execute("update tenants set latest_known = 0, revision = revision + 1")
