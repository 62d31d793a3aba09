"""Hand a message over, never on a check that has grown old, and say how it ended."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from jinja2 import TemplateError

from services.outreach.clients import Handover, Mailer
from services.outreach.commands.plans import LEASE, Moment
from services.outreach.commands.results import Kind, Outcome, rewrite_intent
from services.outreach.domain import contacts as rules
from services.outreach.domain.addressing import Bench
from services.outreach.domain.collectable import judge
from services.outreach.domain.contacts import Contact, worded
from services.outreach.domain.messages import Envelope, content, message_id
from services.outreach.jobs.checks import HANDOVER_SECONDS_MAX, Checked, check
from services.outreach.jobs.office import Office
from shared import clock
from shared.process import telemetry
from shared.process.crash import crash_point

CHECKS_MAX = 3  # of one message; a server that keeps it waiting longer gets it another time


@dataclass(frozen=True)
class Letter:
    """A contact by e-mail that is about to be handed over."""

    contact: Contact
    recipient: str
    recipient_name: str
    bench: Bench | None = None  # the governor, with what is known of the debtor

    @property
    def language(self) -> str | None:
        """In which the debtor is written to, where that is known."""
        accounts = self.bench.dossier.accounts if self.bench is not None else ()
        return next(
            (a.details.language for a in accounts if a.details and a.details.language), None
        )


def governed(office: Office, letter: Letter, at: datetime) -> Letter | Outcome:
    """The letter with what the contact rules say of it at that instant; or why it may not leave."""
    contact, bench = letter.contact, letter.bench
    assert bench is not None, "a letter is judged by what is known of its debtor"
    ruling = bench.govern(at, contact.items, letter.recipient)
    contact = replace(contact, ruling=ruling)
    leading = ruling.leading
    if ruling.verdict != "allow" and leading is not None:
        kind: Kind = "deferred" if ruling.verdict == "defer" else "suppressed"
        return Outcome(contact, kind, leading.rule)
    if office.templates.unworded(ruling.text_ids, letter.language, office.creditor):
        return Outcome(contact, "suppressed", rules.NO_WORDS)
    return replace(letter, contact=contact)


class Sending:
    """One letter's hand-over. The check that it rests on may be renewed on the way."""

    def __init__(
        self,
        office: Office,
        mailer: Mailer,
        tenant: str,
        moment: Moment,
        claim: str,
        letter: Letter,
        checked: Checked,
        barred: Callable[[], str | None],
    ) -> None:
        self._office = office
        self._mailer = mailer
        self._tenant = tenant
        self._moment = moment
        self._claim = claim
        self._letter = letter
        self._contact = letter.contact
        self._checked = checked
        self._barred = barred  # the rule under which the run tries nothing more
        self._withdrawn: Outcome | None = None  # why, when we think better of it
        self.is_server_away = False  # nobody else's message will get through either

    async def hand_over(self) -> Outcome | None:
        """How it ended; None: the claim was lost, and somebody else says how."""
        handover = await self._mailer.deliver(
            self._office.sender.address, self._letter.recipient, self._message
        )
        if handover.fate == "withdrawn":
            return self._withdrawn
        if handover.fate == "sent":
            crash_point("outreach.after_handover")
        return self._outcome(handover)

    def _outcome(self, handover: Handover) -> Outcome:
        contact = self._contact
        match handover.fate:
            case "sent":
                return Outcome(contact, "sent", self._message_id)
            case "refused":
                return Outcome(contact, "failed", handover.code)
            case "uncertain":
                return Outcome(contact, "uncertain", handover.code)
            case _:
                self.is_server_away = not handover.code.startswith("smtp-")
                return Outcome(contact, "deferred", rules.CHANNEL_UNAVAILABLE)

    @property
    def _message_id(self) -> str:
        return message_id(self._contact.contact_id, self._office.sender.address)

    async def _message(self) -> bytes | None:
        """The message, on a check young enough; None if it must not leave now."""
        barred = self._barred()
        if barred is not None:
            self._withdraw("deferred", barred)
            return None
        for _ in range(CHECKS_MAX):
            if self._checked.age_seconds <= HANDOVER_SECONDS_MAX:
                return self._rendered() if self._is_lawful() else None
            if not await self._check_again():
                return None
        self._withdraw("deferred", rules.LIVE_CHECK_STALE)
        return None

    def _is_lawful(self) -> bool:
        """Whether it may still leave: by the machine's clock where that is the business's."""
        at = self._office.business_now(self._moment.at)
        last = self._contact.ruling
        if last is not None and last.at == at and self._contact.items == self._letter.contact.items:
            return True  # a manual clock stands still: it was asked about this very instant
        ruled = governed(self._office, replace(self._letter, contact=self._contact), at)
        if isinstance(ruled, Outcome):
            self._withdrawn = ruled
            return False
        self._contact = ruled.contact
        return True

    async def _check_again(self) -> bool:
        office, contact = self._office, self._contact
        checked = await check(office.ledger, self._tenant, contact.account_ids)
        if isinstance(checked, str) or not checked.covers(contact.account_ids, {}):
            rule = checked if isinstance(checked, str) else rules.LIVE_CHECK_UNANSWERED
            self._withdraw("deferred", rule)
            return False
        verdict = judge(contact.items, checked.accounts, office.words.strategies)
        if not verdict.items:
            before = {cover.account_id: cover.checked_sequence for cover in contact.covers}
            is_news = checked.is_ahead(contact.account_ids, before)
            self._withdrawn = Outcome(contact, "cancelled", verdict.because, is_news=is_news)
            return False
        sequences = {name: account.sequence for name, account in checked.accounts.items()}
        contact = worded(
            contact,
            verdict.items,
            office.words.strategies,
            office.words.template_versions,
            sequences,
        )
        contact = replace(contact, state="intent", attempted_at=self._moment.at)
        async with office.db.transaction() as session:
            held = await rewrite_intent(
                session,
                self._tenant,
                contact,
                claim=self._claim,
                lease_until=clock.now() + LEASE,
            )
        self._contact, self._checked = contact, checked
        return held

    def _rendered(self) -> bytes | None:
        office, contact = self._office, self._contact
        assert contact.template is not None, "an e-mail has a template"
        envelope = Envelope(
            sender=office.sender.address,
            sender_name=office.sender.name,
            recipient=self._letter.recipient,
            recipient_name=self._letter.recipient_name,
            message_id=self._message_id,
            at=self._moment.at,
            language=self._letter.language,
            creditor=office.creditor,
        )
        said = content(contact.items, self._checked.accounts, office.words.strategies)
        try:
            message = office.templates.email(contact.template, envelope, said, contact.disclosures)
        except (TemplateError, ValueError) as error:
            telemetry.logger(__name__).error("message not written", reason=type(error).__name__)
            self._withdraw("failed", "message-not-written")
            return None
        telemetry.CHECK_TO_HANDOVER_SECONDS.labels("outreach").observe(self._checked.age_seconds)
        return message

    def _withdraw(self, kind: Kind, why: str) -> None:
        self._withdrawn = Outcome(self._contact, kind, why)
