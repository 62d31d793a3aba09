"""What another policy would have answered, let go or erased: the sums of a dry run."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from services.ledger.domain.invoices import Invoice
from services.ledger.domain.owed import owed
from services.ledger.domain.policies.recovery import RecoveryPolicy
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken
from shared.clock import local_day

EXAMPLES_MAX = 10


class Moved(Struct, frozen=True, kw_only=True):
    """One case that comes out otherwise."""

    account_id: str
    id: str | None  # of the invoice, where it is one
    on: date  # asked for, or due
    was: str
    becomes: str
    currency: str | None = None
    amount_minor: int = 0


class Tally:
    """Counts the cases of a dry run, and what moves from where to where."""

    def __init__(self) -> None:
        self.cases = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._amounts: dict[tuple[str, str], Counter[str]] = {}
        self._examples: list[Moved] = []

    @property
    def moved(self) -> int:
        return self._counts.total()

    def count(self, case: Moved) -> None:
        self.cases += 1
        if case.was == case.becomes:
            return
        move = case.was, case.becomes
        self._counts[move] += 1
        if case.currency is not None:
            self._amounts.setdefault(move, Counter())[case.currency] += case.amount_minor
        if len(self._examples) < EXAMPLES_MAX:
            self._examples.append(case)

    def answer(self, version: str, against: str, summary: str) -> dict[str, Any]:
        return {
            "version": version,
            "against": against,
            "cases": self.cases,
            "moved": [
                {
                    "from": move[0],
                    "to": move[1],
                    "count": count,
                    "amounts": dict(sorted(self._amounts.get(move, {}).items())),
                }
                for move, count in sorted(self._counts.items())
            ],
            "examples": [
                {
                    "account_id": each.account_id,
                    "id": each.id,
                    "on": each.on,
                    "from": each.was,
                    "to": each.becomes,
                    "currency": each.currency,
                    "amount_minor": each.amount_minor,
                }
                for each in self._examples
            ],
            "summary": summary,
        }


def let_go(state: AccountState, policy: RecoveryPolicy, day: date) -> Iterator[Invoice]:
    """The small balances that a policy lets go by a day: past due, undisputed, neither arranged nor
    placed, and no cash has come for `small_after_days`."""
    wait = timedelta(days=policy.small_after_days)
    out = taken(state)
    for invoice in state.invoices.values():
        cash = [held.applied_at for held in invoice.holdings if held.kind == "payment"]
        if (
            cash
            and invoice.due_on < day
            and not invoice.disputes
            and invoice.invoice_id not in out
            and 0 < owed(state, invoice.invoice_id) <= policy.small_minor(invoice.currency)
            and local_day(max(cash), state.zone) + wait <= day
        ):
            yield invoice
