"""What the event of a fact shows: the amounts after it, and the histories of credits."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from services.ledger.domain.agreements import Command
from services.ledger.domain.amounts import figures
from services.ledger.domain.credits import Allocation, Credit, CreditKey
from services.ledger.domain.facts import Fact
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.events import ledger


class View:
    """The account after a fact as its events show it; what was touched stands in the state."""

    __slots__ = ("_fact", "_figures", "at", "begun_on", "cause", "state")

    def __init__(
        self,
        state: AccountState,
        fact: Fact | None,  # None: of a begun day
        cause: str,
        at: datetime,
        begun_on: date | None,
    ) -> None:
        self.state = state
        self._fact = fact
        self.cause = cause
        self.at = at
        self.begun_on = begun_on
        self._figures: dict[str, ledger.Amounts] = {}

    @property
    def fact(self) -> Fact:
        """The fact; a begun day has none."""
        assert self._fact is not None
        return self._fact

    @property
    def fact_if_any(self) -> Fact | None:
        return self._fact

    def amounts(self, currency: str) -> ledger.Amounts:
        known = self._figures.get(currency)
        if known is None:
            known = self._figures[currency] = figures(self.state, currency, self.begun_on)
        return known

    def touched(self, *own: str) -> tuple[ledger.Amounts, ...]:
        """The amounts of every currency that the fact touched."""
        totals = self.state.before_totals
        if own and not (totals.keys() - own):
            return tuple([self.amounts(currency) for currency in own])
        return tuple([self.amounts(currency) for currency in sorted({*totals, *own})])

    def history(self, keys: Iterable[CreditKey]) -> tuple[ledger.Allocation, ...]:
        """The whole histories of these credits.

        A credit whose money was put nowhere after all is in it with an amount of 0, so that a
        reader who keeps what was announced of it last forgets what was before.
        """
        found: list[ledger.Allocation] = []
        for key in keys:
            credit = self.state.credits.get(key)
            before = self.state.before_credits.get(key)
            if credit is None and (before is None or not before.is_relief):
                continue
            if credit is not None:
                found.extend(allocations(self.state, credit))
            is_empty = credit is None or not credit.allocations
            if is_empty and before is not None and before.allocations:
                nothing = allocations(self.state, before)[0]
                found.append(_emptied(nothing))
        return tuple(found)


def common(view: View, data: Command) -> dict[str, Any]:
    """What the events of a command's fact carry: the account, who asked, and by which policy."""
    return {
        "account_id": view.state.account_id,
        "by": ledger.By(kind=data.by.kind, id=data.by.id),
        "collector": data.by.id if data.by.kind == "collector" else None,
        "channel": data.channel,
        "policy_version": data.policy.version if data.policy is not None else None,
    }


def _emptied(former: ledger.Allocation) -> ledger.Allocation:
    return ledger.Allocation(
        former.source_id,
        former.invoice_id,
        0,
        former.applied_at,
        former.applied_on,
        former.days_late,
        source_kind=former.source_kind,
    )


def allocations(
    state: AccountState,
    credit: Credit,
    zone: str | None = None,
    due_on: Callable[[str], date] | None = None,
) -> list[ledger.Allocation]:
    """Where a credit's money has been: what was taken back stays, with its release.

    By the zone and due dates that hold, or by others.
    """
    found = []
    zone = zone or state.zone
    for known in credit.allocations:
        applied_on = local_day(known.applied_at, zone)
        released = known.released_at
        late = (applied_on - _due_on(state, known, due_on)).days
        found.append(
            ledger.Allocation(
                credit.credit_id,
                known.invoice_id,
                known.amount_minor,
                known.applied_at,
                applied_on,
                late if late > 0 else 0,
                released,
                local_day(released, zone) if released is not None else None,
                credit.kind,
                known.charge_id,
                "recovery" if known.is_recovery else None,
            )
        )
    return found


def _due_on(state: AccountState, known: Allocation, due_on: Callable[[str], date] | None) -> date:
    """Of the invoice; what belongs to none was due when money came for it."""
    if known.invoice_id is None:
        return local_day(known.applied_at, state.zone)
    return due_on(known.invoice_id) if due_on else state.invoices[known.invoice_id].due_on


def history_of(state: AccountState, invoice_id: str) -> list[ledger.Allocation]:
    """All money that is or was on an invoice, in the order in which it came."""
    found = [
        known
        for credit in sorted(
            [state.credits[key] for key in state.invoices[invoice_id].credit_keys],
            key=lambda credit: credit.order,
        )
        for known in allocations(state, credit)
        if known.invoice_id == invoice_id
    ]
    return sorted(found, key=lambda known: known.applied_at)


def on_invoice(state: AccountState, invoice_id: str) -> list[CreditKey]:
    """The touched credits that have, or had before the fact, money on the invoice."""
    return [
        key
        for key, before in state.before_credits.items()
        for credit in (state.credits.get(key),)
        if credit is not None
        and any(
            known.invoice_id == invoice_id
            for known in credit.allocations + (before.allocations if before is not None else ())
        )
    ]
