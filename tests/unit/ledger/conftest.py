"""Fixtures of the ledger's unit tests."""

from tests.unit.ledger.importer_rig import ledger, run

__all__ = ["ledger", "run"]
