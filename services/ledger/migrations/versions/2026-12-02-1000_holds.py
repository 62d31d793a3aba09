"""What is done by itself may be held until a person has looked."""

from shared.log.migrations import create_holds_1, drop_holds_1

revision = "ledger_0004"
down_revision = "ledger_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_holds_1()


def downgrade() -> None:
    drop_holds_1()
