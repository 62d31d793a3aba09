"""Look into mailboxes: what is unseen is kept, then marked as seen. What is fetched again, because
it could not be marked, is the same item."""

import asyncio
from collections.abc import Sequence

from services.outreach.context import Context
from services.outreach.inbound.clients.imap import MailFetcher
from services.outreach.inbound.domain.items import new_mail
from services.outreach.inbound.domain.mailboxes import Mailbox
from services.outreach.inbound.processes.taking import take_item
from shared.errors import Unavailable
from shared.process.failures import survived
from shared.process.tasks import pause

POLL_SECONDS = 30.0
FETCHED_MAX = 200  # in one look, so that a full mailbox holds up nobody


async def poll_mailboxes(
    context: Context, mailboxes: Sequence[Mailbox], *, stop: asyncio.Event
) -> None:
    """Until stopped; each mailbox by itself, so that one that hangs holds up no other."""

    async def poll(mailbox: Mailbox) -> None:
        while not stop.is_set():
            with survived("outreach", "imap", host=mailbox.host, tenant=mailbox.tenant):
                await fetch_mailbox(context, mailbox)
            await pause(stop, POLL_SECONDS)

    await asyncio.gather(*[poll(mailbox) for mailbox in mailboxes])


async def fetch_mailbox(context: Context, mailbox: Mailbox) -> int:
    """What is unseen now; gives how many messages were kept. Raises `Unavailable`."""
    fetcher = MailFetcher(mailbox)
    await asyncio.to_thread(fetcher.__enter__)
    kept = 0
    try:
        for uid in (await asyncio.to_thread(fetcher.unseen))[:FETCHED_MAX]:
            with survived("outreach", "imap", tenant=mailbox.tenant, uid=uid):
                if await _take(context, mailbox, fetcher, uid):
                    kept += 1
    finally:
        await asyncio.to_thread(fetcher.__exit__, None, None, None)
    return kept


async def _take(context: Context, mailbox: Mailbox, fetcher: MailFetcher, uid: str) -> bool:
    try:
        raw = await asyncio.to_thread(fetcher.fetch, uid)
    except OSError as error:
        raise Unavailable(f"the mailbox: {type(error).__name__}") from error
    if raw is None:
        return False
    await take_item(context, mailbox.tenant, new_mail(raw))
    await asyncio.to_thread(fetcher.mark_seen, uid)
    return True
