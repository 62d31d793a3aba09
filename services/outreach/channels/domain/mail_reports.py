"""What mail servers report about messages of ours: bounces (RFC 3464) and complaints (ARF,
RFC 5965). Pure; the mail of strangers is read to a bounded size and depth, whatever it holds.
"""

import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import Final, Literal

from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.mail_status import bounce_class
from services.outreach.channels.domain.tokens import (
    LinkKey,
    read_address_local_part,
    read_address_token,
)
from shared.mail_status import STATUS

REPORT_BYTES_MAX: Final = 256 * 1024  # what is read of a report: its own parts come first
PARTS_MAX: Final = 50
DEPTH_MAX: Final = 20
_BOUNDARY = re.compile(rb"^[ \t]*--", re.MULTILINE)
BOUNDARIES_MAX: Final = 500
FIELD_MAX: Final = 2000
GROUPS_MAX: Final = 100  # recipients of one report

ReportKind = Literal["bounce", "complaint"]

_DELIVERY = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FEEDBACK = "message/feedback-report"
_ORIGINALS = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"}
)
_FAILED = "failed"
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})
_UNKNOWN = "5.0.0"  # a failure that says no more
_REPLY_CODE = re.compile(r"\b([45])[0-9]{2}\b", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9]\+[A-Za-z0-9]{34}(?=@)", re.ASCII)
_OPT_OUT_PATH = re.compile(r"/u/([A-Za-z0-9]{34})(?![A-Za-z0-9])", re.ASCII)
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
# Complaints that take nothing back: `not-spam` says that it was wanted.
_HARMLESS = frozenset({"not-spam"})
COMPLAINT: Final = "complaint"

Fields = Mapping[str, str]  # of one group, by name in small letters: the first of each name


@dataclass(frozen=True)
class MailReport:
    """A report, with what it says of a contact: nothing, if it only tells of a delay."""

    kind: ReportKind
    receipts: tuple[Receipt, ...]


def read_mail_report(
    raw: bytes, envelope_to: Sequence[str], received_at: datetime, keys: Sequence[LinkKey]
) -> MailReport | None:
    """What a mail reports; None: it is no report. `envelope_to`: whom it was sent to, by SMTP."""
    head = raw[:REPORT_BYTES_MAX]
    if len(_BOUNDARY.findall(head)) > BOUNDARIES_MAX:
        return None
    try:
        message = message_from_bytes(head, policy=compat32)
        parts = list(_parts(message, DEPTH_MAX))[:PARTS_MAX]
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        return None  # no mail server writes such reports
    kind = _kind(message, parts)
    if kind is None:
        return None
    at = _instant(message, received_at)
    if kind == "bounce":
        receipt = _bounce(parts, at, _lead(message, parts, envelope_to, keys))
    else:
        receipt = _complaint(parts, at, _lead(message, parts, (), keys))
    return MailReport(kind, () if receipt is None else (receipt,))


# ------------------------------------------------------------------------------- the parts of it


def _parts(message: Message, depth: int) -> Iterator[Message]:
    """The parts of a mail, not those of mails inside it."""
    yield message
    inner = message.get_payload()
    if depth and message.get_content_maintype() == "multipart" and isinstance(inner, list):
        for part in inner:
            if isinstance(part, Message):
                yield from _parts(part, depth - 1)


def _kind(message: Message, parts: Sequence[Message]) -> ReportKind | None:
    if message.get_content_type() != "multipart/report":
        return None
    types = {part.get_content_type() for part in parts}
    if _FEEDBACK in types:
        return "complaint"
    return "bounce" if types & _DELIVERY else None


def _groups(part: Message) -> list[Fields]:
    """The groups of fields of a machine-readable part, however it was packed."""
    encoding = _text(part.get("Content-Transfer-Encoding", "")).strip().lower()
    inner = part.get_payload()
    is_split = part.get_content_type() == "message/delivery-status"  # by Python's own reader
    if is_split and isinstance(inner, list) and encoding in ("", "7bit", "8bit", "binary"):
        found = [group for group in inner if isinstance(group, Message)]
    else:
        text = _unpacked(inner, encoding).replace("\r\n", "\n")
        found = [HeaderParser().parsestr(group) for group in _BLANK_LINES.split(text.strip())]
    return [_fields(group) for group in found[:GROUPS_MAX]]


def _unpacked(inner: object, encoding: str) -> str:
    if isinstance(inner, list):
        inner = "\n".join(str(each) for each in inner)
    packed = str(inner).encode("utf-8", "surrogateescape")
    try:
        if encoding == "base64":
            packed = binascii.a2b_base64(packed)
        elif encoding == "quoted-printable":
            packed = binascii.a2b_qp(packed)
    except binascii.Error:
        return ""
    return packed.decode("utf-8", "replace")


def _fields(group: Message) -> Fields:
    found: dict[str, str] = {}
    for name, value in group.items():
        found.setdefault(name.lower(), " ".join(_text(value).split()))
    return found


def _text(value: object) -> str:
    """Of a header, which may hold bytes of no known charset."""
    text = str(value)[:FIELD_MAX]
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _instant(message: Message, received_at: datetime) -> datetime:
    """When the report was written, by its own word if that is not after we got it."""
    try:
        at = parsedate_to_datetime(_text(message.get("Date", "")))
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return min(at.astimezone(UTC), received_at)
    except (ValueError, TypeError, OverflowError, IndexError):
        return received_at


# ---------------------------------------------------------------------------- which contact it is


@dataclass(frozen=True)
class _Lead:
    token: str | None = None  # ours, signed
    provider_id: str | None = None  # the Message-ID of what came back


def _lead(
    message: Message,
    parts: Sequence[Message],
    envelope_to: Sequence[str],
    keys: Sequence[LinkKey],
) -> _Lead:
    """By what is ours in it: whom the report was sent to first, then what came back with it."""
    original = next((fields for part in parts if (fields := _original(part))), {})
    feedback = [group for part in parts if part.get_content_type() == _FEEDBACK
                for group in _groups(part)]  # fmt: skip
    places = [
        *envelope_to,
        _text(message.get("To", "")),
        *(group.get("original-mail-from", "") for group in feedback),
        *(original.get(name, "") for name in ("return-path", "reply-to", "list-unsubscribe")),
    ]
    token = next((found for place in places if (found := _token(place, keys))), None)
    return _Lead(token, original.get("message-id") or None)


def _token(text: str, keys: Sequence[LinkKey]) -> str | None:
    """The first token of ours in a text."""
    for match in _ADDRESS.finditer(text[:FIELD_MAX]):
        if read_address_local_part(match[0], keys) is not None:
            return match[0][2:].lower()
    for match in _OPT_OUT_PATH.finditer(text[:FIELD_MAX]):
        if read_address_token("u", match[1], keys) is not None:
            return match[1].lower()
    return None


def _original(part: Message) -> Fields:
    """The headers of the message that came back."""
    if part.get_content_type() not in _ORIGINALS:
        return {}
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        return _fields(inner[0])
    encoding = _text(part.get("Content-Transfer-Encoding", "")).strip().lower()
    return _fields(HeaderParser().parsestr(_unpacked(inner, encoding).replace("\r\n", "\n")))


# ------------------------------------------------------------------------------------ what it says


def _bounce(parts: Sequence[Message], at: datetime, lead: _Lead) -> Receipt | None:
    """Only what has failed for good changes anything. An address that leads to several is dead
    only when all of them are."""
    reports = [part for part in parts if part.get_content_type() in _DELIVERY]
    groups = [group for part in reports for group in _groups(part) if "action" in group]
    actions = [group["action"].split("(")[0].strip().lower() for group in groups]
    failed = [_status(group) for group, action in zip(groups, actions, strict=True)
              if action == _FAILED]  # fmt: skip
    if not failed or (lead.token is None and lead.provider_id is None):
        return None
    code = next((each for each in failed if bounce_class(each) != "hard"), failed[0])
    is_dead = bounce_class(code) == "hard" and _ARRIVED.isdisjoint(actions)
    return Receipt(
        state="failed",
        at=at,
        token=lead.token,
        provider_id=lead.provider_id,
        code=code,
        is_address_dead=is_dead,
    )


def _status(group: Fields) -> str:
    """By `Status`; where a server left it out, by what the next one replied."""
    if match := STATUS.match(group.get("status", "").strip()):
        return match[0]
    diagnostic = group.get("diagnostic-code", "")
    if match := STATUS.search(diagnostic):
        return match[0]
    reply = _REPLY_CODE.search(diagnostic)
    return f"{reply[1]}.0.0" if reply else _UNKNOWN


def _complaint(parts: Sequence[Message], at: datetime, lead: _Lead) -> Receipt | None:
    """Who complains has got the message, and wants none."""
    reports = [part for part in parts if part.get_content_type() == _FEEDBACK]
    types = {group.get("feedback-type", "").lower() for part in reports for group in _groups(part)}
    if not types - {""} - _HARMLESS or (lead.token is None and lead.provider_id is None):
        return None
    return Receipt(
        state="delivered",
        at=at,
        token=lead.token,
        provider_id=lead.provider_id,
        code=COMPLAINT,
        is_consent_revoked=True,
    )
