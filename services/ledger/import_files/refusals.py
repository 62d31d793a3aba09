"""Refusals as rows of a report."""

from services.ledger.import_files.store import storable
from shared.csv_events.rows import Refusal

HEADER = ("line", "column", "reason", "cells")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def refusal_row(refusal: Refusal) -> tuple[str, ...]:
    """By the columns of `HEADER`."""
    return (_span(refusal), *map(_plain, (refusal.column, refusal.reason, refusal.cells)))


def _span(refusal: Refusal) -> str:
    return f"{refusal.line}-{refusal.last}" if refusal.last > refusal.line else str(refusal.line)


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = storable(text)
    return f"'{text}" if text.startswith(_FORMULA) else text
