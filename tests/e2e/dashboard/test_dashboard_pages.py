"""Every page of the dashboard, light and dark, wide and narrow: is it read, reached, printed?"""

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page
from pypdf import PdfReader

from tests.e2e.dashboard.answers import Figures
from tests.e2e.dashboard.conftest import NewVisit, Visit

pytestmark = pytest.mark.browser

PAGES = (
    "/", "/receivables", "/collections", "/contacts", "/experiments", "/experiments/first-call",
    "/plans", "/plans/winter-2026", "/people", "/people/ann", "/process",
)  # fmt: skip
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS = [(scheme, width) for scheme in SCHEMES for width in (360, 1280)]
LEVELS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
}
BUDGET_BYTES = 150_000
FIGURE_PANELS = ".panel[data-shows]"


def findings(page: Page) -> list[str]:
    found = Axe().run(page, options=LEVELS).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_by_everybody_and_asks_nobody_else(
    visit: Visit, figures: Figures, path: str
) -> None:
    page = visit.open(path)
    assert page.locator(FIGURE_PANELS).count() >= 1
    assert page.locator('.panel[data-shows="error"]').count() == 0
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert findings(page) == [], (scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "sideways scrolling"
    assert visit.strange_hosts == set()
    assert len([url for url in visit.requests if url.endswith("/v1/query")]) <= 2
    assert max(len(questions) for questions in figures.queries) <= 50


@pytest.mark.parametrize("path", PAGES)
def test_all_is_within_reach_of_the_keyboard(visit: Visit, path: str) -> None:
    page = visit.open(path)
    assert (
        page.evaluate("document.querySelectorAll('[tabindex]:not([tabindex=\"0\"], main)').length")
        == 0
    )
    wanted = page.locator(
        "main :is(a[href], button, input, select, summary, [tabindex='0']):visible"
    ).count()
    seen = set()
    for _ in range(wanted + 60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(WHERE))
    reached = {mark for mark in seen if mark.startswith("main")}
    hidden = page.evaluate(OUT_OF_SIGHT)
    assert len(reached) >= wanted - RADIOS, sorted(reached)
    assert hidden == []


# Of a group of radio buttons one can be reached by Tab, the others by the arrows.
RADIOS = 2
WHERE = """
() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "none";
  const all = [...document.querySelectorAll("*")];
  return (at.closest("main") ? "main" : "frame") + all.indexOf(at);
}
"""
# What has the focus ring cut off or no size cannot be seen when it is reached.
OUT_OF_SIGHT = """
() => [...document.querySelectorAll("main :is(a[href], button):not([hidden])")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().width < 4)
  .map((each) => each.outerHTML.slice(0, 120))
"""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_prints_on_a4(visit: Visit, path: str, tmp_path: Path) -> None:
    page = visit.open(path)
    file = tmp_path / "page.pdf"
    page.pdf(path=str(file), prefer_css_page_size=True)
    reader = PdfReader(file)
    box = reader.pages[0].mediabox
    text = "\n".join(each.extract_text() for each in reader.pages)
    assert (round(float(box.width)), round(float(box.height))) == (595, 842)
    assert "revision 8,123" in text
    if path == "/":
        assert "Oct 3 – Dec 31, 2026" in text.replace("\u2009", " ")
        assert "Oct 3 – 9, 2026" in text.replace("\u2009", " "), "each chart with its table"


def test_the_first_page_is_light(visit: Visit) -> None:
    sizes: dict[str, int] = {}
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("Network.enable")
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    visit.open("/")
    assert len(sizes) > 20
    assert sum(sizes.values()) <= BUDGET_BYTES, sum(sizes.values())


@pytest.mark.parametrize("path", PAGES)
def test_forced_colours_and_great_magnification_leave_it_whole(
    new_visit: NewVisit, path: str
) -> None:
    visit = new_visit(forced_colors="active", viewport={"width": 320, "height": 256})
    page = visit.open(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
