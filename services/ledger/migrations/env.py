"""Alembic environment of ledger: the tables it declares; the rest is `shared/migrate.py`."""

from services.ledger.tables import metadata
from shared.migrate import run_environment

run_environment(metadata)
