"""What an account keeps of decisions made about it, because later ones depend on them."""

from datetime import date

from msgspec import Struct, field


class Held(Struct, frozen=True, array_like=True):
    """The segment that an account is in, and the day on which it came in."""

    segment: str
    since: date


class Drawn(Struct, frozen=True, array_like=True):
    """The arm an account drew in a run of an experiment; it keeps it for the whole run."""

    run: int
    arm: str


class Course(Struct):
    """Part of an account's state, moved by the ledger's events alone."""

    held: Held | None = None
    warned: dict[str, date] = field(default_factory=dict)  # episodes under way: kind, first day
    drawn: dict[str, Drawn] = field(default_factory=dict)  # by experiment

    def enter(self, segment: str, on: date) -> None:
        """The account is in a segment; the day counts only when it comes in."""
        if self.held is None or self.held.segment != segment:
            self.held = Held(segment, on)
