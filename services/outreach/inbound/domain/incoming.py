"""An item as it is understood: who wrote what, to whom, answering what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.outreach.channels.domain.phone_numbers import caller
from services.outreach.channels.domain.tokens import LinkKey, read_address_local_part
from services.outreach.inbound.domain.classes import Reading, read_words
from services.outreach.inbound.domain.items import ItemEnvelope, OpenItem
from services.outreach.inbound.domain.mail import IncomingMail
from services.outreach.inbound.domain.word_lists import WordLists
from shared.texts import storable

ANSWERED_MAX = 10  # contacts that one mail may name
_MACHINES = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mdaemon"})
_ALONE = ("stop", "start")  # what a text says by itself, whatever else is in a subject


@dataclass(frozen=True)
class Incoming:
    """What counts of an item, whatever its door."""

    reading: Reading
    text: str = field(repr=False)  # what is read of it
    address: str | None = field(repr=False)  # by which its account may be found
    contact_ids: tuple[str, ...] = ()  # by tokens of ours
    answers: tuple[tuple[str, str], ...] = ()  # contact and Message-ID, where it may be ours
    account_id: str | None = None  # of whom it is certain
    note: str | None = None
    is_auto: bool = False


def incoming_text(item: OpenItem, lists: WordLists) -> Incoming:
    """A short message, or one of the portal."""
    text = storable(item.content.decode("utf-8", "replace"))
    is_phone = item.kind == "text"
    return Incoming(
        reading=read_words(text, lists),
        text=text,
        address=caller(item.envelope.from_ or "") or None if is_phone else None,
        contact_ids=_contacts_of(item.envelope),
        account_id=item.envelope.account_id,
    )


def incoming_mail(
    item: OpenItem, mail: IncomingMail, lists: WordLists, keys: Sequence[LinkKey]
) -> Incoming:
    """A mail that is no report."""
    tokens = list(_tokens((*item.envelope.to, *mail.to), keys))
    reading, read = _reading(mail, lists, is_opt_out=any(letter == "u" for letter, _ in tokens))
    local = (mail.from_ or "").partition("@")[0]
    return Incoming(
        reading=reading,
        text=storable(read),
        address=mail.from_,
        contact_ids=(*(contact for _, contact in tokens), *_contacts_of(item.envelope)),
        answers=tuple(_answers(mail.answers)),
        account_id=item.envelope.account_id,
        note=_note(mail),
        is_auto=mail.is_auto or local in _MACHINES,
    )


def _contacts_of(envelope: ItemEnvelope) -> tuple[str, ...]:
    return (envelope.contact_id,) if envelope.contact_id is not None else ()


def _reading(mail: IncomingMail, lists: WordLists, *, is_opt_out: bool) -> tuple[Reading, str]:
    """By the text alone if it is a plain word to stop, else with a subject of its writer's own."""
    alone = read_words(mail.text, lists)
    if is_opt_out:  # sent by a mail program, to an address that is for nothing else
        return Reading("stop"), mail.text
    if alone.reply_class in _ALONE or not mail.title:
        return alone, mail.text
    whole = f"{mail.title}\n{mail.text}".strip()
    return read_words(whole, lists), whole


def _note(mail: IncomingMail) -> str | None:
    if not mail.is_readable:
        return "cannot be read as a mail"
    return f"{mail.attachments} attached" if mail.attachments else None


def _tokens(addresses: Iterable[str], keys: Sequence[LinkKey]) -> Iterable[tuple[str, str]]:
    """What letters and contacts its goals name, each once."""
    found: dict[tuple[str, str], None] = {}
    for address in addresses:
        token = read_address_local_part(address.rpartition("@")[0], keys)
        if token is not None and len(found) < ANSWERED_MAX:
            found[token] = None
    return found


def _answers(message_ids: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Our Message-IDs begin with the contact's id."""
    found: dict[tuple[str, str], None] = {}
    for message_id in message_ids:
        try:
            contact_id = str(UUID(message_id.partition("@")[0]))
        except ValueError:
            continue
        if len(found) < ANSWERED_MAX:
            found[contact_id, message_id] = None
    return found
