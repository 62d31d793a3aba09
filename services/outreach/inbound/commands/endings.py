"""What follows from a reply: consents, pauses, tasks, events; all of it with the item's ending."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from msgspec import Struct

from services.outreach.activity.commands import announce, open_tasks
from services.outreach.activity.domain.address_marks import mark_of
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.activity.store.addresses import find_addresses_of
from services.outreach.activity.store.debtors import mark_dirty
from services.outreach.consents.commands import (
    Refusal,
    allow_address,
    record_preferences,
    refuse_address,
)
from services.outreach.consents.domain import Preference, current_preferences
from services.outreach.consents.store import list_preferences
from services.outreach.debtors.commands.addresses import mark_wrong_party
from services.outreach.inbound.commands.pauses import cause_of, end_pauses, pause_for
from services.outreach.inbound.domain.decisions import ReplyAnswer, ReplySender
from services.outreach.inbound.domain.incoming import Incoming
from services.outreach.inbound.domain.items import Ending, OpenItem
from services.outreach.inbound.store import items as store
from shared import clock
from shared.business_time import Clock
from shared.clock import local_day
from shared.database import Session
from shared.events import Announcement, outreach
from shared.process.crash import crash_point

Touch = outreach.RightPartyContacted | outreach.WrongPartyContacted

BY = "inbound"


@dataclass(frozen=True)
class Match:
    """Whose reply it is."""

    sender: ReplySender | None = None
    debtor_key: str | None = None
    debtor_id: str | None = None
    contact_id: str | None = None
    contact_accounts: tuple[str, ...] = ()  # those that the answered contact speaks of
    owners: dict[str, str] = field(default_factory=dict)  # accounts with the address: their debtors

    @property
    def is_certain(self) -> bool:
        return self.sender is not None and self.sender.is_certain

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
    answer: ReplyAnswer,
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
        await _wrong_party(session, item, incoming)
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
    answer: ReplyAnswer,
) -> None:
    evidence = f"inbound {item.inbound_id}"
    if answer.is_consent_revoked:
        for address, also in await _refused(session, item, incoming, match):
            refusal = Refusal(_channel(item), address, evidence, item.received_at)
            await refuse_address(session, item.tenant, clock_mode, refusal, BY, also=also)
    elif answer.is_consent_given_back and incoming.address is not None:
        refusal = Refusal(_channel(item), incoming.address, evidence)
        await allow_address(session, item.tenant, clock_mode, refusal, item.received_at, BY)
    elif answer.closes_channel and match.sender is not None:
        await _close_channel(session, clock_mode, item, match.sender.account_id)


def _channel(item: OpenItem) -> Literal["email", "sms"]:
    return "email" if item.channel == "email" else "sms"


async def _refused(
    session: Session, item: OpenItem, incoming: Incoming, match: Match
) -> list[tuple[str, tuple[str, ...]]]:
    """The address that it came from; where a message of ours is answered from another one, that to
    which it went, on the accounts that it spoke of."""
    found: dict[str, tuple[str, ...]] = {}
    if incoming.address is not None:
        found[incoming.address] = ()
    if match.is_certain and match.contact_accounts and not match.owners:
        addresses = await find_addresses_of(
            session, item.tenant, item.channel, match.contact_accounts
        )
        found |= dict.fromkeys(addresses, match.contact_accounts)
    return sorted(found.items())


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


async def _wrong_party(session: Session, item: OpenItem, incoming: Incoming) -> None:
    """Nobody there is the debtor: no message goes to it any more."""
    if incoming.address is None:
        return
    mark = mark_of(item.tenant, item.channel, incoming.address)
    await mark_wrong_party(
        session,
        item.tenant,
        item.channel,
        mark,
        item.received_at,
        because=f"inbound {item.inbound_id}",
    )


# ------------------------------------------------------------------------------ pauses and tasks


async def _pauses(
    session: Session, item: OpenItem, match: Match, sender: ReplySender, answer: ReplyAnswer
) -> None:
    day = local_day(item.received_at, sender.zone)
    if answer.pause is None:
        if item.tries > 1:  # it waited for the ledger
            await end_pauses(session, item.tenant, sender.account_ids, item.inbound_id, day)
        return
    await pause_for(
        session,
        item,
        sender,
        answer.pause,
        match.asked_accounts,
        is_endless=answer.is_pause_endless,
    )


async def _tasks(
    session: Session,
    item: OpenItem,
    incoming: Incoming,
    match: Match,
    sender: ReplySender,
    answer: ReplyAnswer,
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


def _entries(item: OpenItem, match: Match, answer: ReplyAnswer) -> list[TimelineEntry]:
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
    item: OpenItem, match: Match, answer: ReplyAnswer, account_id: str, zone: str
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

    def touch(kind: type[Touch], outcome: str) -> Touch:
        return kind(
            touch_id=item.inbound_id,
            account_id=account_id,
            contact_id=match.contact_id,
            channel=item.channel,
            outcome=outcome,
            touched_at=item.received_at,
        )

    if answer.is_wrong_party:
        found.append(("wrong-party-contacted", touch(outreach.WrongPartyContacted, "wrong-party")))
    if answer.command is not None:
        found.append(
            ("right-party-contacted", touch(outreach.RightPartyContacted, answer.command.name))
        )
    day = local_day(item.received_at, zone)
    return [
        TimelineEntry(
            Announcement(type_, item.inbound_id, account_id, item.received_at, day, data),
            account_id,
            (account_id,),
        )
        for type_, data in found
    ]


async def hand_over(
    session: Session, item: OpenItem, failure: str, match: Match | None = None
) -> None:
    """What cannot be read is a person's, and he is told why. Where it is known whose it is, he is
    asked to answer, and nobody asks for money meanwhile."""
    sender = match.sender if match is not None else None
    if match is not None and match.debtor_key is not None:
        await mark_dirty(session, {(item.tenant, match.debtor_key)})
    if not await store.lock_open(session, item):
        return
    if match is None or sender is None:
        await end_item(session, item, Ending("for-person", "none", failure=failure))
        return
    await pause_for(session, item, sender, "reply", (), is_endless=False)
    task = NewTask(
        kind="reply",
        account_id=sender.account_id,
        cause=cause_of(item.inbound_id),
        due_at=item.received_at,
        contact_id=match.contact_id,
        debtor_id=match.debtor_id,
        note=failure,
        opened_at=item.received_at,
    )
    await open_tasks(session, item.tenant, item.received_at, [task])
    ending = Ending(
        "for-person",
        "task",
        debtor_key=match.debtor_key,
        account_id=sender.account_id,
        contact_id=match.contact_id,
        failure=failure,
    )
    await end_item(session, item, ending)
