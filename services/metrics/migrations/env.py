"""Alembic environment of metrics: its tables (the rest: shared/database/migrate.py)."""

from services.metrics.tables import metadata
from shared.database.migrate import run_environment

run_environment(metadata)
