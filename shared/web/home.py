"""The page at `/` of a service, and at `/services` of all: what is here, and where the others are.

It is for people: who does not ask for HTML gets the 404 of a path that is no resource.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib import resources
from string import Template

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from shared.process.settings import PORTS, Common

PATH = "/services"

_ABOUT = {
    "ledger": "What is owed, to the cent: accounts, invoices, payments, stages, the journal.",
    "segmentation": "Who will pay, and why we think so: scores with reasons, segments, models.",
    "outreach": "Who is asked, when and how, within the law; every contact passes the governor.",
    "metrics": "What works: KPIs by day, currency and segment, as of any day, live.",
}
# What a person looks at first, beside the documentation.
_PAGES = {"outreach": ("/compliance", "May we make this contact?"), "metrics": ("/", "Dashboard")}
_HINTS = {
    True: "On this machine <code>make link</code> prints addresses that open the pages signed in; "
    "the key for the APIs is in <code>dev-key</code> in the data folder.",
    False: "The pages and the APIs ask for a token.",
}
_HOST = re.compile(r"([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?", re.IGNORECASE)

_TEXT = resources.files("shared.web").joinpath("home.html").read_text(encoding="utf-8")
_STYLE = _TEXT.split("<style>")[1].split("</style>")[0]
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src"
    f" 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "Vary": "Accept, Host",
}


def add_home(app: FastAPI, service: str, common: Common, *, at_root: bool) -> None:
    """`at_root`: the service has no page of its own there."""

    async def home(request: Request) -> Response:
        if not _wants_page(request.headers.get("accept", "")):
            raise HTTPException(404)
        origins = origins_of(request, service, common)
        return HTMLResponse(page(service, origins, is_local=common.local), headers=_HEADERS)

    for path in ("/", PATH) if at_root else (PATH,):
        app.add_route(path, home, methods=["GET"], include_in_schema=False)


def _wants_page(accept: str) -> bool:
    return any(part.partition(";")[0].strip() == "text/html" for part in accept.split(","))


def origins_of(request: Request, service: str, common: Common) -> dict[str, str]:
    """Where the services are, seen by who asks: side by side, if we are at our own port; else a
    proxy gave them names that we do not know, and only our own is sure."""
    return _origins(request.headers.get("host", ""), service, common)


def _origins(host: str, service: str, common: Common) -> dict[str, str]:
    found = _HOST.fullmatch(host)
    if found is None or found[2] is None or int(found[2]) != common.port(service):
        return {service: ""}
    return {name: f"//{found[1]}:{common.port(name)}" for name in PORTS} | {service: ""}


def page(here: str, origins: Mapping[str, str], *, is_local: bool) -> str:
    """The text of the page as the service `here` shows it."""
    items = "".join(_item(name, here, origins.get(name)) for name in PORTS)
    return Template(_TEXT).substitute(here=escape(here), services=items, hint=_HINTS[is_local])


def _item(name: str, here: str, origin: str | None) -> str:
    mark = "<span>you are here</span>" if name == here else ""
    kind = ' class="here"' if name == here else ""
    if origin is None:
        links = "<em>at an address of its own</em>"
    else:
        own = [(*_PAGES[name], ' class="page"')] if name in _PAGES else []
        shown = [
            *own,
            ("/docs", "API", ""),
            ("/health/ready", "Health", ""),
            ("/v1/lag", "Lag", ""),
        ]
        links = " ".join(
            f'<a{style} href="{escape(origin + path)}">{escape(label)}</a>'
            for path, label, style in shown
        )
    return (
        f"<li{kind}><h2>{name.capitalize()}{mark}</h2><p>{_ABOUT[name]}</p>"
        f'<nav aria-label="{name.capitalize()}">{links}</nav></li>\n'
    )
