"""Hand a message over, never on a check that has grown old, and tell how it ended."""

from collections.abc import Callable
from datetime import timedelta

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.channels.clients.registry import (
    BREAKER_OPEN,
    OpenProvider,
    TenantChannels,
)
from services.outreach.channels.domain.balance import imbalances
from services.outreach.channels.domain.contract import (
    Accepted,
    Intent,
    Later,
    Refused,
    Sent,
    Unknown,
    Withdrawn,
)
from services.outreach.channels.domain.creditors import creditor_of
from services.outreach.channels.domain.message_values import MessageValues
from services.outreach.channels.domain.parts import Parts
from services.outreach.channels.domain.rendering import NOT_BALANCED, NotWritten
from services.outreach.context import Context
from services.outreach.dunning.commands.plans import LEASE
from services.outreach.dunning.commands.results import rewrite_intent
from services.outreach.dunning.domain import retries, suppressions
from services.outreach.dunning.domain.agreed_lines import agreed_lines
from services.outreach.dunning.domain.contact_cost import paid
from services.outreach.dunning.domain.intents import FIND_AFTER, callback_token, details_of
from services.outreach.dunning.domain.live_check import is_complete
from services.outreach.dunning.domain.message_content import collectable, content, paid_at
from services.outreach.dunning.domain.outcomes import Outcome, OutcomeKind
from services.outreach.dunning.domain.outgoing import OutgoingMessage, due_of, governed
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.processes.live_check import HANDOVER_SECONDS_MAX, LiveCheck, check
from services.outreach.dunning.store.contacts import is_any_sent
from shared import clock
from shared.process import telemetry
from shared.process.crash import crash_point

CHECKS_MAX = 3  # of one message; a server that keeps it waiting longer gets it another time


class Delivery:
    """One message's hand-over. The check that it rests on may be renewed on the way."""

    def __init__(
        self,
        context: Context,
        tenant: str,
        time: RunTime,
        claim: str,
        message: OutgoingMessage,
        checked: LiveCheck,
        channels: TenantChannels,
        provider: OpenProvider,
        stopped_by: Callable[[], str | None],
    ) -> None:
        self._context = context
        self._tenant = tenant
        self._time = time
        self._claim = claim
        self._outgoing = message
        self._checked = checked
        self._channels = channels
        self._contact = replace(message.contact, language=self._written_in(message.contact))
        self._configured = channels.configured
        self._provider = provider
        self._stopped_by = stopped_by  # the rule under which the run tries nothing more
        self._withdrawn: Outcome | None = None  # why, when we think better of it
        self.blame: str | None = None  # of a message that was not taken for now

    async def hand_over(self) -> Outcome | None:
        """How it ended; None: the claim was lost, and somebody else records how."""
        sent = await self._provider.send(self._intent())
        if isinstance(sent, Withdrawn):
            return self._withdrawn
        if isinstance(sent, Accepted):
            crash_point("outreach.after_handover")
        return await self._outcome(sent)

    def _intent(self) -> Intent:
        return Intent(
            tenant=self._tenant,
            contact_id=self._contact.contact_id,
            to=self._outgoing.recipient,
            to_name=self._outgoing.recipient_name,
            deadline=clock.now() + LEASE,
            callback_token=callback_token(self._context.links, self._contact.contact_id),
            at=self._time.at,
            language=self._language,
            parts=self._parts,
            since=self._contact.handed_at,
            details={**details_of(self._contact), "tenant_zone": self._channels.zone},
        )

    @property
    def _language(self) -> str:
        """In which it is written."""
        return self._contact.language or self._languages[0]

    async def _outcome(self, sent: Sent) -> Outcome:
        contact = self._contact
        match sent:
            case Accepted():
                return Outcome(self._paid(contact, sent.units), "sent", sent.provider_id)
            case Refused():
                return Outcome(
                    contact,
                    "failed",
                    sent.code,
                    is_address_dead=sent.is_address_dead,
                    is_consent_revoked=sent.is_consent_revoked,
                    next_channel=retries.next_channel(contact, self._configured),
                )
            case Unknown():
                uncertain = replace(self._paid(contact, 1), find_at=clock.now() + FIND_AFTER)
                return Outcome(uncertain, "uncertain", sent.code)
            case Later():
                return await self._not_taken(sent)
            case Withdrawn():
                raise AssertionError("was looked at before")

    def _paid(self, contact: DebtorContact, units: int) -> DebtorContact:
        """With what it costs to have sent it."""
        return paid(contact, self._channels.settings.costs, self._outgoing.recipient, units)

    async def _not_taken(self, later: Later) -> Outcome:
        """Another time, or over another channel. A mailbox is given up some day; where it is not
        clear whose fault it is, only if others got their messages meanwhile."""
        at, recipient = self._time.at, self._outgoing.recipient
        if later.code == BREAKER_OPEN:
            seconds = later.retry_after or 0.0
            contact = retries.stopped(self._contact, at, seconds)
            return Outcome(contact, "deferred", suppressions.CHANNEL_UNAVAILABLE)
        self.blame = later.blame
        contact = retries.put_off(self._contact, later, recipient, at)
        other = retries.next_channel(contact, self._configured)
        if contact.given_up != self._contact.given_up and other is not None:
            return Outcome(replace(contact, retry_at=None), "deferred", retries.rule_of(later))
        is_over = later.blame != "provider" and retries.has_refused_for_days(contact, at)
        if is_over and (later.blame == "recipient" or await self._are_others_served(contact)):
            return Outcome(contact, "suppressed", suppressions.MAILBOX_GIVEN_UP)
        return Outcome(contact, "deferred", retries.rule_of(later))

    async def _are_others_served(self, contact: DebtorContact) -> bool:
        assert contact.refused_since is not None
        async with self._context.db.reading() as session:
            return await is_any_sent(session, self._tenant, contact.refused_since)

    async def _parts(self) -> Parts | None:
        """The message, on a check young enough; None if it must not leave now."""
        stopped_by = self._stopped_by()
        if stopped_by is not None:
            if stopped_by == suppressions.CHANNEL_UNAVAILABLE:
                self._contact = retries.stopped(self._contact, self._time.at)
            self._withdraw("deferred", stopped_by)
            return None
        for _ in range(CHECKS_MAX):
            if self._checked.age_seconds <= HANDOVER_SECONDS_MAX:
                return self._rendered() if self._is_lawful() else None
            if not await self._check_again():
                return None
        self._withdraw("deferred", suppressions.LIVE_CHECK_STALE)
        return None

    def _is_lawful(self) -> bool:
        """Whether it may still leave: by the machine's clock where that is the business's."""
        at = self._context.business_now(self._time.at)
        last = self._contact.decision
        if (
            last is not None
            and last.at == at
            and self._contact.items == self._outgoing.contact.items
        ):
            return True  # a manual clock stands still: it was asked about this very instant
        message = self._outgoing.with_contact(self._contact)
        setup = self._provider.setup
        creditor = creditor_of(setup.settings, setup.sender)
        result = governed(message, at, self._context.templates, creditor)
        if isinstance(result, Outcome):
            self._withdrawn = result
            return False
        self._contact = result.contact
        return True

    async def _check_again(self) -> bool:
        context, contact = self._context, self._contact
        checked = await check(context.ledger, self._tenant, contact.account_ids)
        if isinstance(checked, str) or not is_complete(checked.accounts, contact.account_ids, {}):
            rule = checked if isinstance(checked, str) else suppressions.LIVE_CHECK_UNANSWERED
            self._withdraw("deferred", rule)
            return False
        before = {cover.account_id: cover.checked_sequence for cover in contact.covers}
        message = self._outgoing.with_contact(contact)
        due = due_of(message, checked.accounts, before, context.content)
        if isinstance(due, Outcome):
            self._withdrawn = due
            return False
        contact = replace(due, state="intent", attempted_at=self._time.at)
        async with context.db.transaction() as session:
            held = await rewrite_intent(
                session,
                self._tenant,
                contact,
                claim=self._claim,
                lease_until=clock.now() + LEASE,
            )
        self._contact, self._checked = contact, checked
        return held

    def _rendered(self) -> Parts | None:
        """Filled with what the check says; None: it cannot be written, and is not sent."""
        context, contact = self._context, self._contact
        try:
            template = context.content.templates.find(contact.template)
            if template is None:
                raise NotWritten("no-template", str(contact.template))
            message = context.templates.render(
                template, contact.channel, self._languages, self._values()
            )
        except NotWritten as error:
            telemetry.logger(__name__).error(
                "message not written", reason=error.reason, template=contact.template
            )
            self._withdraw("failed", error.reason)
            return None
        telemetry.CHECK_TO_HANDOVER_SECONDS.labels("outreach").observe(self._checked.age_seconds)
        return message

    @property
    def _languages(self) -> tuple[str, ...]:
        return self._outgoing.languages(self._time.at, self._channels.settings.language)

    def _written_in(self, contact: DebtorContact) -> str | None:
        """The first of the reader's languages in which the template has the channel."""
        templates = self._context.content.templates
        return templates.language_of(contact.template, contact.channel, self._languages)

    def _values(self) -> MessageValues:
        """Raises `NotWritten` where the totals are not what the ledger says is collectable."""
        context, contact, setup = self._context, self._contact, self._provider.setup
        accounts = self._checked.accounts
        governor = self._outgoing.governor
        assert governor is not None, "a message is decided on before it is written"
        agreed = agreed_lines(contact, governor.occasions, accounts)
        lists = content(contact.items, accounts, agreed)
        if faults := imbalances(lists, collectable(contact.items, accounts)):
            raise NotWritten(NOT_BALANCED, "; ".join(faults))
        expires_at = self._time.at + timedelta(days=setup.settings.portal.link_days)
        return MessageValues(
            name=self._outgoing.recipient_name,
            creditor=creditor_of(setup.settings, setup.sender),
            content=lists,
            pay_url=paid_at(lists, governor.payment_urls),
            portal_url=self._outgoing.portal_url
            or context.links.portal(self._tenant, contact.contact_id, expires_at),
            text_ids=contact.disclosures,
            country=self._outgoing.country,
            code=self._outgoing.code,
        )

    def _withdraw(self, kind: OutcomeKind, why: str) -> None:
        self._withdrawn = Outcome(self._contact, kind, why)
