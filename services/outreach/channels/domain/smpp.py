"""SMPP 3.4 as bytes: what we send, and what others send to us, read with patience.

What leaves is written by aiosmpplib's messages. What comes is read here: operators use status
codes, tags, kinds of numbers and dates of their own, and none of it may end a connection.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aiosmpplib import NPI, TON, BindTransceiver, PhoneNumber, SubmitSm
from aiosmpplib.codec import GSM7BitCodec

from services.outreach.channels.domain.sms_text import SmsText

HEADER_LENGTH: Final = 16
PDU_LENGTH_MAX: Final = 70_000  # a message_payload of 64 KiB and what is around it

RESPONSE: Final = 0x80000000
GENERIC_NACK: Final = 0x80000000
QUERY_SM: Final = 0x03
SUBMIT_SM: Final = 0x04
DELIVER_SM: Final = 0x05
UNBIND: Final = 0x06
BIND_TRANSCEIVER: Final = 0x09
ENQUIRE_LINK: Final = 0x15
ALERT_NOTIFICATION: Final = 0x102

OK: Final = 0x00
BAD_COMMAND: Final = 0x03
SYSTEM_ERROR: Final = 0x08
BAD_DESTINATION: Final = 0x0B
QUEUE_FULL: Final = 0x14
THROTTLED: Final = 0x58
TEMPORARY_FAILURE: Final = 0x64  # of the receiver: come again
PERMANENT_FAILURE: Final = 0x65  # of the receiver: no use to come again

RECEIPTED_MESSAGE_ID: Final = 0x001E
SAR_REFERENCE: Final = 0x020C
SAR_TOTAL: Final = 0x020E
SAR_NUMBER: Final = 0x020F
NETWORK_ERROR: Final = 0x0423
MESSAGE_PAYLOAD: Final = 0x0424
MESSAGE_STATE: Final = 0x0427

_HEADER = struct.Struct("!IIII")
_UDHI = 0x40  # of esm_class: the message begins with a header of its own
_RECEIPT = 0x04  # of esm_class, in the bits of `_KIND`
_KIND = 0x3C
_JOINED_8, _JOINED_16 = 0x00, 0x08  # elements of that header
_CODINGS = {1: "ascii", 3: "latin-1", 6: "iso8859-5", 7: "iso8859-8", 8: "utf-16-be"}
_NAME_MAX = 11  # letters of a sender that is no number
_GSM = GSM7BitCodec()


class BadPdu(ValueError):
    """What came is no SMPP; there is no telling where the next message begins."""


class BadBody(ValueError):
    """One message is broken; the connection is not."""


@dataclass(frozen=True)
class Pdu:
    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def is_response(self) -> bool:
        return bool(self.command & RESPONSE)

    def written(self) -> bytes:
        length = HEADER_LENGTH + len(self.body)
        return _HEADER.pack(length, self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True)
class OperatorDelivery:
    """What an operator delivers: somebody's message, or a receipt for one of ours."""

    source: str
    destination: str
    is_receipt: bool
    message: bytes  # without its header
    coding: int
    tags: Mapping[int, bytes]
    reference: int | None = None  # of a message in parts
    part: int = 1
    parts: int = 1

    @property
    def text(self) -> str:
        """As somebody wrote it; of a receipt, its plain letters."""
        if self.is_receipt:
            return self.message.decode("latin-1")
        if self.coding in _CODINGS:
            return self.message.decode(_CODINGS[self.coding], errors="replace")
        if self.coding & 0xC0 == 0 and self.coding & 0x0C == 0x08:  # UCS-2 of a message class
            return self.message.decode("utf-16-be", errors="replace")
        return str(_GSM.decode(self.message, "replace")[0])


def read_header(raw: bytes) -> tuple[int, Pdu]:
    """The length of the body that follows, and the message so far."""
    length, command, status, sequence = _HEADER.unpack(raw)
    if not HEADER_LENGTH <= length <= PDU_LENGTH_MAX:
        raise BadPdu(f"a length of {length}")
    return length - HEADER_LENGTH, Pdu(command, status, sequence, b"")


def bind_pdu(system_id: str, password: str, system_type: str, sequence: int) -> bytes:
    message = BindTransceiver(
        sequence_num=sequence, system_id=system_id, password=password, system_type=system_type
    )
    return bytes(message.pdu())


def submit_bodies(sms: SmsText, sender: str, to: str, reference: int) -> Iterator[bytes]:
    """The body of each part. Several are joined by `reference`, one byte."""
    total = len(sms.parts)
    for number, part in enumerate(sms.parts, 1):
        content = _encoded(part, sms)
        if total > 1:
            content = bytes((5, _JOINED_8, 3, reference & 0xFF, total, number)) + content
        message = SubmitSm(
            short_message=part,
            source=sender_address(sender),
            destination=PhoneNumber(to.removeprefix("+"), TON.INTERNATIONAL, NPI.ISDN),
            esm_class=_UDHI if total > 1 else 0,
            registered_delivery=1,  # a receipt, however it ends
            encoding="ucs2" if sms.alphabet == "ucs-2" else None,  # None: the operator's, GSM 03.38
        )
        message.set_encoded_message(content)
        yield bytes(message.pdu())[HEADER_LENGTH:]


def query_body(message_id: str, sender: str) -> bytes:
    source = sender_address(sender)
    numbers = bytes([source.ton, source.npi]) + str(source.number).encode("ascii")
    return b"\0".join((message_id.encode("latin-1"), numbers, b""))


def sender_address(sender: str) -> PhoneNumber:
    """Who it comes from: a number, a short code, or a name of up to 11 letters."""
    digits = sender.removeprefix("+")
    if sender.startswith("+"):
        return PhoneNumber(digits, TON.INTERNATIONAL, NPI.ISDN)
    if digits.isdigit():
        return PhoneNumber(digits, TON.NETWORK_SPECIFIC, NPI.UNKNOWN)
    return PhoneNumber(sender[:_NAME_MAX], TON.ALPHANUMERIC, NPI.UNKNOWN)


def response_id(body: bytes) -> str:
    """The id that the operator gave a message; servers end it with NUL, or forget to."""
    return body.partition(b"\0")[0].decode("latin-1").strip()


def queried_state(body: bytes) -> int:
    """The state of a message, as `query_sm` answers. Raises `BadBody`."""
    reader = _Reader(body)
    reader.text()
    reader.text()
    return reader.byte()


def read_delivery(body: bytes) -> OperatorDelivery:
    """Raises `BadBody`."""
    reader = _Reader(body)
    reader.text()  # service type
    reader.skip(2)
    source = reader.text()
    reader.skip(2)
    destination = reader.text()
    esm_class = reader.byte()
    reader.skip(2)
    reader.text()  # this and the next: times
    reader.text()
    reader.skip(2)
    coding = reader.byte()
    reader.skip(1)
    message = reader.taken(reader.byte())
    tags = reader.tags()
    message = message or tags.get(MESSAGE_PAYLOAD, b"")
    joined = _joined_by_tags(tags)
    if esm_class & _UDHI and message:
        header, message = message[1 : message[0] + 1], message[message[0] + 1 :]
        joined = _joined_by_header(header) or joined
    reference, parts, part = joined or (None, 1, 1)
    return OperatorDelivery(
        source,
        destination,
        esm_class & _KIND == _RECEIPT,
        message,
        coding,
        tags,
        reference,
        part,
        parts,
    )


def _encoded(part: str, sms: SmsText) -> bytes:
    if sms.alphabet == "ucs-2":
        return part.encode("utf-16-be", errors="replace")
    return bytes(_GSM.encode(part)[0])


def _joined_by_header(header: bytes) -> tuple[int, int, int] | None:
    """Reference, parts, part: from the header inside the message."""
    position = 0
    while position + 2 <= len(header):
        name, length = header[position], header[position + 1]
        value = header[position + 2 : position + 2 + length]
        if name == _JOINED_8 and len(value) == 3:
            return _sound(value[0], value[1], value[2])
        if name == _JOINED_16 and len(value) == 4:
            return _sound(value[0] << 8 | value[1], value[2], value[3])
        position += 2 + length
    return None


def _joined_by_tags(tags: Mapping[int, bytes]) -> tuple[int, int, int] | None:
    if SAR_REFERENCE in tags and tags.get(SAR_TOTAL) and tags.get(SAR_NUMBER):
        reference = int.from_bytes(tags[SAR_REFERENCE])
        return _sound(reference, tags[SAR_TOTAL][0], tags[SAR_NUMBER][0])
    return None


def _sound(reference: int, parts: int, part: int) -> tuple[int, int, int] | None:
    return (reference, parts, part) if 1 <= part <= parts and parts > 1 else None


class _Reader:
    """Takes a body apart from its beginning."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    def taken(self, length: int) -> bytes:
        end = self._position + length
        if end > len(self._body):
            raise BadBody("a message ends before its time")
        part = self._body[self._position : end]
        self._position = end
        return part

    def skip(self, length: int) -> None:
        self.taken(length)

    def byte(self) -> int:
        return self.taken(1)[0]

    def text(self) -> str:
        end = self._body.find(b"\0", self._position)
        if end < 0:
            raise BadBody("a text without an end")
        part = self._body[self._position : end]
        self._position = end + 1
        return part.decode("latin-1")

    def tags(self) -> dict[int, bytes]:
        """Optional parameters; what is cut off at the end is left out."""
        found: dict[int, bytes] = {}
        while self._position + 4 <= len(self._body):
            tag, length = struct.unpack("!HH", self.taken(4))
            if self._position + length > len(self._body):
                break
            found[tag] = self.taken(length)
        return found
