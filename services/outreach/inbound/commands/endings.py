"""What follows from a reply: consents, pauses, tasks, events; all of it with the item's ending."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from services.outreach.activity.commands import announce, open_tasks
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.activity.store.debtors import mark_dirty
from services.outreach.consents.commands import record_consent, record_preferences
from services.outreach.consents.domain import (
    ChannelConsent,
    ConsentState,
    Preference,
    current_consents,
    current_preferences,
)
from services.outreach.consents.store import list_consents, list_preferences
from services.outreach.debtors.domain.address_states import WRONG_PARTY, AddressState
from services.outreach.debtors.store.addresses import find_address_states, upsert_address_states
from services.outreach.debtors.store.people import find_people
from services.outreach.inbound.commands.pauses import cause_of, end_pauses, pause_accounts
from services.outreach.inbound.domain.decisions import Answer, Sender
from services.outreach.inbound.domain.incoming import Incoming
from services.outreach.inbound.domain.items import Ending, OpenItem
from services.outreach.inbound.store import addresses as address_store
from services.outreach.inbound.store import items as store
from shared import clock
from shared.business_time import Clock
from shared.clock import local_day
from shared.database import Session
from shared.events import Announcement, outreach
from shared.process.crash import crash_point

BY = "inbound"


@dataclass(frozen=True)
class Match:
    """Whose reply it is."""

    sender: Sender | None = None
    debtor_key: str | None = None
    debtor_id: str | None = None
    contact_id: str | None = None
    contact_accounts: tuple[str, ...] = ()  # those that the answered contact speaks of
    owners: dict[str, str] = field(default_factory=dict)  # accounts with the address: their debtors

    @property
    def asked_accounts(self) -> tuple[str, ...]:
        """What a reply is about, as far as that is known."""
        if self.contact_accounts:
            return self.contact_accounts
        return self.sender.account_ids if self.sender is not None else ()


async def end_reply(
    session: Session,
    clock_mode: Clock,
    item: OpenItem,
    incoming: Incoming,
    match: Match,
    answer: Answer,
) -> bool:
    """All that follows, and the ending. False: somebody else has ended it."""
    keys = {match.debtor_key, *match.owners.values()} - {None}
    await mark_dirty(session, {(item.tenant, key) for key in keys if key is not None})
    if not await store.lock_open(session, item):
        return False
    await _consents(session, clock_mode, item, incoming, match, answer)
    sender = match.sender
    if sender is not None:
        await _pauses(session, item, match, sender, answer)
        await _tasks(session, item, incoming, match, sender, answer)
    if answer.is_wrong_party:
        await _wrong_party(session, item, incoming, match)
    await announce(session, item.tenant, _now(clock_mode, item), _entries(item, match, answer))
    await end_item(
        session,
        item,
        Ending(
            state=answer.state,
            effect=answer.effect,
            reply_class=answer.reply_class,
            debtor_key=match.debtor_key,
            account_id=sender.account_id if sender is not None else None,
            contact_id=match.contact_id,
            address=incoming.address,
            text=incoming.text,
        ),
    )
    return True


async def end_item(session: Session, item: OpenItem, ending: Ending) -> None:
    """The last statement of its transaction."""
    await store.end_item(session, item, ending, clock.now())
    crash_point("outreach.inbound.before_commit")


def _now(clock_mode: Clock, item: OpenItem) -> datetime:
    """When what follows is recorded: business time."""
    return max(item.received_at, clock.now()) if clock_mode == "system" else item.received_at


# ------------------------------------------------------------------------------------- consents


async def _consents(
    session: Session,
    clock_mode: Clock,
    item: OpenItem,
    incoming: Incoming,
    match: Match,
    answer: Answer,
) -> None:
    if answer.is_consent_revoked:
        for account_id, address in await _targets(session, item, incoming, match):
            await _record(session, clock_mode, item, account_id, address, "revoked")
    elif answer.is_consent_given_back:
        for account_id, address in await _targets(session, item, incoming, match):
            if await _is_stopped(session, item, account_id, address):
                await _record(session, clock_mode, item, account_id, address, "granted")
    elif answer.closes_channel and match.sender is not None:
        await _close_channel(session, clock_mode, item, match.sender.account_id)


async def _targets(
    session: Session, item: OpenItem, incoming: Incoming, match: Match
) -> Sequence[tuple[str, str]]:
    """Account and address, as its details write it: every account with the address, and where a
    message of ours is answered from another one, that to which it went."""
    found = {(account_id, incoming.address) for account_id in match.owners}
    certain = match.sender is not None and match.sender.is_certain
    others = [a for a in match.contact_accounts if certain and a not in match.owners]
    found |= set(await address_store.list_addresses(session, item.tenant, incoming.kind, others))
    people = await find_people(session, item.tenant, {account_id for account_id, _ in found})
    written = {
        (account_id, contact.email.strip().casefold()): contact.email.strip()
        for account_id, contact in people.items()
        if contact.email is not None
    }
    keys = match.owners
    return sorted(
        {
            (account_id, written.get((account_id, address), address))
            for account_id, address in found
            if address is not None
        },
        key=lambda target: (keys.get(target[0], ""), *target),
    )


async def _record(
    session: Session,
    clock_mode: Clock,
    item: OpenItem,
    account_id: str,
    address: str,
    state: ConsentState,
) -> None:
    consent = ChannelConsent(
        channel=item.channel,
        kind=item.channel,
        state=state,
        at=item.received_at,
        address=address,
        form="written",
        evidence=f"inbound {item.inbound_id}",
    )
    await record_consent(session, item.tenant, account_id, clock_mode, consent, BY, is_dated=True)


async def _is_stopped(session: Session, item: OpenItem, account_id: str, address: str) -> bool:
    known = await list_consents(session, item.tenant, account_id, item.channel)
    current = current_consents([consent for consent, _ in known], item.received_at)
    return any(c.state == "revoked" and c.address == address for c in current)


async def _close_channel(
    session: Session, clock_mode: Clock, item: OpenItem, account_id: str
) -> None:
    """Until a person has read it nobody is reached over the channel."""
    known = await list_preferences(session, item.tenant, account_id)
    current = current_preferences([p for p, _ in known], item.received_at).get("refused_channels")
    refused = list(current.value or ()) if current is not None else []
    if item.channel in refused:
        return
    wish = Preference(
        "refused_channels",
        [*refused, item.channel],
        item.received_at,
        f"inbound {item.inbound_id}",
    )
    await record_preferences(session, item.tenant, account_id, clock_mode, [wish], BY)


async def _wrong_party(session: Session, item: OpenItem, incoming: Incoming, match: Match) -> None:
    """Nobody there is the debtor: no message goes to it any more."""
    targets = await _targets(session, item, incoming, match)
    accounts = {account_id for account_id, _ in targets}
    known = await find_address_states(session, item.tenant, accounts)
    states = []
    for account_id, address in targets:
        key = (account_id, item.channel, address)
        state = known.get(key) or AddressState(*key)
        states.append(
            replace(
                state,
                state=WRONG_PARTY,
                because=cause_of(item.inbound_id),
                changed_at=item.received_at,
            )
        )
    await upsert_address_states(session, item.tenant, states)


# ------------------------------------------------------------------------------ pauses and tasks


async def _pauses(
    session: Session, item: OpenItem, match: Match, sender: Sender, answer: Answer
) -> None:
    day = local_day(item.received_at, sender.zone)
    if answer.pause is None:
        if item.tries > 1:  # it waited for the ledger
            await end_pauses(session, item.tenant, sender.account_ids, item.inbound_id, day)
        return
    account_ids = match.asked_accounts if answer.pause == "claim" else sender.account_ids
    await pause_accounts(
        session,
        item.tenant,
        account_ids,
        answer.pause,
        item.inbound_id,
        day,
        is_endless=answer.is_pause_endless,
    )


async def _tasks(
    session: Session,
    item: OpenItem,
    incoming: Incoming,
    match: Match,
    sender: Sender,
    answer: Answer,
) -> None:
    if answer.task is None:
        return
    notes = [note for note in (answer.note, incoming.note) if note]
    task = NewTask(
        kind=answer.task,
        account_id=sender.account_id,
        cause=cause_of(item.inbound_id),
        due_at=item.received_at,
        contact_id=match.contact_id,
        debtor_id=match.debtor_id,
        invoice_ids=answer.command.invoice_ids if answer.command is not None else (),
        note="; ".join(notes) or None,
        opened_at=item.received_at,
    )
    await open_tasks(session, item.tenant, item.received_at, [task])


# --------------------------------------------------------------------------------------- events


def _entries(item: OpenItem, match: Match, answer: Answer) -> list[TimelineEntry]:
    """Announced under the account of the reply; a STOP from a number of several debtors under the
    lowest account of each."""
    by_debtor: dict[str, str] = {}
    if answer.state == "applied":  # else nobody knows whose it is
        for account_id, key in sorted(match.owners.items()):
            by_debtor.setdefault(key, account_id)
    sender = match.sender
    if sender is not None and match.debtor_key is not None:
        by_debtor = {match.debtor_key: sender.account_id}
    zone = sender.zone if sender is not None else "UTC"
    return [
        entry
        for account_id in by_debtor.values()
        for entry in _of_account(item, match, answer, account_id, zone)
    ]


def _of_account(
    item: OpenItem, match: Match, answer: Answer, account_id: str, zone: str
) -> list[TimelineEntry]:
    received = outreach.ReplyReceived(
        inbound_id=item.inbound_id,
        account_id=account_id,
        contact_id=match.contact_id,
        channel=item.channel,
        reply_class=answer.reply_class,
        effect=answer.effect,
        received_at=item.received_at,
    )
    found: list[tuple[str, Struct]] = [("reply-received", received)]
    touch = {
        "touch_id": item.inbound_id,
        "account_id": account_id,
        "contact_id": match.contact_id,
        "channel": item.channel,
        "touched_at": item.received_at,
    }
    if answer.is_wrong_party:
        data: Struct = outreach.WrongPartyContacted(outcome="wrong-party", **touch)  # type: ignore[arg-type]
        found.append(("wrong-party-contacted", data))
    if answer.command is not None:
        data = outreach.RightPartyContacted(outcome=answer.command.name, **touch)  # type: ignore[arg-type]
        found.append(("right-party-contacted", data))
    day = local_day(item.received_at, zone)
    return [
        TimelineEntry(
            Announcement(type_, item.inbound_id, account_id, item.received_at, day, data),
            account_id,
            (account_id,),
        )
        for type_, data in found
    ]


async def hand_over(session: Session, item: OpenItem, failure: str) -> None:
    """What cannot be read is a person's, and he is told why."""
    if await store.lock_open(session, item):
        await end_item(session, item, Ending("for-person", "none", failure=failure))
