"""The page at `/compliance`, and its session: a page can't send a token along, so a cookie does."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import Unauthenticated
from shared.web import Model
from shared.web.auth import Auth, Caller, require

PAGE = Path(__file__).resolve().parent.parent / "page"
COOKIE = "recoup_outreach"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; script-src 'self';"
    " style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

router = APIRouter(tags=["pages"])


class NewSession(Model):
    """A token that may read; in local mode none is needed."""

    token: Annotated[str, Field(min_length=1, max_length=8192)] | None = None


@router.post("/session", status_code=204, summary="Sign a page in by cookie")
async def open_session(new: NewSession, request: Request) -> Response:
    token = new.token or request.app.state.page_token
    if token is None:
        raise Unauthenticated("A token is needed.")
    auth: Auth = request.app.state.auth
    caller = await auth.caller(f"Bearer {token}", request.headers.get("x-tenant"))
    require(caller, "outreach:read", "outreach:write")
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


@router.get("/compliance", include_in_schema=False)
async def show_page() -> Response:
    return FileResponse(PAGE / "index.html", headers=_HEADERS)


async def caller_of_page(request: Request) -> Caller:
    """Who asks, by token or by the page's cookie. Only for questions that change nothing."""
    auth: Auth = request.app.state.auth
    authorization = request.headers.get("authorization")
    cookie = request.cookies.get(COOKIE)
    if authorization is None and cookie:
        authorization = f"Bearer {cookie}"
    return await auth.caller(authorization, request.headers.get("x-tenant"))


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


def mount_page(app: FastAPI) -> None:
    """What the page loads."""
    app.mount("/compliance", StaticFiles(directory=PAGE), name="compliance")
