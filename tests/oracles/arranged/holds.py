"""LEDGER-ARRANGEMENTS 6: holds are spans of days and count for the whole history."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracles.arranged.timeline import Timeline
from tests.oracles.ledger_table import days

ALL = ("bankruptcy", "deceased", "breathing-space", "fraud", "attorney", "cease")  # contact
CLOCKS = ("bankruptcy", "deceased", "breathing-space", "fraud", "insurance-pending", "hardship")
HAND_OVER_ENDS = CLOCKS
FEES = (*CLOCKS, "complaint")
INTEREST = CLOCKS
ONLY_OLDER = ("bankruptcy", "breathing-space")  # fees and interest, without `invoice_ids`


@dataclass(frozen=True)
class Span:
    """The days of a hold by all that is known, `last_on` its last."""

    id: str
    kind: str
    from_on: date
    last_on: date | None
    invoice_ids: tuple[str, ...] | None
    until_on: date | None
    released_on: date | None

    @property
    def never_was(self) -> bool:
        return self.last_on is not None and self.last_on < self.from_on

    def on(self, day: date) -> bool:
        return self.from_on <= day and (self.last_on is None or day <= self.last_on)

    def covers(self, invoices: tuple[str, ...]) -> bool:
        """Its invoices; null: all, also later ones."""
        return self.invoice_ids is None or bool(set(self.invoice_ids) & set(invoices))

    def stops_clocks_of(self, invoices: tuple[str, ...]) -> bool:
        return self.kind in CLOCKS and self.covers(invoices)

    def stops_charge(self, kind: str, invoice: Any) -> bool:
        """Of an invoice (None: a charge of the account), `kind` fee or interest."""
        if self.kind not in (INTEREST if kind == "interest" else FEES):
            return False
        if self.invoice_ids is not None:
            return invoice is not None and invoice.invoice_id in self.invoice_ids
        if self.kind in ONLY_OLDER and invoice is not None:
            return invoice.issued_on < self.from_on  # type: ignore[no-any-return]
        return True


def spans(timeline: Timeline, begun: date | None) -> list[Span]:
    found = []
    for placed in timeline.of("hold-placed"):
        data = placed.data
        released_on = _released_on(timeline, data.hold_id, begun)
        ends = [] if data.until_on is None else [data.until_on]
        ends += [] if released_on is None else [released_on - days(1)]
        last_on = min(ends, default=None)  # the earlier end counts
        found.append(
            Span(
                data.hold_id,
                data.kind,
                data.from_on,
                last_on,
                data.invoice_ids,
                data.until_on,
                released_on,
            )
        )
    return found


def _released_on(timeline: Timeline, hold_id: str, begun: date | None) -> date | None:
    """With approval: the day of the decision, or the later one asked."""
    for fact in timeline.of("hold-released"):
        if fact.data.hold_id != hold_id:
            continue
        asked: date = fact.data.released_on
        if fact.data.approval is None:
            return asked
        for decided in timeline.of("approval-decided"):
            if decided.data.approval_id == f"hold:{hold_id}" and decided.time is not None:
                day = timeline.day(max(decided.time, fact.time or decided.time))
                expired = fact.data.approval.expires_on < min(day, begun or date.min)
                if decided.data.decision == "approve" and not expired:
                    return max(day, asked)
    return None
