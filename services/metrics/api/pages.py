"""The dashboard, at the root."""

from pathlib import Path

from fastapi import FastAPI

from shared.process.door import Door
from shared.web.page_sessions import PageSessions
from shared.web.pages import add_page

DASHBOARD = Path(__file__).resolve().parent.parent / "dashboard"


def sessions(door: Door) -> PageSessions:
    """For holders of a token that reads the figures."""
    return PageSessions("metrics", "metrics:read", door)


def add_dashboard(app: FastAPI, page: PageSessions) -> None:
    """Behind every other route."""
    add_page(app, page, DASHBOARD)
