"""E-mails in a real browser, as mail programs show them: narrow and wide, light and dark."""

import os
from typing import Literal

import pytest
from playwright.async_api import Browser

from services.outreach.channels.domain.languages import READY_LANGUAGES
from services.outreach.channels.domain.lint import samples
from services.outreach.channels.domain.parts import EmailParts
from tests.integration.outreach.test_page import CONTRAST
from tests.integration.outreach.test_page import browser as browser  # a fixture
from tests.unit.outreach.builders import WORDS

pytestmark = pytest.mark.browser

CONTRAST_MIN = 4.5  # WCAG 2, level AA
SHOWN = (("reminder", "overdue-many"), ("promise-due", "promises"), ("care", "nothing"))
# What a reader with a screen reader or of a narrow screen would miss.
FAULTS = """
() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) found.push(`${wide} px too wide`);
  if (!document.documentElement.lang) found.push("no language");
  for (const link of document.querySelectorAll("a")) {
    if (!link.textContent.trim()) found.push("a link without words");
    if (link.classList.contains("button") && link.getBoundingClientRect().height < 44)
      found.push("a button that is hard to hit");
  }
  for (const head of document.querySelectorAll("th")) if (!head.scope) found.push("th: no scope");
  for (const element of document.querySelectorAll("body *"))
    if (element.textContent.trim() && parseFloat(getComputedStyle(element).fontSize) < 13
        && element.children.length === 0) found.push(`small: ${element.textContent}`);
  return found;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 700])
async def test_every_email_is_read_on_any_screen(
    browser: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = await browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for name, content in SHOWN:
        for language in READY_LANGUAGES:
            parts = WORDS.render(
                WORDS.in_force.templates[name], "email", (language,), samples.sample(content)
            )
            assert isinstance(parts, EmailParts)
            await page.set_content(parts.html)
            assert await page.evaluate(FAULTS) == [], (name, language)
            for contrast, text in await page.evaluate(CONTRAST):
                assert contrast >= CONTRAST_MIN, (name, language, text)
            if folder := os.environ.get("RECOUP_SCREENSHOTS"):
                path = f"{folder}/{name}-{language}-{width}-{scheme}.png"
                await page.screenshot(path=path, full_page=True)
