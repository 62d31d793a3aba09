"""What channels carry, asked for at the last instant: or why nothing leaves.

Whoever asks hands on what is no content: `Later` after the deadline, `Withdrawn` where we thought
better of it, `Refused` where there is nothing to be said, or too much.
"""

from typing import TypeVar

from services.outreach.channels.domain.contract import (
    TOO_LATE,
    Intent,
    Later,
    Refused,
    Withdrawn,
)
from services.outreach.channels.domain.parts import Parts, SmsParts, VoiceParts
from services.outreach.channels.domain.sms_text import SmsText, sms_text
from shared import clock

P = TypeVar("P", bound=Parts)


async def parts_in_time(intent: Intent, kind: type[P]) -> P | Later | Withdrawn:
    """Its parts, of the kind that the channel carries."""
    if clock.now() >= intent.deadline:
        return Later(TOO_LATE, blame="unclear")
    parts = await intent.parts()
    if parts is None:
        return Withdrawn()
    assert isinstance(parts, kind), f"{kind.__name__} are what this channel carries"
    return parts


async def text_in_time(intent: Intent, segments_max: int) -> SmsText | Later | Refused | Withdrawn:
    """Its text as segments, no more than so many."""
    parts = await parts_in_time(intent, SmsParts)
    if not isinstance(parts, SmsParts):
        return parts
    sms = sms_text(parts.text)
    if not sms.units:
        return Refused("empty-text")
    return Refused("too-many-segments") if sms.segments > segments_max else sms


async def script_in_time(intent: Intent) -> str | Later | Refused | Withdrawn:
    """What a call says."""
    parts = await parts_in_time(intent, VoiceParts)
    if not isinstance(parts, VoiceParts):
        return parts
    return parts.script if parts.script.strip() else Refused("empty-script")
