"""Statements and copies of invoices over HTTP."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import httpx
import pytest
from pypdf import PdfReader

from services.ledger.api import documents, models
from shared.process.compute import ComputePool
from tests.factories import a_billing_event, a_payment, an_account, an_invoice
from tests.integration.ledger.test_story import start_day

Post = Callable[..., Awaitable[httpx.Response]]

STATEMENT = "/v1/accounts/C1/statement"


def _text(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


async def test_a_window_ends_on_the_begun_day_and_begins_90_days_before(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_account(language="de-AT"), an_invoice(number="INV-1"), a_payment())
    before = models.Statement.model_validate_json((await client.get(STATEMENT)).content)
    assert before.to.isoformat() == "2026-03-20"  # nothing has begun: what was recorded last
    await start_day(client, day="2026-04-20")
    answer = models.Statement.model_validate_json((await client.get(STATEMENT)).content)
    assert (answer.from_.isoformat(), answer.to.isoformat()) == ("2026-01-20", "2026-04-20")
    assert answer.language == "de"
    (part,) = answer.currencies
    assert [line.text for line in part.lines] == ["Rechnung INV-1", "Zahlung P1"]
    assert (part.totals.invoiced, part.totals.paid, part.closing_minor) == (10000, -4000, 6000)
    (item,) = part.open_items
    assert (item.number, item.days_past_due, item.principal_minor) == ("INV-1", 36, 6000)


async def test_a_statement_is_a_table_or_a_document_for_who_asks(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_account(), an_invoice(), an_invoice("I2", currency="JPY"), a_payment())
    await start_day(client, day="2026-03-31")
    by_header = await client.get(STATEMENT, headers={"Accept": "text/csv, application/json;q=0.5"})
    by_name = await client.get(f"{STATEMENT}?format=csv")
    assert by_header.content == by_name.content
    assert by_name.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(by_name.text, newline="")))
    assert [(row["kind"], row["currency"], row["balance"]) for row in rows] == [
        ("opening", "EUR", "0.00"),
        ("invoice-issued", "EUR", "100.00"),
        ("payment-received", "EUR", "60.00"),
        ("closing", "EUR", "60.00"),
        ("opening", "JPY", "0"),
        ("invoice-issued", "JPY", "10000"),
        ("closing", "JPY", "10000"),
    ]
    drawn = await client.get(
        f"{STATEMENT}?currency=EUR&language=fr", headers={"Accept": "application/pdf"}
    )
    again = await client.get(f"{STATEMENT}?currency=EUR&language=fr&format=pdf")
    assert drawn.content == again.content
    assert "Relevé de compte" in _text(drawn)
    assert "JPY" not in _text(drawn)
    assert "statement-2025-12-31-2026-03-31.pdf" in drawn.headers["content-disposition"]
    any_kind = await client.get(STATEMENT, headers={"Accept": "text/html, */*;q=0.8"})
    assert any_kind.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("from=2026-03-31&to=2026-03-10", ["/query/to"]),
        ("from=2026-04-10", ["/query/from"]),  # after the begun day
        ("language=pt&currency=XXY", ["/query/language", "/query/currency"]),
        ("format=pdf&from=2025-02-24&to=2026-03-31", ["/query/from"]),  # 401 days
        ("format=xml", ["/query/format"]),
        ("from=yesterday", ["/query/from"]),
    ],
)
async def test_what_cannot_be_made_is_refused_with_its_reasons(
    client: httpx.AsyncClient, post: Post, query: str, pointers: list[str]
) -> None:
    await post(an_account(), an_invoice())
    await start_day(client, day="2026-03-31")
    refused = await client.get(f"{STATEMENT}?{query}")
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == pointers
    longest = await client.get(f"{STATEMENT}?format=pdf&from=2025-02-25&to=2026-03-31")
    assert longest.status_code == 200


async def test_a_long_table_is_written_elsewhere_and_too_long_a_one_refused(
    client: httpx.AsyncClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(an_account(), *(an_invoice(f"I{n}") for n in range(5)))
    short = await client.get(f"{STATEMENT}?to=2026-03-31&format=csv")
    monkeypatch.setattr(documents, "LINES_HERE_MAX", 4)
    assert (await client.get(f"{STATEMENT}?to=2026-03-31&format=csv")).content == short.content
    monkeypatch.setattr(documents, "PDF_LINES_MAX", 4)
    refused = await client.get(f"{STATEMENT}?to=2026-03-31&format=pdf")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/from")


async def test_a_copy_of_an_invoice(client: httpx.AsyncClient, post: Post) -> None:
    invoice = an_invoice(
        number="INV-1",
        lines=[{"description": "Maintenance", "amount_minor": 10000}],
        early_discount={"percent": 2, "until_on": "2026-04-10"},
    )
    note = a_billing_event(
        "credit-note-issued",
        {
            "credit_note_id": "K1",
            "account_id": "C1",
            "currency": "EUR",
            "amount_minor": 1000,
            "issued_on": "2026-03-21",
            "invoice_id": "I1",
        },
    )
    address = {"line1": "1 Long Street", "city": "Vienna", "postal_code": "1010", "country": "AT"}
    await post(an_account(addresses=[address]), invoice, a_payment(), note)
    await start_day(client, day="2026-03-31")
    text = _text(await client.get("/v1/invoices/I1/document"))
    for shown in ("Copy of invoice INV-1", "Maintenance", "1010 Vienna", "Austria", "Payment P1"):
        assert shown in text
    german = _text(await client.get("/v1/invoices/I1/document?language=de")).replace("\xa0", " ")
    # 2 % of what is left by the credit note aimed at it.
    assert "2 % Skonto (€ 1,80), wenn der Rest von € 48,20 bis 10.04.2026 gezahlt ist." in german
    assert "Offen: € 50,00" in german
    assert (await client.get("/v1/invoices/I2/document")).status_code == 404
    wrong = await client.get("/v1/invoices/I1/document?language=xx")
    assert wrong.json()["errors"][0]["pointer"] == "/query/language"
    other = await client.get("/v1/invoices/I1/document", headers={"X-Tenant": "other"})
    assert other.status_code == 404


@pytest.mark.parametrize("invoice_id", ["A/B", "A/document", "document", "A/document/document"])
async def test_ids_may_hold_slashes(client: httpx.AsyncClient, post: Post, invoice_id: str) -> None:
    await post(an_account(), an_invoice("A"), an_invoice(invoice_id, number="INV-9"))
    address = f"/v1/invoices/{quote(invoice_id, safe='')}"
    assert (await client.get(address)).json()["invoice_id"] == invoice_id
    assert "Copy of invoice INV-9" in _text(await client.get(f"{address}/document"))


async def test_nobody_waits_for_a_document_that_is_drawn(
    client: httpx.AsyncClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account's turn and the connection are given back before."""
    answered: list[int] = []

    async def run(
        _pool: ComputePool, _tenant: str, write: Callable[[bytes], bytes], content: bytes
    ) -> bytes:
        async with asyncio.timeout(60):
            answered.append((await post(a_payment("P2"))).status_code)
        return write(content)

    await post(an_account(), an_invoice())
    monkeypatch.setattr(ComputePool, "run", run)
    for address in (f"{STATEMENT}?to=2026-03-31&format=pdf", "/v1/invoices/I1/document"):
        assert (await client.get(address)).status_code == 200
    assert answered == [200, 200]
