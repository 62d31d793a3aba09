"""The dashboard, and its session: a page cannot send a token along, so a cookie carries it."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from pydantic import Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import Unauthenticated
from shared.web import Model
from shared.web.auth import Auth, require

DASHBOARD = Path(__file__).resolve().parent.parent / "dashboard"
COOKIE = "recoup_metrics"

router = APIRouter(tags=["pages"])


class NewSession(Model):
    """A token that may read the figures; in local mode none is needed."""

    token: Annotated[str, Field(min_length=1, max_length=8192)] | None = None


@router.post("/session", status_code=204, summary="Sign a page in by cookie")
async def open_session(new: NewSession, request: Request) -> Response:
    token = new.token or request.app.state.page_token
    if token is None:
        raise Unauthenticated("A token is needed.")
    auth: Auth = request.app.state.auth
    caller = await auth.caller(f"Bearer {token}", request.headers.get("x-tenant"))
    require(caller, "metrics:read")
    answer = Response(status_code=204)
    answer.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return answer


class SessionCookie:
    """Where a request shows no token itself, the page's cookie speaks for it. Reading only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            headers = Headers(scope=scope)
            if "authorization" not in headers and "cookie" in headers:
                token = cookie_parser(headers["cookie"]).get(COOKIE)
                if token:
                    scope = {**scope, "headers": list(scope["headers"])}
                    MutableHeaders(scope=scope)["authorization"] = f"Bearer {token}"
        await self._app(scope, receive, send)


def mount_dashboard(app: FastAPI) -> None:
    """The page at `/`, behind every other route."""
    if DASHBOARD.is_dir():
        app.mount("/", StaticFiles(directory=DASHBOARD, html=True), name="dashboard")
