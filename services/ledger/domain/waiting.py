"""Facts that wait for what is not there, and how what they name can be found under any account."""

from msgspec import Struct

from services.ledger.domain.facts import Fact, Need
from services.ledger.domain.registry import KINDS
from services.ledger.domain.state import AccountState
from shared.errors import FieldError

_PROVIDERS = {"invoice": "invoice-issued", "payment": "payment-received", "charge": "charge-added"}
_AIMED = {"payment": "payment-received", "credit_note": "credit-note-issued"}


class Wait(Struct, frozen=True, order=True):
    """A fact of an account, and one thing that it waits for."""

    kind: str
    fact_id: str
    needs: str  # invoice, payment, dispute, charge
    needs_id: str


def waits(state: AccountState) -> frozenset[Wait]:
    """Everything in an account that waits: whole facts, and money aimed at what is not there."""
    if not state.waiting and not state.aimed:
        return frozenset()
    found = {
        Wait(fact.kind, fact.fact_id, need[0], need[1])
        for need, facts in state.waiting.items()
        for fact in facts
    }
    for (needs_id, _, *noun), keys in state.aimed.items():
        needs = noun[0] if noun else "invoice"
        found |= {Wait(_AIMED[kind], credit_id, needs, needs_id) for kind, credit_id in keys}
    return frozenset(found)


def owner_of(fact: Fact) -> str:
    """The account to which a fact's id belongs; nothing: it is the tenant's.

    What names something that another fact brings may name it under a wrong account, and must not
    take the id from the right one.
    """
    return fact.account_id if KINDS[fact.kind].needs is not None else ""


def need_of(fact: Fact) -> Need | None:
    return KINDS[fact.kind].need(fact.data)


def provider_of(need: Need) -> tuple[str, str]:
    """Kind and id of the fact that brings what is needed; of a dispute: its subject's."""
    if need[0] == "dispute":
        return _PROVIDERS[need[3]], need[2]
    return _PROVIDERS[need[0]], need[1]


def misplaced(fact: Fact, owner: str | None) -> list[FieldError]:
    """Refuse a fact about an invoice that is known under another account (None: not known).

    A reversal is kept all the same: it waits (docs/ledger.md).
    """
    need = need_of(fact)
    if need is None or owner is None or owner == fact.account_id or need[0] == "payment":
        return []
    kind, name = provider_of(need)
    noun = "charge" if kind == _PROVIDERS["charge"] else "invoice"
    detail = f"{noun} {name!r} is another account's"
    return [FieldError("/data/account_id", detail)]


def is_taken(fact: Fact, other: Fact, owner: str | None) -> bool:
    """Whether the same id under another account keeps this one out: unless both name one thing,
    and that one is not there or is not the other's."""
    return need_of(fact) != need_of(other) or owner == other.account_id
