"""A service's own page: its files, signing in and out, and what browsers may do with it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.types import Scope

from shared.errors import Unauthenticated
from shared.web.auth import Caller, needs
from shared.web.models import json_response
from shared.web.page_sessions import PageSessions
from shared.web.shells import SHELL_HEADERS

_LINK_ENDED = "#link=ended"  # the page says what to do


class PageFiles(StaticFiles):
    """The files of a page; `index.html` stands for their folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            await self.get_response(path, {**scope, "method": "HEAD"})  # 404 where nothing is
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        answer = await super().get_response(path, scope)
        if answer.status_code == 404:  # a page of its own for it, which there is not
            raise _not_found()
        answer.headers.update(SHELL_HEADERS)
        return answer


def _not_found() -> HTTPException:
    return HTTPException(404)


def add_page(app: FastAPI, sessions: PageSessions, folder: Path, *, path: str) -> None:
    """Serve the page at `path`, behind every route that is there."""
    files = PageFiles(folder)

    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    add_entrance(app, sessions, index, path=path)
    app.mount(path, files, name="page")


def add_entrance(
    app: FastAPI,
    sessions: PageSessions,
    index: Callable[[Request], Awaitable[Response]],
    *,
    path: str = "/",
) -> None:
    """The page's own address, which also takes a link's key, and signing in and out."""
    router = APIRouter(tags=["pages"])
    opener = needs(sessions.scope)
    holder = needs(sessions.scope, is_question=True)

    @router.post("/session", status_code=204, summary="Sign a page in: a cookie for a token")
    async def open_session(caller: Annotated[Caller, opener]) -> Response:
        return sessions.open(caller, Response(status_code=204))

    @router.get("/session", summary="Whose session a page has, and what its holder decides")
    async def show_session(caller: Annotated[Caller, holder]) -> Response:
        """`{subject, tenant, roles, scopes}`."""
        held = {"roles": sorted(caller.roles), "scopes": sorted(caller.scopes)}
        return json_response({"subject": caller.subject, "tenant": caller.tenant, **held})

    @router.delete("/session", status_code=204, summary="Sign a page out")
    async def close_session(_caller: Annotated[Caller, holder]) -> Response:
        return sessions.close(Response(status_code=204))

    @router.get(path, include_in_schema=False)
    async def show_page(request: Request) -> Response:
        key = request.query_params.get("key")
        if key is None:
            return await index(request)
        try:  # the key then stands in no address bar
            caller = sessions.enter(key)
        except Unauthenticated:
            return RedirectResponse(path + _LINK_ENDED, 303)
        return sessions.open(caller, RedirectResponse(path, 303))

    app.include_router(router)
