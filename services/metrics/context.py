"""What the doors of metrics work with: opened by `app.py`, `worker.py` and `rebuild.py`."""

from dataclasses import dataclass

from services.metrics.settings import Settings
from services.metrics.store.live import Live
from shared.business_time import Clock
from shared.database import Database
from shared.process.compute import ComputePool
from shared.process.watchdog import exit_now


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the live stream's source, and where long answers are computed."""

    db: Database
    clock: Clock
    live: Live
    pool: ComputePool

    async def close(self) -> None:
        self.live.close()
        await self.pool.close()
        await self.db.close()


def open_context(settings: Settings, application: str) -> Context:
    """Connects to nothing before it is asked. `application` is the name that the server shows."""
    db = Database(settings.database_url, application=application, when_replaced=exit_now)
    return Context(db, settings.common.clock, Live(db), ComputePool())
