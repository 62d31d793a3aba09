"""A mail of somebody, read to a bounded size and depth: who wrote what, answering what.

Mail of strangers is hostile. Whatever it holds it is read in bounded time, and nothing of it is
opened, fetched or run.
"""

import binascii
import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parseaddr

from services.outreach.inbound.domain.html_text import html_to_text
from services.outreach.inbound.domain.quoting import is_answer, own_words
from services.outreach.inbound.domain.words import TEXT_MAX
from shared.mail_addresses import deliverable

MAIL_BYTES_MAX = 10 * 1024 * 1024
HEAD_BYTES_MAX = 2 * 1024 * 1024  # what is read of a mail: texts stand before what is attached
SENDER_BYTES_MAX = 64 * 1024  # within which a sender stands
BODY_BYTES_MAX = 512 * 1024
HEADER_MAX = 4_000
PARTS_MAX = 100
DEPTH_MAX = 20
BOUNDARIES_MAX = 1_000
ADDRESSES_MAX = 50
IDS_MAX = 50
_BOUNDARY = re.compile(rb"^[ \t]*--", re.MULTILINE)
_ID = re.compile(r"<([^<>\s]{1,500})>")
_CHARSETS = (
    "ascii", "utf", "iso8859", "cp", "latin", "koi8", "mac", "gb", "big5", "euc", "shift_jis",
    "iso2022", "tis", "windows", "johab", "hz",
)  # fmt: skip
_TO = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
_AUTO = ("x-autoreply", "x-autorespond", "x-autoresponder")


@dataclass(frozen=True)
class IncomingMail:
    """What counts of a mail."""

    from_: str | None = None  # small letters; None: no address that anything could be sent to
    to: tuple[str, ...] = ()  # every address that its headers name as its goal
    answers: tuple[str, ...] = ()  # Message-IDs, the nearest first
    subject: str = ""
    text: str = ""  # what its writer wrote himself
    is_auto: bool = False  # written by a machine
    is_readable: bool = True
    attachments: int = 0

    @property
    def title(self) -> str:
        """The subject, if it is its writer's own and not repeated from ours."""
        return "" if is_answer(self.subject) else self.subject


def read_mail(raw: bytes) -> IncomingMail:
    """Never raises: what is no mail is one that cannot be read."""
    head = raw[:HEAD_BYTES_MAX]
    if len(_BOUNDARY.findall(head)) > BOUNDARIES_MAX:
        head = head[: 64 * 1024]
    try:
        message = message_from_bytes(head, policy=compat32)
        return _mail(message, raw)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError):
        return IncomingMail(is_readable=False)


def sender_of(raw: bytes) -> str | None:
    """By which address it came, from its first headers alone."""
    try:
        head = raw[:SENDER_BYTES_MAX].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        return _address(_header(message_from_bytes(head, policy=compat32), "from"))
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError):
        return None


def _mail(message: Message, raw: bytes) -> IncomingMail:
    parts = list(_leaves(message, DEPTH_MAX, [PARTS_MAX]))
    texts = [p for p in parts if p.get_content_maintype() == "text" and not _is_attached(p)]
    body = _body(texts)
    return IncomingMail(
        from_=_address(_header(message, "from")),
        to=tuple(_addresses(message)),
        answers=tuple(_ids(message)),
        subject=" ".join(_decoded(_header(message, "subject")).split())[:500],
        text=own_words(body)[:TEXT_MAX],
        is_auto=_is_auto(message),
        is_readable=bool(message.keys()) or not raw.strip(),
        attachments=sum(map(_is_attached, parts)),
    )


def _leaves(message: Message, depth: int, left: list[int]) -> Iterator[Message]:
    """The parts that hold something, not those of mails inside it."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if depth and left[0] > 0 and isinstance(part, Message):
                left[0] -= 1
                yield from _leaves(part, depth - 1, left)
    else:
        yield message


def _is_attached(part: Message) -> bool:
    disposition = str(part.get("content-disposition", ""))[:200].strip().lower()
    return disposition.startswith("attachment") or part.get_content_maintype() not in (
        "text",
        "multipart",
    )


def _body(texts: Sequence[Message]) -> str:
    """The plain text; where there is none, that of the HTML."""
    for kind in ("text/plain", "text/html"):
        for part in texts:
            if part.get_content_type() == kind:
                text = _unpacked(part)
                text = html_to_text(text) if kind == "text/html" else text
                if text.strip():
                    return text
    return ""


def _unpacked(part: Message) -> str:
    packed = part.get_payload(decode=True)  # with it the charset is left to us
    if not isinstance(packed, bytes):
        return ""
    return _text(packed[:BODY_BYTES_MAX], _plain(part.get_param("charset", "utf-8")))


def _text(content: bytes, charset: str) -> str:
    """Decoded as it says, if that is a charset of texts; else as most people write."""
    for name in (charset.strip("'\" ")[:40], "utf-8"):
        try:
            known = codecs.lookup(name).name
            if known.startswith(_CHARSETS):
                return content.decode(known, "replace" if name != "utf-8" else "strict")
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


def _header(message: Message, name: str) -> str:
    """The first of the name, however it is broken, cut to a bounded length."""
    return _plain(message.get(name, ""))


def _plain(value: object) -> str:
    text = str(value)[:HEADER_MAX]
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _decoded(text: str) -> str:
    """RFC 2047's encoded words as what they stand for."""
    if "=?" not in text:
        return text
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError, binascii.Error):
        return text
    return "".join(
        _text(part, charset or "utf-8") if isinstance(part, bytes) else part
        for part, charset in parts
    )


def _address(header: str) -> str | None:
    found = deliverable(parseaddr(header)[1])
    return found.casefold() if found is not None else None


def _addresses(message: Message) -> Iterable[str]:
    headers = [_plain(value) for name in _TO for value in message.get_all(name, [])[:5]]
    pairs = getaddresses(headers)[:ADDRESSES_MAX]
    found = [deliverable(address) for _, address in pairs]
    return dict.fromkeys(address.casefold() for address in found if address is not None)


def _ids(message: Message) -> Iterable[str]:
    """What it answers: the message named, then those before it, the last first."""
    named = _ID.findall(_header(message, "in-reply-to"))
    before = _ID.findall(_header(message, "references"))
    return list(dict.fromkeys([*named, *reversed(before)]))[:IDS_MAX]


def _is_auto(message: Message) -> bool:
    """RFC 3834, and what machines wrote before it; notices of reading besides."""
    submitted = _header(message, "auto-submitted").split(";")[0].split("(")[0].strip().lower()
    if submitted not in ("", "no"):
        return True
    if any(message.get(name) is not None for name in _AUTO):
        return True
    if _header(message, "precedence").strip().lower() in ("auto_reply", "auto-reply"):
        return True
    is_report = message.get_content_type() == "multipart/report"
    return is_report and "disposition-notification" in _header(message, "content-type").lower()
