"""Views over HTTP: what somebody looks at, by a name. `/?view=<name>` opens one."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import AfterValidator, AwareDatetime, Field

from services.metrics.api.answer_models import Shape
from services.metrics.api.dependencies import SETTINGS_BYTES_MAX, CallerDep
from services.metrics.store import views as store
from services.metrics.store.views import SavedView
from shared import clock
from shared.errors import Conflict, NotFound
from shared.texts import name_fault
from shared.web import Model, PagingDep, ReadSessionDep, SessionDep, json_response, page
from shared.web.auth import Caller, needs, require

router = APIRouter(tags=["views"])

VIEWS_MAX = 200  # of one person
Keeper = Annotated[Caller, needs("metrics:read", body_max=SETTINGS_BYTES_MAX)]
ViewName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]


class ViewNameTaken(Conflict):
    """Somebody else shares a view of that name."""


class TooManyViews(Conflict):
    pass


def _line(value: str) -> str:
    if fault := name_fault(value):
        raise ValueError(fault)
    return value


def _query(value: str) -> str:
    if not value.isascii() or not value.isprintable() or any(sign in value for sign in ' #\\"<>'):
        raise ValueError("must be the part of an address behind its ?, percent-encoded")
    return value.removeprefix("?")


class SentView(Model):
    title: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
    page: str = Field(
        pattern=r"^/([A-Za-z0-9._~%-]+/?)*$", max_length=200, description="a path of the dashboard"
    )
    query: Annotated[str, Field(max_length=4000), AfterValidator(_query)] = Field(
        default="", description="the filters, as in the address behind `?`"
    )
    shared: bool = Field(default=False, description="with everybody of the tenant")


class ViewShown(Shape):
    name: str
    title: str
    page: str
    query: str
    shared: bool
    owner: str = Field(description="whose it is: a token's `sub`")
    own: bool = Field(description="whether that is the caller")
    changed_at: AwareDatetime


class ViewPage(Shape):
    items: list[ViewShown]
    next_cursor: str | None


@router.get("/v1/views", response_model=ViewPage)
async def list_views(session: ReadSessionDep, caller: CallerDep, paging: PagingDep) -> Any:
    """One's own views and the shared ones, by name."""
    after = paging.after(tuple[str, str])
    found = await store.list_views(session, caller.tenant, caller.subject, after, paging.limit + 1)
    shown = page(found, paging.limit, lambda view: (view.name, view.owner))
    return {**shown, "items": [_shown(view, caller) for view in shown["items"]]}


@router.get("/v1/views/{name}", response_model=ViewShown)
async def get_view(name: ViewName, session: ReadSessionDep, caller: CallerDep) -> Any:
    """One's own view of that name, else the shared one."""
    view = await store.find_view(session, caller.tenant, caller.subject, name)
    if view is None:
        raise _no_view(name)
    return _shown(view, caller)


@router.put(
    "/v1/views/{name}",
    response_model=ViewShown,
    responses={201: {"model": ViewShown, "description": "It is new."}},
)
async def put_view(name: ViewName, body: SentView, session: SessionDep, caller: Keeper) -> Response:
    """Keep a view under a name of one's own. To share it needs the scope `metrics:write`; two
    people cannot share views of one name (409)."""
    if body.shared:
        require(caller, "metrics:write")
    await store.lock_views(session, caller.tenant)
    if body.shared:
        sharer = await store.find_sharer(session, caller.tenant, name)
        if sharer not in (None, caller.subject):
            raise ViewNameTaken(f"Somebody else shares a view {name}.")
    view = SavedView(caller.subject, name, **body.model_dump(), changed_at=clock.now())
    is_new = await store.upsert_view(session, caller.tenant, view)
    if is_new and await store.count_views(session, caller.tenant, caller.subject) > VIEWS_MAX:
        raise TooManyViews(f"One person may keep {VIEWS_MAX} views: delete one first.")
    return json_response(_shown(view, caller), 201 if is_new else 200)


@router.delete("/v1/views/{name}", status_code=204)
async def delete_view(name: ViewName, session: SessionDep, caller: Keeper) -> Response:
    """Forget a view of one's own."""
    if not await store.delete_view(session, caller.tenant, caller.subject, name):
        raise _no_view(name)
    return Response(status_code=204)


def _no_view(name: str) -> NotFound:
    return NotFound(f"There is no view {name} of yours, and none is shared.")


def _shown(view: SavedView, caller: Caller) -> dict[str, Any]:
    return {**view._asdict(), "own": view.owner == caller.subject}
