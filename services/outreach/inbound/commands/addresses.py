"""Whose mailboxes and numbers there are, kept as details change."""

from collections.abc import Sequence

from services.outreach.channels.domain.phone_numbers import e164
from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.debtors.store.accounts import find_accounts
from services.outreach.debtors.store.rows import AccountKey
from services.outreach.inbound.store import addresses as store
from services.outreach.inbound.store.addresses import Address
from services.outreach.inbound.store.items import erase_items
from shared.database import Session
from shared.events import CONTACTS, Received, ledger
from shared.mail_addresses import deliverable

PHONES_MAX = 50  # of one account


async def follow_addresses(session: Session, events: Sequence[Received]) -> None:
    """What an ordered batch says of details; erased ones go, with what their people wrote."""
    details: dict[AccountKey, ledger.Contact | None] = {}
    erased: dict[str, set[str]] = {}
    for event in events:
        key = (event.tenant, event.key)
        if event.type == "account-erased":
            details[key] = None
            erased.setdefault(event.tenant, set()).add(event.key)
        elif event.topic == CONTACTS:
            details[key] = event.decode() if event.data is not None else None
    for tenant, account_ids in erased.items():
        await erase_items(session, tenant, account_ids)
    known = await find_accounts(session, details)
    await store.replace_addresses(
        session, {key: _addresses(contact, known.get(key)) for key, contact in details.items()}
    )


def _addresses(contact: ledger.Contact | None, account: AccountFacts | None) -> set[Address]:
    if contact is None or (account is not None and account.is_erased):
        return set()
    country = next((address.country for address in contact.addresses if address.country), None)
    if country is None and account is not None:
        country = account.country
    numbers = [e164(phone.number, country) for phone in contact.phones[:PHONES_MAX]]
    found: set[Address] = {("phone", number) for number in numbers if number is not None}
    mailbox = deliverable(contact.email)
    return found if mailbox is None else {*found, ("email", mailbox.casefold())}
