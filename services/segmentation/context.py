"""What segmentation's doors and commands work with, opened once per process."""

from dataclasses import dataclass

from services.segmentation.settings import Settings
from services.segmentation.store.account_memory import AccountMemory
from services.segmentation.store.active_policies import ActivePolicies
from services.segmentation.store.active_rules import ActiveRules
from shared.business_time import Clock
from shared.database import Database
from shared.process.compute import ComputePool
from shared.process.watchdog import exit_now


@dataclass(frozen=True, slots=True)
class Context:
    """One per process."""

    db: Database
    clock: Clock
    rules: ActiveRules  # policies, models, experiments and indices in force, by tenant
    accounts: AccountMemory  # states that need not be read again
    compute: ComputePool  # for what would hold up the event loop

    @property
    def policies(self) -> ActivePolicies:
        return self.rules.policies

    async def close(self) -> None:
        await self.compute.close()
        await self.db.close()


def open_context(settings: Settings, *, application: str) -> Context:
    """The context of a process; `application` is its name in the database."""
    return Context(
        db=Database(settings.database_url, application=application, when_replaced=exit_now),
        clock=settings.common.clock,
        rules=ActiveRules(ActivePolicies(settings.policy)),
        accounts=AccountMemory(),
        compute=ComputePool(),
    )
