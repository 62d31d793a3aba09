"""Send one message by hand: the way of every contact, from its claim to its end, at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from services.outreach.activity.commands import account_now, announce
from services.outreach.activity.domain.contacts import REACHED, DebtorContact, MessageChannel
from services.outreach.activity.domain.verdicts import verdict_of
from services.outreach.activity.store.accounts import lock_debtor_of
from services.outreach.channels.domain.template_document import MessageTemplate
from services.outreach.channels.domain.template_facts import TemplateFacts, tone_of
from services.outreach.context import Context
from services.outreach.desk.domain.hand_written import is_same_day, message_by_hand
from services.outreach.desk.store import calls as call_store
from services.outreach.desk.store import messages as store
from services.outreach.desk.store import people, personal
from services.outreach.dunning.commands.plans import LEASE
from services.outreach.dunning.domain.contact_events import ContactEvents
from services.outreach.dunning.processes.contact_runs import ContactRun
from services.outreach.dunning.processes.run_setup import open_run
from services.outreach.dunning.store import contacts as contact_store
from shared import clock
from shared.clock import day_start, is_zone, local_day
from shared.database import Session
from shared.errors import Conflict, FieldError, Invalid


class NotSent(Conflict):
    """The message did not leave; the answer says why."""


class _ByHand(ContactRun):
    """The way of one contact that a person asked for."""

    @property
    def claim(self) -> str:
        return self._claim

    async def make(self, claimed: Sequence[DebtorContact]) -> None:
        await self._make(claimed)

    @property
    def templates(self) -> TemplateFacts:
        return self._context.content.templates


async def send_by_hand(
    context: Context,
    tenant: str,
    account_id: str,
    channel: MessageChannel,
    template: str,
    person: str,
) -> dict[str, Any]:
    """Past gap and caps, past nothing else. Raises `NotSent` with the verdict."""
    async with context.db.reading() as session:
        at = await account_now(session, context.clock, tenant, account_id)
    run = await open_run(context, tenant, at, kind=_ByHand)
    found = run.templates.find(template)
    if found is None:
        raise Invalid("There is no such template.", [FieldError("/template", "is not known")])
    async with context.db.transaction() as session:
        contact = await _begin(
            session, tenant, account_id, channel, (template, found), at, run, person
        )
        note = f"{channel} by hand: {template}"
        await people.insert_note(session, tenant, account_id, at, person, note)
    await run.make([contact])
    async with context.db.transaction() as session:
        made = await store.find_contact(session, tenant, contact.contact_id)
        assert made is not None, "it was written"
        if made.state in ("planned", "claimed"):  # put off: nobody sends it later unasked
            ended = replace(made, state="cancelled", because="withdrawn")
            states = frozenset({made.state})
            await contact_store.update_contacts(session, tenant, [ended], expected=states)
            await announce(session, tenant, at, ContactEvents(at).cancelled(ended, "withdrawn"))
    if made.state not in REACHED and made.state != "intent":
        raise NotSent(
            f"The message did not leave: {made.because or ', '.join(made.rules)}",
            members={
                "contact_id": made.contact_id, "state": made.state, "because": made.because,
                "verdict": verdict_of(made), "until": made.until,
            },
        )  # fmt: skip
    return {
        "contact_id": made.contact_id,
        "state": made.state,
        "channel": made.channel,
        "template": made.template,
        "template_version": made.template_version,
        "attempted_at": made.attempted_at,
    }


async def _begin(
    session: Session,
    tenant: str,
    account_id: str,
    channel: MessageChannel,
    template: tuple[str, MessageTemplate],
    at: datetime,
    run: _ByHand,
    person: str,
) -> DebtorContact:
    """The debtor is locked; what was planned for it gives way, and is planned again."""
    await lock_debtor_of(session, tenant, account_id)
    account = await personal.find_account(session, tenant, account_id)
    assert account is not None, "it is locked"
    key, zone = account["debtor_key"], account["timezone"]
    zone = zone if is_zone(zone) else "UTC"
    last = await store.find_last_message(session, tenant, key)
    if last is not None and is_same_day(last, at, zone):
        until = day_start(local_day(at, zone) + timedelta(days=1), zone)
        raise NotSent("The debtor has had a message today.", members={"until": until})
    events = ContactEvents(at)
    for other in await store.find_under_way(session, tenant, key):
        if other.state != "planned":
            raise NotSent(
                "Another contact of the debtor is under way.",
                members={"contact_id": other.contact_id, "state": other.state},
            )
        ended = replace(other, state="cancelled", because="superseded")
        await contact_store.update_contacts(session, tenant, [ended], expected={"planned"})
        await announce(session, tenant, at, events.cancelled(ended, "superseded"))
    invoices = await call_store.find_open_invoices(session, tenant, {account_id})
    contact = message_by_hand(
        tenant, account_id, (key, account["debtor_id"]), zone, invoices[account_id], channel,
        template[0], tone_of(*template), at,
    )  # fmt: skip
    contact = replace(contact, template_version=template[1].version, collector=person)
    if await store.find_contact(session, tenant, contact.contact_id) is not None:
        raise NotSent("The same was asked for a moment ago.", members={"until": None})
    await contact_store.insert_contacts(session, tenant, [contact], at)
    await contact_store.update_contacts(
        session,
        tenant,
        [contact],
        expected={"claimed"},
        claim=run.claim,
        lease_until=clock.now() + LEASE,
    )
    await contact_store.upsert_contact_accounts(session, tenant, [contact])
    await announce(session, tenant, at, events.planned(contact))
    return contact
