"""The FastAPI application that every service starts from.

What all have in common is here: problems, request ids, health, figures, lag, OpenAPI with its
security scheme, human docs that load nothing from elsewhere.
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from hashlib import sha256
from importlib import resources
from typing import Any, NamedTuple

from fastapi import Depends, FastAPI, Request
from msgspec import Struct
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.database.holds import Hold, by_name, count_holds
from shared.errors import AppError, Forbidden
from shared.process import telemetry
from shared.process.inquiry import Inquiry
from shared.process.loop_lag import lag_sampled
from shared.process.service_token import token_watched
from shared.process.settings import PORTS, Common
from shared.process.worker_door import READY_SECONDS_MAX, scraped
from shared.web import problems
from shared.web.actors import acting
from shared.web.auth import Auth, Caller
from shared.web.context import ServiceContext
from shared.web.cross_origin import CrossOrigin
from shared.web.edge import Edge, Recognize
from shared.web.holds import router as holds_router
from shared.web.home import add_home
from shared.web.models import json_response
from shared.web.page_acts import is_act
from shared.web.page_sessions import PageSessions
from shared.web.request_texts import check_texts
from shared.web.routes import Endpoint, RouteDoor

LAG_SECONDS_MAX = 5.0

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": problems.described("The request is at fault."),
    "5XX": problems.described("The service is at fault, or a peer of it."),
}


class RecoupApi(FastAPI):
    """FastAPI within our own edge, whose OpenAPI says how errors look."""

    edge: Edge
    door: ASGIApp  # the edge, or what stands round it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.door(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Without Starlette's own answer to bugs: the edge gives it, as a problem."""
        stack = super().build_middleware_stack()
        assert isinstance(stack, ServerErrorMiddleware)
        return stack.app

    async def behind_the_edge(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = problems.SCHEMA
            for calls in document.get("paths", {}).values():
                for call in calls.values():
                    call["responses"] |= problems.responses_of(call)
        assert self.openapi_schema is not None
        return self.openapi_schema


def make_app(
    *,
    title: str,
    version: str,
    description: str,
    context: ServiceContext,
    lifespan: Lifespan | None,
    lag: Callable[[], Awaitable[Struct]],
    ready: Callable[[], Awaitable[None]],
    common: Common,
    page: PageSessions | None = None,
    has_root_page: bool = False,
    service: str | None = None,
    quiet_paths: frozenset[str] = frozenset(),
    hot: Mapping[str, Endpoint] | None = None,
    has_holds: bool = False,
    origins: Sequence[str] = (),
    questions: frozenset[str] = frozenset(),
) -> FastAPI:
    """An application without routes of its own.

    `context` is the service's one object: routes ask for it by `Depends(context_of)`. `ready`
    raises while requests cannot be served. `service` is the label of figures and log lines, by
    default the title's last word. Requests to `quiet_paths` are logged at debug level only. `hot`
    answers busy routes ("POST /v1/events") past the framework; they are declared as FastAPI routes
    too, for the description and for what they need of a caller. `page`: the sessions of the page
    that the service has, and whether that stands at its root. `has_holds`: its database has the
    table, and what it does by itself can be held. `origins`: whose pages may read answers, too, and
    ask by POST at the paths `questions`.
    """
    name = service or title.split()[-1].lower()

    async def holds() -> list[Hold]:
        return await count_holds(context.db, name) if has_holds else []

    inquiries = Inquiries(
        Inquiry(ready, of="the database"),
        Inquiry(lag, of="Kafka or a producer's database"),
        Inquiry(holds, of="the database"),
    )
    app = RecoupApi(
        title=title,
        version=version,
        description=description,
        lifespan=_watched(name, common.service_token, lifespan, inquiries),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_PROBLEM_RESPONSES,
        separate_input_output_schemas=False,
        dependencies=[Depends(check_texts)],
    )
    app.state.context = context
    problems.install(app)
    app.edge = Edge(
        app.behind_the_edge,
        service=name,
        door=common.door,
        routes=lambda: app.routes,
        recognize=_recognizer(Auth.of(common), page),
        quiet_paths=quiet_paths,
        hot=hot,
    )
    app.door = CrossOrigin(app.edge, origins, questions) if origins else app.edge
    _add_common_routes(app, name, inquiries)
    if name in PORTS:
        add_home(app, name, common, at_root=not has_root_page)
    if has_holds:
        app.include_router(holds_router)
    return app


class Inquiries(NamedTuple):
    """What is asked of servers on behalf of whoever looks at the service."""

    ready: Inquiry[None]
    lag: Inquiry[Struct]
    holds: Inquiry[list[Hold]]


def _recognizer(auth: Auth, page: PageSessions | None) -> Recognize:
    """Who calls: by the token shown, or where none is, by a page's session: where nothing changes,
    and where pages act."""

    async def recognize(headers: Mapping[bytes, bytes], method: str, door: RouteDoor) -> Caller:
        shown, x_tenant = headers.get(b"authorization"), headers.get(b"x-tenant")
        tenant = None if x_tenant is None else x_tenant.decode("latin-1")
        only_asks = method in ("GET", "HEAD") or any(needs.is_question for needs in door.needs)
        if shown is None and page is not None and (only_asks or is_act(door.path)):
            caller = page.find(headers.get(b"cookie", b""))
            if caller is not None and tenant not in (None, caller.tenant):
                raise Forbidden("The session is for another tenant.")
            if caller is not None:
                return caller
        found = await auth.caller(None if shown is None else shown.decode("latin-1"), tenant)
        actor = headers.get(b"x-actor")
        return acting(found, None if actor is None else actor.decode("latin-1"))

    return recognize


def _watched(
    service: str, token: str | None, lifespan: Lifespan | None, inquiries: Inquiries
) -> Lifespan:
    """The service's own lifespan, with the event loop and the service token watched as long."""

    @asynccontextmanager
    async def watched(app: FastAPI) -> AsyncIterator[None]:
        own = lifespan(app) if lifespan else nullcontext()
        async with lag_sampled(service), token_watched(service, token), own:
            try:
                yield
            finally:
                for inquiry in inquiries:
                    await inquiry.close()

    return watched


def _add_common_routes(app: FastAPI, service: str, inquiries: Inquiries) -> None:
    """What is open without a token."""

    async def live(_request: Request) -> Response:
        return json_response({"status": "live"})

    async def is_ready(_request: Request) -> Response:
        try:
            await inquiries.ready.answer(READY_SECONDS_MAX)
            found = await inquiries.holds.answer(READY_SECONDS_MAX)
        except AppError as error:
            return problems.status_problem(503, error.detail, {"Retry-After": "1"})
        except Exception as error:  # noqa: BLE001 - whatever it is, it is why we are not ready
            reason = f"{type(error).__name__}: {error}"
            telemetry.logger(__name__).warning("not ready", error=reason)
            return problems.status_problem(503, f"not ready: {reason}", {"Retry-After": "1"})
        # A hold stops what the service does by itself: requests are served all the same.
        return json_response({"status": "ready", **({"holds": by_name(found)} if found else {})})

    async def metrics(_request: Request) -> Response:
        with suppress(AppError):  # then the figure is as old as it is
            await inquiries.holds.answer(READY_SECONDS_MAX)
        figures = await scraped(service, inquiries.lag)
        return PlainTextResponse(figures, media_type=telemetry.EXPOSITION_TYPE)

    async def lag_report(_request: Request) -> Response:
        return json_response(await inquiries.lag.answer(LAG_SECONDS_MAX))

    async def docs(_request: Request) -> Response:
        return HTMLResponse(_DOCS_PAGE, headers=_DOCS_HEADERS)

    app.add_route("/health/live", live, methods=["GET"], include_in_schema=False)
    app.add_route("/health/ready", is_ready, methods=["GET"], include_in_schema=False)
    app.add_route("/metrics", metrics, methods=["GET"], include_in_schema=False)
    app.add_route("/docs", docs, methods=["GET"], include_in_schema=False)
    app.add_api_route(
        "/v1/lag",
        lag_report,
        methods=["GET"],
        summary="What is committed by producers and not yet taken in here",
        description="`behind` is 0 everywhere, twice in a row: nothing is under way.",
        responses={200: {"content": {"application/json": {"example": _LAG_EXAMPLE}}}},
        tags=["operations"],
    )


_LAG_EXAMPLE = {
    "behind": 0,
    "items": [
        {
            "consumer": "metrics",
            "topic": "ledger.events",
            "behind": 0,
            "oldest_seconds": 0.0,
            "parked_accounts": 0,
        }
    ],
}

_DOCS_PAGE = resources.files("shared.web").joinpath("docs.html").read_text(encoding="utf-8")


def _digest(tag: str) -> str:
    text = _DOCS_PAGE.split(f"<{tag}>")[1].split(f"</{tag}>")[0]
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


# Its one script and its one style may run, which are known by their digests.
_DOCS_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self';"
    f" script-src {_digest('script')}; style-src {_digest('style')};"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
