"""Mail that debtors write, handed over as mail servers do; and what became of it."""

from email.message import EmailMessage
from typing import Any

import httpx

from services.outreach.channels.domain.tokens import address_local_part
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import at

MONDAY = at("2027-03-08 10:00")
EMAIL = "c1@example.com"
SID, TOKEN = "AC0123456789", "a-token-of-tests"
TWILIO = f"https://{SID}:{TOKEN}@api.twilio.com"
PUBLIC = "https://pay.example.com"


async def contacted(world: World) -> str:
    """A contact that was sent to C1; gives its id."""
    await world.run(MONDAY)
    (row,) = await world.db.fetch("select contact_id from contacts where state = 'sent'")
    return str(row["contact_id"])


def a_mail(
    text: str, *, contact_id: str | None = None, world: World | None = None, **headers: str
) -> bytes:
    message = EmailMessage()
    message["From"] = headers.pop("From", EMAIL)
    to = "accounts@creditor.example"
    if contact_id is not None and world is not None:
        local = address_local_part("r", contact_id, world.context.links.keys.signing)
        to = f"{local}@reply.example.com"
    message["To"] = to
    message["Subject"] = headers.pop("Subject", "Re: Your invoice")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


async def post(http: httpx.AsyncClient, raw: bytes) -> dict[str, Any]:
    answer = await http.post(
        "/v1/inbound/email", content=raw, headers={"Content-Type": "message/rfc822"}
    )
    assert answer.status_code in (200, 202), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def tasks(world: World) -> list[str]:
    rows = await world.db.fetch("select kind from tasks order by opened_at, kind")
    return [row["kind"] for row in rows]


async def pauses(world: World) -> list[tuple[str, str]]:
    rows = await world.db.fetch(
        "select account_id, kind from pauses where ended_on is null order by 1, 2"
    )
    return [(row["account_id"], row["kind"]) for row in rows]


async def replies(world: World) -> list[tuple[str, str]]:
    return [
        (event["data"]["reply_class"], event["data"]["effect"])
        for event in await world.announced("reply-received")
    ]
