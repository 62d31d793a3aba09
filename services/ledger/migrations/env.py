"""Alembic environment of ledger: its tables (the rest: shared/database/migrate.py)."""

from services.ledger.tables import metadata
from shared.database.migrate import run_environment

run_environment(metadata)
