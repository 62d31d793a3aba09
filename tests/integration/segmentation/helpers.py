"""Stories through a real database."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from services.segmentation.commands.scoring import reassess_accounts
from services.segmentation.context import Context
from services.segmentation.domain.policy import Policy, parse_text
from services.segmentation.settings import DEFAULT_POLICY
from services.segmentation.store.account_memory import AccountMemory
from services.segmentation.store.active_policies import ActivePolicies
from services.segmentation.store.active_rules import ActiveRules
from shared.database import Database
from shared.events import Event, Received
from shared.log import outbox
from shared.process.compute import ComputePool
from tests.unit.segmentation.builders import Story

POLICY: Policy = parse_text(DEFAULT_POLICY.read_text(encoding="utf-8"))


def context_for(db: Database) -> Context:
    """A process's context on this database."""
    return Context(
        db=db,
        clock="manual",
        rules=ActiveRules(ActivePolicies(POLICY)),
        accounts=AccountMemory(),
        compute=ComputePool(),
    )


class Said(Struct, frozen=True):
    """A row of the outbox, without what differs from run to run."""

    key: str
    type: str
    payload: dict[str, object]


def growing_old(account_id: str = "C1", tenant: str = "demo", minor: int = 10_000) -> Story:
    """Registered, billed, one month past due, disputed by nobody, paid in the end."""
    story = Story(tenant, account_id).registered(0)
    story.issued("I1", 1, due=14, minor=minor, balance=minor)
    story.overdue("I1", 15, due=14, stage=1, balance=minor, overdue=minor)
    story.overdue("I1", 45, due=14, stage=31, balance=minor, overdue=minor)
    return story


async def take(
    db: Database, events: Iterable[Received], *, size: int = 500, context: Context | None = None
) -> None:
    """Hand events over as the consumer does, in batches of at most `size`."""
    rest, context = list(events), context or context_for(db)
    while rest:
        batch, rest = rest[:size], rest[size:]
        async with db.transaction() as session:
            await reassess_accounts(session, batch, context)


async def said(db: Database) -> list[Said]:
    """What segmentation announced, in order."""
    rows = await db.fetch("select aggregateid, type, payload from outbox order by seq")
    return [
        Said(row["aggregateid"], row["type"], msgspec.json.decode(row["payload"])) for row in rows
    ]


async def segments_of(db: Database, account_id: str = "C1") -> list[object]:
    """The segments that were announced of an account, in order."""
    found = await said(db)
    return [
        item.payload["to"]
        for item in found
        if item.type == "segment-changed" and item.payload["account_id"] == account_id
    ]


async def publish(producer: Database, events: Iterable[Received]) -> None:
    """Say events in a producer's own log."""
    async with producer.transaction() as session:
        outbox.append(
            session,
            [
                Event(
                    topic=event.topic,
                    tenant=event.tenant,
                    key=event.key,
                    type=event.type,
                    entity=event.key,
                    cause=event.id,
                    time=event.time,
                    day=event.day,
                    recordedtime=event.recordedtime,
                    data=event.decode(),
                )
                for event in events
            ],
        )
