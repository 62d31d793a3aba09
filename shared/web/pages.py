"""A service's own page: its session, its files, and what browsers may do with them.

A page cannot send a token along with everything that it asks for, so `POST /session` puts it into a
cookie, which speaks for requests that show no token themselves and change nothing. In local mode
the page needs no token: the dev key stands for it.
"""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from pydantic import Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import Unauthenticated
from shared.web.auth import Auth, Caller, require
from shared.web.models import Model

# A page loads and asks nothing but its own service, runs no script of its own text, and stands in
# no other page's frame.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; script-src 'self';"
    " style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class NewSession(Model):
    """A token that may read; in local mode none is needed."""

    token: Annotated[str, Field(min_length=1, max_length=8192)] | None = None


class PageFiles(StaticFiles):
    """The files of a page; `index.html` stands for their folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers.update(HEADERS)
        return answer


class PageSession:
    """The sessions of one service's page: their cookie, and the scopes of which one is needed."""

    def __init__(self, cookie: str, *scopes: str) -> None:
        self.cookie = cookie
        self._scopes = scopes

    async def open(self, token: str, request: Request) -> Response:
        """The answer that signs a page in. Raises `Unauthenticated` and `Forbidden`."""
        auth: Auth = request.app.state.auth
        caller = await auth.caller(f"Bearer {token}", request.headers.get("x-tenant"))
        require(caller, *self._scopes)
        answer = Response(status_code=204)
        answer.set_cookie(
            self.cookie,
            token,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path="/",
        )
        return answer

    async def caller(self, request: Request) -> Caller:
        """Who asks, by token or by cookie; for routes past the framework that change nothing."""
        auth: Auth = request.app.state.auth
        authorization = request.headers.get("authorization")
        cookie = request.cookies.get(self.cookie)
        if authorization is None and cookie:
            authorization = f"Bearer {cookie}"
        return await auth.caller(authorization, request.headers.get("x-tenant"))


class _Cookie:
    """Where a request shows no token itself, the page's cookie speaks for it. Reading only."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self._app = app
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            headers = Headers(scope=scope)
            if "authorization" not in headers and "cookie" in headers:
                token = cookie_parser(headers["cookie"]).get(self._name)
                if token:
                    scope = {**scope, "headers": list(scope["headers"])}
                    MutableHeaders(scope=scope)["authorization"] = f"Bearer {token}"
        await self._app(scope, receive, send)


def add_page(
    app: FastAPI, session: PageSession, folder: Path, *, path: str = "", key: str | None = None
) -> None:
    """Serve the page at `path` (by default at the root), behind every route that is there.

    `key` signs in whoever brings no token: the dev key, in local mode only.
    """
    router = APIRouter(tags=["pages"])
    files = PageFiles(folder)

    @router.post("/session", status_code=204, summary="Sign a page in by cookie")
    async def open_session(new: NewSession, request: Request) -> Response:
        token = new.token or key
        if token is None:
            raise Unauthenticated("A token is needed.")
        return await session.open(token, request)

    @router.get(path or "/", include_in_schema=False)
    async def show_page(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    app.add_middleware(_Cookie, name=session.cookie)
    app.include_router(router)
    app.mount(path or "/", files, name="page")
