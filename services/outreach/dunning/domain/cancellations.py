"""Why a planned contact is cancelled."""

from collections.abc import Iterable
from typing import Literal, get_args

Because = Literal[
    "paid", "promise", "plan", "settlement", "disputed", "hold", "placed", "written-off",
    "corrected", "erased", "superseded",
]  # fmt: skip
REASONS: tuple[Because, ...] = get_args(Because)


def first_reason(reasons: Iterable[Because]) -> Because:
    """The most informative of several reasons to cancel: they stand in that order."""
    found = set(reasons)
    return next((reason for reason in REASONS if reason in found), "superseded")
