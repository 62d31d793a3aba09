"""The routes of a kind of document, added to a router one by one or all together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from shared.database import Session
from shared.documents import Activation, Asked, Done, Kept, StoredVersion, store
from shared.web.auth import Caller, needs
from shared.web.context import ServiceContext, context_of
from shared.web.documents.surface import DryRun, Surface
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
from shared.web.idempotency import once
from shared.web.models import Model, json_response
from shared.web.paging import PagingDep, page
from shared.web.sessions import ReadSessionDep, SessionDep

DRY_RUN_CASES = 12_000  # unless a request says otherwise
DRY_RUN_CASES_MAX = 20_000
Content = TypeVar("Content")

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}
_BODY_OR_VERSION = {"requestBody": _BODY["requestBody"] | {"required": False}}


@dataclass(frozen=True, kw_only=True)
class Words:
    """How a route is called in OpenAPI; `name` makes its operation id."""

    name: str
    summary: str | None = None
    description: str | None = None


class DocumentRoutes(Generic[Content]):
    """Adds the routes of a kind to a router, one by one."""

    def __init__(self, router: APIRouter, surface: Surface[Content]) -> None:
        self._router = router
        self._surface = surface
        fixed = surface.name

        def named(name: str) -> str:
            return name

        def only() -> str:
            assert fixed is not None
            return fixed

        self._name = named if fixed is None else only
        self._reader, self._writer = needs(*surface.readers), needs(*surface.writers)

    def schema(self, words: Words, path: str | None = None) -> None:
        """`GET …/schema`: for editors. At another path where it is the same for every name."""

        async def endpoint(caller: Annotated[Caller, self._reader]) -> Response:
            return json_response(self._surface.schema())

        self._add_at(path or f"{self._surface.path}/schema", "GET", endpoint, words)

    def get(
        self,
        words: Words,
        model: type[Model] = DocumentView,
        answer: Callable[[Shown[Content]], Answer] = shown_answer,
    ) -> None:
        """`GET …`: what is in force."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            session: ReadSessionDep,
            caller: Annotated[Caller, self._reader],
        ) -> Response:
            shown = await self._shown(request, session, caller.tenant, name)
            return json_response(answer(shown))

        self._add("GET", "", endpoint, words, model)

    def put(
        self,
        words: Words,
        model: type[Model] = KeptDocumentView,
        answer: Callable[[Kept[Content]], Answer] = kept_answer,
    ) -> None:
        """`PUT …`: keep a version; 201 for a new one."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            session: SessionDep,
            caller: Annotated[Caller, self._writer],
        ) -> Response:
            kept = await self._keep(request, session, caller, name)
            return json_response(answer(kept), 201 if kept.is_new else 200)

        self._add("PUT", "", endpoint, words, model, _BODY)

    def put_in_force(
        self,
        words: Words,
        model: type[Model],
        answer: Callable[[Kept[Content], Done | None, bool], Answer],
        activate_help: str,
    ) -> None:
        """`PUT …`: keep a version and put it in force at once. The last value that `answer` is
        given: whether it is in force now."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            session: SessionDep,
            caller: Annotated[Caller, self._writer],
            activate: Annotated[bool, Query(description=activate_help)] = True,
            reason: Annotated[str | None, Query(min_length=1, max_length=500)] = None,
        ) -> Response:
            kept = await self._keep(request, session, caller, name)
            version, done = kept.stored.version, None
            if activate:
                terms = Terms(version=version, reason=reason)
                done = await self._activate(request, session, caller, name, terms)
            documents = self._surface.documents(request)
            active, _ = await documents.find_active(session, caller.tenant, name)
            return json_response(answer(kept, done, active == version))

        self._add("PUT", "", endpoint, words, model, _BODY)

    def dry_run(self, words: Words, model: type[Model] | None = None) -> None:
        """`POST …/dry-run`: try the document in the body. Nothing is kept."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            caller: Annotated[Caller, self._reader],
        ) -> Response:
            return await self._try(request, caller.tenant, name, DRY_RUN_CASES_MAX)

        self._add("POST", "/dry-run", endpoint, words, model, _BODY)

    def dry_run_of_version(
        self,
        words: Words,
        model: type[Model] | None = None,
        *,
        cases: int,
        version_help: str = "A version that is here; else the body is the document.",
    ) -> None:
        """`POST …/dry-run`: try the document in the body, or a version, on so many cases."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            caller: Annotated[Caller, self._reader],
            version: Annotated[str | None, Query(description=version_help)] = None,
            limit: Annotated[int, Query(ge=1, le=DRY_RUN_CASES_MAX)] = cases,
        ) -> Response:
            return await self._try(request, caller.tenant, name, limit, version)

        self._add("POST", "/dry-run", endpoint, words, model, _BODY_OR_VERSION)

    def activate(
        self,
        words: Words,
        body: type[Model] = ActivateDocument,
        terms: Callable[[Any], Terms] = terms_of,
        model: type[Model] = ActivatedDocumentView,
        answer: Callable[[str, Terms, Done], Answer] = activated_answer,
    ) -> None:
        """`POST …/activate`: put a version in force; an earlier one is a rollback."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            request: Request,
            session: SessionDep,
            caller: Annotated[Caller, self._writer],
            asked: body,  # type: ignore[valid-type]  # the kind's own shape
        ) -> Response:
            async def act() -> Answer:
                done = await self._activate(request, session, caller, name, terms(asked))
                return answer(name, terms(asked), done)

            return await once(request, session, caller, act, status=200)

        self._add("POST", "/activate", endpoint, words, model)

    def activations(
        self,
        words: Words,
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

        self._add("GET", "/activations", endpoint, words, model)

    def versions(
        self,
        words: Words,
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
            active = await self._active(request, session, caller.tenant, name)
            listed = page(found, paging.limit, lambda row: (row.stored_at, row.version))
            items = [item(row, row.version == active) for row in listed["items"]]
            return json_response(listed | {"items": items})

        self._add("GET", "/versions", endpoint, words, model)

    def version(
        self,
        words: Words,
        model: type[Model] = DocumentVersionDetail,
        answer: Callable[[StoredVersion, Content, bool], Answer] = detail_answer,
        parameter: str = "version",
    ) -> None:
        """`GET …/versions/{version}`: one version with its text."""

        async def endpoint(
            name: Annotated[str, Depends(self._name)],
            version: Annotated[str, Path(alias=parameter)],
            request: Request,
            session: ReadSessionDep,
            caller: Annotated[Caller, self._reader],
        ) -> Response:
            documents, tenant = self._surface.documents(request), caller.tenant
            stored = await documents.get_version(session, tenant, name, version)
            content = await documents.content(session, tenant, name, version)
            active = await self._active(request, session, tenant, name)
            return json_response(answer(stored, content, version == active))

        self._add("GET", f"/versions/{{{parameter}}}", endpoint, words, model)

    # ------------------------------------------------------------------------------ what they do

    async def _keep(
        self, request: Request, session: Session, caller: Caller, name: str
    ) -> Kept[Content]:
        documents = self._surface.documents(request)
        text = await self._surface.text(request, documents)
        at = await self._surface.stored_at(request, session, caller.tenant)
        return await documents.keep(session, caller.tenant, name, text, by=caller.subject, at=at)

    async def _activate(
        self, request: Request, session: Session, caller: Caller, name: str, terms: Terms
    ) -> Done:
        surface, tenant = self._surface, caller.tenant
        zone = "UTC" if surface.zone is None else await surface.zone(request, session, tenant)
        asked = Asked(
            name=name,
            version=terms.version,
            by=caller.subject,
            now=await surface.business_now(request, session, tenant),
            from_on=terms.from_on,
            zone=zone,
            reason=terms.reason,
            options=terms.options,
        )
        if surface.activate is not None:
            return await surface.activate(request, session, tenant, asked)
        return await surface.documents(request).activate(session, tenant, asked)

    async def _try(
        self, request: Request, tenant: str, name: str, limit: int, version: str | None = None
    ) -> Response:
        surface = self._surface
        documents = surface.documents(request)
        if version is None:
            source = await surface.text(request, documents)
        else:
            context: ServiceContext = context_of(request)
            async with context.db.reading() as session:
                stored = await documents.get_version(session, tenant, name, version)
            source = stored.source
        tried = DryRun(
            request=request,
            documents=documents,
            tenant=tenant,
            name=name,
            source=source,
            limit=limit,
        )
        return json_response(await surface.dry_run(tried))

    async def _at(self, request: Request, session: Session, tenant: str) -> datetime | None:
        """The instant of which "in force" speaks; none: all is known that was activated."""
        if self._surface.zone is None:
            return None
        return await self._surface.business_now(request, session, tenant)

    async def _active(
        self, request: Request, session: Session, tenant: str, name: str
    ) -> str | None:
        at = await self._at(request, session, tenant)
        documents = self._surface.documents(request)
        version, _ = await documents.find_active(session, tenant, name, at)
        return version

    async def _shown(
        self, request: Request, session: Session, tenant: str, name: str
    ) -> Shown[Content]:
        documents = self._surface.documents(request)
        at = await self._at(request, session, tenant)
        version, activation = await documents.find_active(session, tenant, name, at)
        if version is None:
            await documents.list_versions(session, tenant, name)  # raises if there are none
            return Shown(name, None, None, None, activation)
        stored = await documents.get_version(session, tenant, name, version)
        content = await documents.content(session, tenant, name, version)
        return Shown(name, version, content, stored, activation)

    def _add(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        words: Words,
        model: type[Model] | None = None,
        body: dict[str, Any] | None = None,
    ) -> None:
        self._add_at(self._surface.path + path, method, endpoint, words, model, body)

    def _add_at(
        self,
        path: str,
        method: str,
        endpoint: Callable[..., Any],
        words: Words,
        model: type[Model] | None = None,
        body: dict[str, Any] | None = None,
    ) -> None:
        self._router.add_api_route(
            path,
            endpoint,
            methods=[method],
            name=words.name,
            summary=words.summary,
            description=words.description,
            response_model=model,
            openapi_extra=body,
        )


def document_router(surface: Surface[Content], word: str, tag: str) -> APIRouter:
    """All routes of a kind in their common form: `document_router(…, "fee policy", "charges")`."""
    router = APIRouter(tags=[tag])
    routes = DocumentRoutes(router, surface)
    routes.schema(Words(name=f"get_{tag}_schema", summary=f"JSON Schema of a {word}, for editors"))
    routes.get(Words(name=f"get_{tag}", summary=f"The {word} in force"))
    routes.put(Words(name=f"put_{tag}", summary=f"Keep a version of a {word}; it counts later"))
    routes.dry_run_of_version(
        Words(name=f"dry_run_{tag}", summary=f"Try a {word}; nothing is kept"),
        cases=DRY_RUN_CASES,
    )
    routes.activate(Words(name=f"activate_{tag}", summary="Let a version count from a day on"))
    routes.activations(Words(name=f"list_{tag}_activations", summary="What came into force, why"))
    routes.versions(Words(name=f"list_{tag}_versions", summary="Every version, the latest first"))
    routes.version(Words(name=f"get_{tag}_version", summary="One version with its text"))
    return router
