"""What somebody does from the dashboard, by the page's session: the same routes under `/acts`.

A session's cookie opens no route of `/v1` but those that read. What a page may do stands here,
route by route; the edge looks at where the page that asks comes from before it takes any of them.
"""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from shared.web.page_acts import ACTS

# Method and path as the API has them.
FROM_PAGES = frozenset(
    {
        ("PUT", "/v1/views/{name}"),
        ("DELETE", "/v1/views/{name}"),
        ("POST", "/v1/alerts/{alert_id}/acknowledge"),
        ("POST", "/v1/plans/{plan_id}/approve"),
        ("POST", "/v1/plans/{plan_id}/withdraw"),
        ("POST", "/v1/plans/{plan_id}/reviews"),
        ("POST", "/v1/plans/{plan_id}/close"),
        ("POST", "/v1/people/{collector}/conversations"),
    }
)


def add_acts(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """For each of these routes that a router has, one of the same function for pages."""
    acts = APIRouter(prefix=ACTS, include_in_schema=False)
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                _add(acts, route)
    app.include_router(acts)


def _add(acts: APIRouter, route: APIRoute) -> None:
    methods = [method for method in route.methods or () if (method, route.path) in FROM_PAGES]
    if methods:
        acts.add_api_route(
            route.path.removeprefix("/v1"),
            route.endpoint,
            methods=methods,
            status_code=route.status_code,
            response_model=route.response_model,
        )
