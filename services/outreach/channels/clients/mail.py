"""E-mail over SMTP as a channel: an intent becomes a message, a reply what became of it."""

from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.clients.smtp import Handover, Mailer, MailServer
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
from services.outreach.channels.domain.messages import Envelope, email, message_id
from services.outreach.channels.domain.parts import EmailParts
from shared.addresses import BadUrl
from shared.errors import Unavailable

_BLAME = {"server": "provider", "mailbox": "recipient", "unclear": "unclear"}


class MailChannel:
    """One mail server, and who writes over it."""

    def __init__(self, mailer: Mailer, address: str, name: str) -> None:
        self._mailer = mailer
        self._address = address
        self._name = name

    async def send(self, intent: Intent) -> Sent:
        own_id = message_id(intent.contact_id, self._address)

        async def content() -> bytes | None:
            parts = await intent.parts()
            if parts is None:
                return None
            assert isinstance(parts, EmailParts), "an e-mail has the parts of one"
            envelope = Envelope(
                sender=self._address,
                sender_name=self._name,
                recipient=intent.to,
                recipient_name=intent.to_name,
                message_id=own_id,
                at=intent.at,
                language=intent.language,
            )
            return email(envelope, parts.subject, parts.text, parts.html)

        return _sent(await self._mailer.deliver(self._address, intent.to, content), own_id)

    async def find(self, intent: Intent) -> Found:
        return CannotSay()  # a mail server does not tell what it has taken

    async def close(self) -> None:
        await self._mailer.close()


def open_mail(setup: ProviderSetup) -> MailChannel:
    """Of a provider of the kind `smtp`. Raises `Unavailable`."""
    try:
        server = MailServer.from_url(setup.secret)
    except BadUrl as error:
        raise Unavailable(f"the variable {setup.provider.secret} {error}") from error
    address = setup.provider.from_ or setup.sender.address
    return MailChannel(Mailer(server), address, setup.settings.creditor.name or setup.sender.name)


def _sent(handover: Handover, own_id: str) -> Sent:
    match handover.fate:
        case "sent":
            return Accepted(own_id)
        case "refused":
            return Refused(handover.code)
        case "uncertain":
            return Unknown(handover.code)
        case "withdrawn":
            return Withdrawn()
        case _:
            return Later(handover.code, blame=_BLAME[handover.blame])  # type: ignore[arg-type]
