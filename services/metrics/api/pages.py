"""The dashboard, at the root and at an address for each of its pages."""

from pathlib import Path

from fastapi import FastAPI, Request, Response

from shared.process.door import Door
from shared.process.settings import Common
from shared.web.home import origins_of
from shared.web.page_sessions import PageSessions
from shared.web.pages import add_entrance
from shared.web.shells import Shell, add_shell

DASHBOARD = Path(__file__).resolve().parent.parent / "dashboard"
ALSO = ("metrics:write", "metrics:people")
PATHS = (
    "/receivables",
    "/collections",
    "/contacts",
    "/experiments",
    "/experiments/{name}",
    "/plans",
    "/plans/{plan_id}",
    "/people",
    "/people/{collector}",
    "/process",
)


def sessions(door: Door) -> PageSessions:
    """For holders of a token that reads the figures; who may do more, may it from the page too."""
    return PageSessions("metrics", "metrics:read", door, also=ALSO)


def dashboard() -> Shell:
    return Shell(DASHBOARD, preload="js")


def add_dashboard(app: FastAPI, page: PageSessions, common: Common) -> None:
    shell = dashboard()

    def peers(request: Request) -> dict[str, str]:
        return origins_of(request, "metrics", common)

    async def index(request: Request) -> Response:
        return shell.answer(peers(request))

    add_entrance(app, page, index)
    add_shell(app, shell, PATHS, peers)
