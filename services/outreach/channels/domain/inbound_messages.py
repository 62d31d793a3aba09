"""A short message that somebody sent to us, as its provider hands it over."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class InboundText:
    """One message, its parts joined. Its id is the provider's own, else made of all that it says:
    the same message handed over again has the same id."""

    provider: str  # the name of the provider in the tenant's settings
    id: str
    from_: str  # E.164 where it is a number; else as it came: short codes, names
    to: str
    text: str
    at: datetime  # the provider's instant, or that of its arrival
    tenant: str = ""


# Keeps a message. When it returns, the provider is told that we have it; when it raises, the
# provider is told to come again.
TakeInbound = Callable[[InboundText], Awaitable[None]]
