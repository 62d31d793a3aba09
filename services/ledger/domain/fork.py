"""A copy of an account to try things on: what happens to it never happens to the account."""

from copy import copy
from typing import TypeVar

from services.ledger.domain.currency_state import CurrencyState
from services.ledger.domain.objects import ObjectStore
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeless import Timeless


def fork(state: AccountState) -> AccountState:
    """Objects are values, so that only what holds them is copied."""
    other = AccountState(state.account_id, state.tenant_zone, state.undo_facts, state.rules)
    for name in AccountState.__slots__:
        setattr(other, name, _copied(getattr(state, name)))
    other.currencies = {
        code: _parts(sums, CurrencyState) for code, sums in state.currencies.items()
    }
    other.objects = _parts(state.objects, ObjectStore)
    other.objects.of_noun = {noun: dict(known) for noun, known in state.objects.of_noun.items()}
    other.objects.queues = {code: list(queue) for code, queue in state.objects.queues.items()}
    other.timeless = _parts(state.timeless, Timeless)
    other.timeless.disclosures = {
        text: dict(known) for text, known in state.timeless.disclosures.items()
    }
    other.timeless.to_credit = {
        invoice_id: dict(known) for invoice_id, known in state.timeless.to_credit.items()
    }
    other.touched = {name: list(places) for name, places in state.touched.items()}
    other.forget()
    return other


T = TypeVar("T")


def _copied(value: T) -> T:
    return copy(value) if isinstance(value, dict | list | set) else value


def _parts(value: T, cls: type[T]) -> T:
    other = cls.__new__(cls)
    for name in cls.__slots__:  # type: ignore[attr-defined]
        setattr(other, name, _copied(getattr(value, name)))
    return other
