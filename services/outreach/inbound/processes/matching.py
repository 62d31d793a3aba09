"""Whose reply it is: by a token of ours, by the message that it answers, else by its address, if
that is only one debtor's."""

from collections.abc import Sequence

from services.outreach.inbound.commands.endings import Match
from services.outreach.inbound.domain.decisions import ReplySender
from services.outreach.inbound.domain.incoming import Incoming
from services.outreach.inbound.domain.items import OpenItem
from services.outreach.inbound.store import senders as store
from services.outreach.inbound.store.addresses import find_owners
from services.outreach.inbound.store.senders import AnsweredContact, DebtorAccount
from shared.database import Session


async def match_sender(session: Session, item: OpenItem, incoming: Incoming) -> Match:
    """Of an address of several debtors nobody is known, but all are found."""
    owners: dict[str, str] = {}
    if incoming.address is not None:
        owners = await find_owners(session, item.tenant, item.channel, incoming.address)
    contact = await _answered(session, item, incoming)
    if contact is not None:
        key: str | None = contact.debtor_key
    elif incoming.account_id is not None:
        key = await store.find_debtor_key(session, item.tenant, incoming.account_id)
    else:
        keys = set(owners.values())
        key = keys.pop() if len(keys) == 1 else None
    if key is None:
        return Match(owners=owners)
    accounts = await store.list_debtor_accounts(session, item.tenant, key)
    if not accounts:
        return Match(owners=owners)
    return _match(accounts, key, contact, incoming, owners)


async def _answered(session: Session, item: OpenItem, incoming: Incoming) -> AnsweredContact | None:
    for contact_id in incoming.contact_ids:
        if found := await store.find_contact(session, item.tenant, contact_id):
            return found
    for contact_id, message_id in incoming.answers:
        if found := await store.find_message(session, item.tenant, contact_id, message_id):
            return found
    return None


def _match(
    accounts: Sequence[DebtorAccount],
    key: str,
    contact: AnsweredContact | None,
    incoming: Incoming,
    owners: dict[str, str],
) -> Match:
    """Under the account that wrote, or is answered; else the lowest that has the address."""
    by_id = {account.account_id: account for account in accounts}
    asked = tuple(a for a in contact.account_ids if a in by_id) if contact is not None else ()
    wanted = [incoming.account_id, *asked, *sorted(owners), *sorted(by_id)]
    main = by_id[next(a for a in wanted if a is not None and a in by_id)]
    if incoming.account_id is not None and contact is None:
        asked = (main.account_id,)
    sender = ReplySender(
        account_id=main.account_id,
        account_ids=tuple(sorted(by_id)),
        zone=main.zone,
        country=main.country,
        is_certain=contact is not None or incoming.account_id is not None,
    )
    return Match(
        sender=sender,
        debtor_key=key,
        debtor_id=main.debtor_id,
        contact_id=contact.contact_id if contact is not None else None,
        contact_accounts=asked,
        owners=owners,
    )
