"""Write the contact record: what was announced of contacts, and what is about to be sent.

Entries are chained all at once at the end of a transaction, account by account in one order, just
before its events are numbered: nobody waits for a record longer than for the log.
"""

from collections.abc import Iterable, Sequence

from services.outreach.activity.domain.contact_record import NewEntry, chained, entries_of
from services.outreach.activity.store import contact_record as store
from services.outreach.activity.store.contact_record import AccountName
from shared.database import Session
from shared.events import Event


def record_events(session: Session, events: Iterable[tuple[Event, tuple[str, ...]]]) -> None:
    """What announcements put into the records of the accounts that they cover."""
    record_entries(session, [e for event, accounts in events for e in entries_of(event, accounts)])


def record_entries(session: Session, entries: Sequence[NewEntry]) -> None:
    """Stand in the record when the transaction commits, in this order."""
    if entries:
        session.collect(_chain, entries)


async def _chain(session: Session, entries: Sequence[NewEntry]) -> None:
    by_account: dict[AccountName, list[NewEntry]] = {}
    for entry in entries:
        by_account.setdefault((entry.tenant, entry.account_id), []).append(entry)
    heads = await store.lock_heads(session, by_account)
    rows = []
    for key, own in by_account.items():
        n, prev = heads[key]
        for entry in own:
            link = chained(entry, n + 1, prev)
            n, prev = link.n, link.hash
            rows.append((key, link))
        heads[key] = (n, prev)
        await session.give_way()
    await store.insert_entries(session, rows, heads)
