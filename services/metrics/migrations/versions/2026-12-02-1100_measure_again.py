"""Once measured debts in collections anew; since then all figures were made anew from the log."""

revision = "metrics_0002"
down_revision = "metrics_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is left to do: `metrics_0004` forgets the measures that it mended."""


def downgrade() -> None:
    """Nothing was done."""
