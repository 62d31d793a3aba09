"""The page at `/compliance`, where a person asks the governor."""

from pathlib import Path

from fastapi import FastAPI

from shared.web.pages import PageSession, add_page

PAGE = Path(__file__).resolve().parent.parent / "page"
SESSION = PageSession("recoup_outreach", "outreach:read", "outreach:write")

caller_of_page = SESSION.caller


def add_compliance_page(app: FastAPI, key: str | None) -> None:
    """`key` signs a page in that brings no token."""
    add_page(app, SESSION, PAGE, path="/compliance", key=key)
