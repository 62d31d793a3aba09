"""What providers post: whose it is, by whose secret signed it."""

import base64
import json

import pytest
from standardwebhooks import Webhook

from services.outreach.channels.domain.contract import ProviderRequest
from services.outreach.channels.domain.tenant_settings import Provider
from services.outreach.inbound.domain.provider_events import TenantProvider, read_posted
from shared import clock
from shared.errors import Invalid

SECRETS = {
    tenant: "whsec_" + base64.b64encode(letter * 32).decode()
    for tenant, letter in {"one": b"1", "two": b"2"}.items()
}
PRINT_SHOP = Provider(channel="letter", kind="http-put", secret="PRINT", target="https://x.example")
EVENT = {"contact_id": "c1", "batch_id": "b1", "state": "returned", "at": "2027-04-10T08:00:00Z"}


def posted(secret: str, content: str) -> ProviderRequest:
    now = clock.now()
    headers = {
        "Webhook-Id": "m1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("m1", now, content),
    }
    return ProviderRequest("https://x.example/", headers, content.encode())


def providers(**secrets: str) -> list[TenantProvider]:
    return [TenantProvider(tenant, "post", PRINT_SHOP, each) for tenant, each in secrets.items()]


def test_letters_are_of_the_tenant_whose_secret_signs() -> None:
    found = providers(odd="a token that is no key", **SECRETS)
    request = posted(SECRETS["two"], json.dumps({"events": [EVENT]}))
    ((of, read),) = read_posted(found, request, clock.now())
    assert of.tenant == "two"
    assert [(r.state, r.is_address_dead, r.provider_id) for r in read.receipts] == [
        ("failed", True, "b1/c1")
    ]
    assert read_posted(found[:2], request, clock.now()) == []


def test_what_is_signed_and_does_not_fit_is_named() -> None:
    request = posted(SECRETS["one"], json.dumps({"events": [{"contact_id": "c1"}]}))
    with pytest.raises(Invalid):
        read_posted(providers(**SECRETS), request, clock.now())
