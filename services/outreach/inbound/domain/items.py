"""One thing that came in: from whom, over which door, and how it ended."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.inbound_messages import InboundText
from services.outreach.channels.domain.phone_numbers import caller
from services.outreach.inbound.domain.mail import sender_of
from shared.ids import event_id
from shared.texts import line

ItemKind = Literal["mail", "text", "message", "receipts"]
ItemState = Literal["open", "applied", "for-person", "auto-reply", "receipt"]
ItemChannel = Literal["email", "sms", "voice", "letter", "portal", "webhook"]

MAIL_DOOR = "mail"  # over HTTP, LMTP and IMAP: the same mail over two of them is one
PORTAL_DOOR = "portal"
TEXT_MAX = 10_000  # of short messages and of those of the portal
KEY_MAX = 200


class ItemEnvelope(Struct, frozen=True, omit_defaults=True):
    """What a door knows besides the content. Personal."""

    from_: str | None = None  # as the channel writes addresses
    to: tuple[str, ...] = ()
    account_id: str | None = None  # who it is, where that is certain: the portal
    contact_id: str | None = None
    is_identified: bool = False


class Command(Struct, frozen=True):
    """What the ledger is asked to do for the debtor. Kept before it is sent: the same again is safe
    only if it is the same."""

    name: Literal["promise", "dispute"]
    account_id: str
    path: str
    body: dict[str, Any]
    invoice_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewItem:
    """As a door hands it over."""

    provider: str
    key: str
    kind: ItemKind
    channel: ItemChannel
    content: bytes = field(repr=False)
    envelope: ItemEnvelope = field(default=ItemEnvelope(), repr=False)
    sender: str | None = field(default=None, repr=False)  # the address that it came from

    def id_in(self, tenant: str) -> str:
        """The same thing handed over again has the same id."""
        return event_id(tenant, "outreach", "inbound", self.provider, self.key)


@dataclass(frozen=True)
class OpenItem:
    """An item that somebody is reading now."""

    tenant: str
    inbound_id: str
    provider: str
    kind: ItemKind
    channel: ItemChannel
    content: bytes = field(repr=False)
    envelope: ItemEnvelope = field(repr=False)
    received_at: datetime
    tries: int
    command: Command | None = None  # what the ledger was asked to do, or was about to be
    sender: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Ending:
    """How an item ended, and what is kept of it."""

    state: ItemState
    effect: str  # receipt, consent, pause, task, command, address, none
    reply_class: str | None = None
    debtor_key: str | None = None
    account_id: str | None = None
    contact_id: str | None = None
    address: str | None = field(default=None, repr=False)
    failure: str | None = None  # why a person has to look at it, where that is it
    text: str | None = field(default=None, repr=False)


def new_mail(raw: bytes, envelope_to: Collection[str] = ()) -> NewItem:
    """A mail has no id that strangers could not make up: its bytes are its key."""
    digest = hashlib.sha256(raw).hexdigest()
    envelope = ItemEnvelope(to=tuple(sorted(set(envelope_to))))
    return NewItem(MAIL_DOOR, digest, "mail", "email", raw, envelope, sender_of(raw))


def new_text(message: InboundText) -> NewItem:
    """A short message."""
    content = message.text[:TEXT_MAX].encode("utf-8", "replace")
    envelope = ItemEnvelope(from_=line(message.from_)[:320], to=(line(message.to)[:320],))
    sender = caller(message.from_)
    return NewItem(message.provider, _key(message.id), "text", "sms", content, envelope, sender)


def _key(given: str) -> str:
    """A provider's id as it is, if it looks like one."""
    if len(given) <= KEY_MAX and given.isprintable() and given:
        return given
    return hashlib.sha256(given.encode("utf-8", "replace")).hexdigest()


def new_message(text: str, key: str, account_id: str, contact_id: str | None) -> NewItem:
    """What somebody wrote in the portal, who has shown who he is."""
    envelope = ItemEnvelope(account_id=account_id, contact_id=contact_id, is_identified=True)
    content = text[:TEXT_MAX].encode("utf-8", "replace")
    return NewItem(PORTAL_DOOR, _key(key), "message", "portal", content, envelope)


def new_receipts(
    provider: str, channel: ItemChannel, raw: bytes, receipts: Collection[Receipt]
) -> NewItem:
    """What a provider posted about messages of ours: read already, since its signature is gone."""
    digest = hashlib.sha256(raw).hexdigest()
    content = msgspec.json.encode([msgspec.to_builtins(receipt) for receipt in receipts])
    return NewItem(provider, digest, "receipts", channel, content)


_RECEIPTS: msgspec.json.Decoder[tuple[Receipt, ...]] = msgspec.json.Decoder(tuple[Receipt, ...])


def read_receipts(content: bytes) -> tuple[Receipt, ...]:
    """Of an item of that kind."""
    return _RECEIPTS.decode(content)


def encoded(envelope: ItemEnvelope) -> bytes:
    return msgspec.json.encode(envelope)


def decoded(content: bytes) -> ItemEnvelope:
    return msgspec.json.decode(content, type=ItemEnvelope)
