"""Read one item: whose it is, what it wants, what follows. One at a time has it; what fails is
tried again, and what cannot be read is a person's: nothing is dropped."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.mail_reports import read_mail_report
from services.outreach.context import Context
from services.outreach.dunning.domain.live_check import CheckedAccount
from services.outreach.dunning.processes.service_messages import send_asked
from services.outreach.inbound.commands.confirmations import ask_to_confirm
from services.outreach.inbound.commands.endings import Match, end_item, end_reply, hand_over
from services.outreach.inbound.commands.pauses import pause_waiting
from services.outreach.inbound.commands.receipts import note_answered, take_receipts
from services.outreach.inbound.domain.classes import Reading
from services.outreach.inbound.domain.confirmations import confirmation
from services.outreach.inbound.domain.decisions import (
    KnownDebt,
    KnownInvoice,
    ReplyAnswer,
    ReplySender,
    answer,
    commanded,
    needs_ledger,
)
from services.outreach.inbound.domain.incoming import Incoming, incoming_mail, incoming_text
from services.outreach.inbound.domain.items import Command, Ending, OpenItem, read_receipts
from services.outreach.inbound.domain.mail import read_mail
from services.outreach.inbound.processes.matching import match_sender
from services.outreach.inbound.store import items as store
from shared import clock
from shared.database import Session
from shared.errors import AppError, Unavailable, is_retriable
from shared.ids import event_id
from shared.process.crash import crash_point
from shared.process.failures import note_failure, survived

LEASE = timedelta(seconds=90)  # of machine time: longer than the ledger may take to answer
TRIES_MAX = 5  # of what fails for a reason of its own
WAIT_SECONDS_MAX = 300.0
ACTOR = "debtor"
ADDRESSED = ("email", "sms")  # channels in which an address is somebody's


async def read_item(context: Context, tenant: str, inbound_id: str) -> bool:
    """This one, now. False: it was not to be read."""
    async with context.db.transaction() as session:
        item = await store.claim_item(session, tenant, inbound_id, clock.now(), LEASE)
    if item is None:
        return False
    await _read(context, item)
    return True


async def read_next(context: Context) -> bool:
    """The one that has waited longest. False: none waits."""
    async with context.db.transaction() as session:
        item = await store.claim_next(session, clock.now(), LEASE)
    if item is None:
        return False
    await _read(context, item)
    return True


async def _read(context: Context, item: OpenItem) -> None:
    try:
        await _ended(context, item)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this item's, and it is kept
        if not is_retriable(error):
            note_failure("outreach", "inbound", error, tenant=item.tenant, id=item.inbound_id)
        await _put_back(context, item, error)


async def _put_back(context: Context, item: OpenItem, error: Exception) -> None:
    """Later, again; what keeps failing is a person's."""
    wait = min(WAIT_SECONDS_MAX, 2.0**item.tries)
    reason = error.detail if isinstance(error, AppError) else type(error).__name__
    if item.tries >= TRIES_MAX and not is_retriable(error):
        await _give_up(context, item, f"cannot be read: {reason}"[:200])
        return
    async with context.db.transaction() as session:
        try_at = clock.now() + timedelta(seconds=wait)
        await store.put_back(session, item, try_at, reason[:200])


async def _give_up(context: Context, item: OpenItem, failure: str) -> None:
    """To a person; whose it is stands in the envelope, or in the sender's address."""
    is_given = False
    with survived("outreach", "inbound", tenant=item.tenant, inbound_id=item.inbound_id):
        async with context.db.transaction() as session:
            known = Incoming(
                reading=Reading("other"),
                text="",
                address=item.sender,
                contact_ids=(),
                account_id=item.envelope.account_id,
            )
            await hand_over(session, item, failure, await match_sender(session, item, known))
        is_given = True
    if not is_given:
        async with context.db.transaction() as session:
            await hand_over(session, item, failure)


async def _ended(context: Context, item: OpenItem) -> None:
    if item.kind == "receipts":
        await _take_receipts(context, item)
        return
    keys = context.links.keys.all
    if item.kind == "text" or item.kind == "message":
        incoming = incoming_text(item, context.words)
    else:
        report = await asyncio.to_thread(
            read_mail_report, item.content, item.envelope.to, item.received_at, keys
        )
        if report is not None:
            async with context.db.transaction() as session:
                if await store.lock_open(session, item):
                    await _take(context, session, item, report.receipts)
                    await end_item(session, item, Ending("receipt", "receipt"))
            return
        mail = await asyncio.to_thread(read_mail, item.content)
        incoming = incoming_mail(item, mail, context.words, keys)
    if incoming.is_auto:
        async with context.db.transaction() as session:
            if await store.lock_open(session, item):
                await end_item(session, item, Ending("auto-reply", "none", "auto-reply"))
        return
    await _answer(context, item, incoming)


async def _take_receipts(context: Context, item: OpenItem) -> None:
    receipts = read_receipts(item.content)
    async with context.db.transaction() as session:
        if await store.lock_open(session, item):
            await _take(context, session, item, receipts)
            await end_item(session, item, Ending("receipt", "receipt"))


async def _take(
    context: Context, session: Session, item: OpenItem, receipts: Sequence[Receipt]
) -> None:
    await take_receipts(session, item.tenant, context.clock, context.links, receipts)


# -------------------------------------------------------------------------------------- replies


async def _answer(context: Context, item: OpenItem, incoming: Incoming) -> None:
    async with context.db.reading() as session:
        match = await match_sender(session, item, incoming)
    decided = await _decided(context, item, incoming, match)
    given: object = None
    if decided.command is not None:
        decided, given = await _commanded(context, item, decided, decided.command)
    replying = confirmation(item, incoming, match, decided, given)
    asked: tuple[DebtorContact, str] | None = None
    async with context.db.transaction() as session:
        if match.contact_id is not None:
            await note_answered(
                session, item.tenant, context.clock, context.links, match.contact_id,
                item.received_at,
            )  # fmt: skip
        is_ours = await end_reply(session, context.clock, item, incoming, match, decided)
        if is_ours and replying is not None:
            asked = await ask_to_confirm(session, context.clock, item, replying)
    if asked is not None:
        with survived("outreach", "inbound", tenant=item.tenant, inbound_id=item.inbound_id):
            await send_asked(context, item.tenant, *asked)


async def _decided(
    context: Context, item: OpenItem, incoming: Incoming, match: Match
) -> ReplyAnswer:
    if item.command is not None:  # the ledger was asked already, or was about to be
        return commanded(item.command)
    sender, reading = match.sender, incoming.reading
    if sender is None:
        return _of_unknown(reading, match, item.channel)
    debt = KnownDebt()
    if needs_ledger(reading):
        accounts = match.asked_accounts if reading.reply_class == "promise" else sender.account_ids
        debt = await _debt(context, item, sender, accounts)
    return answer(
        reading,
        incoming.text,
        sender,
        debt,
        context.words,
        channel=item.channel,
        received_at=item.received_at,
        inbound_id=item.inbound_id,
    )


def _of_unknown(reading: Reading, match: Match, channel: str) -> ReplyAnswer:
    """Whose it is, is not known: a word to stop holds for every account that has the
    address, or will have it."""
    if reading.reply_class == "stop" and channel in ADDRESSED:
        return ReplyAnswer("stop", "applied", "consent", is_consent_revoked=True)
    if reading.reply_class == "start" and channel in ADDRESSED:
        return ReplyAnswer("start", "applied", "consent", is_consent_given_back=True)
    if match.owners and reading.reply_class == "wrong-party":
        return ReplyAnswer("wrong-party", "applied", "address", is_wrong_party=True)
    return ReplyAnswer(reading.reply_class, "for-person", "none")


async def _debt(
    context: Context, item: OpenItem, sender: ReplySender, accounts: tuple[str, ...]
) -> KnownDebt:
    """What the ledger says now. While it says nothing the debtor is left alone."""
    try:
        checked = (await context.ledger.collectable(item.tenant, accounts)).by_account()
    except Unavailable:
        async with context.db.transaction() as session:
            await pause_waiting(session, item, sender)
        raise
    return _known(checked)


def _known(checked: Mapping[str, CheckedAccount]) -> KnownDebt:
    return KnownDebt(
        tuple(
            KnownInvoice(
                account.account_id,
                invoice.invoice_id,
                invoice.number,
                invoice.currency,
                invoice.owed_minor,
            )
            for account in checked.values()
            for invoice in account.invoices
        ),
        {
            (account.account_id, amounts.currency): amounts.collectable_minor
            for account in checked.values()
            for amounts in account.amounts
        },
    )


async def _commanded(
    context: Context, item: OpenItem, decided: ReplyAnswer, command: Command
) -> tuple[ReplyAnswer, object]:
    """What follows, and the ledger's own words. The command is kept before it is asked, so that
    asked again it is asked the same."""
    if item.command is None:
        async with context.db.transaction() as session:
            await store.save_command(session, item, command)
    key = event_id(item.tenant, "outreach", "inbound-command", item.inbound_id, command.name)
    given = await context.ledger.command(
        item.tenant, "POST", command.path, command.body, key, ACTOR
    )
    crash_point("outreach.command.after_answer")
    if given.is_done:
        return decided, given.body
    return decided.refused(_reason(given.status, given.body)), None


def _reason(status: int, body: object) -> str:
    """Why the ledger would not, in its words."""
    parts = [f"the ledger refused it ({status})"]
    if isinstance(body, dict):
        parts.append(str(body.get("detail") or body.get("title") or ""))
        errors = body.get("errors")
        for error in errors[:5] if isinstance(errors, list) else ():
            if isinstance(error, dict):
                parts.append(f"{error.get('pointer', '')} {error.get('detail', '')}".strip())
    return ": ".join(part for part in parts if part)[:1000]
