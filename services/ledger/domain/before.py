"""What was before several facts and boundaries were taken back and acted: for the difference."""

from datetime import datetime

from msgspec import structs

from services.ledger.domain.credits import Credit, CreditKey, CreditOrder
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.journal import NO_TOTALS, Totals
from services.ledger.domain.objects import AccountObject, Key
from services.ledger.domain.slices import SLICE_ENTRIES, Slices
from services.ledger.domain.state import AccountState
from services.ledger.domain.undo import Undo


class Before:
    """Objects and sums as they were before several facts were taken back and acted."""

    def __init__(self) -> None:
        self.invoices: dict[str, Invoice | None] = {}
        self.credits: dict[CreditKey, Credit | None] = {}
        self.totals: dict[str, Totals] = {}
        self.objects: dict[Key, AccountObject | None] = {}

    def note_undo(self, state: AccountState, entry: Undo) -> None:
        for invoice_id in entry.invoices:
            now = state.invoices[invoice_id]
            self.invoices.setdefault(invoice_id, now)
            self._note_totals(state, now.currency)
        for key in entry.credits:
            credit = state.credits[key]
            self.credits.setdefault(key, credit)
            self._note_totals(state, credit.currency)
        for name in entry.objects:
            value = state.objects.values.get(name)
            self.objects.setdefault(name, value)
            if value is not None and value.currency:
                self._note_totals(state, value.currency)

    def _note_totals(self, state: AccountState, code: str) -> None:
        if code not in self.totals:
            self.totals[code] = state.currencies[code].totals

    def note_applied(self, state: AccountState) -> None:
        for invoice_id, before in state.before_invoices.items():
            self.invoices.setdefault(invoice_id, before)
        for key, earlier in state.before_credits.items():
            self.credits.setdefault(key, earlier)
        for code, totals in state.before_totals.items():
            self.totals.setdefault(code, totals)
        for name, value in state.objects.before.items():
            self.objects.setdefault(name, value)

    def note_all(self, state: AccountState, fresh: AccountState) -> None:
        """Every object, for a state that another takes the place of."""
        self.invoices = {key: state.invoices.get(key) for key in fresh.invoices}
        self.credits = {key: state.credits.get(key) for key in fresh.credits} | dict(state.credits)
        self.totals = {code: sums.totals for code, sums in state.currencies.items()}
        known = state.objects.values
        self.objects = {key: known.get(key) for key in fresh.objects.values} | dict(known)

    def restore_stages(self, state: AccountState) -> None:
        """Stages follow from what was announced; undo entries do not know the newest."""
        for invoice_id, before in self.invoices.items():
            invoice = state.invoices.get(invoice_id)
            if invoice is None:
                continue  # of a fact that was taken back again
            if before is not None:
                if invoice.stage != before.stage:
                    invoice = structs.replace(invoice, stage=before.stage)
                if invoice == before:
                    state.invoices[invoice_id] = before
                    continue
            if state.registered:
                state.refresh(invoice_id)

    def show(self, state: AccountState) -> Slices[None]:
        """Set what was touched to what is different now, in fact order."""
        state.forget()
        moved: set[str] = set()
        invoices: list[tuple[datetime, str]] = []
        for number, (invoice_id, before) in enumerate(self.invoices.items(), start=1):
            invoice = state.invoices[invoice_id]
            if invoice != before:
                invoices.append((invoice.at, invoice_id))
                moved.add(invoice.currency)
            if not number % SLICE_ENTRIES:
                yield
        moved_credits: list[tuple[bool, CreditOrder, CreditKey]] = []
        for number, (key, earlier) in enumerate(self.credits.items(), start=1):
            credit = state.credits.get(key)
            shown = credit or earlier
            if credit != earlier and shown is not None:
                # Those that are no more come last.
                moved_credits.append((credit is None, (0, *shown.order[1:]), key))
                moved.add(shown.currency)
                if earlier is not None:
                    moved.add(earlier.currency)  # another note may have come to have its id
            if not number % SLICE_ENTRIES:
                yield
        self._show_objects(state, moved)
        state.before_invoices = {key: self.invoices[key] for _, key in sorted(invoices)}
        state.before_credits = {key: self.credits[key] for _, _, key in sorted(moved_credits)}
        state.before_totals = {code: self.totals.get(code, NO_TOTALS) for code in sorted(moved)}

    def _show_objects(self, state: AccountState, moved: set[str]) -> None:
        shown: dict[Key, AccountObject | None] = {}
        for key, before in self.objects.items():
            value = state.objects.values.get(key)
            if value != before:
                shown[key] = before
                moved.update(
                    known.currency for known in (before, value) if known and known.currency
                )
        state.objects.before = shown
