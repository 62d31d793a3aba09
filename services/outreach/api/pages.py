"""The page at `/compliance`, where a person asks the governor."""

from pathlib import Path

from fastapi import FastAPI

from shared.process.door import Door
from shared.web.page_sessions import PageSessions
from shared.web.pages import add_page

PAGE = Path(__file__).resolve().parent.parent / "page"


def sessions(door: Door) -> PageSessions:
    """For holders of a token that reads."""
    return PageSessions("outreach", "outreach:read", door)


def add_compliance_page(app: FastAPI, page: PageSessions) -> None:
    add_page(app, page, PAGE, path="/compliance")
