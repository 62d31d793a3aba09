"""What holds for an account's whole history, whenever it became known: holds, decisions and more.

`learn` of a kind keeps it here at once; the facts from the place on which it bears act again.
"""

from datetime import date, datetime

from msgspec import Struct

from services.ledger.domain.agreements import HoldKind


class HoldSpan(Struct, frozen=True, gc=False):
    """The days of a hold, both included."""

    hold_id: str
    kind: HoldKind
    invoice_ids: tuple[str, ...] | None  # None: all, also later ones
    from_on: date
    until_on: date | None  # as placed
    released_on: date | None = None  # the first day without it

    @property
    def last_on(self) -> date | None:
        """Its last day; None: it has no end. Before `from_on`: it never was."""
        ends = [self.until_on] if self.until_on is not None else []
        if self.released_on is not None:
            ends.append(date.fromordinal(self.released_on.toordinal() - 1))
        return min(ends, default=None)

    @property
    def is_released(self) -> bool:
        """Whether a release ends it, and not its own last day."""
        released = self.released_on
        return released is not None and (self.until_on is None or released <= self.until_on)

    def holds_on(self, day: date) -> bool:
        return self.from_on <= day and (self.last_on is None or day <= self.last_on)

    def names(self, invoice_id: str) -> bool:
        return self.invoice_ids is None or invoice_id in self.invoice_ids


class ToCredit(Struct, frozen=True, gc=False):
    """What a credit note for a dispute takes, or has taken."""

    dispute_id: str
    amount_minor: int
    currency: str | None  # None: the invoice's
    is_own: bool  # posted by the resolution, unless the platform sends one


class Timeless:
    """Filled by `learn` before any fact acts."""

    __slots__ = (
        "disclosures",
        "disputed",
        "erased_at",
        "failed_contacts",
        "holds",
        "last_command_at",
        "released",
        "releases",
        "remitted",
        "to_credit",
    )

    def __init__(self) -> None:
        self.last_command_at: datetime | None = None
        self.erased_at: datetime | None = None  # of its personal data: none comes in any more
        self.holds: dict[str, HoldSpan] = {}
        self.released: dict[str, date] = {}  # hold → the first day without it
        self.releases: dict[str, date] = {}  # of holds, that wait for an approval
        self.remitted: dict[str, tuple[str, str]] = {}  # payment → placement, "net" or "gross"
        # When a text was disclosed, by text and contact; contacts that failed.
        self.disclosures: dict[str, dict[str, datetime]] = {}
        self.failed_contacts: set[str] = set()
        # Of disputes, where interest is charged: invoices that they are about, and what will be
        # credited because of them: by invoice, and by credit note.
        self.disputed: set[tuple[str, str]] = set()  # dispute, invoice
        self.to_credit: dict[str, dict[str, ToCredit]] = {}
