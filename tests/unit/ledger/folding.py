"""A reader of the ledger's events: keeps, event by event, what they say is so now."""

from collections.abc import Sequence
from typing import Any

from services.ledger.domain import LedgerAnnouncement
from shared.events import ledger
from shared.events.ledger import Allocation, AllocationChanged, Amounts

STAGED = {"invoice-overdue", "invoice-reopened"}


class Reader:
    """Folds events in sequence; knows nothing of rules but the meaning of the events."""

    def __init__(self) -> None:
        self.amounts: dict[str, Amounts] = {}
        self.issued: dict[str, tuple[str, int]] = {}
        self.voided: set[str] = set()
        self.status: dict[str, str] = {}
        self.stage: dict[str, int | None] = {}
        self.due_on: dict[str, Any] = {}
        self.histories: dict[tuple[str, str], tuple[Allocation, ...]] = {}
        self.cash: dict[str, int] = {}
        self.credit: dict[str, int] = {}
        self.taken: dict[str, int] = {}

    def read(self, said: Sequence[LedgerAnnouncement]) -> None:
        for event in said:
            data: Any = event.data
            for amounts in getattr(data, "amounts", ()):
                self.amounts[amounts.currency] = amounts
            by_source: dict[tuple[str, str], list[Allocation]] = {}
            for piece in getattr(data, "allocations", ()):
                by_source.setdefault((piece.source_kind, piece.source_id), []).append(piece)
            adds = isinstance(data, AllocationChanged) and ledger.adds(data)
            for key, pieces in by_source.items():
                before = self.histories.get(key, ()) if adds else ()
                self.histories[key] = (*before, *pieces)
            getattr(self, "_" + event.type.replace("-", "_"), self._ignore)(event.entity, data)

    def balance(self, invoice_id: str) -> int:
        """Amount less all money that lies on the invoice by the histories said last."""
        if invoice_id in self.voided:
            return 0
        return self.issued[invoice_id][1] - sum(
            piece.amount_minor
            for pieces in self.histories.values()
            for piece in pieces
            if piece.invoice_id == invoice_id and piece.released_at is None
        )

    def _ignore(self, entity: str, data: Any) -> None:
        pass

    def _invoice_issued(self, entity: str, data: Any) -> None:
        self.issued[entity] = (data.currency, data.amount_minor)
        self.due_on[entity] = data.due_on
        self.status[entity] = "void" if entity in self.voided else "open"
        self.stage[entity] = None

    def _invoice_amended(self, entity: str, data: Any) -> None:
        if entity in self.issued:
            self.due_on[entity] = data.due_on

    def _invoice_voided(self, entity: str, data: Any) -> None:
        self.voided.add(entity)
        self.status[entity], self.stage[entity] = "void", None

    def _invoice_overdue(self, entity: str, data: Any) -> None:
        if self.status[entity] == "open":
            self.stage[entity] = max(self.stage[entity] or 0, data.stage)

    def _overdue_corrected(self, entity: str, data: Any) -> None:
        self.stage[entity] = data.to_stage

    def _invoice_reopened(self, entity: str, data: Any) -> None:
        if self.status[entity] != "void":
            self.status[entity], self.stage[entity] = "open", data.stage

    def _invoice_paid(self, entity: str, data: Any) -> None:
        self.status[entity], self.stage[entity] = "paid", None

    def _payment_received(self, entity: str, data: Any) -> None:
        self.cash[entity] = data.amount_minor

    def _payment_reversed(self, entity: str, data: Any) -> None:
        self.taken[entity] = data.amount_minor

    def _credit_note_issued(self, entity: str, data: Any) -> None:
        self.credit[entity] = data.amount_minor
        if data.replaces:
            self.credit.pop(data.replaces, None)
            self.histories.pop(("credit_note", data.replaces), None)
