"""Sessions of pages: a signed cookie that says who reads what until when, good for nothing else.

A page cannot send a token along with everything that it asks for. The cookie is no token: it is for
one service and one tenant, for some hours, and every process that knows the secret can read it. It
carries whose it is and what they decide (`roles`): a page shows each only their own acts. In local
mode a link that is good once opens a session; only who sees the terminal has it.
"""

import math
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import jwt
from starlette.requests import cookie_parser
from starlette.responses import Response

from shared import clock
from shared.errors import Unauthenticated
from shared.process.door import Door
from shared.process.environment import BadSetting
from shared.web.auth import ROLES, Caller

SESSION_SECONDS = 8 * 3600
LINK_SECONDS = 3600
_ALGORITHM = "HS256"
_LENGTH_MAX = 4096
# We made what carries our signature; its time is compared with our own clock below.
_OPTIONS: Any = {"require": ["exp", "jti", "sub", "tenant"], "verify_exp": False}


@dataclass(frozen=True)
class _Pass:
    """What a signed text says."""

    id: str
    subject: str
    tenant: str
    expires: float
    scopes: frozenset[str]
    roles: frozenset[str]


class PageSessions:
    """The sessions of one service's page, for holders of one scope, which reads. `also`: further
    scopes that a session has where the token had them."""

    def __init__(
        self,
        service: str,
        scope: str,
        door: Door,
        *,
        also: Iterable[str] = (),
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        secret = door.session_secret or (secrets.token_hex(32) if door.is_local else None)
        if secret is None:
            why = "is not set: it signs the sessions of pages; `openssl rand -hex 32` makes one"
            raise BadSetting("RECOUP_SESSION_SECRET", why)
        self.scope = scope
        self._scopes = frozenset({scope, *also})
        self.cookie = ("__Host-" if door.cookie_secure else "") + f"recoup_{service}"
        self._service = service
        self._secret = secret
        self._door = door
        self._now = now
        self._used: dict[str, float] = {}  # links, until they end by themselves
        self._links_from = int(now().timestamp())  # who had the earlier ones is not known any more

    def open(self, caller: Caller, answer: Response) -> Response:
        """Let the answer sign a page in."""
        now = self._now().timestamp()
        expires = min(now + SESSION_SECONDS, caller.expires)
        held = _Pass("", caller.subject, caller.tenant, expires, caller.scopes, caller.roles)
        text = self._sign("session", held)
        self._set(answer, text, max(int(expires - now), 0))
        return answer

    def close(self, answer: Response) -> Response:
        """Let the answer sign a page out."""
        self._set(answer, "", 0)
        return answer

    def find(self, cookies: bytes) -> Caller | None:
        """Whose session a request's cookies hold. Raises `Unauthenticated` where it is none."""
        text = cookie_parser(cookies.decode("latin-1")).get(self.cookie)
        if not text:
            return None
        held = self._read("session", text)
        return self._caller(held, held.expires)

    def link(self, address: str, tenant: str) -> str:
        """An address that opens a session, once. In local mode only."""
        expires = self._now().timestamp() + LINK_SECONDS
        everything = self._scopes, frozenset(ROLES)
        key = self._sign("link", _Pass("", "local", tenant, expires, *everything))
        return f"{address}?{urlencode({'key': key})}"

    def enter(self, key: str) -> Caller:
        """Who comes by a link. Raises `Unauthenticated` for a used, an old, and any other one."""
        if not self._door.is_local:
            raise Unauthenticated("Links are for the local mode.")
        held = self._read("link", key)
        now = self._now().timestamp()
        self._used = {id_: end for id_, end in self._used.items() if end > now}
        if held.expires - LINK_SECONDS < self._links_from:
            raise Unauthenticated("The link was made before this start.")
        if held.id in self._used:
            raise Unauthenticated("The link was used.")
        self._used[held.id] = held.expires
        everything = replace(held, scopes=self._scopes, roles=frozenset(ROLES))
        return self._caller(everything, math.inf)

    def _caller(self, held: _Pass, expires: float) -> Caller:
        scopes = (held.scopes & self._scopes) | {self.scope}
        return Caller(held.subject, held.tenant, scopes, False, expires, held.roles)

    def _sign(self, purpose: str, held: _Pass) -> str:
        claims = {
            "aud": f"recoup:{purpose}:{self._service}",
            "jti": secrets.token_urlsafe(12),
            "sub": held.subject,
            "tenant": held.tenant,
            "scope": sorted(held.scopes & self._scopes),
            "roles": sorted(held.roles),
            "exp": int(held.expires),
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def _read(self, purpose: str, text: str) -> _Pass:
        audience = f"recoup:{purpose}:{self._service}"
        try:
            if len(text) > _LENGTH_MAX:
                raise ValueError
            claims = jwt.decode(
                text, self._secret, algorithms=[_ALGORITHM], audience=audience, options=_OPTIONS
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Unauthenticated(f"The {purpose} is not one of this service.") from None
        if claims["exp"] <= self._now().timestamp():
            raise Unauthenticated(f"The {purpose} has ended.")
        return _Pass(
            claims["jti"],
            claims["sub"],
            claims["tenant"],
            float(claims["exp"]),
            frozenset(claims.get("scope", ())),  # none yet in those of an earlier release
            frozenset(claims.get("roles", ())),
        )

    def _set(self, answer: Response, text: str, seconds: int) -> None:
        answer.set_cookie(
            self.cookie,
            text,
            max_age=seconds,
            httponly=True,
            samesite="strict",
            secure=self._door.cookie_secure,
            path="/",
        )
