"""Who calls, for which tenant, and what they may do.

A caller shows a JWT (EdDSA; claims `sub`, `tenant`, `scope`, `exp`, `roles` where one is needed),
verified offline against a key set, or in local mode the dev key. Verified tokens are remembered
until they end, so that a busy client pays for one signature check. A key set at a URL is fetched
outside the event loop: at the first need, when a token names a key not seen yet, and every five
minutes. Tokens are never logged.
"""

import asyncio
import hmac
import json
import math
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, build_opener

import jwt
from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from shared import clock
from shared.errors import FieldError, Forbidden, Invalid, Unauthenticated, Unavailable
from shared.ids import is_tenant
from shared.process.settings import BadSetting, Common
from shared.texts import shown
from shared.web.claims import ANY_TENANT, ROLES, SCOPES, Expected, Grant, read_claims

__all__ = [
    "ANY_TENANT",
    "ROLES",
    "SCOPES",
    "Auth",
    "Caller",
    "KeySet",
    "needs",
    "require",
    "require_role",
]

_BEARER = re.compile(r"bearer +([^\s]+) *", re.IGNORECASE)
_TOKEN_LENGTH_MAX = 8192
BODY_BYTES_MAX = 64 * 1024  # unless a route says otherwise
_REMEMBERED_MAX = 4096
_REFETCH_SECONDS = 300.0
_RETRY_SECONDS = 5.0  # between two readings of a key set that unknown keys cause
_FETCH_TIMEOUT_SECONDS = 3.0
_JWKS_BYTES_MAX = 1_000_000
_KID_SHOWN_MAX = 100


@dataclass(frozen=True)
class Caller:
    """Who calls. `tenant` is the one acted for."""

    subject: str
    tenant: str
    scopes: frozenset[str]
    any_tenant: bool  # may act for every tenant
    expires: float = field(default=math.inf, compare=False)  # when what was shown ends
    roles: frozenset[str] = frozenset()  # what may be decided


class _NoWayRound(HTTPRedirectHandler):
    """A key set comes from where the settings say: a redirect could lead out of https."""

    def redirect_request(self, *_: object) -> None:
        return None


def load_jwks(source: str) -> bytes:
    """The key set's bytes from a file or URL. Blocks; raises `OSError`."""
    if "://" not in source:
        return Path(source).read_bytes()
    if not source.startswith(("https://", "http://")):
        raise URLError("a key set's URL starts with https:// or http://")
    opener = build_opener(_NoWayRound)
    with opener.open(source, timeout=_FETCH_TIMEOUT_SECONDS) as answer:
        content: bytes = answer.read(_JWKS_BYTES_MAX)
    return content


class KeySet:
    """The public keys, by their `kid`. Other kinds of keys in the set are passed over."""

    def __init__(
        self,
        source: str,
        *,
        load: Callable[[str], bytes] = load_jwks,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._source = source
        self._load = load
        self._monotonic = monotonic
        self._keys: dict[str | None, Any] = {}
        self._content = b""
        self._tried_at: float | None = None
        self._read_at: float | None = None
        self.remote = "://" in source
        self.version = 0  # changes when the keys do
        if not self.remote:
            try:
                self.read()
            except Unavailable as error:  # a missing or broken file stops the start
                raise BadSetting("RECOUP_JWKS", f"cannot be used: {error.detail}") from error

    def read(self) -> None:
        """Read the source. If that fails, keeps the keys it has and raises `Unavailable`."""
        self._tried_at = self._monotonic()
        try:
            content = self._load(self._source)
            keys = self._keys if content == self._content else _parse_keys(content)
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(f"The key set cannot be read: {reason}") from error
        if content != self._content:
            self._content, self._keys = content, keys
            self.version += 1
        self._read_at = self._tried_at

    def find(self, kid: str | None) -> Any | None:
        """The key of that id. A token without one is checked against the only key there is."""
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    def is_old(self) -> bool:
        """Whether the keys must be read again before they are trusted further."""
        age = self._age(self._read_at)
        return age > _REFETCH_SECONDS and self._age(self._tried_at) > _RETRY_SECONDS

    def may_retry(self) -> bool:
        """Whether an unknown key is worth reading the source again."""
        return self._age(self._tried_at) > _RETRY_SECONDS

    def _age(self, instant: float | None) -> float:
        return float("inf") if instant is None else self._monotonic() - instant


def _parse_keys(content: bytes) -> dict[str | None, Any]:
    document = json.loads(content)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError('it is not a JSON Web Key Set: {"keys": […]}')
    keys: dict[str | None, Any] = {}
    for entry in document["keys"]:
        if not isinstance(entry, dict) or entry.get("kty") != "OKP":
            continue
        if entry.get("crv") != "Ed25519" or entry.get("use", "sig") != "sig":
            continue
        public = {name: entry[name] for name in ("kty", "crv", "x") if name in entry}
        kid = entry.get("kid")
        if kid is not None and not isinstance(kid, str):
            raise ValueError(f"the kid {shown(repr(kid), _KID_SHOWN_MAX)} is not a text")
        try:
            keys[kid] = jwt.PyJWK.from_dict(public, algorithm="EdDSA").key
        except (jwt.PyJWTError, TypeError, AttributeError) as error:
            raise ValueError(f"key {kid!r}: {error}") from error
    if not keys:
        raise ValueError("it holds no Ed25519 key")
    return keys


class _UnknownKey(Unauthenticated):
    """The token names a key that is not in the set, or not yet."""


class Auth:
    """Turns the `Authorization` and `X-Tenant` headers into a `Caller`."""

    def __init__(
        self,
        *,
        jwks: str | None,
        dev_key: str | None,
        default_tenant: str | None = None,
        expected: Expected | None = None,
        now: Callable[[], datetime] = clock.now,
        load: Callable[[str], bytes] = load_jwks,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._keys = KeySet(jwks, load=load, monotonic=monotonic) if jwks else None
        self._dev_key = dev_key.encode() if dev_key else None
        self._default_tenant = default_tenant
        self._expected = expected or Expected()
        self._now = now
        self._remembered: OrderedDict[str, Grant] = OrderedDict()
        self._remembered_version = 0
        self._reading = asyncio.Lock()
        everything = frozenset(SCOPES), float("inf"), frozenset(ROLES)
        self._dev_grant = Grant("dev", ANY_TENANT, *everything)

    @classmethod
    def of(cls, common: Common) -> "Auth":
        """As a service's settings say."""
        return cls(
            jwks=common.jwks,
            dev_key=common.dev_key,
            default_tenant=common.default_tenant,
            expected=Expected(common.door.audience, common.door.issuer),
        )

    async def caller(self, authorization: str | None, x_tenant: str | None) -> Caller:
        """`authenticate`, reading the key set again where that may help."""
        if self._keys is not None and self._keys.is_old() and not self._is_dev(authorization):
            await self._read_keys(self._keys)
        try:
            return self.authenticate(authorization, x_tenant)
        except _UnknownKey:
            if self._keys is None or not self._keys.may_retry():
                raise
            await self._read_keys(self._keys)
            return self.authenticate(authorization, x_tenant)

    def authenticate(self, authorization: str | None, x_tenant: str | None) -> Caller:
        """Raises `Unauthenticated` (401) without a good token, `Forbidden` for another tenant.

        Looks only at the keys already read.
        """
        grant = self._grant(_bearer(authorization))
        return Caller(
            subject=grant.subject,
            tenant=self._choose_tenant(grant, x_tenant),
            scopes=grant.scopes,
            any_tenant=grant.tenant == ANY_TENANT,
            expires=grant.expires,
            roles=grant.roles,
        )

    async def _read_keys(self, keys: KeySet) -> None:
        async with self._reading:
            if not keys.may_retry():
                return  # another request has just read them
            try:
                await asyncio.to_thread(keys.read)
            except Unavailable:
                if keys.version == 0:
                    raise  # nothing to verify against; with older keys we go on

    def _is_dev(self, authorization: str | None) -> bool:
        """Whether it is the dev key, compared in constant time; the key set is not asked then."""
        if self._dev_key is None:
            return False
        return hmac.compare_digest(_bearer(authorization).encode(), self._dev_key)

    def _grant(self, token: str) -> Grant:
        if self._dev_key is not None and hmac.compare_digest(token.encode(), self._dev_key):
            return self._dev_grant
        if self._keys is None:
            raise Unauthenticated("The token is not known.")
        if self._remembered_version != self._keys.version:
            self._remembered.clear()  # a key may have been withdrawn
            self._remembered_version = self._keys.version
        grant = self._remembered.get(token)
        if grant is None:
            grant = self._verify(token, self._keys)
            self._remembered[token] = grant
            if len(self._remembered) > _REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        if grant.expires <= self._now().timestamp():
            self._remembered.pop(token, None)
            raise Unauthenticated("The token has expired.")
        return grant

    def _verify(self, token: str, keys: KeySet) -> Grant:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != "EdDSA":
                raise Unauthenticated("The token is not signed with EdDSA.")
            if "crit" in header:
                raise Unauthenticated("The token asks for more than is understood here (crit).")
            key = keys.find(header.get("kid"))
            if key is None:
                raise _UnknownKey("The token's key is not known.")
            claims = jwt.decode(token, key, algorithms=["EdDSA"], options=_SIGNATURE_ONLY)
        except jwt.InvalidSignatureError:
            raise Unauthenticated("The token's signature is not valid.") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Unauthenticated("The token cannot be read.") from None
        return read_claims(claims, self._expected, self._now().timestamp())

    def _choose_tenant(self, grant: Grant, x_tenant: str | None) -> str:
        if x_tenant is not None and not is_tenant(x_tenant):
            problem = FieldError("/header/X-Tenant", "must be 1 to 40 of a-z, 0-9 and -")
            raise Invalid("X-Tenant is not a tenant's id.", [problem])
        if grant.tenant != ANY_TENANT:
            if x_tenant is not None and x_tenant != grant.tenant:
                raise Forbidden("The token is for another tenant.")
            return grant.tenant
        tenant = x_tenant or self._default_tenant
        if tenant is None:
            problem = FieldError("/header/X-Tenant", "is needed: the token is for every tenant")
            raise Invalid("The request does not say for which tenant it is.", [problem])
        return tenant


# The claims are read by ourselves, times against our own clock.
_SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise Unauthenticated("A token is needed: Authorization: Bearer <token>.")
    match = _BEARER.fullmatch(authorization) if len(authorization) <= _TOKEN_LENGTH_MAX else None
    if match is None:
        raise Unauthenticated("Authorization is not of the form: Bearer <token>.")
    return match[1]


def require(caller: Caller, *scopes: str) -> None:
    """Raise `Forbidden` unless the caller has at least one of the scopes."""
    if caller.scopes.isdisjoint(scopes):
        raise Forbidden(f"This needs the scope {' or '.join(scopes)}.")


def require_role(caller: Caller, *roles: str) -> None:
    """Raise `Forbidden` unless the caller has at least one of the roles."""
    if caller.roles.isdisjoint(roles):
        raise Forbidden(f"This needs the role {' or '.join(roles)}.")


BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="token",
    description="A JWT (EdDSA) with the claims tenant, scope, sub and exp, for some calls roles;"
    " locally the dev key.",
)


class Needs:
    """The dependency behind `needs`: what a route asks of its caller, and how much it may be sent.

    The edge checks it before the body is read, and before anything is opened for the request.
    """

    def __init__(self, scopes: tuple[str, ...], body_max: int, is_question: bool) -> None:
        unknown = set(scopes) - set(SCOPES)
        assert scopes, "a caller needs some scope"
        assert not unknown, f"unknown scopes: {unknown}"
        self.scopes = scopes
        self.body_max = body_max
        self.is_question = is_question

    async def __call__(
        self, request: Request, _bearer_of_openapi: Annotated[object, Security(BEARER)]
    ) -> Caller:
        caller = caller_of(request)
        self.check(caller)
        return caller

    def check(self, caller: Caller) -> None:
        """Raises `Forbidden`."""
        require(caller, *self.scopes)


def needs(*scopes: str, body_max: int = BODY_BYTES_MAX, is_question: bool = False) -> Any:
    """A FastAPI dependency that gives the `Caller`: 401 without a good token, 403 without one of
    the scopes, 413 for a body of more bytes. A question changes nothing though it is a POST: a
    page's session may ask it. Used as `caller: Annotated[Caller, needs("ledger:read")]`.
    """
    return Depends(Needs(scopes, body_max, is_question))


def caller_of(request: Request) -> Caller:
    """Who calls, as the edge found when it let the request pass."""
    caller: Caller = request.state.caller
    return caller
