"""What every run works with: the database, the peers, the words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from services.outreach.clients import LedgerClient, Mailer, MailServer
from services.outreach.commands.plans import Words
from services.outreach.compliance import RuleBook
from services.outreach.domain.messages import Creditor, Templates
from services.outreach.domain.strategies import Strategies
from services.outreach.rulebooks.store import RuleBooks
from shared import clock
from shared.business_time import Clock
from shared.database import Database
from shared.documents import BuiltIn


@dataclass(frozen=True)
class Sender:
    """Who writes."""

    address: str
    name: str
    postal_address: str | None = None
    tax_id: str | None = None


@dataclass(frozen=True)
class Office:
    db: Database
    ledger: LedgerClient
    mailer: Mailer | None  # None: no channel is configured
    words: Words
    templates: Templates
    sender: Sender
    clock: Clock
    shelves: RuleBooks

    @property
    def creditor(self) -> Creditor:
        """As disclosures name them."""
        return Creditor(self.sender.name, self.sender.postal_address, self.sender.tax_id)

    def business_now(self, at: datetime) -> datetime:
        """The instant at which something that is done now, in a run for `at`, is done."""
        return clock.now() if self.clock == "system" else at

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
        rulebooks: Sequence[BuiltIn[RuleBook]],
        residence_default: str | None,
    ) -> Self:
        templates = Templates(template_sources)
        return cls(
            db=db,
            ledger=LedgerClient(ledger_url, token),
            mailer=Mailer(MailServer.from_url(smtp_url)) if smtp_url is not None else None,
            words=Words(strategies, templates.versions, residence_default),
            templates=templates,
            sender=sender,
            clock=clock,
            shelves=RuleBooks(rulebooks),
        )

    async def close(self) -> None:
        """Let go of the peers; the database is its opener's."""
        await self.ledger.close()
        if self.mailer is not None:
            await self.mailer.close()
