"""A text that left in parts, and what its parts' receipts say of the whole.

Delivered when all parts are, failed as soon as one is: in any order, however often it is told.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from services.outreach.channels.domain.contract import Receipt, ReceiptState
from services.outreach.channels.domain.inbound_messages import InboundText


@dataclass(frozen=True)
class SentPart:
    """One part that an operator took; or one that it did not take, when others had left."""

    number: int
    part_id: str  # by which receipts name it
    message_id: str  # as the operator gave it: by which it is asked for
    failure: str = ""  # why it never left


@dataclass(frozen=True)
class SentText:
    """A contact's text, as far as it left."""

    tenant: str
    provider: str
    contact_id: str
    token: str
    total: int
    parts: tuple[SentPart, ...]


@dataclass(frozen=True)
class InboundPart:
    """One part of a message that somebody sent to us. `key` names the whole."""

    tenant: str
    provider: str
    from_: str
    to: str
    text: str
    at: datetime
    key: str
    number: int = 1
    total: int = 1


@dataclass(frozen=True)
class PartState:
    """What is known of one part."""

    state: ReceiptState
    at: datetime
    code: str = ""
    is_address_dead: bool = False


_RANKS: dict[ReceiptState, int] = {"sent": 1, "failed": 2, "delivered": 3, "opened": 4}


def risen(before: PartState | None, after: PartState) -> PartState:
    """A part's state only rises."""
    if before is None or _RANKS[after.state] > _RANKS[before.state]:
        return after
    return before


def whole(token: str, total: int, parts: Collection[PartState]) -> Receipt | None:
    """What is to be said of the message; None: nothing yet."""
    failed = [part for part in parts if part.state == "failed"]
    if failed:
        first = min(failed, key=lambda part: (part.at, part.code))
        return Receipt(
            "failed",
            first.at,
            token=token,
            code=first.code,
            is_address_dead=any(part.is_address_dead for part in failed),
        )
    if not parts:
        return None
    if len(parts) == total and all(part.state == "delivered" for part in parts):
        return Receipt("delivered", max(part.at for part in parts), token=token)
    return Receipt("sent", min(part.at for part in parts), token=token)


def joined(parts: Sequence[InboundPart]) -> InboundText:
    """The message of its parts, at least one, in their order. Of several the id is made of all that
    they say: references are used again after 256 messages."""
    first = parts[0]
    text = "".join(part.text for part in sorted(parts, key=lambda part: part.number))
    name = first.key
    if first.total > 1:
        day = first.at.date().isoformat()
        name = sha256("\0".join((first.key, text, day)).encode()).hexdigest()
    return InboundText(
        provider=first.provider,
        id=name,
        from_=first.from_,
        to=first.to,
        text=text,
        at=min(part.at for part in parts),
        tenant=first.tenant,
    )
