"""Alembic environment of segmentation: its tables (the rest: shared/database/migrate.py)."""

from services.segmentation.tables import metadata
from shared.database.migrate import run_environment

run_environment(metadata)
