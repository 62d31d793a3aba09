"""The end of the service token is told before it comes."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import clock
from shared.process import service_token, telemetry

KEY = Ed25519PrivateKey.generate()


def a_token(**claims: object) -> str:
    return jwt.encode(claims, KEY, algorithm="EdDSA")


@pytest.mark.parametrize("token", [None, "opaque", "a.b.c", a_token(), a_token(sub="x")])
def test_a_token_that_does_not_say_has_no_end(token: str | None) -> None:
    assert service_token.expiry(token) is None
    service_token.look("of-no-token", token)
    assert "of-no-token" not in telemetry.exposition("of-no-token").decode()


@pytest.mark.parametrize(("days", "warned"), [(29, True), (-1, True), (31, False)])
def test_it_is_shown_and_from_thirty_days_on_warned_of(
    days: int, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure_logging("token-test", level="warning")
    end = int(clock.now().timestamp()) + days * 86_400 + 60
    token = a_token(exp=end)
    service_token.look("token-test", token)
    shown = telemetry.exposition("token-test")
    assert b"recoup_service_token_expires_timestamp_seconds" in shown
    said = capsys.readouterr()
    assert ("service token" in said.out + said.err) == warned
    assert token not in said.out + said.err
