"""A reader of the ledger's events: keeps, event by event, what they say is so now."""

from collections.abc import Sequence
from typing import Any

from services.ledger.domain import LedgerAnnouncement
from shared.events import ledger
from shared.events.ledger import Allocation, Amounts

# What a step of a promise, plan or settlement says that it is now.
STEPS = {
    "promise-made": "open",
    "promise-kept": "kept",
    "promise-partly-kept": "partly_kept",
    "promise-broken": "broken",
    "promise-cancelled": "cancelled",
    "plan-agreed": "active",
    "plan-completed": "completed",
    "plan-defaulted": "defaulted",
    "plan-cancelled": "cancelled",
    "settlement-offered": "offered",
    "settlement-accepted": "accepted",
    "settlement-declined": "declined",
    "settlement-completed": "completed",
    "settlement-lapsed": "lapsed",
    "instalment-paid": "paid",
    "instalment-missed": "missed",
}
REJUDGED = ("promise", "plan", "settlement", "instalment")


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
        self.states: dict[tuple[str, str], str] = {}  # of promises, plans … by noun and id
        self.figures: dict[tuple[str, str], Any] = {}  # the event that said its state last
        self.charges: dict[str, Any] = {}
        self.write_offs: dict[str, int] = {}  # principal that stands written off
        self.recoveries: dict[tuple[str, str], int] = {}  # by payment and invoice
        self.commissions: dict[tuple[str, str], tuple[int, int]] = {}
        self.placements: dict[str, str] = {}
        self.holds: dict[str, str] = {}
        self.exceeded = False

    def read(self, said: Sequence[LedgerAnnouncement]) -> None:
        for event in said:
            data: Any = event.data
            for amounts in getattr(data, "amounts", ()):
                self.amounts[amounts.currency] = amounts
            by_source: dict[tuple[str, str], list[Allocation]] = {}
            for piece in getattr(data, "allocations", ()):
                by_source.setdefault((piece.source_kind, piece.source_id), []).append(piece)
            adds = hasattr(data, "part") and ledger.adds(data)
            for key, pieces in by_source.items():
                before = self.histories.get(key, ()) if adds else ()
                self.histories[key] = (*before, *pieces)
            self._read_state(event.type, event.entity, data)
            getattr(self, "_" + event.type.replace("-", "_"), self._ignore)(event.entity, data)

    def _read_state(self, kind: str, entity: str, data: Any) -> None:
        noun, _, word = kind.partition("-")
        if kind in STEPS or (noun in REJUDGED and word == "rejudged"):
            if noun == "instalment":
                noun = "plan/n" if data.plan_id is not None else "settlement/n"
            self.states[noun, entity] = STEPS.get(kind) or data.to_state
            self.figures[noun, entity] = data

    def balance(self, invoice_id: str) -> int:
        """Amount less all money that lies on the invoice by the histories said last."""
        if invoice_id in self.voided:
            return 0
        return self.issued[invoice_id][1] - sum(
            piece.amount_minor
            for pieces in self.histories.values()
            for piece in pieces
            if piece.invoice_id == invoice_id
            and piece.is_on_principal
            and piece.released_at is None
        )

    def lying(self, kind: str) -> int:
        """What lies of all sources of a kind."""
        return sum(
            piece.amount_minor
            for (source_kind, _), pieces in self.histories.items()
            for piece in pieces
            if source_kind == kind and piece.released_at is None
        )

    def on_charge(self, charge_id: str) -> int:
        """The money that lies on a charge."""
        return sum(
            piece.amount_minor
            for pieces in self.histories.values()
            for piece in pieces
            if piece.charge_id == charge_id and piece.released_at is None
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

    # ── Charges ──────────────────────────────────────────────────────────────────────────────────

    def _charge(self, entity: str, data: Any) -> None:
        self.charges[entity] = data

    _fee_charged = _interest_charged = _charge_waived = _charge

    # ── Written off, placed, held ────────────────────────────────────────────────────────────────

    def _account_written_off(self, entity: str, data: Any) -> None:
        self.write_offs[entity] = data.amount_minor

    def _write_off_reversed(self, entity: str, data: Any) -> None:
        self.write_offs[entity] = 0
        self.histories.pop(("write_off", entity), None)

    def _recovery_received(self, entity: str, data: Any) -> None:
        self.recoveries[data.payment_id, data.invoice_id] = data.amount_minor

    def _account_placed(self, entity: str, data: Any) -> None:
        if data.kind != "sale":
            self.placements[entity] = "placed"

    def _account_recalled(self, entity: str, data: Any) -> None:
        self.placements[entity] = "recalled"

    def _commission_due(self, entity: str, data: Any) -> None:
        figures = (data.base_minor, data.commission_minor)
        self.commissions[data.placement_id, data.payment_id] = figures

    def _hold_placed(self, entity: str, data: Any) -> None:
        self.holds[entity] = "placed"

    def _hold_released(self, entity: str, data: Any) -> None:
        self.holds[entity] = data.because

    def _credit_limit_exceeded(self, entity: str, data: Any) -> None:
        self.exceeded = True

    def _credit_limit_cleared(self, entity: str, data: Any) -> None:
        self.exceeded = False
