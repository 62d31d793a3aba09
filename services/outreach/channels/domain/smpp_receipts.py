"""What an operator's receipt says, and which of our messages it is about.

Receipts are texts by custom (`id:… sub:… dlvrd:… submit date:… done date:… stat:DELIVRD err:000`),
with the same in optional parameters where the operator has these.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from services.outreach.channels.domain.contract import ReceiptState
from services.outreach.channels.domain.smpp import (
    MESSAGE_STATE,
    NETWORK_ERROR,
    RECEIPTED_MESSAGE_ID,
    OperatorDelivery,
)

MessageIds = Literal["text", "hex-decimal"]

_FIELD = re.compile(r"(?i)\b(id|stat|err|done date):\s*(\S*)")
_RECEIPT_MAX = 1000  # characters that are looked at
_STATES: dict[str, ReceiptState] = {
    "ENROUTE": "sent",
    "ACCEPTD": "sent",
    "DELIVRD": "delivered",
    "EXPIRED": "failed",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
}
_BY_NUMBER = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    8: "REJECTD",
}
_GSM_NETWORK, _UNKNOWN_SUBSCRIBER = 3, 1
_DATES = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S"}


@dataclass(frozen=True)
class PartReceipt:
    """How one part of a message ended."""

    part_id: str  # as `part_id` makes it of the operator's id
    state: ReceiptState
    at: datetime
    code: str
    is_address_dead: bool = False


def read_receipt(
    delivery: OperatorDelivery, ids: MessageIds, arrived: datetime
) -> PartReceipt | None:
    """None: it names no message, or no state that says anything."""
    text = delivery.text[:_RECEIPT_MAX]
    fields = {name.lower(): value for name, value in _FIELD.findall(text)}
    word = _word(delivery, fields.get("stat", ""))
    part = _part_id(delivery, fields.get("id", ""), ids)
    if part is None or word not in _STATES:
        return None
    network = delivery.tags.get(NETWORK_ERROR, b"")
    error = f"-{fields['err']}" if fields.get("err", "").strip("0") else ""
    return PartReceipt(
        part,
        _STATES[word],
        _instant(fields.get("done date", ""), arrived),
        f"smpp-{word.lower()}{error}"[:60],
        is_address_dead=_STATES[word] == "failed"
        and len(network) == 3
        and network[0] == _GSM_NETWORK
        and int.from_bytes(network[1:]) == _UNKNOWN_SUBSCRIBER,
    )


def part_id(response: str, ids: MessageIds) -> str:
    """The id that a response gave, in the form in which receipts are looked up: as it stands, or
    the number that it writes in hexadecimal."""
    number = _number(response, 16) if ids == "hex-decimal" else None
    return response if number is None else str(number)


def _part_id(delivery: OperatorDelivery, written: str, ids: MessageIds) -> str | None:
    tagged = delivery.tags.get(RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1")
    if ids == "text":
        return tagged or written or None
    if written:
        number = _number(written, 10)  # receipts count in tens
        return part_id(written, ids) if number is None else str(number)
    return part_id(tagged, ids) if tagged else None


def _word(delivery: OperatorDelivery, written: str) -> str:
    state = delivery.tags.get(MESSAGE_STATE, b"")
    return written.upper()[:7] or (_BY_NUMBER.get(state[0], "") if state else "")


def _number(text: str, base: int) -> int | None:
    if len(text) > 64 or not text.isalnum() or not text.isascii():
        return None
    try:
        return int(text, base)
    except ValueError:
        return None


def _instant(text: str, arrived: datetime) -> datetime:
    """When it ended. Receipts name no zone: read as UTC, and never later than their arrival."""
    form = _DATES.get(len(text))
    try:
        at = datetime.strptime(text, form).replace(tzinfo=UTC) if form else arrived
    except ValueError:
        return arrived
    return min(at, arrived)
