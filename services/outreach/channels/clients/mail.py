"""E-mail over SMTP as a channel: an intent becomes a signed message, and an SMTP reply what became
of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Later,
    Refused,
    Sent,
    Unknown,
    Withdrawn,
)
from services.outreach.channels.domain.dkim_signature import DkimKey, signed
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.mail_status import bounce_class
from services.outreach.channels.domain.messages import Envelope, email, message_id
from services.outreach.channels.domain.parts import EmailParts
from services.outreach.channels.domain.tokens import TokenLetter, address_local_part
from shared import clock
from shared.addresses import BadUrl
from shared.errors import Invalid, Unavailable
from shared.mail_addresses import deliverable
from shared.smtp import (
    SMTP_TIMEOUT_SECONDS,
    Blame,
    Handover,
    Mailer,
    MailServer,
)

BAD_ADDRESS = "address-unusable"
_BLAME: Mapping[Blame, Literal["provider", "recipient", "unclear"]] = {
    "server": "provider",
    "mailbox": "recipient",
    "unclear": "unclear",
}


@dataclass(frozen=True)
class MailSender:
    """Who writes, and to which domains answers and bounces go."""

    address: str
    name: str
    reply_domain: str | None = None  # None: answers go to the address, and are nobody's
    bounce_domain: str | None = None  # None: bounces do
    dkim: DkimKey | None = None  # None: messages leave unsigned


class MailChannel:
    """One mail server, and who writes over it."""

    def __init__(self, mailer: Mailer, sender: MailSender, links: Links) -> None:
        self._mailer = mailer
        self._sender = sender
        self._links = links

    async def send(self, intent: Intent) -> Sent:
        recipient = deliverable(intent.to)
        if recipient is None:
            return Refused(BAD_ADDRESS, is_address_dead=True)
        sender, contact_id = self._sender, intent.contact_id

        async def content() -> bytes | None:
            parts = await intent.parts()
            if parts is None:
                return None
            assert isinstance(parts, EmailParts), "an e-mail has the parts of one"
            return self._message(intent, recipient, parts)

        handover = await self._mailer.deliver(
            self._own("b", contact_id, sender.bounce_domain) or sender.address,
            recipient,
            content,
            deadline=intent.deadline,
        )
        return _sent(handover, message_id(contact_id, sender.address))

    def _message(self, intent: Intent, recipient: str, parts: EmailParts) -> bytes:
        sender, contact_id = self._sender, intent.contact_id
        opt_out = self._own("u", contact_id, sender.reply_domain)
        envelope = Envelope(
            sender=sender.address,
            sender_name=sender.name,
            recipient=recipient,
            recipient_name=intent.to_name,
            message_id=message_id(contact_id, sender.address),
            at=intent.at,
            language=intent.language,
            reply_to=self._own("r", contact_id, sender.reply_domain),
            opt_outs=(
                self._links.opt_out(contact_id),
                *(() if opt_out is None else (f"mailto:{opt_out}",)),
            ),
        )
        message = email(envelope, parts.subject, parts.text, parts.html)
        return message if sender.dkim is None else signed(message, sender.dkim, clock.now())

    def _own(self, letter: TokenLetter, contact_id: str, domain: str | None) -> str | None:
        """An address of ours that leads back to the contact."""
        if domain is None:
            return None
        local_part = address_local_part(letter, contact_id, self._links.keys.signing)
        return deliverable(f"{local_part}@{domain}")  # as SMTP takes it

    async def find(self, intent: Intent) -> Found:
        return CannotSay()  # a mail server does not tell what it has taken

    async def close(self) -> None:
        await self._mailer.close()


def open_mail(
    setup: ProviderSetup, *, timeout_seconds: float = SMTP_TIMEOUT_SECONDS
) -> MailChannel:
    """Of a provider of the kind `smtp`. Raises `Unavailable`."""
    provider = setup.provider
    try:
        server = MailServer.from_url(setup.secret)
    except BadUrl as error:
        raise Unavailable(f"the variable {provider.secret} {error}") from error
    dkim = None
    if (given := provider.dkim) is not None:
        try:
            dkim = DkimKey.read(given.domain, given.selector, setup.secret_of(given.secret))
        except Invalid as error:
            raise Unavailable(f"the variable {given.secret} {error.detail}") from error
    sender = MailSender(
        address=deliverable(provider.from_) or setup.sender.address,
        name=setup.settings.creditor.name or setup.sender.name,
        reply_domain=provider.reply_domain,
        bounce_domain=provider.bounce_domain,
        dkim=dkim,
    )
    return MailChannel(Mailer(server, timeout_seconds=timeout_seconds), sender, setup.links)


def _sent(handover: Handover, own_id: str) -> Sent:
    match handover.fate:
        case "sent":
            return Accepted(own_id)
        case "refused":
            is_dead = handover.is_recipients and bounce_class(handover.status) == "hard"
            return Refused(handover.status or handover.code, is_address_dead=is_dead)
        case "uncertain":
            return Unknown(handover.code)
        case "withdrawn":
            return Withdrawn()
        case _:
            return Later(handover.code, blame=_BLAME[handover.blame])
