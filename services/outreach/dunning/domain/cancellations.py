"""Why a planned contact is cancelled."""

from collections.abc import Iterable
from typing import Literal

Because = Literal["paid", "hold", "disputed", "corrected", "erased", "superseded"]
REASONS: tuple[Because, ...] = ("paid", "disputed", "hold", "corrected", "erased", "superseded")


def first_reason(reasons: Iterable[Because]) -> Because:
    """The most informative of several reasons to cancel."""
    found = set(reasons)
    return next((reason for reason in REASONS if reason in found), "superseded")
