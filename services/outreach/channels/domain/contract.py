"""What every channel does: send an intent, find out about one, read its provider's receipts.

`Refused` and `Later` mean that surely nothing has left. Whatever is unclear after the first byte
of content is `Unknown`, and is never sent again by itself. A new channel is one module that fulfils
`Channel`, and passes the suite that all channels pass (`tests/integration/outreach/channels/`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from services.outreach.channels.domain.parts import Parts

TOO_LATE = "deadline"  # our own, before anything was handed over
ReceiptState = Literal["sent", "failed", "delivered", "opened"]


@dataclass(frozen=True)
class Intent:
    """One contact that is about to leave."""

    tenant: str
    contact_id: str  # the provider's idempotency key
    to: str  # address in the channel's form: mailbox, E.164 number, postal lines, URL
    to_name: str
    deadline: datetime  # machine time: after it nothing may be begun any more
    callback_token: str  # in callback URLs, return paths and reply addresses
    at: datetime  # business time, as dates in the message tell it
    language: str
    # Rendered at the last instant, when the provider has accepted the recipient, by a check that is
    # young enough; None: withdrawn, and nothing leaves.
    parts: Callable[[], Awaitable[Parts | None]]
    provider_id: str | None = None  # where one is known, for `find`
    since: datetime | None = None  # machine time of the hand-over, for `find`
    details: Mapping[str, str] = field(default_factory=dict)  # channel's own: step, tone, country


@dataclass(frozen=True)
class Accepted:
    provider_id: str
    units: int = 1  # what is paid for: segments, sheets


@dataclass(frozen=True)
class Refused:
    """The provider will never take it. Surely nothing has left."""

    code: str
    is_address_dead: bool = False
    is_consent_revoked: bool = False  # the provider knows that the debtor wants none


@dataclass(frozen=True)
class Later:
    """Not now. Surely nothing has left. `blame`: whose fault it is."""

    code: str
    retry_after: float | None = None  # seconds
    blame: Literal["provider", "recipient", "unclear"] = "provider"


@dataclass(frozen=True)
class Unknown:
    """The hand-over was begun, and how it ended is not known."""

    code: str


@dataclass(frozen=True)
class Withdrawn:
    """`parts` gave nothing: we thought better of it."""


@dataclass(frozen=True)
class NotThere:
    """The provider surely never had it."""


@dataclass(frozen=True)
class CannotSay:
    """The provider can't tell, or not now."""


@dataclass(frozen=True)
class Receipt:
    """What a provider says about an intent: by our token, or by its own id."""

    state: ReceiptState
    at: datetime  # the provider's instant
    token: str | None = None
    provider_id: str | None = None
    code: str = ""
    is_address_dead: bool = False
    is_consent_revoked: bool = False
    outcome: str = ""  # of a call: as the contact rules name it
    seconds: int | None = None  # that a call lasted: what is paid for


Sent = Accepted | Refused | Later | Unknown | Withdrawn
Found = Accepted | NotThere | CannotSay


@dataclass(frozen=True)
class ProviderRequest:
    """What a provider posted to us, as it came."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class ReceiptReader(Protocol):
    """Reads what a provider posts: pure. Raises `Unauthorized` where the signature is wrong."""

    def receipts(self, request: ProviderRequest) -> Sequence[Receipt]: ...
