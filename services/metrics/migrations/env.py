"""Alembic environment of metrics: the tables it declares; the rest is `shared/migrate.py`."""

from services.metrics.tables import metadata
from shared.migrate import run_environment

run_environment(metadata)
