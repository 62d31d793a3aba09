"""What another policy `charges` would have charged: the sums of a dry run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from heapq import nlargest
from typing import Any

from services.ledger.domain.charges import ChargeKind, all_charges, is_own_id
from services.ledger.domain.fees import steps_of
from services.ledger.domain.policies.charges import Charging
from services.ledger.domain.rules import Dated, Rules
from services.ledger.domain.state import AccountState

TRIED_DAYS = 90
MOVED_MAX = 100

Money = dict[str, int]  # minor units by currency


def rules_from(rules: Rules, charging: Charging, since: date) -> Rules:
    """The same rules as if another policy `charges` had been in force since a day."""
    known = rules.charges
    kept = [at for at in zip(known.from_on, known.later, strict=True) if at[0] < since]
    days, contents = [day for day, _ in kept], [content for _, content in kept]
    return replace(rules, charges=Dated(known.first, (*days, since), (*contents, charging)))


def charged_since(state: AccountState, since: date) -> Mapping[tuple[str, ChargeKind, str], int]:
    """What rules charged from a day on, in minor units, by charge id, kind and currency; what a
    person charged by hand is left out."""
    found: dict[tuple[str, ChargeKind, str], int] = {}
    for charge in all_charges(state):
        minor = sum([entry.amount_minor for entry in charge.posted if entry.on >= since])
        if is_own_id(charge.charge_id) and minor:
            found[charge.charge_id, charge.kind, charge.currency] = minor
    return found


class ChargeTally:
    """Counts what accounts would have been charged, and whose sums move."""

    def __init__(self, since: date) -> None:
        self._since = since
        self._accounts = 0
        self._counts: Counter[ChargeKind] = Counter()
        self._amounts: dict[ChargeKind, Counter[str]] = {}
        self._skipped: Counter[str] = Counter()
        self._moved: list[tuple[int, str, Money, Money]] = []

    def count(self, was: AccountState, becomes: AccountState) -> None:
        self._accounts += 1
        before, after = Counter[str](), Counter[str]()
        for (_, _, currency), minor in charged_since(was, self._since).items():
            before[currency] += minor
        for (_, kind, currency), minor in charged_since(becomes, self._since).items():
            after[currency] += minor
            self._counts[kind] += 1
            self._amounts.setdefault(kind, Counter())[currency] += minor
        self._count_skipped(becomes)
        if before != after:
            by = max(abs(after[code] - before[code]) for code in before.keys() | after.keys())
            self._moved.append((by, was.account_id, _money(before), _money(after)))

    def _count_skipped(self, state: AccountState) -> None:
        for invoice in state.invoices.values():
            steps = steps_of(state, invoice.invoice_id)
            for skip in steps.skipped if steps is not None else ():
                if invoice.due_on + timedelta(days=skip.step) >= self._since:
                    self._skipped[skip.reason] += 1

    def answer(self, version: str, against: str) -> dict[str, Any]:
        largest = nlargest(MOVED_MAX, self._moved, key=lambda moved: moved[0])
        return {
            "version": version,
            "against": against,
            "since": self._since,
            "accounts": self._accounts,
            "charges": {
                kind: {"count": count, "amount_minor": _money(self._amounts[kind])}
                for kind, count in sorted(self._counts.items())
            },
            "moved": [
                {"account_id": account_id, "before": before, "after": after}
                for _, account_id, before, after in largest
            ],
            "skipped": dict(sorted(self._skipped.items())),
            "summary": (
                f"{len(self._moved):,} of {self._accounts:,} accounts would have been charged"
                f" otherwise since {self._since}"
            ),
        }


def _money(sums: Mapping[str, int]) -> Money:
    return dict(sorted(sums.items()))
