"""A service's own page: its files, signing in and out, and what browsers may do with it."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.types import Scope

from shared.errors import Unauthenticated
from shared.process.answer_headers import PAGE_CONTENT_POLICY
from shared.web.auth import Caller, needs
from shared.web.page_sessions import PageSessions

# A page loads and asks nothing but its own service, runs no script of its own text, and stands in
# no other page's frame. What else browsers are told, they are told with every answer.
FILE_HEADERS = {"Content-Security-Policy": PAGE_CONTENT_POLICY, "Cache-Control": "no-cache"}
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
        answer.headers.update(FILE_HEADERS)
        return answer


def _not_found() -> HTTPException:
    return HTTPException(404)


def add_page(app: FastAPI, sessions: PageSessions, folder: Path, *, path: str = "") -> None:
    """Serve the page at `path` (by default at the root), behind every route that is there."""
    router = APIRouter(tags=["pages"])
    files = PageFiles(folder)
    opener = needs(sessions.scope)
    holder = needs(sessions.scope, is_question=True)

    @router.post("/session", status_code=204, summary="Sign a page in: a cookie for a token")
    async def open_session(caller: Annotated[Caller, opener]) -> Response:
        return sessions.open(caller, Response(status_code=204))

    @router.delete("/session", status_code=204, summary="Sign a page out")
    async def close_session(_caller: Annotated[Caller, holder]) -> Response:
        return sessions.close(Response(status_code=204))

    @router.get(path or "/", include_in_schema=False)
    async def show_page(request: Request) -> Response:
        key = request.query_params.get("key")
        if key is None:
            return await files.get_response("index.html", request.scope)
        home = path or "/"  # without the key, which then stands in no address bar
        try:
            caller = sessions.enter(key)
        except Unauthenticated:
            return RedirectResponse(home + _LINK_ENDED, 303)
        return sessions.open(caller, RedirectResponse(home, 303))

    app.include_router(router)
    app.mount(path or "/", files, name="page")
