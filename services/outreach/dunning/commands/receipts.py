"""Take what providers say of messages into the contacts that they are about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from services.outreach.activity.commands import announce, tenant_now
from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.debtors import reopen_debtors
from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.tokens import read_address_token
from services.outreach.channels.store import get_settings
from services.outreach.dunning.commands.addresses import revoke_consents
from services.outreach.dunning.commands.results import record_outcomes
from services.outreach.dunning.domain.contact_events import ContactEvents
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.receipts import TOLD_OF, outcomes_of, told_at
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.store import contacts as store
from shared.business_time import Clock
from shared.database import Session
from shared.process import telemetry

UNMATCHED = "unmatched"


async def take_receipts(
    session: Session,
    tenant: str,
    machine_now: datetime,
    receipts: Sequence[Receipt],
    *,
    links: Links,
    clock_mode: Clock,
) -> list[str]:
    """In the order given; gives the ids of the contacts they are about. One of a message that is
    none of ours, or of another tenant's, is counted and changes nothing."""
    ids = await _contact_ids(session, tenant, receipts, links)
    contacts = await store.lock_contacts(session, tenant, {i for i in ids if i is not None})
    settings = (await get_settings(session, tenant)).settings
    configured = {provider.channel for provider in settings.providers.values()} | {"email"}
    now = await tenant_now(session, clock_mode, tenant)
    time = RunTime(now, now, machine_now, clock_mode)
    for contact_id, receipt in zip(ids, receipts, strict=True):
        contact = contacts.get(contact_id or "")
        state = UNMATCHED if contact is None else receipt.state
        telemetry.RECEIPTS.labels("outreach", state).inc()
        if contact is None:
            continue
        for outcome in outcomes_of(contact, receipt, now, configured, settings.costs):
            await record_outcomes(session, tenant, time, [outcome], expected=TOLD_OF, claim=None)
            contact = outcome.ended(outcome.provider_at or now)
        if receipt.is_consent_revoked:
            told = Outcome(
                contact, "delivered", receipt.code, provider_at=told_at(contact, receipt, now)
            )
            await revoke_consents(session, tenant, time, [told])
        if receipt.state == "opened" and not contact.is_opened and contact.state in TOLD_OF:
            contact = await _open(session, tenant, time, contact, receipt)
        contacts[contact.contact_id] = contact
    return sorted(contacts)


async def _contact_ids(
    session: Session, tenant: str, receipts: Sequence[Receipt], links: Links
) -> list[str | None]:
    """Of which contact each speaks: by our token, else by the provider's id."""
    provider_ids = {r.provider_id for r in receipts if r.provider_id is not None}
    by_provider = await store.find_by_message_id(session, tenant, provider_ids)
    return [_by_token(r, links) or _by_provider(r, by_provider) for r in receipts]


def _by_token(receipt: Receipt, links: Links) -> str | None:
    """The contact's id, as it is or in our token of a callback or a return path."""
    if receipt.token is None:
        return None
    try:
        return str(UUID(receipt.token))
    except ValueError:
        keys = links.keys.all
        found = (read_address_token(letter, receipt.token, keys) for letter in ("c", "b", "r"))
        return next((each for each in found if each is not None), None)


def _by_provider(receipt: Receipt, known: Mapping[str, str]) -> str | None:
    return None if receipt.provider_id is None else known.get(receipt.provider_id)


async def _open(
    session: Session, tenant: str, time: RunTime, contact: DebtorContact, receipt: Receipt
) -> DebtorContact:
    """Said once, and counted for nothing."""
    at = told_at(contact, receipt, time.at)
    opened = replace(contact, is_opened=True)
    await reopen_debtors(session, tenant, {contact.debtor_key})
    await store.update_contacts(session, tenant, [opened], expected=TOLD_OF)
    await announce(session, tenant, time.recorded_at, ContactEvents(at).opened(opened, at))
    return opened
