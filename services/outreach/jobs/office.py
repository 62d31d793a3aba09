"""What every run works with: the database, the peers, the words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from services.outreach.clients import LedgerClient, Mailer, MailServer
from services.outreach.commands.plans import Words
from services.outreach.domain.messages import Templates
from services.outreach.domain.strategies import Strategies
from shared.db import Database
from shared.settings import Clock


@dataclass(frozen=True)
class Sender:
    """Who writes."""

    address: str
    name: str


@dataclass(frozen=True)
class Office:
    db: Database
    ledger: LedgerClient
    mailer: Mailer | None  # None: no channel is configured
    words: Words
    templates: Templates
    sender: Sender
    clock: Clock

    @classmethod
    def open(
        cls,
        db: Database,
        *,
        ledger_url: str,
        token: str | None,
        smtp_url: str | None,
        strategies: Strategies,
        template_sources: Mapping[str, str],
        sender: Sender,
        clock: Clock,
    ) -> Self:
        templates = Templates(template_sources)
        return cls(
            db=db,
            ledger=LedgerClient(ledger_url, token),
            mailer=Mailer(MailServer.from_url(smtp_url)) if smtp_url is not None else None,
            words=Words(strategies, templates.versions),
            templates=templates,
            sender=sender,
            clock=clock,
        )

    async def close(self) -> None:
        """Let go of the peers; the database is its opener's."""
        await self.ledger.close()
        if self.mailer is not None:
            await self.mailer.close()
