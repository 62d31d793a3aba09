"""Webhooks: signatures, targets, tries, and secrets that the database alone does not give away."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.outreach.channels.domain.webhook_signature import (
    check_secret,
    new_secret,
    signed_headers,
)
from services.outreach.channels.domain.webhook_targets import target_fault
from services.outreach.webhooks.domain import (
    RETRIES,
    Endpoint,
    SecretBox,
    body_of,
    retry_at,
    types_faults,
)
from shared import clock
from shared.errors import Invalid

NOON = datetime(2027, 3, 2, 12, tzinfo=UTC)


def test_a_signature_is_one_of_the_standard_and_a_changed_body_is_not() -> None:
    secret, body = new_secret(), body_of("contact-sent", NOON, b'{"a": 1}')
    headers = signed_headers("event-1", clock.now(), body, [secret])
    assert Webhook(secret).verify(body, headers)["data"] == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


def test_two_secrets_sign_while_they_are_exchanged() -> None:
    new, old, body = new_secret(), new_secret(), b"{}"
    headers = signed_headers("event-1", clock.now(), body, [new, old])
    for secret in (new, old):
        assert Webhook(secret).verify(body, headers) == {}


def test_the_body_names_type_and_instant() -> None:
    assert json.loads(body_of("case-closed", NOON, b'{"n": 2}')) == {
        "type": "case-closed", "timestamp": "2027-03-02T12:00:00Z", "data": {"n": 2},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("url", "is_local", "is_fine"),
    [
        ("https://crm.example.com/hooks?x=1", False, True),
        ("http://crm.example.com/hooks", False, False),
        ("https://user@crm.example.com/", False, False),
        ("https://10.0.0.1/", False, False),
        ("https://127.0.0.1/", False, False),
        ("https://169.254.169.254/latest", False, False),
        ("https://[::1]/", False, False),
        ("https://[::ffff:10.0.0.1]/", False, False),
        ("https://[fd00::1]/", False, False),
        ("https://localhost/", False, False),
        ("https://93.184.216.34/", False, True),
        ("http://127.0.0.1:8080/hooks", True, True),
        ("ftp://127.0.0.1/", True, False),
        ("https://" + "a" * 2000, False, False),
    ],
)
def test_who_may_be_posted_to(url: str, is_local: bool, is_fine: bool) -> None:
    assert (target_fault(url, is_local=is_local) == "") is is_fine


def test_tries_come_at_growing_distances_and_end() -> None:
    waits = [(retry_at(NOON, tries) or NOON) - NOON for tries in range(1, 9)]
    assert waits[:-1] == list(RETRIES)
    assert waits == [
        timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
        timedelta(hours=5), timedelta(hours=10), timedelta(hours=10), timedelta(0),
    ]  # fmt: skip
    assert retry_at(NOON, 8) is None
    assert retry_at(NOON, 1, retry_after=60) == NOON + timedelta(seconds=60)
    assert retry_at(NOON, 3, retry_after=60) == NOON + timedelta(minutes=30)
    assert retry_at(NOON, 1, retry_after=1e6) == NOON + RETRIES[-1]


def test_five_days_without_a_success_are_the_end() -> None:
    def failing(since: datetime | None) -> Endpoint:
        return Endpoint("w", "demo", "https://x", (), "on", NOON, b"", failing_since=since)

    assert not failing(None).is_given_up(NOON)
    assert not failing(NOON - timedelta(days=5) + timedelta(seconds=1)).is_given_up(NOON)
    assert failing(NOON - timedelta(days=5)).is_given_up(NOON)


def test_a_secret_is_opened_by_either_key_and_by_no_other() -> None:
    old, new = b"o" * 32, b"n" * 32
    sealed = SecretBox([old]).seal("whsec_abc")
    assert b"whsec" not in sealed
    assert SecretBox([new, old]).open(sealed) == "whsec_abc"
    assert SecretBox([new]).open(sealed) is None
    assert SecretBox([old]).seal("x") != SecretBox([old]).seal("x")


def test_what_is_no_secret_is_named() -> None:
    check_secret(new_secret())
    for text in ("whsec_", "whsec_YQ==", "whsec_%%", "x" * 200):
        with pytest.raises(Invalid):
            check_secret(text)


def test_types_are_those_of_outreach_each_once() -> None:
    assert types_faults(["contact-sent", "case-closed"]) == []
    faults = types_faults(["contact-sent", "invoice-issued", "contact-sent"])
    assert [fault.pointer for fault in faults] == ["/types/1", "/types/2"]
