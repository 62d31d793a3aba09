"""An e-mail: what it says, who writes to whom, and its bytes as SMTP takes them.

Nothing that a billing platform sends can add a header or a recipient.
"""

import binascii
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime, formataddr

from services.outreach.channels.domain.addresses import printable
from services.outreach.channels.domain.message_values import CreditorDetails
from shared.mail_addresses import deliverable

SUBJECT_CHARACTERS_MAX = 200
NAME_CHARACTERS_MAX = 120
PLAIN_WORD_MAX = 60  # characters of a word that a header says as it stands: lines are folded
BOUNDARY = "=_recoup_alternative"  # no line of quoted-printable has `=_` in it
WORD_MAX = 75  # of an encoded word (RFC 2047)


@dataclass(frozen=True)
class Sender:
    """Who writes."""

    address: str
    name: str
    postal_address: str | None = None
    tax_id: str | None = None

    @property
    def creditor(self) -> CreditorDetails:
        """As disclosures name them."""
        return CreditorDetails(self.name, self.postal_address, self.tax_id)


@dataclass(frozen=True)
class Envelope:
    """Who writes to whom, and when in business time."""

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    message_id: str
    at: datetime
    language: str | None = None
    reply_to: str | None = None
    opt_outs: tuple[str, ...] = ()  # https: and mailto: addresses (RFC 2369)


def email(envelope: Envelope, subject: str, text: str, html: str) -> bytes:
    """The whole message, ready for SMTP."""
    # The older classes on purpose: the newer ones parse every header they are given, which
    # makes a message ten times as slow to write. What they would check is checked here.
    message = MIMEMultipart("alternative", boundary=BOUNDARY)
    subject = " ".join(printable(subject).split())[:SUBJECT_CHARACTERS_MAX]
    message["Subject"] = subject if _is_plain(subject) else _encoded(subject, "Subject")
    message["From"] = _mailbox(envelope.sender_name, envelope.sender, "From")
    message["To"] = _mailbox(envelope.recipient_name, envelope.recipient, "To")
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message.attach(_part(text, "plain"))
    message.attach(_part(html, "html"))
    return _ways_back(envelope) + message.as_bytes()


def _ways_back(envelope: Envelope) -> bytes:
    """The headers by which a reader answers or opts out: on lines of their own making, because
    addresses have no blank at which a long line could be folded."""
    lines = []
    if envelope.reply_to is not None:
        lines.append(f"Reply-To: {_mailbox('', envelope.reply_to, 'Reply-To')}")
    if envelope.opt_outs:
        urls = ",\n ".join(f"<{_bare(url)}>" for url in envelope.opt_outs)
        lines.append(f"List-Unsubscribe: {urls}")
        if envelope.opt_outs[0].startswith("http"):
            lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")  # RFC 8058
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _part(text: str, subtype: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part["Content-Transfer-Encoding"] = "quoted-printable"  # no line is too long for SMTP
    part.set_payload(binascii.b2a_qp(text.encode(), istext=True).decode("ascii"))
    return part


def _is_plain(text: str) -> bool:
    """Whether a header says a text as it stands; `=?` would begin an encoded word."""
    is_foldable = all(len(word) <= PLAIN_WORD_MAX for word in text.split())
    return text.isascii() and "=?" not in text and is_foldable


def _encoded(text: str, header: str) -> str:
    """The text in encoded words of at most 75 characters, each on a line of its own (RFC 2047)."""
    return Header(text, "utf-8", header_name=header, maxlinelen=WORD_MAX).encode()


def _mailbox(name: str, address: str, header: str) -> str:
    if deliverable(address) != address:
        raise ValueError("not an address that a header may carry")
    name = " ".join(printable(name).split())[:NAME_CHARACTERS_MAX].strip()
    if _is_plain(name):
        return formataddr((name, address))
    return f"{_encoded(name, header)}\n <{address}>"


def _bare(url: str) -> str:
    if not url.isascii() or not url.isprintable() or " " in url or "<" in url or ">" in url:
        raise ValueError("not a URL that a header may carry")
    return url


def message_id(contact_id: str, sender: str) -> str:
    """Stable: the same contact has the same Message-ID, so that a receiver can tell a repeat."""
    return f"<{contact_id}@{sender.rpartition('@')[2]}>"
