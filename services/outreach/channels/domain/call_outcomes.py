"""How a call went: what a dialler says of it, in the words of the contact rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.outreach.channels.domain.contract import Receipt, ReceiptState

CallStatus = Literal["answered", "busy", "no-answer", "not-in-service", "failed"]
AnsweredBy = Literal["human", "machine", "unknown"]
CallOutcome = Literal[
    "busy",
    "no_answer",
    "not_in_service",
    "voicemail_limited_content",
    "voicemail_no_message",
    "conversation",
    "answered_dropped",
]

CONVERSATION_SECONDS: Final = 10  # from here on something has been talked about


@dataclass(frozen=True)
class CallResult:
    """What became of one call."""

    status: CallStatus
    answered_by: AnsweredBy = "unknown"
    seconds: int = 0
    left_message: bool = False

    @property
    def outcome(self) -> CallOutcome | None:
        """None: it failed before anybody's telephone rang."""
        match self.status:
            case "busy":
                return "busy"
            case "no-answer":
                return "no_answer"
            case "not-in-service":
                return "not_in_service"
            case "failed":
                return None
        if self.answered_by == "machine":
            return "voicemail_limited_content" if self.left_message else "voicemail_no_message"
        if self.seconds >= CONVERSATION_SECONDS:
            return "conversation"
        return "answered_dropped"

    @property
    def state(self) -> ReceiptState:
        """Of the contact: delivered where somebody or something heard us, failed where nobody can.
        Who did not pick up has been tried: the call counts as sent."""
        if self.status in ("failed", "not-in-service"):
            return "failed"
        if self.status == "answered" and self.outcome != "voicemail_no_message":
            return "delivered"
        return "sent"

    @property
    def is_address_dead(self) -> bool:
        return self.status == "not-in-service"

    @property
    def code(self) -> str:
        return self.outcome or "call-failed"

    def receipt(
        self, at: datetime, *, token: str | None = None, provider_id: str | None = None
    ) -> Receipt:
        return Receipt(
            self.state,
            at,
            token=token,
            provider_id=provider_id,
            code=self.code,
            is_address_dead=self.is_address_dead,
            outcome=self.outcome or "",
            seconds=self.seconds,
        )
