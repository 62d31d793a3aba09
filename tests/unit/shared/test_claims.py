"""What a token may say: odd claims and headers open nothing, though the signature is good."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from shared.errors import Unauthenticated
from shared.web.auth import Auth
from shared.web.claims import Expected
from tests.unit.shared.test_auth import KEY, NOW, a_token, auth, key_file

__all__ = ["auth", "key_file"]  # fixtures


def refused(key_file: Path, token: str, expected: Expected | None = None) -> str:
    auth = Auth(jwks=str(key_file), dev_key=None, expected=expected, now=lambda: NOW)
    with pytest.raises(Unauthenticated) as caught:
        auth.authenticate(f"Bearer {token}", None)
    return caught.value.detail


def signed(payload: bytes, header: bytes = b'{"alg":"EdDSA","kid":"k1"}') -> str:
    """A token with a good signature, whatever is in it."""
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload)]
    signature = base64.urlsafe_b64encode(KEY.sign(b".".join(parts))).rstrip(b"=")
    return b".".join([*parts, signature]).decode()


ODD_TIMES = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "1" + "0" * 400,
    "1" + "0" * 5_000,
    "true",
    "null",
    '"1900000000"',
    "[1900000000]",
    "{}",
    str(2**40),
]


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ODD_TIMES)
def test_a_time_that_is_none_opens_nothing(key_file: Path, name: str, value: str) -> None:
    times = {"exp": "1900000000", "nbf": "0", "iat": "0", name: value}
    written = ",".join(f'"{each}":{text}' for each, text in times.items())
    claims = f'{{"sub":"a","tenant":"acme","scope":"admin",{written}}}'
    assert refused(key_file, signed(claims.encode())).startswith("The token")


@pytest.mark.parametrize("value", [1_900_000_000, 1_900_000_000.5, 2**40 - 1])
def test_a_time_may_have_fractions(auth: Auth, value: float) -> None:
    auth.authenticate(f"Bearer {a_token(exp=value, nbf=0.5, iat=-1)}", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "a" * 41},
        {"tenant": ["acme"]},
        {"tenant": {"acme": 1}},
        {"tenant": None},
        {"tenant": "acme\n"},
        {"scope": {"admin": True}},
        {"scope": 7},
        {"scope": ["admin", 7]},
        {"scope": [["admin"]]},
        {"sub": ""},
        {"sub": "a" * 257},
        {"sub": "a\u0000b"},
        {"sub": "\u202eab"},
        {"sub": ["a"]},
    ],
)
def test_an_odd_claim_opens_nothing(key_file: Path, changes: dict[str, Any]) -> None:
    assert "claim" in refused(key_file, a_token(**changes))


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"EdDSA","kid":["k1"]}',
        b'{"alg":"EdDSA","kid":{"k1":1}}',
        b'{"alg":"EdDSA","kid":7}',
        b'{"alg":["EdDSA"],"kid":"k1"}',
        b'{"alg":"EdDSA","kid":"k1","crit":["exp"],"exp":1}',
        b'{"alg":"EdDSA","kid":"k1","crit":[]}',
        b'{"alg":"EdDSA","kid":"k1","b64":false,"crit":["b64"]}',
        b'{"alg":"EdDSA","kid":"\\ud800"}',
        b"[" * 3_000 + b"]" * 3_000,
        b'{"a":' * 1_500 + b"1" + b"}" * 1_500,
        b"[]",
        b"7",
        b"\xff",
        b"",
    ],
)
def test_an_odd_header_opens_nothing(key_file: Path, header: bytes) -> None:
    refused(key_file, signed(b'{"sub":"a"}', header))


@pytest.mark.parametrize(
    "payload", [b"[]", b"7", b"null", b"[" * 3_000 + b"]" * 3_000, b'{"exp":' * 900 + b"}" * 900]
)
def test_an_odd_payload_opens_nothing(key_file: Path, payload: bytes) -> None:
    refused(key_file, signed(payload))


def test_a_token_for_another_application_opens_nothing(key_file: Path) -> None:
    expected = Expected("recoup", "https://idp.example.com/")
    auth = Auth(jwks=str(key_file), dev_key=None, expected=expected, now=lambda: NOW)
    ours: dict[str, Any] = {"aud": "recoup", "iss": "https://idp.example.com/"}
    for audience in ("recoup", ["wiki", "recoup"]):
        auth.authenticate(f"Bearer {a_token(**{**ours, 'aud': audience})}", None)
    for odd in ("wiki", "recoup2", ["wiki"], [], {"recoup": 1}, 7, None, ...):
        assert "'aud'" in refused(key_file, a_token(**{**ours, "aud": odd}), expected)
    given = {"sub": "a", "tenant": "acme", "scope": "admin", "exp": 1_900_000_000, **ours}
    for odd in ("https://idp.example.com", ["https://idp.example.com/"], "", None, {}):
        token = signed(json.dumps({**given, "iss": odd}).encode())
        assert "'iss'" in refused(key_file, token, expected)
    assert "'iss'" in refused(key_file, a_token(aud="recoup"), expected)
