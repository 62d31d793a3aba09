"""What outreach's doors and processes work with, opened once in each process."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from services.outreach.channels.clients.factories import factories
from services.outreach.channels.clients.registry import ChannelRegistry
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.message_values import CreditorDetails
from services.outreach.channels.domain.messages import Sender
from services.outreach.channels.domain.recent_opt_outs import RecentOptOuts
from services.outreach.channels.domain.templates import Templates
from services.outreach.channels.processes.channel_log import DatabaseChannelLog
from services.outreach.channels.store import get_settings
from services.outreach.channels.store.templates import TenantTemplates
from services.outreach.dunning.clients import LedgerClient
from services.outreach.dunning.domain.runs import ContentVersions
from services.outreach.dunning.domain.strategy_faults import TenantTexts
from services.outreach.dunning.store.strategies import StrategyBooks
from services.outreach.inbound.domain.word_lists import WordLists
from services.outreach.inbound.processes.channel_log import open_channel_log
from services.outreach.portal.clients import PortalDoor
from services.outreach.rulebooks.store import RuleBooks
from services.outreach.settings import Settings
from services.outreach.webhooks.clients import WebhookClients, open_webhook_clients
from shared import clock
from shared.business_time import Clock
from shared.database import Database, Session
from shared.database.clock_guard import ClockGuard
from shared.process.compute import ComputePool


@dataclass(frozen=True, slots=True)
class Context:
    db: Database
    clock: Clock
    guard: ClockGuard  # before anybody is contacted
    ledger: LedgerClient
    channels: ChannelRegistry  # of all tenants, by their settings
    channel_log: DatabaseChannelLog  # what their adapters learn
    webhooks: WebhookClients
    content: ContentVersions
    templates: Templates  # words, and the templates that come with the platform
    tenant_templates: TenantTemplates
    sender: Sender
    links: Links  # of messages, back to us
    words: WordLists  # that tell what a reply wants
    rulebooks: RuleBooks
    strategies: StrategyBooks
    portal: PortalDoor
    compute: ComputePool  # for what would hold up the event loop
    is_local: bool = True
    recent_opt_outs: RecentOptOuts = field(default_factory=RecentOptOuts)

    @property
    def creditor(self) -> CreditorDetails:
        """As disclosures name them."""
        return self.sender.creditor

    async def has_four_eyes(self, session: Session, tenant: str) -> bool:
        """Whether somebody else must agree before a version of a document comes into force."""
        asked = (await get_settings(session, tenant)).settings.four_eyes_activation
        return not self.is_local if asked is None else asked

    def business_now(self, at: datetime) -> datetime:
        """The instant at which something that is done now, in a run for `at`, is done."""
        return clock.now() if self.clock == "system" else at

    async def tenant_texts(self, session: Session, tenant: str) -> TenantTexts:
        """The words that strategies of the tenant may use: those in force, now or one day."""
        settings = (await get_settings(session, tenant)).settings
        known = await self.tenant_templates.in_force(session, tenant)
        return TenantTexts(templates=known, language=settings.language)

    async def close(self) -> None:
        """Let go of the peers and end the processes that compute; the database is its opener's."""
        await self.compute.close()
        await self.ledger.close()
        await self.portal.ledger.close()
        await self.channels.close()
        await self.webhooks.close()


def open_context(settings: Settings, db: Database) -> Context:
    """The context of a process, on its database."""
    templates = settings.templates
    log = open_channel_log(db, settings.common.clock, settings.links)
    return Context(
        db=db,
        clock=settings.common.clock,
        guard=ClockGuard(db, settings.common.clock, last="the last run of contacts"),
        ledger=LedgerClient(settings.ledger_url, settings.common.service_token),
        channels=ChannelRegistry(
            factories(log),
            settings.secrets,
            settings.sender,
            settings.links,
            letters_dir=settings.letters_dir,
            is_local=settings.common.local,
        ),
        channel_log=log,
        webhooks=open_webhook_clients(
            [key.secret for key in settings.links.keys.all], is_local=settings.common.local
        ),
        content=ContentVersions(
            templates.in_force,
            settings.residence_default,
            templates.text_ids(settings.sender.creditor),
        ),
        templates=templates,
        tenant_templates=TenantTemplates(templates),
        sender=settings.sender,
        links=settings.links,
        words=settings.words,
        rulebooks=RuleBooks(settings.rulebooks),
        strategies=StrategyBooks(settings.packs, settings.assignments),
        portal=PortalDoor(
            LedgerClient(settings.ledger_url, settings.portal_token),
            settings.portal_words,
            is_secure=settings.common.door.cookie_secure,
            public_host=urlsplit(settings.links.public_url).netloc.lower(),
            proxies=settings.portal_proxies,
        ),
        compute=ComputePool(),
        is_local=settings.common.local,
    )
