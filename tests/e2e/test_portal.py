"""A visitor of the portal, from the link in his e-mail to what he agrees on with the ledger."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import NewPlatform
from tests.e2e.desk import Desk
from tests.e2e.dunning import DAY, MORNING
from tests.e2e.mail import MailServer, mail_server
from tests.factories import a_payment, an_account, an_invoice

pytestmark = pytest.mark.e2e

Json = dict[str, Any]
HOME = {"line1": "Hauptstr. 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def test_from_the_link_to_an_agreement(new_platform: NewPlatform, mail: MailServer) -> None:
    platform = new_platform(OUTREACH_SMTP_URL=mail.url).start()
    desk = Desk(platform).settle_in(timezone="Europe/Berlin", contact_from="2026-01-01")
    desk.send(
        an_account("C1", language="en", addresses=[HOME]),
        an_invoice("I1", "C1", 12_000, number="INV-1", payment_url="https://pay.example.com/I1"),
        an_invoice("I2", "C1", 3_000, number="INV-2"),
        a_payment("P1", "C1", 2_000, received_at="2026-03-10T10:00:00Z"),
    )
    desk.start_day(DAY)
    platform.wait_quiet()
    desk.run_due(MORNING)
    (message,) = mail.to("C1")
    text = message.get_body(("plain",))
    assert text is not None
    token = str(text.get_content()).partition("/portal/")[2][:32]
    with httpx.Client(base_url=platform.url("outreach"), timeout=60, trust_env=False) as visitor:
        _comes_in(visitor, token)
        _sees(visitor)
        _pays(visitor)
        _promises(visitor)
        _disputes(visitor)
    amounts = desk.amounts("C1")
    assert amounts["disputed_minor"] == 3_000
    assert amounts["promised_minor"] == 4_000
    platform.wait_quiet()
    assert desk.integrity() == {}


def _comes_in(visitor: httpx.Client, token: str) -> None:
    first = visitor.get(f"/portal/{token}")
    assert first.status_code == 200
    assert "Ada" not in first.text
    assert visitor.get("/portal/api/account").status_code == 401
    wrong = {"answers": {"name": "Example", "postcode": "20095"}}
    assert visitor.post("/portal/api/identify", json=wrong).status_code == 422
    right = {"answers": {"name": "ada EXAMPLE", "postcode": "101 15"}}
    assert visitor.post("/portal/api/identify", json=right).json()["level"] == 1


def _sees(visitor: httpx.Client) -> None:
    answer = visitor.get("/portal/api/account")
    assert answer.status_code == 200, answer.text
    (account,) = answer.json()["accounts"]
    (euro,) = account["currencies"]
    assert euro["to_pay_now_minor"] == 13_000
    assert euro["to_pay_now"] == "130,00\u00a0€"  # English in Germany
    invoices = {each["number"]: each for each in euro["invoices"]}
    assert invoices["INV-1"]["amount_minor"] == 10_000
    assert invoices["INV-1"]["payment_url"] == "https://pay.example.com/I1"
    assert [part["kind"] for part in invoices["INV-2"]["parts"]] == ["principal"]
    assert [each["amount_minor"] for each in account["payments"]] == [2_000]
    items = visitor.get("/portal/api/documents").json()["items"]
    for item in items:
        paper = visitor.get(item["url"], params={"format": "pdf"})
        if item["kind"] == "invoice":
            paper = visitor.get(item["url"])
        assert paper.content.startswith(b"%PDF"), item["url"]
        assert "attachment" in paper.headers["content-disposition"]


def _pays(visitor: httpx.Client) -> None:
    paid = _post(visitor, "pay", {})
    assert [each["payment_url"] for each in paid.json()["payments"]] == [
        "https://pay.example.com/I1"
    ]
    assert _post(visitor, "pay", {"invoice_ids": ["I2"]}).status_code == 409


def _promises(visitor: httpx.Client) -> None:
    body = {"currency": "EUR", "amount_minor": 99_000, "due_on": "2026-03-20"}
    refused = _post(visitor, "promises", body)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0] == {
        "pointer": "/amount_minor",
        "detail": "This amount does not fit. It can be 130,00\u00a0€ at most.",
    }
    named = {**body, "amount_minor": 4_000, "invoice_ids": ["I1"]}
    preview = _post(visitor, "promises?preview=true", named)
    assert preview.status_code == 200, preview.text
    made = [_post(visitor, "promises", named, "promise") for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert made[0].json()["state"] == "open"


def _disputes(visitor: httpx.Client) -> None:
    (seen,) = visitor.get("/portal/api/plan-options").json()["accounts"]
    body = {"invoice_id": "I2", "reason_code": "wrong-amount", "reason": "never had it"}
    stale = _post(visitor, "disputes", body, "d0", {"If-Match": '"0"'})
    assert (stale.status_code, "has changed" in stale.text) == (412, True)
    opened = _post(visitor, "disputes", body, "d1", {"If-Match": seen["etag"]})
    assert (opened.status_code, opened.json()["disputed_minor"]) == (201, 3_000)
    (account,) = visitor.get("/portal/api/account").json()["accounts"]
    agreements = account["agreements"]
    assert [len(agreements[kind]) for kind in ("promises", "disputes")] == [1, 1]


def _post(
    visitor: httpx.Client, path: str, body: Json, key: str = "", headers: Json | None = None
) -> httpx.Response:
    given = {"Idempotency-Key": key or f"{path} {body}", **(headers or {})}
    return visitor.post(f"/portal/api/{path}", json=body, headers=given)
