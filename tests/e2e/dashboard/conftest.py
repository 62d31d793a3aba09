"""A real Chromium on the dashboard, over a server of canned answers."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.conftest import not_run
from tests.e2e.dashboard.answers import Figures
from tests.e2e.dashboard.stub import Stub

ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses to run as root with its sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
]
READY = 'body[data-state="ready"]'
PATIENCE_MS = 120_000


class Visit:
    """An open page, everything its console said, and every request it made."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url.rstrip("/")
        self.complaints: list[str] = []
        self.expects_no_answer = False
        self.requests: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._heard(message.text))
        page.on("request", self._asked)

    def open(self, path: str = "/", *, ready: bool = True) -> Page:
        self.page.goto(self.url + path)
        if ready:
            self.page.wait_for_selector(READY)
        return self.page

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _heard(self, text: str) -> None:
        # That nothing answered is what a test of a lost server is about.
        lost = self.expects_no_answer and "Failed to load resource" in text
        if not lost:
            self.complaints.append(text)

    @property
    def strange_hosts(self) -> set[str]:
        """Where else than from the server something was asked."""
        own = urlsplit(self.url).netloc
        hosts = {urlsplit(url).netloc for url in self.requests if not url.startswith("data:")}
        return hosts - {own, ""}


NewVisit = Callable[..., Visit]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        not_run("there is no Chromium on this machine (apt-get install chromium)")
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


@pytest.fixture
def new_visit(browser: Browser, stub: Stub) -> Iterator[NewVisit]:
    """Contexts as a test wants them. What their consoles said is looked at in the end."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def make(**options: Any) -> Visit:
        chosen = {
            "locale": "en-US",
            "viewport": {"width": 1280, "height": 900},
            "timezone_id": "Pacific/Auckland",
            **options,
        }
        context = browser.new_context(**chosen)
        contexts.append(context)
        visits.append(Visit(context.new_page(), stub.url))
        return visits[-1]

    yield make
    for context in contexts:
        context.close()
    assert [visit.complaints for visit in visits if visit.complaints] == []


@pytest.fixture
def visit(new_visit: NewVisit) -> Visit:
    return new_visit()
