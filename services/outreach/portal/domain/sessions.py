"""A visitor's session: what was proven, for which debtor, until when. Its cookie holds 256 random
bits; kept is their hash alone."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Level = Literal[0, 1, 2]
IDLE_MAX = timedelta(minutes=30)
COOKIE = "recoup-portal"
_TOKEN_LENGTH_MAX = 100


@dataclass(frozen=True)
class PortalSession:
    tenant: str
    link_id: bytes
    contact_id: str
    debtor_key: str
    level: Level
    language: str
    created_at: datetime  # this and the next: machine time
    seen_at: datetime

    def is_over(self, now: datetime) -> bool:
        return now - self.seen_at >= IDLE_MAX


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token[:_TOKEN_LENGTH_MAX].encode()).digest()


def cookie_name(*, is_local: bool) -> str:
    """`__Host-` needs https, which this machine alone has not."""
    return COOKIE if is_local else f"__Host-{COOKIE}"
