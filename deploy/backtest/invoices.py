"""What became of each invoice in a list of billing facts, by the ledger's rules.

The facts of an account go through the ledger as if they had been sent, and what the ledger would
announce goes into segmentation's state of the account. Nothing is stored, and no day begins: a
backtest needs no stages.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from typing import NamedTuple

import msgspec

from services.ledger.domain import Fact as LedgerFact
from services.ledger.domain import fact_id_of, new_account, record
from services.segmentation.domain.account import Account, facts_of
from services.segmentation.domain.fold import fold
from services.segmentation.learning.cases import InvoiceFacts
from shared.business_time import NOTHING_BEGUN
from shared.events import LEDGER, Received, billing

TENANT = "backtest"
ZONE = "UTC"  # of accounts that name none
_SOURCE = "/backtest"
_TYPES = {cls: name for name, cls in reversed(billing.TYPES.items())}
_RANKS = {name: rank for rank, name in enumerate(billing.TYPES)}
_DAYS = ("issued_on",)
_INSTANTS = ("received_at", "failed_at", "reversed_at")


class FileFact(NamedTuple):
    """One billing event that was accepted."""

    time: datetime
    data: billing.Data
    event_id: str = ""

    @property
    def type(self) -> str:
        return _TYPES[type(self.data)]

    @property
    def fact_id(self) -> str:
        return fact_id_of(self.type, _SOURCE, self.event_id, self.data)


def invoices_of(facts: Iterable[FileFact]) -> list[InvoiceFacts]:
    """The invoices of all accounts, void ones left out, in the order of the accounts' ids."""
    by_account: dict[str, list[FileFact]] = defaultdict(list)
    for fact in facts:
        by_account[fact.data.account_id].append(fact)
    found: list[InvoiceFacts] = []
    for account_id in sorted(by_account):
        state = Account()
        for event in _announced(account_id, by_account[account_id]):
            fold(state, account_id, event)
        found += facts_of(state, account_id)
    return found


def _announced(account_id: str, facts: Sequence[FileFact]) -> Iterator[Received]:
    """What the ledger announces of an account when it is given these facts."""
    account = new_account(account_id, ZONE)
    decision = record(account, _in_order(account_id, facts), NOTHING_BEGUN)
    for number, announced in enumerate(decision.announcements):
        yield Received(
            topic=LEDGER,
            tenant=TENANT,
            key=account_id,
            type=announced.type,
            id=announced.cause,
            source=_SOURCE,
            sequence=number,
            time=announced.time,
            day=announced.day,
            recordedtime=announced.time,
            data=msgspec.json.encode(announced.data),
        )


def _in_order(account_id: str, facts: Sequence[FileFact]) -> list[LedgerFact]:
    """As they happened, the account's own record first. Any order ends the same, this one soonest.

    A file may know of no accounts; the ledger puts no money on an account that is not registered.
    """
    ordered = sorted(facts, key=_happened)
    if not any(isinstance(fact.data, billing.AccountRegistered) for fact in facts):
        first = min(fact.time for fact in facts)
        own = billing.AccountRegistered(account_id=account_id, name=account_id)
        ordered.insert(0, FileFact(first, own))
    return [
        LedgerFact(
            kind=fact.type,
            fact_id=fact.fact_id,
            account_id=account_id,
            source=_SOURCE,
            event_id=fact.event_id,
            time=fact.time,
            recordedtime=fact.time,
            data=fact.data,
        )
        for fact in ordered
    ]


def _happened(fact: FileFact) -> tuple[bool, datetime, int, str]:
    data = fact.data
    at = fact.time
    for name in _INSTANTS:
        at = getattr(data, name, None) or at
    for name in _DAYS:
        day = getattr(data, name, None)
        if day is not None:
            at = datetime.combine(day, time(), tzinfo=UTC)
    is_record = isinstance(data, billing.AccountRegistered)
    return not is_record, at, _RANKS[fact.type], fact.fact_id
