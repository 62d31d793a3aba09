"""What a token says, read with distrust: its signature is good, its contents may be odd.

Another application's token of the same identity provider has a good signature, too: hence audience
and issuer.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import Unauthenticated
from shared.ids import is_tenant

SCOPES = (
    "events:write",
    "ledger:read",
    "ledger:write",
    "segmentation:read",
    "segmentation:write",
    "outreach:read",
    "outreach:write",
    "desk",
    "portal",
    "metrics:read",
    "metrics:write",
    "metrics:people",
    "admin",
)
# What people of a tenant are, beside what their tokens may do: who decides what.
ROLES = ("supervisor", "finance", "compliance", "legal", "manager", "care")
ANY_TENANT = "*"
_TIME_END = float(2**40)  # in the year 36812: what is later is no time
SUBJECT_LENGTH_MAX = 256


@dataclass(frozen=True)
class Grant:
    """What a token allows, before a tenant is chosen."""

    subject: str
    tenant: str  # or ANY_TENANT
    scopes: frozenset[str]
    expires: float
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Expected:
    """For whom tokens must be, and who must have made them. None: it is not asked."""

    audience: str | None = None
    issuer: str | None = None


def read_claims(claims: Mapping[str, Any], expected: Expected, now: float) -> Grant:
    """Raises `Unauthenticated`, naming the claim."""
    for name in ("sub", "tenant", "scope", "exp"):
        if name not in claims:
            raise Unauthenticated(f"The token has no claim {name!r}.")
    _check_origin(claims, expected)
    subject, tenant, scope = claims["sub"], claims["tenant"], claims["scope"]
    scopes, roles = _names("scope", scope), _names("roles", claims.get("roles", ""))
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH_MAX:
        raise Unauthenticated("The token's claim 'sub' is not a text of 1 to 256 characters.")
    if not subject.isprintable():
        raise Unauthenticated("The token's claim 'sub' has characters that cannot be shown.")
    if not isinstance(tenant, str) or not (tenant == ANY_TENANT or is_tenant(tenant)):
        raise Unauthenticated("The token's claim 'tenant' is not a tenant's id or *.")
    times = {name: _time(claims, name) for name in ("exp", "nbf", "iat") if name in claims}
    if times.get("nbf", 0.0) > now:
        raise Unauthenticated("The token is not valid yet.")
    return Grant(
        subject, tenant, scopes & frozenset(SCOPES), times["exp"], roles & frozenset(ROLES)
    )


def _names(claim: str, value: Any) -> frozenset[str]:
    """Of a text with blanks between them, or of a list."""
    names = value.split() if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Unauthenticated(f"The token's claim {claim!r} is not a text of names.")
    return frozenset(names)


def _check_origin(claims: Mapping[str, Any], expected: Expected) -> None:
    if expected.issuer is not None and claims.get("iss") != expected.issuer:
        raise Unauthenticated("The token's claim 'iss' is not who makes tokens for this service.")
    if expected.audience is None:
        return
    audience = claims.get("aud")
    if expected.audience not in (audience if isinstance(audience, list) else [audience]):
        raise Unauthenticated("The token's claim 'aud' does not name this service.")


def _time(claims: Mapping[str, Any], name: str) -> float:
    """Seconds since 1970, fractions allowed."""
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated(f"The token's claim {name!r} is not a number.")
    if not (abs(value) < _TIME_END and math.isfinite(value)):
        raise Unauthenticated(f"The token's claim {name!r} is not a time.")
    return float(value)
