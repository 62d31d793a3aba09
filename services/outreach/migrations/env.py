"""Alembic environment of outreach: the tables it declares; the rest is `shared/migrate.py`."""

from services.outreach.tables import metadata
from shared.migrate import run_environment

run_environment(metadata)
