"""One-time codes: six digits, ten minutes, five tries, to an address that has been known for seven
days, so that who changed it yesterday is not let in by it."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 5
CODES_A_DAY = 5  # of one link
ADDRESS_KNOWN_FOR = timedelta(days=7)


@dataclass(frozen=True)
class SentCode:
    """The last code of a link; `mark` tells it without giving it away."""

    mark: bytes
    expires_at: datetime  # machine time
    tries: int = 0

    def fits(self, code: str, key: bytes, link_id: bytes, now: datetime) -> bool:
        if now >= self.expires_at or self.tries >= CODE_TRIES:
            return False
        return hmac.compare_digest(self.mark, mark_of(code, key, link_id))


def new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def mark_of(code: str, key: bytes, link_id: bytes) -> bytes:
    return hmac.new(key, b"portal code" + link_id + code.strip().encode(), hashlib.sha256).digest()
