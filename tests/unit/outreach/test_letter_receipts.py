"""What print shops post: signed, or not believed."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from services.outreach.channels.domain.contract import ProviderRequest, Receipt
from services.outreach.channels.domain.letter_receipts import LetterReceipts
from shared import clock
from shared.errors import Invalid, Unauthenticated

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
EVENT = {
    "contact_id": "c1",
    "batch_id": "letters-demo-2027-04-09-1",
    "state": "posted",
    "at": "2027-04-10T08:00:00+02:00",
}


def request(*events: dict[str, Any], body: bytes | None = None) -> ProviderRequest:
    content = body if body is not None else json.dumps({"events": list(events)}).encode()
    now = clock.now()
    headers = {
        "Webhook-Id": "m1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(SECRET).sign("m1", now, content.decode()),
    }
    return ProviderRequest("https://x.example/", headers, content)


def test_posted_is_sent_and_returned_is_a_dead_address() -> None:
    posted, returned = LetterReceipts(SECRET).receipts(
        request(EVENT, {**EVENT, "state": "returned", "code": "moved"})
    )
    own = "letters-demo-2027-04-09-1/c1"
    assert posted == Receipt(
        "sent", datetime(2027, 4, 10, 6, tzinfo=UTC), provider_id=own, code="posted"
    )
    assert (returned.state, returned.code, returned.is_address_dead) == ("failed", "moved", True)


def test_what_is_not_signed_is_not_believed() -> None:
    signed = request(EVENT)
    changed = ProviderRequest(signed.url, signed.headers, signed.body.replace(b"c1", b"c2"))
    for reader, posted in (
        (LetterReceipts(SECRET), changed),
        (LetterReceipts(SECRET), ProviderRequest(signed.url, {}, signed.body)),
        (LetterReceipts("whsec_" + base64.b64encode(b"t" * 32).decode()), signed),
        (LetterReceipts(None), signed),
    ):
        with pytest.raises(Unauthenticated):
            reader.receipts(posted)


@pytest.mark.parametrize(
    "event",
    [
        {},
        EVENT | {"state": "burnt"},
        EVENT | {"at": "2027-04-10T08:00:00"},
        EVENT | {"contact_id": ""},
        EVENT | {"more": 1},
    ],
)
def test_what_makes_no_sense_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        LetterReceipts(SECRET).receipts(request(event))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"events": null}'])
def test_bodies_of_other_shapes_are_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        LetterReceipts(SECRET).receipts(request(body=body))
