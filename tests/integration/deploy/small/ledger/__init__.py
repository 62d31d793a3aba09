"""The small ledger."""
