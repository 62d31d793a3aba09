"""What a call shall say, kept from the hand-over until the provider asks for it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

SCRIPT_KEPT_FOR: Final = timedelta(hours=1)  # machine time; longer than any telephone rings


@dataclass(frozen=True)
class CallScript:
    """Personal data: it names people and what they owe."""

    tenant: str
    provider: str
    token: str  # of the callback URL: by which it is asked for
    text: str  # TwiML for providers who speak it
