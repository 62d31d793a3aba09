"""What a process of the ledger works with: opened once, handed to every door and command."""

from dataclasses import dataclass, field

from services.ledger.settings import Settings
from services.ledger.store.memory import AccountMemory
from services.ledger.store.policies import Policies
from shared.business_time import Clock
from shared.database import Database
from shared.database.clock_guard import ClockGuard
from shared.process.compute import ComputePool
from shared.process.watchdog import exit_now

FILES_MAX = 8  # that are read at a time: one tenant's file takes minutes, others don't wait


def _readers() -> ComputePool:
    """Reads files apart from the event loop."""
    return ComputePool(size=FILES_MAX)


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the clock's mode, and what this process remembers."""

    db: Database
    clock: Clock
    guard: ClockGuard  # before days begin by themselves
    makes_tenants: bool  # local mode: an unknown tenant is made at its first event
    accounts: AccountMemory = field(default_factory=AccountMemory)
    policies: Policies = field(default_factory=Policies)
    begun: set[str] = field(default_factory=set)  # tenants seen to have begun a day
    compute: ComputePool = field(default_factory=ComputePool)  # documents are drawn in it
    files: ComputePool = field(default_factory=_readers)

    async def close(self) -> None:
        await self.compute.close()
        await self.files.close()
        await self.db.close()


def open_context(settings: Settings, *, application: str) -> Context:
    """Opens no connection before it is needed. `application` is its name in the database."""
    db = Database(settings.database_url, application=application, when_replaced=exit_now)
    return Context(
        db=db,
        clock=settings.common.clock,
        guard=ClockGuard(db, settings.common.clock, last="the last begun day"),
        makes_tenants=settings.common.local,
        accounts=AccountMemory(undo_facts=settings.undo_facts),
    )
