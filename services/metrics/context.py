"""What the doors of metrics work with: opened by `app.py`, `worker.py` and `rebuild.py`."""

from dataclasses import dataclass

from services.metrics.clients.mail import AlertMailer
from services.metrics.clients.peers import PeerClient
from services.metrics.settings import Settings
from services.metrics.store.generations import ENTERING
from services.metrics.store.live import Live
from shared.business_time import Clock
from shared.database import Database
from shared.database.clock_guard import ClockGuard
from shared.process.compute import ComputePool
from shared.process.watchdog import exit_now


@dataclass(frozen=True, slots=True)
class Context:
    """The database, the live stream's source, where long answers are computed, and the ways out."""

    db: Database
    clock: Clock
    guard: ClockGuard  # before days begin by themselves
    live: Live
    pool: ComputePool
    peers: PeerClient  # whom plans act on
    mailer: AlertMailer | None  # None: there is no mail server

    async def close(self) -> None:
        await self.peers.close()
        if self.mailer is not None:
            await self.mailer.close()
        self.live.close()
        await self.pool.close()
        await self.db.close()


def open_context(settings: Settings, application: str) -> Context:
    """Connects to nothing before it is asked. `application` is the name that the server shows."""
    db = Database(
        settings.database_url, application=application, when_replaced=exit_now, entering=ENTERING
    )
    mode, server = settings.common.clock, settings.mail_server
    return Context(
        db=db,
        clock=mode,
        guard=ClockGuard(db, mode, last="the last begun day"),
        live=Live(db),
        pool=ComputePool(),
        peers=PeerClient(settings.peer_urls, settings.common.service_token),
        mailer=None if server is None else AlertMailer(server, settings.mail_from),
    )
