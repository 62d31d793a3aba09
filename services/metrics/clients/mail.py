"""Mails of alerts, handed to the mail server. Never called with a transaction open."""

from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from services.metrics.settings import MailIdentity
from services.metrics.store.deliveries import Delivery
from shared.mail_addresses import deliverable
from shared.smtp import Handover, Mailer, MailServer
from shared.texts import line


class AlertMailer:
    """One mail at a time, over connections that are kept."""

    def __init__(self, server: MailServer, sender: MailIdentity) -> None:
        self._mailer = Mailer(server)
        self._sender = sender

    async def send(self, delivery: Delivery) -> Handover:
        """Hand it over. The same delivery has the same Message-ID, however often it is sent."""
        address = deliverable(delivery.email)
        if address is None:
            return Handover("refused", "no-address", is_recipients=True)
        content = message_of(delivery, address, self._sender)

        async def message() -> bytes:
            return content

        return await self._mailer.deliver(self._sender.address, address, message)

    async def close(self) -> None:
        await self._mailer.close()


def message_of(delivery: Delivery, address: str, sender: MailIdentity) -> bytes:
    """The mail as it is sent."""
    mail = EmailMessage()
    mail["From"] = formataddr((sender.name, sender.address))
    mail["To"] = address
    mail["Subject"] = line(delivery.subject)
    mail["Date"] = format_datetime(delivery.made_at)
    mail["Message-ID"] = f"<{delivery.delivery_id}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(delivery.body)
    return mail.as_bytes()
