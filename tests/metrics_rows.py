"""Rows of accounts by what was known, in plain Python: what the store does in SQL."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from services.metrics.domain.slots import UNTIL_NOW
from services.metrics.domain.timelines import KnownRow, Rewritten

R = TypeVar("R")


def rewrite_rows(
    rows: list[KnownRow[R]], rewritten: Rewritten[Any, R], key: Callable[[R], Any]
) -> list[KnownRow[R]]:
    """What the store does to the rows of an account."""
    since = rewritten.rewinds_to
    if since is not None:
        rows = [
            replace(each, known_until=UNTIL_NOW) if each.known_until >= since else each
            for each in rows
            if each.known_from < since
        ]
    closed = dict(rewritten.closed)
    return [
        *(
            replace(each, known_until=closed[key(each.row)])
            if each.known_until == UNTIL_NOW and key(each.row) in closed
            else each
            for each in rows
        ),
        *rewritten.opened,
    ]
