"""An endpoint that is told of events, and when a try that failed is made again.

Strictly in order for each endpoint and account: an event waits for the one before it, until that is
taken or set aside.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import FieldError
from shared.events import METRICS, OUTREACH, SCHEMAS

TOPICS = (OUTREACH, METRICS)  # whose events endpoints may want
TYPES = tuple(sorted(type_ for topic, type_ in SCHEMAS if topic in TOPICS))
TYPES_MAX = 100
ENDPOINTS_MAX = 50  # of a tenant
BOTH_SECRETS_HOLD = timedelta(hours=24)  # after a rotation
SILENT_MAX = timedelta(days=5)  # without a success, while tries fail: then it is switched off
# After the first try and each of the next ones; then the event is set aside.
RETRIES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
)
_NONCE_BYTES = 12

State = Literal["on", "off"]


@dataclass(frozen=True)
class Endpoint:
    """Where a tenant's events are posted."""

    webhook_id: str
    tenant: str
    url: str
    types: tuple[str, ...]
    state: State
    created_at: datetime  # this and the others: machine time
    sealed: bytes = field(repr=False)  # the secret
    sealed_before: bytes | None = field(repr=False, default=None)
    before_until: datetime | None = None
    off_because: str | None = None
    succeeded_at: datetime | None = None
    failing_since: datetime | None = None
    failing_because: str | None = None

    def is_given_up(self, now: datetime) -> bool:
        """Whether it has failed for so long that nobody seems to be there any more."""
        return self.failing_since is not None and now - self.failing_since >= SILENT_MAX


@dataclass(frozen=True)
class WaitingEvent:
    """The first event of an account that an endpoint has not taken yet."""

    tenant: str
    webhook_id: str
    key: str
    ord: int  # its place in the endpoint's order
    event_id: str
    type: str
    body: bytes
    tries: int  # that have failed


def retry_at(now: datetime, tries: int, retry_after: float | None = None) -> datetime | None:
    """When it is tried again after so many failed tries; None: it is set aside."""
    if tries > len(RETRIES):
        return None
    wait = RETRIES[tries - 1]
    if retry_after is not None:
        wait = max(wait, min(timedelta(seconds=retry_after), RETRIES[-1]))
    return now + wait


def body_of(type_: str, at: datetime, data: bytes | None) -> bytes:
    """What is posted of an event."""
    fields = {"type": type_, "timestamp": at, "data": msgspec.Raw(data or b"null")}
    return msgspec.json.encode(fields)


def types_faults(types: Sequence[str]) -> list[FieldError]:
    """What is wrong with the types that an endpoint wants."""
    faults = []
    for place, type_ in enumerate(types):
        if type_ not in TYPES:
            faults.append(FieldError(f"/types/{place}", "is no event of outreach or metrics"))
        elif type_ in types[:place]:
            faults.append(FieldError(f"/types/{place}", "is there twice"))
    return faults


class SecretBox:
    """Keeps secrets so that the database alone does not give them away."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = [
            AESGCM(hmac.new(key, b"recoup webhook secrets", hashlib.sha256).digest())
            for key in keys
        ]

    def seal(self, text: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str | None:
        """None: the key that sealed it does not hold any more."""
        for cipher in self._ciphers:
            try:
                found = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
            except InvalidTag:
                continue
            return found.decode()
        return None


def new_id() -> str:
    return "wh_" + base64.b32encode(secrets.token_bytes(15)).decode().lower()
