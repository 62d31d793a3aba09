"""The dashboard in a real browser, over a server of canned figures: what people see and when."""

import os
import re
import shutil
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.dashboard_stub import Figures, Stub

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

# The contrast (WCAG 2) of every visible text with what lies under it, lowest first.
CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) =>
    [...[r, g, b].map((v, at) => v * a + ground[at] * (1 - a)), 1];
  const under = (element) => {
    if (!element) return [255, 255, 255, 1];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, under(element.parentElement));
  };
  const light = (rgb) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.slice(0, 3).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const texts = [...element.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    if (!texts.length || !element.checkVisibility() || element.closest("[inert]")) continue;
    const ground = under(element);
    const ink = over(rgba(getComputedStyle(element).color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    found.push({ text: texts[0].data.trim(), ratio: (a + 0.05) / (b + 0.05) });
  }
  return found.sort((x, y) => x.ratio - y.ratio);
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "NOT RUN: there is no Chromium on this machine (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        print(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def figures() -> Figures:
    return Figures()


@pytest.fixture
def stub(figures: Figures) -> Iterator[Stub]:
    stub = Stub(figures)
    stub.start()
    yield stub
    stub.stop()


class Visit:
    """An open page, and everything its console complained of."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.expects_no_answer = False
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.goto(url)

    def _heard(self, kind: str, text: str) -> None:
        # That nothing answered is what a test of a lost server is about.
        lost = self.expects_no_answer and "Failed to load resource" in text
        if kind in {"error", "warning"} and not lost:
            self.complaints.append(text)


@pytest.fixture
def visit(browser: Browser, stub: Stub) -> Iterator[Visit]:
    with_context = browser.new_context(
        locale="en-US", viewport={"width": 1400, "height": 1100}, timezone_id="Pacific/Auckland"
    )
    visit = Visit(with_context.new_page(), stub.url)
    yield visit
    with_context.close()
    assert visit.complaints == []


def value_of(page: Page, kpi: str) -> str:
    return page.locator(f'[data-kpi="{kpi}"] .value').inner_text()


def test_figures_are_shown_with_their_units_and_decimals(visit: Visit) -> None:
    page = visit.page
    page.wait_for_selector(READY)
    assert value_of(page, "recovery") == "42.7%"
    assert value_of(page, "dso") == "41.3 d"
    assert value_of(page, "received") == "€98,765.43"
    assert value_of(page, "contacts") == "1,284"
    expect(page.locator('[data-kpi="dso"] .note')).to_have_text("best possible 28.9 d")
    expect(page.locator('[data-kpi="contacts"] .note')).to_have_text("149 kept back (10.4%)")
    expect(page.locator("#aging dt").first).to_have_text(re.compile("Not yet due.*€42,000.00"))
    expect(page.locator("#aging .sum")).to_contain_text("€91,000.00")
    assert page.locator("#segments tbody th").all_inner_texts()[:2] == ["current", "self-cure"]
    assert page.locator(".plot canvas").count() == 4
    # The page's day is the figures' own, whatever the reader's zone says.
    expect(page.locator("#asof")).to_contain_text("Oct 3, 2026 to Dec 31, 2026")


def test_periods_that_are_not_over_are_hatched(visit: Visit) -> None:
    page = visit.page
    page.wait_for_selector(READY)
    page.get_by_label("12 months").check()
    expect(page.locator("#card-cash .plot")).to_have_attribute("data-hatched", "1")
    expect(page.locator("#card-dso .plot")).to_have_attribute("data-hatched", "0")
    expect(page.locator("#card-cash .u-legend")).to_contain_text("(part)")
    page.locator("#card-cash summary").click()
    lines = page.locator("#card-cash .data tbody th").all_inner_texts()
    assert [line.endswith("(part)") for line in lines] == [False] * (len(lines) - 1) + [True]


def test_dso_above_is_the_last_one_in_its_chart(visit: Visit) -> None:
    page = visit.page
    page.wait_for_selector(READY)
    for period in ("30 days", "12 months"):
        page.get_by_label(period).check()
        legend = page.locator("#card-dso .u-legend .u-series").nth(1).locator(".u-value")
        expect(legend).to_have_text(value_of(page, "dso"))


def test_a_telephone_shows_every_series_and_every_column(visit: Visit) -> None:
    page = visit.page
    page.set_viewport_size({"width": 375, "height": 800})
    page.reload()
    page.wait_for_selector(READY)
    for card, names in (("cash", ("Invoiced", "Received")), ("contacts", ("Sent", "Kept back"))):
        legend = page.locator(f"#card-{card} .u-legend")
        plot = page.locator(f"#card-{card} .plot").bounding_box()
        assert plot is not None
        for name in names:
            box = legend.get_by_text(name, exact=False).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= plot["y"] + plot["height"] + 1, name
            assert box["x"] + box["width"] <= 375, name
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    table = page.locator("#segments")
    assert table.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_an_effectiveness_below_zero_is_no_share(visit: Visit, figures: Figures) -> None:
    page = visit.page
    page.wait_for_selector(READY)
    figures.factor = -1.0
    page.reload()
    expect(page.locator('[data-kpi="cei"] .value')).to_have_text("–")


def test_another_currency_and_another_period(visit: Visit) -> None:
    page = visit.page
    page.wait_for_selector(READY)
    page.select_option("#currency", "JPY")
    expect(page.locator('[data-kpi="received"] .value')).to_have_text("¥9,876,543")
    page.get_by_label("30 days").check()
    expect(page.locator("#asof")).to_contain_text("Dec 2, 2026 to Dec 31, 2026")
    page.get_by_role("radio", name="All").check()
    expect(page.locator("#asof")).to_contain_text(re.compile("(Dec|Jan) .* to Dec 31, 2026"))
    page.fill("#from", "2026-06-01")
    expect(page.locator("#asof")).to_contain_text("Jun 1, 2026 to Dec 31, 2026")
    page.reload()
    expect(page.locator("#asof")).to_contain_text("Jun 1, 2026 to Dec 31, 2026")
    expect(page.locator("#currency")).to_have_value("JPY")


def test_everything_is_within_reach_of_the_keyboard(visit: Visit) -> None:
    page = visit.page
    page.wait_for_selector(READY)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#currency")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("12 months")).to_be_checked()
    page.locator("#card-recovery summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#card-recovery .data table")).to_be_visible()
    assert "42.7%" in (page.locator("#card-recovery .plot").get_attribute("aria-label") or "")


def test_news_on_the_stream_bring_new_figures(visit: Visit, stub: Stub, figures: Figures) -> None:
    page = visit.page
    page.wait_for_selector(READY)
    expect(page.locator("#live")).to_have_text("Live")
    figures.factor = 1.2
    stub.tell()
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("51.3%", timeout=PATIENCE_MS)


def test_an_empty_platform_says_so_and_fills_by_itself(
    browser: Browser, stub: Stub, figures: Figures
) -> None:
    figures.currencies = ()
    context = browser.new_context(locale="en-US")
    visit = Visit(context.new_page(), stub.url)
    visit.page.wait_for_selector('body[data-state="empty"]')
    expect(visit.page.locator("#empty h2")).to_have_text("No figures yet")
    expect(visit.page.locator("#figures")).to_be_hidden()
    expect(visit.page.locator("#live")).to_have_text("Live")
    figures.currencies = ("EUR",)
    stub.tell()
    visit.page.wait_for_selector(READY, timeout=PATIENCE_MS)
    assert value_of(visit.page, "recovery") == "42.7%"
    context.close()
    assert visit.complaints == []


def test_a_lost_server_is_told_and_found_again(visit: Visit, stub: Stub, figures: Figures) -> None:
    page = visit.page
    page.wait_for_selector(READY)
    height = page.locator("#figures").bounding_box()
    visit.expects_no_answer = True
    stub.stop()
    expect(page.locator("#banner")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#banner")).to_contain_text("Figures are as of")
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    assert page.locator("body[data-stale]").count() == 1
    assert value_of(page, "recovery") == "42.7%", "old figures stay in sight"
    figures.factor = 1.2
    stub.start()
    expect(page.locator("#banner")).to_be_hidden(timeout=PATIENCE_MS)
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("51.3%")
    expect(page.locator("#live")).to_have_text("Live")
    assert page.locator("body[data-stale]").count() == 0
    after = page.locator("#figures").bounding_box()
    assert height is not None
    assert after is not None
    assert (height["width"], height["height"]) == (after["width"], after["height"]), "no jump"


def test_elsewhere_a_token_opens_the_page(browser: Browser, stub: Stub, figures: Figures) -> None:
    figures.token = "a-token-for-figures"
    context = browser.new_context(locale="en-US")
    visit = Visit(context.new_page(), stub.url)
    visit.expects_no_answer = True  # the browser lists every 401 as a resource that failed
    page = visit.page
    page.wait_for_selector('body[data-state="signin"]')
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#signin-error")).to_have_text("That token is not accepted.")
    page.get_by_label("Token").fill(figures.token)
    page.keyboard.press("Enter")
    page.wait_for_selector(READY, timeout=PATIENCE_MS)
    expect(page.locator("#token")).to_have_value("")
    context.close()
    assert visit.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("currencies", [("EUR",), ()])
def test_every_text_can_be_read_in_light_and_in_dark(
    browser: Browser,
    stub: Stub,
    figures: Figures,
    scheme: Literal["light", "dark"],
    currencies: tuple[str, ...],
) -> None:
    figures.currencies = currencies
    context = browser.new_context(locale="en-US", color_scheme=scheme)
    page = context.new_page()
    page.goto(stub.url)
    page.wait_for_selector(READY if currencies else 'body[data-state="empty"]')
    contrasts = page.evaluate(CONTRASTS)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()
    assert len(contrasts) > (60 if currencies else 8)
    assert contrasts[0]["ratio"] >= 4.5, contrasts[0]
    assert ground == {"light": "rgb(244, 246, 245)", "dark": "rgb(13, 20, 19)"}[scheme]


def test_a_narrow_screen_needs_no_sideways_scrolling(browser: Browser, stub: Stub) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(stub.url)
    page.wait_for_selector(READY)
    wide = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert wide <= 390
