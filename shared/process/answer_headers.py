"""What every answer tells browsers: what they may do with it. Kept in one place for all services.

Pages bring a policy of their own for their scripts and styles; what is data has none of either.
"""

from collections.abc import Iterable

NO_CONTENT_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
NO_STORE = (b"cache-control", b"no-store")
CONTENT_POLICY = (b"content-security-policy", NO_CONTENT_POLICY.encode())

# On every answer, whatever it is.
ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


# What an answer may say for itself instead: a page's files do.
UNLESS_GIVEN = (NO_STORE, CONTENT_POLICY)
_GIVEN = frozenset(name for name, _ in UNLESS_GIVEN)

Headers = tuple[tuple[bytes, bytes], ...]


class AnswerHeaders:
    """What is added to every answer of a service."""

    def __init__(self, hsts_days: int = 0) -> None:
        promise = f"max-age={hsts_days * 86_400}; includeSubDomains".encode()
        self._always = ALWAYS
        if hsts_days:
            self._always = (*ALWAYS, (b"strict-transport-security", promise))
        self._all = (*self._always, *UNLESS_GIVEN)

    def to(self, given: Iterable[tuple[bytes, bytes]]) -> Headers:
        """What is added to those given."""
        names = {name for name, _ in given}
        if names.isdisjoint(_GIVEN):
            return self._all
        return (*self._always, *(each for each in UNLESS_GIVEN if each[0] not in names))
