"""What an account keeps of decisions made about it, because later ones depend on them.

The stored names are older than ours here: what is stored stays readable.
"""

from datetime import date

from msgspec import Struct, field


class SegmentStay(Struct, frozen=True, array_like=True):
    """The segment that an account is in, and the day on which it came in."""

    segment: str
    since: date


class ArmAssignment(Struct, frozen=True, array_like=True):
    """The arm an account drew in a run of an experiment; it keeps it for the whole run."""

    run: int
    arm: str


class Commitments(Struct):
    """Part of an account's state, moved by the ledger's events alone."""

    stay: SegmentStay | None = field(default=None, name="held")
    warned: dict[str, date] = field(default_factory=dict)  # episodes under way: kind, first day
    assignments: dict[str, ArmAssignment] = field(default_factory=dict, name="drawn")

    def enter(self, segment: str, on: date) -> None:
        """The account is in a segment; the day counts only when it comes in."""
        if self.stay is None or self.stay.segment != segment:
            self.stay = SegmentStay(segment, on)
