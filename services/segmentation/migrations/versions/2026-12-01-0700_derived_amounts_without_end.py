"""Amounts that are derived from sums have no bound of 64 bits."""

import sqlalchemy as sa
from alembic import op

revision = "segmentation_0005"
down_revision = "segmentation_0004"
branch_labels = None
depends_on = None

AMOUNTS = {
    "accounts": ("expected_recovery_minor", "priority"),
    "assessments": ("expected_recovery_minor", "priority"),
    "warnings": ("priority",),
}


def upgrade() -> None:
    _set_type("numeric")


def downgrade() -> None:
    _set_type("bigint")


def _set_type(kind: str) -> None:
    """One statement for each table, which is written anew only once."""
    for table, columns in AMOUNTS.items():
        changes = ", ".join(f"alter column {column} type {kind}" for column in columns)
        op.execute(sa.text(f"alter table {table} {changes}"))
