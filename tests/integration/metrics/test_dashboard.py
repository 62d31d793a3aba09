"""The dashboard over the real service: what it asks is answered, and what may be done is done."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

from services.metrics.api.pages import sessions
from services.metrics.app import create_app
from services.metrics.settings import Settings
from shared.events import Received, ledger, outreach
from tests.conftest import not_run
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.served import DEV_KEY
from tests.integration.metrics.test_figures import an_account, an_invoice
from tests.integration.outreach.peers import Server
from tests.metrics_figures import a_contact, a_segment_changed, an_event

pytestmark = pytest.mark.browser

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
READY = 'body[data-state="ready"]'
PATIENCE_MS = 120_000
FIRST = date(2026, 1, 5)
ACCOUNTS = 24


def portfolio() -> list[Received]:
    """Half a year of some accounts: invoices, payments on time, late and never, contacts."""
    events: list[Received] = []
    for number in range(ACCOUNTS):
        key = f"C{number}"
        events.append(an_account(key, country=("DE", "FR")[number % 2]))
        segment = ("current", "reminder", "legal")[number % 3]
        events.append(a_segment_changed(segment, time=noon(FIRST), key=key))
        for month in range(6):
            issued = FIRST + timedelta(days=30 * month + number)
            due = issued + timedelta(days=14)
            id_ = f"I{number}-{month}"
            amount = 10_000 + 700 * number
            events.append(an_invoice(id_, amount, issued.isoformat(), due.isoformat(), key=key))
            paid = due + timedelta(days=(number * 7 + month * 11) % 40 - 5)
            if (number + month) % 4 == 0 or paid > due:
                events.append(an_overdue_invoice(key, id_, due))
            if (number + month) % 4:
                events.append(a_payment(key, id_, amount, paid, due))
            then = noon(due + timedelta(days=3))
            events.append(a_contact("contact-planned", f"K{id_}", time=then, key=key))
            if number % 6 == 0:
                events.append(a_score(key, 1 + (number + month) % 5, then + timedelta(hours=6)))
            kind = "contact-suppressed" if number % 5 == 0 else "contact-sent"
            rule = "HOUSE-HOURS-PERSONS" if number % 5 == 0 else ""
            events.append(a_contact(kind, f"K{id_}", time=then, key=key, rule=rule))
    ordered = sorted(events, key=lambda event: event.time)
    return [event for event in ordered if event.time < datetime(2026, 7, 15, tzinfo=UTC)]


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def a_payment(key: str, invoice: str, amount: int, paid: date, due: date) -> Received:
    late = max(0, (paid - due).days)
    put = ledger.Allocation(f"P{invoice}", invoice, amount, noon(paid), paid, late)
    data = ledger.PaymentReceived(
        payment_id=f"P{invoice}",
        account_id=key,
        currency="EUR",
        amount_minor=amount,
        received_at=noon(paid),
        allocations=(put,),
        amounts=(),
    )
    return an_event("payment-received", data, key=key, time=noon(paid))


def a_score(key: str, score: int, time: datetime) -> Received:
    data = outreach.FeedbackReceived(
        feedback_id=f"F-{key}-{time:%m%d}", account_id=key, score=score, received_at=time
    )
    return an_event("feedback-received", data, topic="outreach.events", key=key, time=time)


def an_overdue_invoice(key: str, invoice: str, due: date) -> Received:
    data = ledger.InvoiceOverdue(
        invoice_id=invoice,
        account_id=key,
        currency="EUR",
        due_on=due,
        stage=1,
        days_past_due=1,
        since_on=due + timedelta(days=1),
        balance_minor=1,
        disputed_minor=0,
        amounts=(),
    )
    return an_event("invoice-overdue", data, key=key, time=noon(due + timedelta(days=1)))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        not_run("there is no Chromium on this machine (apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def url(settings: Settings, deliver: Deliver) -> AsyncIterator[str]:
    await deliver(portfolio())
    config = uvicorn.Config(
        create_app(settings), host="127.0.0.1", port=0, log_config=None, loop="none"
    )
    server = Server(config)
    task = asyncio.create_task(server.serve())
    await server.is_serving.wait()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.fixture
async def page(browser: Browser, url: str, settings: Settings) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: _hear(complaints, message.text))
    await page.goto(sessions(settings.common.door).link(f"{url}/", "demo"))
    await page.wait_for_selector(READY)
    yield page
    await page.goto("about:blank")  # streams end
    await context.close()
    assert complaints == []


def _hear(complaints: list[str], text: str) -> None:
    if "Failed to load resource" not in text:
        complaints.append(text)


FIGURES_OF_PAGES = {
    "/": ('[data-kpi="recovery"]', '[data-kpi="dso"]', '[data-kpi="pay"]', "#aging"),
    "/receivables": ("#roll", "#cure"),
    "/collections": ('[data-kpi="satisfaction"]', "#segments", "#feedback"),
    "/contacts": ("#funnel", "#rules"),
}


async def test_figures_explain_themselves_from_every_page(page: Page, url: str) -> None:
    drawer = page.locator("dialog.drawer")
    for path, panels in FIGURES_OF_PAGES.items():
        if path != "/":
            await page.goto(url + path)
        for panel in panels:
            figure = page.locator(f"{panel} button.figure").first
            await figure.click()
            await expect(drawer.locator(".definition")).not_to_be_empty(timeout=PATIENCE_MS)
            await drawer.locator("tbody tr").first.wait_for()
            await expect(drawer.locator(".sum")).to_contain_text("Σ")
            await page.keyboard.press("Escape")
            await drawer.wait_for(state="detached")
            await expect(figure).to_be_focused()


async def test_a_drawer_lists_one_part_after_the_other_and_saves_it(page: Page, url: str) -> None:
    drawer = page.locator("dialog.drawer")
    await page.locator('[data-kpi="cure"] button.figure').click()  # it is 0: nothing counts
    await drawer.get_by_text("What it is a part of is at “Delinquencies”.").wait_for()
    await drawer.get_by_role("button", name="How it changed").click()
    await drawer.get_by_role("button", name="Delinquencies", exact=True).click()
    await drawer.locator("tbody tr").first.wait_for()
    await expect(drawer.locator("[aria-pressed=true]")).to_have_text("Delinquencies")
    await page.keyboard.press("Escape")
    await page.goto(f"{url}/contacts")
    await page.get_by_role("button", name="Attempts").click()
    await drawer.locator("tbody tr").first.wait_for()
    await expect(drawer.locator("[aria-pressed=true]")).to_have_text("Attempts")
    await page.goto(f"{url}/receivables")
    await page.locator("#vintages .switch").click()
    await page.locator("#vintages .as-table button.figure").first.click()
    await drawer.locator(".sum").wait_for()
    async with page.expect_download() as download:
        await drawer.get_by_role("link", name="CSV of just this").click()
    found = await download.value
    assert len((await found.path()).read_text().splitlines()) > 1
    await looked_at(page, "drawer")


PLAN = {
    "plan_id": "summer",
    "title": "Summer: less overdue",
    "currency": "EUR",
    "from": "2026-08-01",
    "to": "2026-12-31",
    "objectives": [
        {"id": "cash", "kpi": "recovered", "days": "plan", "at_least": 500_000, "by": "2026-12-31"}
    ],
    "budget": [{"id": "messages", "kinds": ["contact"], "amount_minor": 20_000}],
    "reviews": {"every": "month", "day": 3},
}


async def test_a_manager_approves_a_plan_from_its_page(page: Page, url: str) -> None:
    headers = {"Authorization": f"Bearer {DEV_KEY}", "X-Actor": "ann"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as ann:
        made = await ann.post("/v1/plans", json=PLAN)
        assert made.status_code == 201, made.text
    await page.goto(f"{url}/plans")
    await page.get_by_role("link", name="Summer: less overdue").click()
    await expect(page.locator("#title")).to_have_text("Summer: less overdue")
    await expect(page.locator("#panels")).to_contain_text("at least €5,000")
    await page.get_by_role("button", name="Approve").click()
    await page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    await expect(page.locator("#toast")).to_have_text("Approved.")
    await expect(page.locator(".plan-head .badge")).to_contain_text("approved")
    await looked_at(page, "plan")
    await page.get_by_role("button", name="Withdraw").click()
    await page.get_by_label("Reason").fill("The budget is too small.")
    await page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    await expect(page.locator(".plan-head .badge")).to_contain_text("draft")


async def looked_at(page: Page, name: str) -> None:
    if folder := os.environ.get("RECOUP_SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/real-{name}.png", full_page=True)


async def test_pages_show_the_figures_of_the_service(page: Page, url: str) -> None:
    await expect(page.locator(".standing")).to_contain_text("is past due")
    await expect(page.locator('[data-kpi="recovery"] .value')).to_contain_text("%")
    await expect(page.locator("#aging .total")).to_contain_text("€")
    await looked_at(page, "glance")
    failed = await page.locator('.panel[data-shows="error"]').all_inner_texts()
    assert [text for text in failed if "/v1/" not in text and "Not Found" not in text] == []
    for name in ("receivables", "collections", "contacts", "experiments", "plans", "process"):
        await page.get_by_role("link", name=name.capitalize()).click()
        await page.wait_for_selector(f'.tabs a[data-page="/{name}"][aria-current="page"]')
        await page.wait_for_selector(".panel[data-shows]")
        await looked_at(page, name)
