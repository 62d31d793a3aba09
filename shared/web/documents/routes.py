"""The routes of a kind of document, added to a router one by one or all together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from shared.database import Session
from shared.documents import Activation, ActivationResult, KeptVersion, StoredVersion, store
from shared.errors import NotFound
from shared.web.auth import Caller, needs
from shared.web.context import ServiceContext, context_of
from shared.web.documents.requests import DocumentRequests
from shared.web.documents.surface import Surface
from shared.web.documents.views import (
    ActivatedDocumentView,
    ActivateDocument,
    Answer,
    DocumentActivationPage,
    DocumentVersionDetail,
    DocumentVersionPage,
    DocumentView,
    KeptDocumentView,
    Shown,
    Terms,
    activated_answer,
    activation_answer,
    detail_answer,
    kept_answer,
    shown_answer,
    terms_of,
    version_answer,
)
from shared.web.idempotency import Made, once
from shared.web.models import Model, json_response
from shared.web.paging import PagingDep, page
from shared.web.sessions import ReadSessionDep

DRY_RUN_CASES = 12_000  # unless a request says otherwise
DRY_RUN_CASES_MAX = 20_000
Content = TypeVar("Content")

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}},
            "application/json": {
                "schema": {"type": "object", "description": "`GET …/schema` is its JSON Schema."}
            },
        },
    }
}
_BODY_OR_VERSION = {"requestBody": _BODY["requestBody"] | {"required": False}}


@dataclass(frozen=True, kw_only=True)
class RouteTexts:
    """How a route is called in OpenAPI; `name` makes its operation id."""

    name: str
    summary: str | None = None
    description: str | None = None


def _transaction(request: Request) -> AbstractAsyncContextManager[Session]:
    """Opened by the route, after what takes long: who waits or computes holds no connection."""
    context: ServiceContext = context_of(request)
    return context.db.transaction()


def _snapshot(request: Request) -> AbstractAsyncContextManager[Session]:
    context: ServiceContext = context_of(request)
    return context.db.reading()


class DocumentRoutes(Generic[Content]):
    """Adds the routes of a kind to a router, one by one."""

    def __init__(self, router: APIRouter, surface: Surface[Content]) -> None:
        self._router = router
        self._surface, self._requests = surface, DocumentRequests(surface)
        fixed, names = surface.name, surface.names

        def named(name: str) -> str:
            if names is not None and name not in names:
                known = ", ".join(sorted(names))
                raise NotFound(f"There is no such document; there are: {known}.")
            return name

        def only() -> str:
            assert fixed is not None
            return fixed

        self._name = named if fixed is None else only
        self._reader, self._writer = needs(*surface.readers), needs(*surface.writers)
        # Of those who send a document.
        self._author = needs(*surface.writers, body_max=surface.bytes_max)

    def schema(self, texts: RouteTexts, path: str | None = None) -> None:
        """`GET …/schema`: for editors. At another path where it is the same for every name."""

        async def of_all(caller: Annotated[Caller, self._reader]) -> Response:
            return json_response(self._surface.schema(""))

        async def of_one(
            name: Annotated[str, Depends(self._name)], caller: Annotated[Caller, self._reader]
        ) -> Response:
            return json_response(self._surface.schema(name))

        if path is not None:
            self._add_at(path, "GET", of_all, texts)
        else:
            self._add("GET", "/schema", of_one, texts)

    def get(
        self,
        texts: RouteTexts,
        model: type[Model] = DocumentView,
        answer: Callable[[Shown[Content]], Answer] = shown_answer,
    ) -> None:
        """`GET …`: what is in force."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            caller: Annotated[Caller, self._reader],
        ) -> Response:
            await self._requests.prepare(request, caller.tenant, name)
            async with _snapshot(request) as session:
                shown = await self._requests.shown(request, session, caller.tenant, name)
            return json_response(answer(shown))

        self._add("GET", "", endpoint, texts, model)

    def put(
        self,
        texts: RouteTexts,
        model: type[Model] = KeptDocumentView,
        answer: Callable[[KeptVersion], Answer] = kept_answer,
    ) -> None:
        """`PUT …`: keep a version; 201 for a new one."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            caller: Annotated[Caller, self._author],
        ) -> Response:
            sent = await self._requests.receive(request, caller.tenant, name)
            async with _transaction(request) as session:
                kept = await self._requests.keep(request, session, caller, name, sent)
            return json_response(answer(kept), 201 if kept.is_new else 200)

        self._add("PUT", "", endpoint, texts, model, _BODY)

    def put_in_force(
        self,
        texts: RouteTexts,
        model: type[Model],
        answer: Callable[[KeptVersion, ActivationResult | None, bool], Answer],
        activate_help: str,
    ) -> None:
        """`PUT …`: keep a version and put it in force at once. The last value that `answer` is
        given: whether it is in force now."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            caller: Annotated[Caller, self._author],
            activate: Annotated[bool, Query(description=activate_help)] = True,
            reason: Annotated[str | None, Query(min_length=1, max_length=500)] = None,
        ) -> Response:
            sent = await self._requests.receive(request, caller.tenant, name)
            if activate:
                await self._requests.prepare_sent(request, caller.tenant, name, sent)
            async with _transaction(request) as session:
                kept = await self._requests.keep(request, session, caller, name, sent)
                version, done = kept.stored.version, None
                if activate:
                    terms = Terms(version=version, reason=reason)
                    asked = await self._requests.activation_asked(
                        request, session, caller, name, terms
                    )
                    done = await self._requests.activate(request, session, caller.tenant, asked)
                documents = self._surface.documents(request)
                active, _ = await documents.find_active(session, caller.tenant, name)
            return json_response(answer(kept, done, active == version))

        self._add("PUT", "", endpoint, texts, model, _BODY)

    def dry_run(self, texts: RouteTexts, model: type[Model] | None = None) -> None:
        """`POST …/dry-run`: try the document in the body. Nothing is kept."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            caller: Annotated[Caller, self._author],
        ) -> Response:
            return json_response(
                await self._requests.dry_run(request, caller.tenant, name, DRY_RUN_CASES_MAX)
            )

        self._add("POST", "/dry-run", endpoint, texts, model, _BODY)

    def dry_run_of_version(
        self,
        texts: RouteTexts,
        model: type[BaseModel] | None = None,
        *,
        cases: int,
        version_help: str = "A version that is here; else the body is the document.",
    ) -> None:
        """`POST …/dry-run`: try the document in the body, or a version, on so many cases."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            caller: Annotated[Caller, self._author],
            version: Annotated[str | None, Query(description=version_help)] = None,
            limit: Annotated[int, Query(ge=1, le=DRY_RUN_CASES_MAX)] = cases,
        ) -> Response:
            return json_response(
                await self._requests.dry_run(request, caller.tenant, name, limit, version)
            )

        self._add("POST", "/dry-run", endpoint, texts, model, _BODY_OR_VERSION)

    def activate(
        self,
        texts: RouteTexts,
        body: type[Model] = ActivateDocument,
        terms: Callable[[Any], Terms] = terms_of,
        model: type[Model] = ActivatedDocumentView,
        answer: Callable[[str, Terms, ActivationResult], Answer] = activated_answer,
    ) -> None:
        """`POST …/activate`: put a version in force; an earlier one is a rollback."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            caller: Annotated[Caller, self._writer],
            asked: body,  # type: ignore[valid-type]  # the kind's own shape
        ) -> Response:
            wanted = terms(asked)
            if wanted.version is not None:
                await self._requests.prepare(request, caller.tenant, name, wanted.version)
            async with _transaction(request) as session:

                async def act() -> Answer:
                    tenant = caller.tenant
                    activation = await self._requests.activation_asked(
                        request, session, caller, name, wanted
                    )
                    waits = await self._requests.second_pair(request, session, tenant, activation)
                    if waits is not None:
                        return Made(202, waits)
                    done = await self._requests.activate(request, session, tenant, activation)
                    return answer(name, wanted, done)

                return await once(request, session, caller, act, status=200)

        self._add("POST", "/activate", endpoint, texts, model)

    def activations(
        self,
        texts: RouteTexts,
        model: type[Model] = DocumentActivationPage,
        item: Callable[[Activation], Answer] = activation_answer,
    ) -> None:
        """`GET …/activations`: what came into force when, by whom and why, the latest first."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            session: ReadSessionDep,
            caller: Annotated[Caller, self._reader],
            paging: PagingDep,
        ) -> Response:
            (before,) = paging.after(tuple[int]) or (None,)
            kind = self._surface.documents(request).kind.kind
            found = await store.page_activations(
                session, kind, caller.tenant, name, before=before, limit=paging.limit + 1
            )
            listed = page(found, paging.limit, lambda row: (row.number,))
            return json_response(listed | {"items": [item(row) for row in listed["items"]]})

        self._add("GET", "/activations", endpoint, texts, model)

    def versions(
        self,
        texts: RouteTexts,
        model: type[Model] = DocumentVersionPage,
        item: Callable[[StoredVersion, bool], Answer] = version_answer,
    ) -> None:
        """`GET …/versions`: every version that was stored, the latest first."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            session: ReadSessionDep,
            caller: Annotated[Caller, self._reader],
            paging: PagingDep,
        ) -> Response:
            kind = self._surface.documents(request).kind.kind
            after = paging.after(tuple[datetime, str])
            found = await store.page_versions(
                session, kind, caller.tenant, name, after=after, limit=paging.limit + 1
            )
            active = await self._requests.version_in_force(request, session, caller.tenant, name)
            listed = page(found, paging.limit, lambda row: (row.stored_at, row.version))
            items = [item(row, row.version == active) for row in listed["items"]]
            return json_response(listed | {"items": items})

        self._add("GET", "/versions", endpoint, texts, model)

    def version(
        self,
        texts: RouteTexts,
        model: type[Model] = DocumentVersionDetail,
        answer: Callable[[StoredVersion, Content, bool], Answer] = detail_answer,
        parameter: str = "version",
    ) -> None:
        """`GET …/versions/{version}`: one version with its text."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            version: Annotated[str, Path(alias=parameter)],
            request: Request,
            caller: Annotated[Caller, self._reader],
        ) -> Response:
            documents, tenant = self._surface.documents(request), caller.tenant
            await self._requests.prepare(request, tenant, name, version)
            async with _snapshot(request) as session:
                stored = await documents.get_version(session, tenant, name, version)
                content = await documents.content(session, tenant, name, version)
                active = await self._requests.version_in_force(request, session, tenant, name)
            return json_response(answer(stored, content, version == active))

        self._add("GET", f"/versions/{{{parameter}}}", endpoint, texts, model)

    def _add(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        texts: RouteTexts,
        model: type[BaseModel] | None = None,
        body: dict[str, Any] | None = None,
    ) -> None:
        self._add_at(self._surface.path + path, method, endpoint, texts, model, body)

    def _add_at(
        self,
        path: str,
        method: str,
        endpoint: Callable[..., Any],
        texts: RouteTexts,
        model: type[BaseModel] | None = None,
        body: dict[str, Any] | None = None,
    ) -> None:
        self._router.add_api_route(
            path,
            endpoint,
            methods=[method],
            name=texts.name,
            summary=texts.summary,
            description=texts.description,
            response_model=model,
            openapi_extra=body,
        )


def document_router(surface: Surface[Content], word: str, tag: str) -> APIRouter:
    """All routes of a kind in their common form: `document_router(…, "fee policy", "charges")`."""
    router = APIRouter(tags=[tag])
    routes = DocumentRoutes(router, surface)
    routes.schema(
        RouteTexts(name=f"get_{tag}_schema", summary=f"JSON Schema of a {word}, for editors")
    )
    routes.get(RouteTexts(name=f"get_{tag}", summary=f"The {word} in force"))
    routes.put(
        RouteTexts(name=f"put_{tag}", summary=f"Keep a version of a {word}; it counts later")
    )
    routes.dry_run_of_version(
        RouteTexts(name=f"dry_run_{tag}", summary=f"Try a {word}; nothing is kept"),
        cases=DRY_RUN_CASES,
    )
    routes.activate(RouteTexts(name=f"activate_{tag}", summary="Let a version count from a day on"))
    routes.activations(
        RouteTexts(name=f"list_{tag}_activations", summary="What came into force, why")
    )
    routes.versions(
        RouteTexts(name=f"list_{tag}_versions", summary="Every version, the latest first")
    )
    routes.version(RouteTexts(name=f"get_{tag}_version", summary="One version with its text"))
    return router
