"""An account's state as it is stored, and figures of many stored accounts.

These work on the bytes as they lie in the table, so that a compute process can decode them and the
event loop, which all tenants share, need not.
"""

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec import Struct

from services.segmentation.domain.account import Account, count_payer, facts_of
from services.segmentation.domain.model_watch import GroupBy, Traits, Watch, watch_model
from services.segmentation.domain.scorer import Shadow
from services.segmentation.learning.cases import InvoiceFacts

_ACCOUNT = msgspec.json.Decoder(Account)
_FACTS = msgspec.msgpack.Decoder(list[InvoiceFacts])
_TRAITS = msgspec.msgpack.Decoder(dict[str, Traits])

encode_account = msgspec.json.Encoder().encode
NEW_ACCOUNT = encode_account(Account())


class StoredAccount(Struct, frozen=True, array_like=True):
    """One row: what is decoded only where it is worked with."""

    account_id: str
    state: bytes
    segment: str


def decode_account(stored: bytes) -> Account:
    """A state as it was stored, by this version or an earlier one."""
    state = _ACCOUNT.decode(stored)
    if state.invoices and not state.payer.booked:  # stored before there was a payer's record
        count_payer(state)
    return state


def facts_in(accounts: Sequence[StoredAccount]) -> bytes:
    """The invoices of stored accounts as models learn from them, packed for the next process."""
    return msgspec.msgpack.encode(
        [
            fact
            for account in accounts
            for fact in facts_of(decode_account(account.state), account.account_id)
        ]
    )


def unpacked_facts(packed: Sequence[bytes]) -> list[InvoiceFacts]:
    """What `facts_in` packed, part after part."""
    return [fact for part in packed for fact in _FACTS.decode(part)]


class Population(Struct, frozen=True):
    """Accounts as watching a model looks at them, packed."""

    facts: bytes
    traits: bytes


def population_in(accounts: Sequence[StoredAccount]) -> Population:
    """The invoices of stored accounts, and what groups they belong to."""
    facts: list[InvoiceFacts] = []
    traits: dict[str, Traits] = {}
    for account in accounts:
        state = decode_account(account.state)
        own = list(facts_of(state, account.account_id))
        facts += own
        traits[account.account_id] = _traits(state, own)
    return Population(msgspec.msgpack.encode(facts), msgspec.msgpack.encode(traits))


def watched(shadow: Shadow, parts: Sequence[Population], group_by: GroupBy, today: date) -> Watch:
    """What became of a model, from all accounts."""
    traits: dict[str, Traits] = {}
    for part in parts:
        traits.update(_TRAITS.decode(part.traits))
    return watch_model(
        shadow.scorer.model,
        unpacked_facts([part.facts for part in parts]),
        traits,
        group_by=group_by,
        today=today,
        trees=shadow.trees,
    )


def _traits(state: Account, facts: Sequence[InvoiceFacts]) -> Traits:
    return Traits(
        groups={
            "kind": (state.kind,),
            "country": (state.country or "unknown",),
            "currency": (state.currency or "unknown",),
            "tag": state.tags or ("none",),
        },
        was_overdue=any([owed.overdue_minor > 0 for owed in state.owed.values()])
        or any([fact.settled_on is not None and fact.settled_on > fact.due_on for fact in facts]),
        contacts=sum(state.contacts.by_channel.values()),
    )
