"""Epochs: what tells a log from the one that a restore took back."""

from shared.log.migrations import add_epochs, drop_epochs

revision = "metrics_0003"
down_revision = "metrics_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_epochs()


def downgrade() -> None:
    drop_epochs()
