"""Settings of the door that others knock at: where it listens, by which names it is reached, whose
tokens open it, and what signs the sessions of pages.

Outside the local mode nothing here has a default that opens anything.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Self

from shared.process.environment import BadSetting, Env

LOOPBACK = "127.0.0.1"
SECRET_LENGTH_MIN = 32
_NAME = re.compile(r"(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True)
class Door:
    """How a service is reached from outside."""

    is_local: bool
    host: str = LOOPBACK  # where it listens
    public_hosts: frozenset[str] = frozenset()  # names in `Host`; none: any, but in local mode
    cookie_secure: bool = True  # cookies go over TLS only
    hsts_days: int = 0
    audience: str | None = None  # for whom tokens are, who makes them; None: not asked
    issuer: str | None = None
    session_secret: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, env: Env, *, is_local: bool, jwks: str | None, dev_key: str | None) -> Self:
        """Raises `BadSetting`."""
        audience, issuer = env.text("RECOUP_JWT_AUDIENCE"), env.text("RECOUP_JWT_ISSUER")
        if jwks is not None and "://" in jwks:
            why = "the owner of a key set at a URL makes tokens for others too"
            env.required("RECOUP_JWT_AUDIENCE", why)
            env.required("RECOUP_JWT_ISSUER", why)
        return cls(
            is_local=is_local,
            host=env.attempt(lambda: _host(env, is_local=is_local)),
            public_hosts=env.attempt(lambda: _public_hosts(env)),
            cookie_secure=env.flag("RECOUP_COOKIE_SECURE", default=not is_local),
            hsts_days=env.integer("RECOUP_HSTS_DAYS", 0, low=0, high=3_650),
            audience=audience,
            issuer=issuer,
            session_secret=env.attempt(lambda: _session_secret(env, dev_key if is_local else None)),
        )


def _host(env: Env, *, is_local: bool) -> str:
    name = "RECOUP_HOST"
    host = env.text(name) or LOOPBACK
    if is_local and host not in (LOOPBACK, "localhost"):
        raise BadSetting(
            name,
            f"is {host!r}, but the local mode listens on {LOOPBACK} only: its key opens everything."
            " For a network, set RECOUP_JWKS and what docs/operations.md lists",
        )
    return host


def _public_hosts(env: Env) -> frozenset[str]:
    name = "RECOUP_PUBLIC_HOSTS"
    hosts = [part.strip().lower() for part in (env.text(name) or "").split(",") if part.strip()]
    for host in hosts:
        if not _NAME.fullmatch(host):
            raise BadSetting(name, f"has {host!r}, which is not a host or host:port")
    return frozenset(hosts)


def _session_secret(env: Env, dev_key: str | None) -> str | None:
    """What signs sessions: given, or in local mode made of the dev key."""
    name = "RECOUP_SESSION_SECRET"
    given = env.text(name)
    if given is not None and len(given) < SECRET_LENGTH_MIN:
        raise BadSetting(name, f"must have at least {SECRET_LENGTH_MIN} characters")
    if given is None and dev_key is not None:
        return hmac.new(dev_key.encode(), b"recoup sessions", hashlib.sha256).hexdigest()
    return given
