"""All kinds: what each event does, and how items are packed."""

from collections.abc import Mapping
from typing import Any, Union

import msgspec

from services.metrics.domain.accounts import Account, Item, Profile, Segment
from services.metrics.domain.kinds import (
    Handler,
    Kind,
    charges,
    consents,
    contacts,
    conversations,
    costs,
    credit_notes,
    disputes,
    feedback,
    given_up,
    holds,
    instalment_plans,
    invoices,
    parties,
    payments,
    placements,
    profiles,
    promises,
    rates,
    schedules,
    tasks,
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        profiles.KIND,
        invoices.KIND,
        charges.KIND,
        payments.KIND,
        credit_notes.KIND,
        *given_up.KINDS,
        disputes.KIND,
        placements.KIND,
        promises.KIND,
        contacts.KIND,
        contacts.COVER,
        contacts.ANSWER,
        parties.KIND,
        tasks.KIND,
        feedback.KIND,
        consents.KIND,
        *costs.KINDS,
        rates.KIND,
        holds.KIND,
        instalment_plans.KIND,
        conversations.KIND,
        schedules.KIND,
    )
}

HANDLERS: Mapping[str, Handler] = {
    type_: handler for kind in KINDS.values() for type_, handler in kind.handlers.items()
}


def _decoder(kind: Kind) -> msgspec.msgpack.Decoder[tuple[list[Any], tuple[str, ...]]]:
    facts: Any = Union[kind.facts] if kind.facts else Any  # noqa: UP007 # of a tuple of classes
    return msgspec.msgpack.Decoder(tuple[list[facts], tuple[str, ...]])


_DECODERS = {kind.name: _decoder(kind) for kind in KINDS.values()}
_ACCOUNT = msgspec.msgpack.Decoder(tuple[list[Profile], list[Segment]])
_ENCODER = msgspec.msgpack.Encoder()


def pack_item(item: Item) -> bytes:
    """The item as it is stored."""
    return _ENCODER.encode((item.facts, item.puts_on))


def unpack_item(kind: str, content: bytes) -> Item:
    facts, puts_on = _DECODERS[kind].decode(content)
    return Item(facts=facts, puts_on=puts_on, folded=len(facts))


def pack_account(account: Account) -> bytes:
    """The account as it is stored."""
    return _ENCODER.encode((account.profiles, account.segments))


def unpack_account(content: bytes) -> Account:
    profiles, segments = _ACCOUNT.decode(content)
    return Account(profiles, segments, folded=(len(profiles), len(segments)))
