"""The page at `/compliance` in a real browser, over the real service: what people ask and see."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
import uvicorn
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from services.outreach.api.compliance import EXAMPLE
from services.outreach.app import create_app
from shared.process.settings import Common
from shared.web.page_sessions import PageSessions
from tests.conftest import not_run
from tests.integration.outreach.doors import KEY, settings_for
from tests.integration.outreach.peers import Server
from tests.integration.outreach.world import World

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses to run as root with its sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
]
READY = 'body[data-state="ready"]'
PATIENCE_MS = 120_000

# The lowest contrast (WCAG 2) of visible texts with what lies under them.
CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const under = (element) => {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : under(element.parentElement);
  };
  const light = (rgb) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.slice(0, 3).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const texts = [...element.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    if (!texts.length || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const ink = rgba(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(under(element))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), texts[0].data.trim()]);
  }
  return found.sort((x, y) => x[0] - y[0]).slice(0, 3);
}
"""


@dataclass
class Visit:
    """An open page, and everything its console complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, kind: str, text: str) -> None:
        # That a question is refused, or a session needed first, is what some tests are about.
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.complaints.append(text)

    async def ask(self, question: dict[str, Any]) -> None:
        """Put a question as JSON."""
        await self.page.get_by_role("tab", name="JSON").click()
        await self.page.locator("#json").fill(json.dumps(question))
        await self.page.get_by_role("button", name="Ask the governor").click()
        await self.page.wait_for_selector(READY, timeout=PATIENCE_MS)


def field_of(page: Page, path: str) -> Locator:
    """The field of the form for a member of the question."""
    return page.locator(f"[data-path='{path}']")


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
async def url(world: World, outreach_url: str) -> AsyncIterator[str]:
    settings = settings_for(world, outreach_url)
    app = create_app(settings)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, loop="none")
    server = Server(config)
    task = asyncio.create_task(server.serve())
    await server.is_serving.wait()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


def link(url: str) -> str:
    """As `make link` prints it."""
    door = Common.from_env({"RECOUP_LOCAL": "1", "RECOUP_DEV_KEY": KEY}).door
    return PageSessions("outreach", "outreach:read", door).link(f"{url}/compliance", "demo")


async def open_page(browser: Browser, url: str, scheme: Literal["light", "dark"]) -> Visit:
    context = await browser.new_context(
        locale="en-US", viewport={"width": 1400, "height": 1300}, color_scheme=scheme
    )
    visit = Visit(await context.new_page())
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("console", lambda message: visit.hear(message.type, message.text))
    await visit.page.goto(link(url))
    await visit.page.wait_for_selector(READY, timeout=PATIENCE_MS)
    return visit


@pytest.fixture
async def visit(browser: Browser, url: str) -> AsyncIterator[Visit]:
    visit = await open_page(browser, url, "light")
    yield visit
    if folder := os.environ.get("RECOUP_SCREENSHOTS"):
        name = re.sub(r"\W+", "-", os.environ["PYTEST_CURRENT_TEST"])[-60:]
        await visit.page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    assert visit.complaints == []


QUESTION = EXAMPLE  # of the contract: a number of New York, a home in Los Angeles


async def test_the_page_answers_its_example_by_itself(visit: Visit) -> None:
    page = visit.page
    await expect(page.locator(".verdict .word")).not_to_be_empty()
    await expect(page.locator("header .notice")).to_contain_text("Not legal advice")
    await expect(page.locator("#strip svg")).to_be_visible()
    assert await page.locator("#rules code").count() > 0


async def test_a_question_as_json_is_answered_with_rule_citation_and_instant(visit: Visit) -> None:
    page = visit.page
    await visit.ask(QUESTION)
    await expect(page.locator(".verdict .word")).to_have_text("Not now")
    await expect(page.locator(".verdict .until")).to_contain_text("08:00")
    await expect(page.locator("#zone")).to_have_value("America/Los_Angeles")
    rule = page.locator(".rules li").first
    await expect(rule).to_contain_text("US-REGF-TIME-MULTIZONE")
    await expect(rule).to_contain_text("12 CFR 1006.6(b)(1)(i)")
    await expect(rule).to_contain_text("window opens at 08:00")
    await expect(page.locator(".said")).to_contain_text("mini-miranda")
    rows = await page.locator("#strip text.day").all_inner_texts()
    assert len(rows) == 15  # from the middle of one day to the middle of the 15th
    verdicts = {await bar.get_attribute("class") for bar in await page.locator("rect").all()}
    assert {"allow", "defer"} <= verdicts
    assert await page.locator("#strip rect title").first.text_content()


async def test_the_strip_is_drawn_on_the_clock_that_is_chosen(visit: Visit) -> None:
    page = visit.page
    await visit.ask(QUESTION)
    await expect(page.locator("#zone")).to_have_value("America/Los_Angeles")
    first = page.locator("#strip rect.allow").first
    before = await first.get_attribute("x")
    await page.locator("#zone").fill("Europe/Berlin")
    await page.locator("#zone").press("Tab")
    await expect(page.locator("#strip svg")).to_have_attribute(
        "aria-label", re.compile("Europe/Berlin")
    )
    assert await page.locator("#strip rect.allow").first.get_attribute("x") != before


async def test_form_and_json_say_the_same(visit: Visit) -> None:
    page = visit.page
    await visit.ask(QUESTION)
    await page.get_by_role("tab", name="Form").click()
    await expect(page.get_by_label("State or region")).to_have_value("CA")
    await field_of(page, "debtor.cease_requested_at").fill("2026-11-01")
    await field_of(page, "contact.channel").select_option("email")
    await field_of(page, "contact.to").fill("a@example.com")
    await page.get_by_role("button", name="Ask the governor").click()
    await expect(page.locator(".verdict .word")).to_have_text("Blocked")
    await page.get_by_role("tab", name="JSON").click()
    asked = json.loads(await page.locator("#json").input_value())
    assert asked["debtor"]["cease_requested_at"] == "2026-11-01T00:00:00Z"
    assert asked["debtor"]["refused_channels"] == QUESTION["debtor"]["refused_channels"]
    assert asked["debtor"]["inconvenient"] == QUESTION["debtor"]["inconvenient"]
    assert asked["debts"] == QUESTION["debts"]
    assert asked["debtor"]["attorney"] == QUESTION["debtor"]["attorney"]
    assert asked["at"] == QUESTION["at"]


async def test_what_is_not_known_can_be_said_to_be_so(visit: Visit) -> None:
    page = visit.page
    await visit.ask(QUESTION)
    await page.get_by_role("tab", name="Form").click()
    for name in ("country", "region", "city", "postal_code"):
        await field_of(page, f"debtor.addresses.0.{name}").fill("")
    await field_of(page, "contact.to").fill("")
    await field_of(page, "debtor.phones.0.number").fill("")
    for name in ("type", "consent"):
        await field_of(page, f"debtor.phones.0.{name}").select_option("")
    await page.get_by_role("button", name="Ask the governor").click()
    await expect(page.locator(".verdict .word")).not_to_have_text("Allowed")
    await page.get_by_role("tab", name="JSON").click()
    assert "addresses" not in json.loads(await page.locator("#json").input_value())["debtor"]


async def test_a_bad_question_is_told_field_by_field(visit: Visit) -> None:
    page = visit.page
    await visit.ask({**QUESTION, "party": "second", "colour": "blue"})
    await expect(page.locator(".problems li").first).to_be_visible()
    await expect(page.locator(".refused")).to_contain_text("cannot be answered")
    await expect(page.locator("#strip-card")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read(
    browser: Browser, url: str, scheme: Literal["light", "dark"]
) -> None:
    visit = await open_page(browser, url, scheme)
    await visit.ask(QUESTION)
    await expect(visit.page.locator(".rules li").first).to_be_visible()
    lowest = await visit.page.evaluate(CONTRAST)
    assert lowest[0][0] >= 4.5, lowest
    if folder := os.environ.get("RECOUP_SCREENSHOTS"):
        await visit.page.get_by_role("tab", name="Form").click()
        await visit.page.screenshot(path=f"{folder}/{scheme}.png", full_page=True)
    assert visit.complaints == []


def allowed_question() -> dict[str, Any]:
    """The example at noon in Los Angeles, of a person who was not called before."""
    return {**QUESTION, "at": "2026-03-09T19:00:00Z", "history": []}


async def test_bars_that_do_not_apply_are_folded_away(visit: Visit) -> None:
    page = visit.page
    await visit.ask(allowed_question())
    await expect(page.locator(".verdict .word")).to_have_text("Allowed")
    folded = page.locator("#rules details")
    await expect(folded.locator("summary")).to_contain_text("do not apply")
    await expect(folded.locator("li").first).to_be_hidden()
    shown = page.locator("#rules > .card > .rules > li")
    assert await shown.count() > 0
    assert not [text for text in await shown.all_inner_texts() if "does not apply here" in text]
    await folded.locator("summary").click()
    await expect(folded.locator("li").first).to_contain_text("does not apply here")


async def test_a_blocked_question_is_drawn_on_the_debtors_clock(visit: Visit) -> None:
    page = visit.page
    debtor = {**QUESTION["debtor"], "deceased": True}
    await visit.ask({**allowed_question(), "debtor": debtor})
    await expect(page.locator(".verdict .word")).not_to_have_text("Allowed")
    await expect(page.locator("#zone")).to_have_value("America/Los_Angeles")


async def test_a_first_visit_asks_for_nothing_that_is_refused(browser: Browser, url: str) -> None:
    page = await (await browser.new_context()).new_page()
    refused: list[str] = []
    page.on("response", lambda r: refused.append(r.url) if r.status >= 400 else None)
    await page.goto(link(url))
    await page.wait_for_selector(READY, timeout=PATIENCE_MS)
    await expect(page.locator(".verdict .word")).not_to_be_empty()
    assert refused == []


async def test_a_narrow_screen_needs_no_sideways_scrolling(browser: Browser, url: str) -> None:
    visit = await open_page(browser, url, "light")
    await visit.page.set_viewport_size({"width": 400, "height": 800})
    await visit.ask(QUESTION)
    await expect(visit.page.locator(".rules li").first).to_be_visible()
    width = await visit.page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 400
    await expect(visit.page.locator("#answer .word")).to_be_in_viewport()


async def test_a_token_or_a_link_opens_the_page_and_a_person_can_leave(
    browser: Browser, url: str
) -> None:
    context = await browser.new_context(locale="en-US")
    page = await context.new_page()
    await page.goto(f"{url}/compliance")
    await page.wait_for_selector('body[data-state="signin"]', timeout=PATIENCE_MS)
    await page.get_by_label("Token").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.locator("#signin-error")).to_have_text("This token cannot be used here.")
    await page.get_by_label("Token").fill(KEY)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(READY, timeout=PATIENCE_MS)
    assert KEY not in str(await context.cookies())
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_selector('body[data-state="signin"]', timeout=PATIENCE_MS)
    assert await context.cookies() == []
    once = link(url)
    await page.goto(once)
    await page.wait_for_selector(READY, timeout=PATIENCE_MS)
    assert page.url == f"{url}/compliance"
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_selector('body[data-state="signin"]', timeout=PATIENCE_MS)
    await page.goto(once)
    await page.wait_for_selector('body[data-state="signin"]', timeout=PATIENCE_MS)
    await expect(page.locator("#signin-error")).to_contain_text("That link was used")
    await context.close()
