"""The dashboard, at the root."""

from pathlib import Path

from fastapi import FastAPI

from shared.web.pages import PageSession, add_page

DASHBOARD = Path(__file__).resolve().parent.parent / "dashboard"
SESSION = PageSession("recoup_metrics", "metrics:read")


def add_dashboard(app: FastAPI, key: str | None) -> None:
    """Behind every other route; `key` signs a page in that brings no token."""
    add_page(app, SESSION, DASHBOARD, key=key)
