"""Alembic environment of segmentation: the tables it declares; the rest is `shared/migrate.py`."""

from services.segmentation.tables import metadata
from shared.migrate import run_environment

run_environment(metadata)
