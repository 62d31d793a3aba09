"""What may be asked of an account now: how much at most, until when, and what stands in the way.

The same rules as the doors', in passes over the open invoices alone.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from services.ledger.domain.arrangements import in_force
from services.ledger.domain.doors import Asking, situation
from services.ledger.domain.doors.debts import arranged_ids, check_free, with_interest
from services.ledger.domain.doors.promises import broken_lately, covered, missing_on
from services.ledger.domain.doors.settlements import bids_lately
from services.ledger.domain.holds import clock_stops
from services.ledger.domain.owed import owed, undisputed
from services.ledger.domain.policies.members import choose
from services.ledger.domain.policies.plans import PlanRule
from services.ledger.domain.promises import open_promises
from services.ledger.domain.state import AccountState
from shared.errors import Conflict

Option = dict[str, Any]


def options(state: AccountState, asking: Asking, *, for_staff: bool) -> list[Option]:
    """Of each currency in which something is owed."""
    state = with_interest(state, _past_due(state, asking), asking)
    return [
        _options(state, currency, asking, for_staff)
        for currency in sorted(state.currencies)
        if state.currencies[currency].open or state.currencies[currency].counted
    ]


def _past_due(state: AccountState, asking: Asking) -> list[str]:
    return [
        invoice_id
        for sums in state.currencies.values()
        for due_on, _, invoice_id in sums.open
        if due_on < asking.on
    ]


class _Debts:
    """What is owed on the open invoices of a currency, and undisputed: looked up once."""

    def __init__(self, state: AccountState, currency: str) -> None:
        self.open_ids = [invoice_id for _, _, invoice_id in state.currencies[currency].open]
        self._owed = {invoice_id: owed(state, invoice_id) for invoice_id in self.open_ids}
        self._free = {
            invoice_id: undisputed(state, invoice_id)
            if self._may_differ(state, invoice_id)
            else minor
            for invoice_id, minor in self._owed.items()
        }

    @staticmethod
    def _may_differ(state: AccountState, invoice_id: str) -> bool:
        return bool(state.invoices[invoice_id].disputes) or invoice_id in state.objects.belonging

    @property
    def clear_ids(self) -> list[str]:
        """With something that is not disputed."""
        return [invoice_id for invoice_id, minor in self._free.items() if minor > 0]

    def owed_on(self, ids: Iterable[str]) -> int:
        return sum([self._owed.get(invoice_id, 0) for invoice_id in ids])

    def undisputed_on(self, ids: Iterable[str]) -> int:
        return sum([self._free.get(invoice_id, 0) for invoice_id in ids])


def _options(state: AccountState, currency: str, asking: Asking, for_staff: bool) -> Option:
    debts, because = _Debts(state, currency), dict[str, str]()
    return {
        "currency": currency,
        "pay": {"most_minor": _all_open(state, currency)},
        "promise": _promise(state, currency, debts, asking, because),
        "plan": _plan(state, currency, debts, asking, because),
        "settlement": _settlement(state, currency, debts, asking, because, for_staff),
        "dispute": {"invoice_ids": debts.clear_ids},
        "because": because,
    }


def _all_open(state: AccountState, currency: str) -> int:
    """Principal, and every open charge: also of paid invoices, and of none."""
    sums = state.currencies[currency]
    return sums.balance_minor + sums.counted.get("charges_minor", 0)


def _promise(
    state: AccountState, currency: str, debts: _Debts, asking: Asking, because: dict[str, str]
) -> Option | None:
    ids = covered(state, currency, None)
    free = debts.undisputed_on(ids)
    most = max(0, free - missing_on(state, currency, ids))
    seen = situation(state, asking, currency, ids, free)
    _, rule = choose(asking.policies["promises"].rules, seen)
    stands = "nothing-owed"
    if most and any(span.holds_on(asking.on) for span in clock_stops(state, ids)):
        stands = "hold"
    elif most and len(open_promises(state)) >= rule.open_max:
        stands = "open-max"
    elif most and _broken_too_often(state, asking, rule.broken_max):
        stands = "broken-max"
    elif most:
        return {"most_minor": most, "latest_on": asking.on + timedelta(days=rule.max_days)}
    because["promise"] = stands
    return None


def _broken_too_often(state: AccountState, asking: Asking, most: int) -> bool:
    return "supervisor" not in asking.roles and broken_lately(state, asking.on) > most


def _plan(
    state: AccountState, currency: str, debts: _Debts, asking: Asking, because: dict[str, str]
) -> Option | None:
    ids = arranged_ids(state, currency, None, asking.on, with_disputed=False)
    total = debts.undisputed_on(ids)
    seen = situation(state, asking, currency, ids, debts.owed_on(ids))
    rule: PlanRule
    _, rule = choose(asking.policies["plans"].rules, seen)
    least = rule.least_minor(currency)
    running = in_force(state, currency)
    stands = _in_the_way(state, ids, asking)
    if running is not None:
        stands = running.name
    elif stands is None and total < least:
        stands = "below-min-instalment" if total else "nothing-owed"
    if stands is not None:
        because["plan"] = stands
        return None
    return {
        "total_minor": total,
        "invoice_ids": list(ids),
        "max_count": min(rule.max_count, total // least),
        "min_instalment_minor": least,
        "latest_first_on": asking.on + timedelta(days=rule.max_days),
        "freeze": {"fees": rule.freeze.fees, "interest": rule.freeze.interest},
    }


def _settlement(
    state: AccountState,
    currency: str,
    debts: _Debts,
    asking: Asking,
    because: dict[str, str],
    for_staff: bool,
) -> Option | None:
    ids = arranged_ids(state, currency, None, asking.on, with_disputed=True)
    base = debts.owed_on(ids)
    seen = situation(state, asking, currency, ids, base)
    _, rule = choose(asking.policies["settlements"].rules, seen)
    stands = _in_the_way(state, ids, asking)
    if stands is None and base < 2:
        stands = "nothing-owed"
    if stands is not None:
        because["settlement"] = stands
        return None
    may_bid = bids_lately(state, asking.on) < rule.bids_per_30_days
    if not may_bid:
        because["settlement"] = "bids"
    found: Option = {"may_bid": may_bid, "base_minor": base, "within_days": rule.pay_within_days}
    if for_staff:
        found["shares"] = {
            "auto_from_percent": rule.auto_from_percent,
            "supervisor_from_percent": rule.supervisor_from_percent,
            "finance_from_percent": rule.finance_from_percent,
            "plus_percent": rule.plus_percent,
            "instalments_max": rule.instalments_max,
        }
    return found


def _in_the_way(state: AccountState, ids: tuple[str, ...], asking: Asking) -> str | None:
    """A hold that stops what is agreed over these invoices, or a placement."""
    try:
        check_free(state, ids, asking)
    except Conflict as conflict:
        return str(conflict.members["because"])
    return None
