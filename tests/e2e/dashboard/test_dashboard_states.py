"""What the dashboard says in each state: nothing there, no value, refused, gone, behind…"""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.dashboard.answers import Figures
from tests.e2e.dashboard.conftest import PATIENCE_MS, READY, NewVisit, Visit
from tests.e2e.dashboard.stub import Stub

pytestmark = pytest.mark.browser


def test_figures_have_their_units_decimals_and_words(visit: Visit) -> None:
    page = visit.open("/")
    value = page.locator(".tile .value")
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("42.7%")
    expect(page.locator('[data-kpi="dso"] .value')).to_have_text("41.3 d")
    expect(page.locator('[data-kpi="dso"] .note')).to_contain_text("countback 44.8 d")
    expect(page.locator('[data-kpi="dso"] .change')).to_contain_text("worse than before")
    expect(page.locator('[data-kpi="dso"] .change')).to_contain_text("target 40.0 d not reached")
    expect(page.locator('[data-kpi="cure"] .note')).to_contain_text("11 wait for their 30 days")
    assert value.count() == 8
    expect(page.locator(".standing")).to_contain_text("€91,000 is open; €49,000 of it (54%)")
    expect(page.locator(".standing")).to_contain_text("6% more than in the 90 days before")
    expect(page.locator("#aging dt").first).to_have_text(re.compile("Not yet due.*€42,000.00"))
    expect(page.locator("#alerts")).to_contain_text("off track for 3 days")
    expect(page.locator("#plans")).to_contain_text("off track")
    # The page's days are the figures' own, whatever the reader's zone says.
    expect(page.locator("#asof")).to_contain_text("Oct 3 – Dec 31, 2026")


def test_filters_stand_in_the_address_and_back_and_forward_go_through_them(visit: Visit) -> None:
    page = visit.open("/")
    page.select_option("#currency", "JPY")
    expect(page.locator("#asof")).to_contain_text("JPY")
    page.locator("#range-30").check()
    expect(page.locator("#asof")).to_contain_text("Dec 2 – 31, 2026")
    page.get_by_text("More filters").click()
    page.select_option("#segment", "legal")
    expect(page.locator("#asof")).to_contain_text("segment legal")
    assert "currency=JPY" in page.url
    assert "segment=legal" in page.url
    page.get_by_role("link", name="Receivables").click()
    expect(page.locator("#title")).to_have_text("Receivables")
    expect(page.locator("#asof")).to_contain_text("segment legal")
    page.go_back()
    expect(page.locator("#title")).to_have_text("Collections at a glance")
    page.go_back()
    expect(page.locator("#asof")).not_to_contain_text("segment")
    page.go_back()
    expect(page.locator("#asof")).to_contain_text("Oct 3 – Dec 31, 2026")
    page.go_forward()
    page.go_forward()
    expect(page.locator("#asof")).to_contain_text("segment legal")
    address = page.url
    page.reload()
    expect(page.locator("#asof")).to_contain_text("segment legal")
    assert page.url == address


def test_what_a_figure_cannot_be_split_by_is_said(visit: Visit, figures: Figures) -> None:
    page = visit.open("/?kind=consumer")
    expect(page.locator('[data-kpi="dso"] .note')).to_contain_text("over every kind")
    asked = {each["kpi"]: each for each in figures.queries[-1] if "group_by" not in each}
    assert "kind" not in asked["dso"]
    assert asked["recovery_rate"]["kind"] == ["consumer"]


def test_as_it_was_known_then_with_what_was_restated_since(visit: Visit) -> None:
    page = visit.open("/")
    slider = page.locator("#as_of")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#asof")).to_contain_text("as it was known on Dec 30, 2026")
    assert "as_of=2026-12-30" in page.url
    mark = page.locator('[data-kpi="recovery"] .restated')
    expect(mark).to_have_text("restated since: 42.7%")
    mark.click()
    drawer = page.locator("dialog.drawer")
    expect(drawer).to_contain_text("What it was said to be")
    expect(drawer.locator("tbody tr")).to_have_count(3)


def test_a_figure_explains_itself_down_to_the_fact(visit: Visit) -> None:
    page = visit.open("/")
    page.get_by_role("button", name="Recovery rate: 42.7%. Explain").click()
    drawer = page.locator("dialog.drawer")
    expect(drawer).to_contain_text("What recovery_rate is, exactly.")
    expect(drawer).to_contain_text("€42,710.00")
    drawer.get_by_role("button", name="What was overdue or became so").click()
    expect(drawer.locator("tbody > tr > th").first).to_contain_text("C1")
    drawer.get_by_text("1 fact").first.click()
    expect(drawer).to_contain_text("payment-received")
    link = drawer.get_by_role("link", name="desk").first
    expect(link).to_have_attribute("href", re.compile("/desk/accounts/C1$"))
    with page.expect_download() as download:
        drawer.get_by_role("link", name="CSV of just this").click()
    text = download.value.path().read_text()
    assert text.splitlines()[0].startswith("account_id,amount")
    assert len(text.splitlines()) == 8
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.get_by_role("button", name="Recovery rate: 42.7%. Explain")).to_be_focused()


def test_each_chart_has_a_sentence_and_a_table_of_the_same_figures(visit: Visit) -> None:
    page = visit.open("/")
    panel = page.locator("#cash")
    expect(panel.locator(".sentence")).to_contain_text("highest")
    expect(panel.locator(".plot")).to_have_attribute("aria-label", re.compile("Received: "))
    expect(panel.locator("table:not(.u-legend)")).to_be_hidden()
    panel.get_by_role("button", name="Table").click()
    expect(panel.locator(".as-table table")).to_be_visible()
    expect(panel.locator(".plot")).to_be_hidden()
    lines = panel.locator(".as-table tbody th").all_inner_texts()
    assert [line.endswith("(part)") for line in lines] == [False] * (len(lines) - 1) + [True]


def test_one_panel_fails_and_the_others_stay(visit: Visit, figures: Figures) -> None:
    figures.failing = frozenset({"received"})
    page = visit.open("/")
    expect(page.locator("#cash")).to_have_attribute("data-shows", "error")
    expect(page.locator("#cash")).to_contain_text("“received” failed: There is no KPI 'received'")
    expect(page.locator("#aging")).to_have_attribute("data-shows", "figures")
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("42.7%")


def test_no_value_is_said_in_words(visit: Visit, figures: Figures) -> None:
    figures.valueless = frozenset({"promise_kept_rate"})
    page = visit.open("/collections?from=2026-11-01&to=2026-11-30")
    tile = page.locator('[data-kpi="kept tile"]')
    expect(tile).to_contain_text("No promises were judged in November 2026.")
    expect(tile.locator(".value")).to_have_text("–")


def test_news_on_the_stream_bring_new_figures(visit: Visit, stub: Stub, figures: Figures) -> None:
    page = visit.open("/")
    expect(page.locator("#live")).to_have_text("Live")
    figures.factor = 1.2
    stub.tell()
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("51.3%", timeout=PATIENCE_MS)


HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_tab_that_nobody_looks_at_gives_its_stream_back(
    visit: Visit, stub: Stub, figures: Figures
) -> None:
    page = visit.open("/")
    expect(page.locator("#live")).to_have_text("Live")
    page.evaluate(HIDE, True)
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    figures.factor = 1.2
    stub.tell()  # nobody hears it
    with page.expect_request("**/v1/stream"):
        page.evaluate(HIDE, False)
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("51.3%")


def test_an_empty_platform_says_so_and_fills_by_itself(
    visit: Visit, stub: Stub, figures: Figures
) -> None:
    figures.currencies = ()
    page = visit.open("/", ready=False)
    page.wait_for_selector('body[data-state="empty"]')
    expect(page.locator("#empty h1")).to_have_text("No figures yet")
    expect(page.locator("main")).to_be_hidden()
    figures.currencies = ("EUR",)
    stub.tell()
    page.wait_for_selector(READY)
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("42.7%")


def test_a_lost_server_is_shown_and_found_again(visit: Visit, stub: Stub, figures: Figures) -> None:
    page = visit.open("/")
    visit.expects_no_answer = True
    stub.stop()
    expect(page.locator("#banner")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#banner")).to_contain_text("The figures are as of")
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("42.7%")
    figures.factor = 1.2
    stub.start()
    expect(page.locator("#banner")).to_be_hidden(timeout=PATIENCE_MS)
    expect(page.locator('[data-kpi="recovery"] .value')).to_have_text("51.3%")
    expect(page.locator("#live")).to_have_text("Live")


def test_behind_and_rebuilding_are_said(visit: Visit, figures: Figures) -> None:
    figures.behind = {"behind": 40, "items": [{"oldest_seconds": 12.4, "parked_accounts": 0}]}
    figures.rebuild = {"generation": 4, "behind": 250, "total": 1_000, "events_per_s": 50}
    page = visit.open("/")
    expect(page.locator("#live")).to_have_text("12 s behind", timeout=PATIENCE_MS)
    expect(page.locator("#rebuild")).to_contain_text("computed anew from the log: 75%")


def test_elsewhere_a_token_opens_the_page(visit: Visit, figures: Figures) -> None:
    figures.token = "a-token-for-figures"
    visit.expects_no_answer = True  # the browser lists every 401 as a resource that failed
    page = visit.open("/", ready=False)
    page.wait_for_selector('body[data-state="signin"]')
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#signin-error")).to_have_text("That token is not accepted.")
    page.get_by_label("Token").fill(figures.token)
    page.keyboard.press("Enter")
    page.wait_for_selector(READY)
    expect(page.locator("#token")).to_have_value("")


def test_roles_decide_which_acts_are_offered(
    new_visit: NewVisit, visit: Visit, figures: Figures
) -> None:
    page = visit.open("/plans/winter-2026")
    acts = page.locator(".plan-acts")
    acts.get_by_role("button", name="Record a review").click()
    page.get_by_label("Notes").fill("Cash is behind.")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator("#toast")).to_have_text("Recorded.")
    assert figures.acts == [
        ("POST", "/acts/plans/winter-2026/reviews", {"notes": "Cash is behind.", "decisions": []})
    ]
    figures.scopes, figures.roles = ["metrics:read"], []
    viewer = new_visit().open("/plans/winter-2026")
    expect(viewer.locator(".plan-acts a")).to_have_count(1)
    expect(viewer.locator(".plan-acts button")).to_have_count(0)


def test_a_view_is_kept_and_opened(visit: Visit, figures: Figures) -> None:
    page = visit.open("/receivables?segment=legal")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Keep this page with its filters as").fill("Legal, on Mondays")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#toast")).to_have_text("Kept.")
    assert figures.acts[0][1] == "/acts/views/legal-on-mondays"
    assert figures.acts[0][2]["query"] == "segment=legal"
    page.get_by_role("link", name="Monday’s look").click()
    expect(page.locator("#asof")).to_contain_text("segment legal")
    visit.open("/?view=monday")
    expect(page.locator("#title")).to_have_text("Receivables")
    assert page.url.endswith("/receivables?segment=legal")
