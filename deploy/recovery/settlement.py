"""What four databases need that were brought back, before anything runs on them again."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from deploy.recovery import store
from shared import clock
from shared.addresses import KafkaAccess
from shared.database import Database, holds
from shared.events import BILLING, TOPICS, producer
from shared.log import epochs
from shared.log.kafka import KafkaLog

HOLD = "restored"
HELD_SERVICES = ("ledger", "outreach")
_REASON = (
    "the databases were restored from a copy: what was sent to debtors since may be unknown here, "
    "and billing events may have to be sent again. Release it when they have come in"
)


async def settle(
    urls: Mapping[str, str], cluster: KafkaAccess | None, *, are_of_one_instant: bool
) -> int:
    """Raise the epochs, let readers go on where they can, hold what is done by itself.

    Safe to repeat. Gives the new epoch, which is the same for all.
    """
    async with AsyncExitStack() as held:
        databases = {}
        for service, url in urls.items():
            databases[service] = Database(url, pool_size=2, application="restore")
            held.push_async_callback(databases[service].close)
        epoch = await _raise(databases, are_of_one_instant=are_of_one_instant)
        if cluster is not None:
            await _go_behind(databases, cluster)
        for service in HELD_SERVICES:
            async with databases[service].transaction() as session:
                await holds.place(session, HOLD, _REASON)
    return epoch


async def _raise(databases: Mapping[str, Database], *, are_of_one_instant: bool) -> int:
    """No two restores give the same epoch, whatever was lost between them: it is their second."""
    sources: dict[str, tuple[str, int]] = {}
    replaced = 0
    for service, db in databases.items():
        async with db.transaction() as session:
            sources[service] = await epochs.known(session)
            replaced = max(replaced, await store.marked_epoch(session))
    highest = max(replaced, *(epoch for _, epoch in sources.values()))
    epoch = max(highest + 1, int(clock.now().timestamp()))
    before = {s: await db.database_id() for s, db in databases.items()}
    if are_of_one_instant:
        for db in databases.values():
            async with db.transaction() as session:
                for service, (database_id, _) in sources.items():
                    await epochs.carry(session, before[service], f"{database_id}/{epoch}")
    for db in databases.values():
        async with db.transaction() as session:
            await epochs.raise_to(session, epoch)
    return epoch


async def _go_behind(databases: Mapping[str, Database], access: KafkaAccess) -> None:
    """The topics hold what was taken back. Billing events are read on from the copy's position."""
    own = [topic for topic in TOPICS if topic != BILLING]
    log = KafkaLog(access, own)
    try:
        cluster, ends = await log.id(), await log.ends()
    finally:
        await log.close()
    whole = set()
    for service, db in databases.items():
        async with db.transaction() as session:
            if await epochs.is_whole(session):
                whole.add(service)
    again = frozenset(part for part in ends if producer(part) in whole)
    for db in databases.values():
        async with db.transaction() as session:
            await epochs.go_behind(session, cluster, ends, again)
