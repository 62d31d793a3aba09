"""Epochs: what tells a log from the one that a restore took back."""

from shared.log.migrations import add_epochs, drop_epochs

revision = "outreach_0007"
down_revision = "outreach_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_epochs()


def downgrade() -> None:
    drop_epochs()
