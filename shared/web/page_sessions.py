"""Sessions of pages: a signed cookie that says who reads what until when, good for nothing else.

A page cannot send a token along with everything that it asks for. The cookie is no token: it is for
one service, one tenant and reading, for some hours, and every process that knows the secret can
read it. In local mode a link that is good once opens a session; only who sees the terminal has it.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
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
from shared.web.auth import Caller

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


class PageSessions:
    """The sessions of one service's page, for holders of one scope, which reads."""

    def __init__(
        self,
        service: str,
        scope: str,
        door: Door,
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        secret = door.session_secret or (secrets.token_hex(32) if door.is_local else None)
        if secret is None:
            why = "is not set: it signs the sessions of pages; `openssl rand -hex 32` makes one"
            raise BadSetting("RECOUP_SESSION_SECRET", why)
        self.scope = scope
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
        text = self._sign("session", caller.subject, caller.tenant, expires)
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
        return Caller(held.subject, held.tenant, frozenset({self.scope}), False, held.expires)

    def link(self, address: str, tenant: str) -> str:
        """An address that opens a session, once. In local mode only."""
        expires = self._now().timestamp() + LINK_SECONDS
        key = self._sign("link", "local", tenant, expires)
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
        return Caller(held.subject, held.tenant, frozenset({self.scope}), False)

    def _sign(self, purpose: str, subject: str, tenant: str, expires: float) -> str:
        claims = {
            "aud": f"recoup:{purpose}:{self._service}",
            "jti": secrets.token_urlsafe(12),
            "sub": subject,
            "tenant": tenant,
            "exp": int(expires),
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
        return _Pass(claims["jti"], claims["sub"], claims["tenant"], float(claims["exp"]))

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
