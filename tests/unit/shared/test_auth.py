"""Tokens: who gets in, for which tenant, and who does not. Real keys throughout."""

import asyncio
import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from http.client import BadStatusLine, IncompleteRead
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.errors import Forbidden, Invalid, Unauthenticated, Unavailable
from shared.process.settings import BadSetting
from shared.web.auth import ROLES, SCOPES, Auth, Caller, require, require_role

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEV_KEY = "dev-key-of-this-machine"
KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()


def public_jwk(key: Ed25519PrivateKey, kid: str = "k1", **more: str) -> dict[str, Any]:
    raw = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": raw, **more}


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def a_token(
    key: Any = KEY, kid: str | None = "k1", algorithm: str = "EdDSA", **changes: Any
) -> str:
    claims = {
        "sub": "billing",
        "tenant": "acme",
        "scope": "events:write ledger:read",
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_bytes(jwks(public_jwk(KEY)))
    return path


@pytest.fixture
def auth(key_file: Path) -> Auth:
    return Auth(jwks=str(key_file), dev_key=DEV_KEY, default_tenant="demo", now=lambda: NOW)


def test_a_token_gives_its_caller(auth: Auth) -> None:
    expected = Caller("billing", "acme", frozenset({"events:write", "ledger:read"}), False)
    assert auth.authenticate(f"Bearer {a_token()}", None) == expected
    assert auth.authenticate(f"bearer  {a_token()} ", "acme") == expected


def test_a_token_without_a_kid_is_checked_against_the_only_key(auth: Auth) -> None:
    assert auth.authenticate(f"Bearer {a_token(kid=None)}", None).tenant == "acme"


def test_scopes_may_come_as_a_list_and_unknown_ones_are_dropped(auth: Auth) -> None:
    caller = auth.authenticate(f"Bearer {a_token(scope=['desk', 'openid'])}", None)
    assert caller.scopes == {"desk"}


def test_the_dev_key_may_do_all_for_every_tenant(auth: Auth) -> None:
    caller = auth.authenticate(f"Bearer {DEV_KEY}", None)
    assert caller == Caller("dev", "demo", frozenset(SCOPES), True, roles=frozenset(ROLES))
    assert auth.authenticate(f"Bearer {DEV_KEY}", "acme").tenant == "acme"


def test_a_token_for_all_tenants_chooses_by_header(auth: Auth, key_file: Path) -> None:
    token = a_token(tenant="*")
    assert auth.authenticate(f"Bearer {token}", "acme").tenant == "acme"
    assert auth.authenticate(f"Bearer {token}", None).tenant == "demo"
    elsewhere = Auth(jwks=str(key_file), dev_key=None, now=lambda: NOW)
    with pytest.raises(Invalid) as caught:
        elsewhere.authenticate(f"Bearer {token}", None)
    assert caught.value.errors[0].pointer == "/header/X-Tenant"


@pytest.mark.parametrize("x_tenant", ["", "A", "a b", "x" * 41, "*"])
def test_a_tenant_that_cannot_be_is_refused(auth: Auth, x_tenant: str) -> None:
    with pytest.raises(Invalid):
        auth.authenticate(f"Bearer {DEV_KEY}", x_tenant)


def test_another_tenant_than_the_tokens_is_forbidden(auth: Auth) -> None:
    with pytest.raises(Forbidden) as caught:
        auth.authenticate(f"Bearer {a_token()}", "demo")
    assert caught.value.status == 403


def _unsigned() -> str:
    return jwt.encode({"sub": "x", "tenant": "*", "scope": "admin", "exp": 9e9}, "", "none")


def _signed_with_the_public_key() -> str:
    public = KEY.public_key().public_bytes_raw()
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(
        json.dumps({"sub": "x", "tenant": "*", "scope": "admin", "exp": 9e9}).encode()
    ).rstrip(b"=")
    mark = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        head + b"." + body, public
    )
    return b".".join((head, body, base64.urlsafe_b64encode(mark).rstrip(b"="))).decode()


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(a_token(exp=int(NOW.timestamp())), id="expired"),
        pytest.param(a_token(nbf=int(NOW.timestamp()) + 60), id="not yet valid"),
        pytest.param(a_token(OTHER_KEY), id="signed by another key"),
        pytest.param(a_token(kid="k2"), id="unknown key"),
        pytest.param(_unsigned(), id="alg none"),
        pytest.param(_signed_with_the_public_key(), id="HS256 with the public key"),
        pytest.param(
            a_token(ec.generate_private_key(ec.SECP256R1()), algorithm="ES256"), id="ES256"
        ),
        pytest.param(a_token()[:-4] + "AAAA", id="damaged signature"),
        pytest.param("a.b.c", id="not a token"),
        pytest.param("x" * 9000, id="too long"),
        pytest.param(DEV_KEY + "x", id="nearly the dev key"),
        pytest.param(a_token(sub=...), id="no sub"),
        pytest.param(a_token(tenant=...), id="no tenant"),
        pytest.param(a_token(scope=...), id="no scope"),
        pytest.param(a_token(exp=...), id="no exp"),
        pytest.param(a_token(tenant="A/B"), id="impossible tenant"),
        pytest.param(a_token(tenant=7), id="tenant is no text"),
        pytest.param(a_token(scope={"a": 1}), id="scope is no text"),
        pytest.param(a_token(sub=""), id="empty subject"),
    ],
)
def test_a_bad_token_is_refused(auth: Auth, token: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        auth.authenticate(f"Bearer {token}", None)
    assert caught.value.status == 401
    assert token[:40] not in caught.value.detail


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b"])
def test_no_token_is_refused(auth: Auth, header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        auth.authenticate(header, None)


def test_an_expiry_that_is_no_number_is_refused(auth: Auth) -> None:
    for wrong in (True, "soon", None):
        with pytest.raises(Unauthenticated):
            auth.authenticate(f"Bearer {a_token(exp=wrong)}", None)


def test_a_remembered_token_ends_at_its_time(key_file: Path) -> None:
    times = [NOW]
    auth = Auth(jwks=str(key_file), dev_key=None, now=lambda: times[0])
    auth.authenticate(f"Bearer {a_token()}", None)
    times[0] = NOW + timedelta(hours=1)
    with pytest.raises(Unauthenticated, match="expired"):
        auth.authenticate(f"Bearer {a_token()}", None)


def test_without_a_dev_key_nothing_opaque_gets_in(key_file: Path) -> None:
    auth = Auth(jwks=str(key_file), dev_key=None, now=lambda: NOW)
    with pytest.raises(Unauthenticated):
        auth.authenticate(f"Bearer {DEV_KEY}", None)
    with pytest.raises(Unauthenticated):
        Auth(jwks=None, dev_key=DEV_KEY).authenticate(f"Bearer {a_token()}", None)


def test_scopes_are_required() -> None:
    caller = Caller("x", "acme", frozenset({"ledger:read"}), False)
    require(caller, "ledger:read")
    require(caller, "admin", "ledger:read")
    with pytest.raises(Forbidden, match="admin"):
        require(caller, "admin")


# ------------------------------------------------------------------------------- key rotation


class Source:
    """A key set that changes, and the clock it is read by."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.content = jwks(*keys)
        self.broken = False
        self.reads = 0
        self.seconds = 1000.0

    def load(self, _source: str) -> bytes:
        self.reads += 1
        if self.broken:
            raise OSError("connection refused")
        return self.content

    def auth(self) -> Auth:
        return Auth(
            jwks="https://idp.example.com/jwks",
            dev_key=None,
            now=lambda: NOW,
            load=self.load,
            monotonic=lambda: self.seconds,
        )


async def test_a_key_set_at_a_url_is_read_at_the_first_need() -> None:
    source = Source(public_jwk(KEY))
    auth = source.auth()
    assert source.reads == 0
    assert (await auth.caller(f"Bearer {a_token()}", None)).tenant == "acme"
    await auth.caller(f"Bearer {a_token()}", None)
    assert source.reads == 1


async def test_a_new_key_is_found_and_a_withdrawn_one_refused() -> None:
    source = Source(public_jwk(KEY))
    auth = source.auth()
    await auth.caller(f"Bearer {a_token()}", None)
    source.content = jwks(public_jwk(OTHER_KEY, "k2"))
    source.seconds += 10
    fresh = a_token(OTHER_KEY, "k2")
    assert (await auth.caller(f"Bearer {fresh}", None)).tenant == "acme"
    with pytest.raises(Unauthenticated):
        await auth.caller(f"Bearer {a_token()}", None)


async def test_a_withdrawn_key_ends_though_its_tokens_are_remembered() -> None:
    source = Source(public_jwk(KEY), public_jwk(OTHER_KEY, "k2"))
    auth = source.auth()
    await auth.caller(f"Bearer {a_token()}", None)
    source.content = jwks(public_jwk(OTHER_KEY, "k2"))
    source.seconds += 301
    with pytest.raises(Unauthenticated):
        await auth.caller(f"Bearer {a_token()}", None)


async def test_unknown_keys_cannot_make_us_ask_again_and_again() -> None:
    source = Source(public_jwk(KEY))
    auth = source.auth()
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await auth.caller(f"Bearer {a_token(OTHER_KEY, 'k9')}", None)
    assert source.reads == 1


async def test_an_identity_provider_that_is_away() -> None:
    source = Source(public_jwk(KEY))
    source.broken = True
    auth = source.auth()
    with pytest.raises(Unavailable):
        await auth.caller(f"Bearer {a_token()}", None)
    source.broken, source.seconds = False, source.seconds + 10
    await auth.caller(f"Bearer {a_token()}", None)
    source.broken, source.seconds = True, source.seconds + 400
    await auth.caller(f"Bearer {a_token()}", None)  # the keys we have are good enough


@pytest.mark.parametrize(
    "content",
    [
        jwks({**public_jwk(KEY), "kid": ["k1"]}),
        jwks({**public_jwk(KEY), "kid": {}}),
        jwks({**public_jwk(KEY), "x": 5}),
        jwks({**public_jwk(KEY), "x": None}),
        b'{"keys": ' + b"[" * 100_000,
        b"\xff",
    ],
)
async def test_an_odd_key_set_is_no_fault_of_ours(content: bytes) -> None:
    source = Source()
    source.content = content
    with pytest.raises(Unavailable, match="The key set cannot be read"):
        await source.auth().caller(f"Bearer {a_token()}", None)


@pytest.mark.parametrize("error", [BadStatusLine("x"), IncompleteRead(b"")])
async def test_an_identity_provider_that_does_not_speak_http(error: Exception) -> None:
    def load(_source: str) -> bytes:
        raise error

    auth = Auth(jwks="https://idp/", dev_key=None, load=load)
    with pytest.raises(Unavailable, match="The key set cannot be read"):
        await auth.caller(f"Bearer {a_token()}", None)


async def test_the_dev_key_needs_no_identity_provider() -> None:
    source = Source()
    source.broken = True
    auth = Auth(jwks="https://idp/", dev_key=DEV_KEY, default_tenant="demo", load=source.load)
    assert (await auth.caller(f"Bearer {DEV_KEY}", None)).tenant == "demo"


def test_a_key_file_that_is_missing_or_wrong_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="RECOUP_JWKS"):
        Auth(jwks=str(tmp_path / "none.json"), dev_key=None)
    for content in (b"{}", b"[]", b"no json", jwks(), jwks({"kty": "RSA", "n": "1", "e": "AQAB"})):
        (tmp_path / "jwks.json").write_bytes(content)
        with pytest.raises(BadSetting, match="RECOUP_JWKS"):
            Auth(jwks=str(tmp_path / "jwks.json"), dev_key=None)


def test_a_key_file_may_change_too(key_file: Path) -> None:
    seconds = [1000.0]
    auth = Auth(jwks=str(key_file), dev_key=None, now=lambda: NOW, monotonic=lambda: seconds[0])
    key_file.write_bytes(jwks(public_jwk(OTHER_KEY, "k2")))
    seconds[0] += 10
    fresh = auth.caller(f"Bearer {a_token(OTHER_KEY, 'k2')}", None)
    assert asyncio.run(fresh).tenant == "acme"


async def test_tokens_are_never_logged(auth: Auth, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = a_token(OTHER_KEY)
    await auth.caller(f"Bearer {DEV_KEY}", None)
    with pytest.raises(Unauthenticated) as caught:
        await auth.caller(f"Bearer {token}", None)
    assert token not in str(caught.value)
    assert token not in caplog.text
    assert DEV_KEY not in caplog.text


@pytest.mark.parametrize("claim", ["manager finance king", ["manager", "finance", "king"]])
def test_roles_are_those_of_the_claim_that_are_known(auth: Auth, claim: Any) -> None:
    caller = auth.authenticate(f"Bearer {a_token(roles=claim)}", None)
    assert caller.roles == {"manager", "finance"}
    require_role(caller, "supervisor", "manager")
    with pytest.raises(Forbidden, match="the role supervisor or legal"):
        require_role(caller, "supervisor", "legal")


def test_without_the_claim_there_is_no_role(auth: Auth) -> None:
    assert auth.authenticate(f"Bearer {a_token()}", None).roles == frozenset()


@pytest.mark.parametrize("claim", [7, None, {"manager": True}, ["manager", 7]])
def test_roles_that_are_no_names_are_refused(auth: Auth, claim: Any) -> None:
    with pytest.raises(Unauthenticated, match="roles"):
        auth.authenticate(f"Bearer {a_token(roles=claim)}", None)
