"""What providers post, signed by them; and reports of mail servers."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
from twilio.request_validator import RequestValidator

from services.outreach.channels.domain.tokens import address_local_part
from shared.events.billing import Address, Phone
from tests.integration.outreach.replies import (
    PUBLIC,
    TOKEN,
    contacted,
    post,
    replies,
)
from tests.integration.outreach.world import World

NUMBER = "+4915112345678"

# ------------------------------------------------------------------------------------ providers


async def with_texts(http: httpx.AsyncClient) -> None:
    texts = {"channel": "sms", "kind": "twilio", "secret": "TWILIO_TEST", "from": "+4930123456"}
    settings = {"providers": {"texts": texts}}
    answer = await http.put("/v1/settings", json=settings)
    assert answer.status_code == 200, answer.text


async def provider_post(
    http: httpx.AsyncClient, form: dict[str, str], *, token: str = TOKEN, path: str = "texts"
) -> int:
    path = f"/v1/providers/{path}/events"
    signature = RequestValidator(token).compute_signature(f"{PUBLIC}{path}", form)
    headers = {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    del http.headers["Authorization"]
    answer = await http.post(path, content=urlencode(form), headers=headers)
    http.headers["Authorization"] = "Bearer a-development-key"
    return answer.status_code


def a_text(body: str, sid: str = "SM1", from_: str = NUMBER) -> dict[str, str]:
    return {
        "MessageSid": sid, "SmsStatus": "received", "From": from_, "To": "+4930123456",
        "Body": body,
    }  # fmt: skip


async def test_a_text_comes_in_with_the_providers_signature(
    world: World, http: httpx.AsyncClient
) -> None:
    await with_texts(http)
    await world.account("C4", phones=(Phone(number="0151 12345678"),), addresses=(
        Address(country="DE"),))  # fmt: skip
    assert await provider_post(http, a_text("STOP"), token="wrong") == 401
    assert await provider_post(http, a_text("STOP"), path="others") == 401
    assert await world.db.fetch("select * from inbound") == []
    for _ in range(2):
        assert await provider_post(http, a_text("STOP")) == 204
    (revoked,) = await world.announced("consent-revoked")
    assert (revoked["data"]["account_id"], revoked["data"]["channel"]) == ("C4", "sms")
    rows = await world.db.fetch("select address from consents")
    assert [row["address"] for row in rows] == [NUMBER]


async def test_the_same_words_twice_are_two_messages_by_their_ids(
    world: World, http: httpx.AsyncClient
) -> None:
    await with_texts(http)
    for sid in ("SM1", "SM2"):
        assert await provider_post(http, a_text("Hello", sid)) == 204
    rows = await world.db.fetch("select state from inbound")
    assert [row["state"] for row in rows] == ["for-person", "for-person"]


async def test_names_of_providers_are_their_tenants(world: World, http: httpx.AsyncClient) -> None:
    """Two tenants call theirs the same: the signature tells whose it is."""
    await with_texts(http)
    assert await provider_post(http, a_text("Hello")) == 204
    (row,) = await world.db.fetch("select tenant_id, received_at from inbound")
    assert row["tenant_id"] == "demo"
    assert row["received_at"] == datetime(2027, 3, 8, 10, tzinfo=UTC)


async def test_a_bounce_is_a_receipt(world: World, http: httpx.AsyncClient) -> None:
    """OUT-G7's first half: the address is dead, and who is told so again changes nothing."""
    contact_id = await contacted(world)
    local = address_local_part("b", contact_id, world.context.links.keys.signing)
    raw = (
        f"From: MAILER-DAEMON@mx.example.com\r\nTo: {local}@bounce.example.com\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nStop: no such user\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; c1@example.com\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    ).encode()
    for copy in (raw, raw, raw.replace(b"no such user", b"nobody")):
        item = await post(http, copy)
        assert (item["state"], item["effect"]) == ("receipt", "receipt")
    (failed,) = await world.announced("contact-failed")
    assert (failed["data"]["reason_code"], failed["data"]["is_address_dead"]) == ("5.1.1", True)
    assert await replies(world) == []
