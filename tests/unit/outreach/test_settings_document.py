"""The document of a tenant's settings: what is taken, and every fault of what is not."""

from typing import Any

import msgspec
import pytest

from services.outreach.channels.domain.settings_document import read_settings
from services.outreach.channels.domain.tenant_settings import TenantSettings
from shared.errors import Invalid

SECRETS = {"MAIL_URL": "smtp://127.0.0.1:25", "DKIM_KEY": "pem", "SMS_TOKEN": "https://a:b@c"}

# As the page has it.
WHOLE: dict[str, Any] = {
    "language": "de",
    "creditor": {
        "name": "Muster GmbH", "postal_address": "Weg 1, 10115 Berlin", "tax_id": "DE1",
        "phone": "+49301234567", "url": "https://muster.example",
    },
    "providers": {
        "mail": {
            "channel": "email", "kind": "smtp", "secret": "MAIL_URL", "from": "a@muster.example",
            "reply_domain": "reply.muster.example", "bounce_domain": "bounce.muster.example",
            "dkim": {"domain": "muster.example", "selector": "k1", "secret": "DKIM_KEY"},
            "rate_per_second": 20,
        },
        "texts": {
            "channel": "sms", "kind": "twilio", "secret": "SMS_TOKEN", "from": "+49301234567",
            "message_ids": "text", "segments_max": 4,
        },
        "calls": {"channel": "voice", "kind": "dialler"},
        "post": {
            "channel": "letter", "kind": "folder", "target": "/srv/letters", "cut_off": "16:00",
            "format": "A4",
        },
    },
    "costs": {
        "currency": "EUR", "email": 400, "sms": {"+": 90000}, "voice": {"call": 0, "minute": 20000},
        "letter": {"first": 920000, "sheet": 40000}, "person": {"minute": 500000},
    },
    "capacity": {"letter": 1000, "collectors": 80},
    "ramp": {"start": 200, "factor": 2, "most": None},
    "portal": {"link_days": 30},
    "confirm_stop": False,
    "reviews": {"share": 0.05},
    "four_eyes_activation": True,
}  # fmt: skip


def faults(value: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        read_settings(value, SECRETS)
    return {error.pointer: error.detail for error in caught.value.errors}


def test_the_whole_document_is_taken_as_it_is() -> None:
    settings = read_settings(WHOLE, SECRETS)
    shown = msgspec.json.decode(msgspec.json.encode(settings))
    assert shown["creditor"] == WHOLE["creditor"]
    assert shown["costs"] == WHOLE["costs"]
    for name, provider in WHOLE["providers"].items():
        assert provider.items() <= shown["providers"][name].items()
    assert read_settings(shown, SECRETS) == settings, "what is read can be sent again"


def test_nothing_at_all_is_all_defaults() -> None:
    assert read_settings({}, {}) == TenantSettings()


@pytest.mark.parametrize("value", [None, [], "x", 7])
def test_no_object_is_no_settings(value: Any) -> None:
    assert faults(value) == {"": "must be an object"}


def test_every_fault_of_the_shape_at_once() -> None:
    assert faults(
        {
            "langage": "de",
            "costs": {"email": -1, "voice": {"minutes": 3}},
            "providers": {
                "mail": {"channel": "fax", "kind": "smtp", "dkim": {"domain": 5}},
                "x": 1,
            },
            "ramp": {"factor": 0.5},
        }
    ) == {
        "/langage": "is not known here",
        "/costs/email": "must be at least 0",
        "/costs/voice/minutes": "is not known here",
        "/providers/mail/channel": "must be one of email, sms, voice, letter, portal, webhook",
        "/providers/mail/dkim/domain": "must be a text, not a whole number",
        "/providers/mail/dkim/selector": "is missing",
        "/providers/mail/dkim/secret": "is missing",
        "/providers/x": "must be an object",
        "/ramp/factor": "must be at least 1.0",
    }


def test_every_fault_of_what_it_says_at_once() -> None:
    found = faults(
        {
            "language": "German",
            "creditor": {"name": " ", "url": "ftp://x"},
            "providers": {
                "mail": {"channel": "sms", "kind": "smtp", "from": "nobody", "cut_off": "25:00"},
                "texts": {"channel": "sms", "kind": "smpp", "secret": "NOT_SET", "from": "+4930"},
                "Post": {"channel": "letter", "kind": "http-put", "target": "x"},
            },
            "costs": {"currency": "XXX", "sms": {"49": 1}},
            "ramp": {"start": 10, "most": 5},
        }
    )
    assert found.keys() == {
        "/language", "/creditor/name", "/creditor/url", "/providers/mail/channel",
        "/providers/mail/secret", "/providers/mail/from", "/providers/mail/cut_off",
        "/providers/texts/secret", "/providers/Post", "/providers/Post/target",
        "/costs/currency", "/costs/sms/49", "/ramp/most",
    }  # fmt: skip
    assert found["/providers/texts/secret"] == "names the variable NOT_SET, which is not set"
    assert found["/providers/mail/secret"] == "is missing: smtp needs it"


def test_a_secret_is_named_and_never_given() -> None:
    found = faults({"providers": {"mail": {
        "channel": "email", "kind": "smtp", "secret": "smtp://user:geheim@host:25"}}})  # fmt: skip
    assert found == {"/providers/mail/secret": "must be the name of an environment variable"}
