"""Alembic environment of outreach: its tables (the rest: shared/database/migrate.py)."""

from services.outreach.tables import metadata
from shared.database.migrate import run_environment

run_environment(metadata)
