"""What a request for a document does, whatever its route and its JSON look like."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from fastapi import Request

from shared import clock
from shared.database import Session
from shared.documents import (
    SOURCE_HERE_MAX,
    ActivationRequest,
    ActivationResult,
    KeptVersion,
    Outline,
    StoredVersion,
)
from shared.web.auth import Caller
from shared.web.context import ServiceContext, context_of
from shared.web.documents.surface import DryRun, Surface
from shared.web.documents.views import Answer, Shown, Terms

Content = TypeVar("Content")


@dataclass(frozen=True)
class Sent:
    """A document that was sent, and what is known of it."""

    text: str
    outline: Outline


class DocumentRequests(Generic[Content]):
    """The requests of one kind."""

    def __init__(self, surface: Surface[Content]) -> None:
        self._surface = surface

    async def receive(self, request: Request, tenant: str, name: str) -> "Sent":
        """The document that was sent, checked. Hold no connection meanwhile."""
        documents = self._surface.documents(request)
        text = await self._surface.text(request, documents)
        return Sent(text, await self._surface.outline(request, tenant, name, text))

    async def keep(
        self, request: Request, session: Session, caller: Caller, name: str, sent: "Sent"
    ) -> KeptVersion:
        documents = self._surface.documents(request)
        at = await self._surface.stored_at(request, session, caller.tenant)
        return await documents.keep(
            session, caller.tenant, name, sent.text, by=caller.subject, at=at, outline=sent.outline
        )

    async def prepare(
        self, request: Request, tenant: str, name: str, version: str | None = None
    ) -> None:
        """Read a version (None: the one in force) ahead if that takes long. Hold no connection
        meanwhile."""
        documents, context = self._surface.documents(request), context_of(request)
        async with context.db.reading() as session:
            if version is None:
                version = await self.version_in_force(request, session, tenant, name)
            if version is None:
                return
            stored = await documents.find_unread(session, tenant, name, version)
            unread = [] if stored is None else [stored]
            # What counts from a day on is checked against all that counts with it.
            is_dated = self._surface.zone is not None
            if is_dated and await documents.find_history(session, tenant) is None:
                unread += await documents.list_unread(session, tenant)
        for each in unread:
            await documents.read_apart(tenant, each)

    async def prepare_sent(self, request: Request, tenant: str, name: str, sent: "Sent") -> None:
        """The same of a document that was sent, to be put in force in the same transaction."""
        documents = self._surface.documents(request)
        version = sent.outline.version
        if version is None or not documents.kind.is_version_of_content:
            return  # whether it is the text of its version is known when it is stored
        stored = StoredVersion(
            name=name, version=version, source=sent.text, stored_at=clock.now(), stored_by=""
        )
        if len(sent.text) > SOURCE_HERE_MAX:
            await documents.read_apart(tenant, stored)

    async def activation_asked(
        self, request: Request, session: Session, caller: Caller, name: str, terms: Terms
    ) -> ActivationRequest:
        surface, tenant = self._surface, caller.tenant
        zone = "UTC" if surface.zone is None else await surface.zone(request, session, tenant)
        return ActivationRequest(
            name=name,
            version=terms.version,
            by=caller.subject,
            now=await surface.business_now(request, session, tenant),
            from_on=terms.from_on,
            zone=zone,
            reason=terms.reason,
            options=terms.options,
        )

    async def second_pair(
        self, request: Request, session: Session, tenant: str, asked: ActivationRequest
    ) -> Answer | None:
        """What is answered where somebody else has to agree first."""
        if self._surface.second_pair is None:
            return None
        if asked.version is not None:  # raises for what is not there
            documents = self._surface.documents(request)
            await documents.get_version(session, tenant, asked.name, asked.version)
        return await self._surface.second_pair(request, session, tenant, asked)

    async def activate(
        self, request: Request, session: Session, tenant: str, asked: ActivationRequest
    ) -> ActivationResult:
        if self._surface.activate is not None:
            return await self._surface.activate(request, session, tenant, asked)
        return await self._surface.documents(request).activate(session, tenant, asked)

    async def dry_run(
        self, request: Request, tenant: str, name: str, limit: int, version: str | None = None
    ) -> Answer:
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
        return await surface.dry_run(tried)

    async def _instant(self, request: Request, session: Session, tenant: str) -> datetime | None:
        """The instant of which "in force" speaks; none: all is known that was activated."""
        if self._surface.zone is None:
            return None
        return await self._surface.business_now(request, session, tenant)

    async def version_in_force(
        self, request: Request, session: Session, tenant: str, name: str
    ) -> str | None:
        at = await self._instant(request, session, tenant)
        documents = self._surface.documents(request)
        version, _ = await documents.find_active(session, tenant, name, at)
        return version

    async def shown(
        self, request: Request, session: Session, tenant: str, name: str
    ) -> Shown[Content]:
        documents = self._surface.documents(request)
        at = await self._instant(request, session, tenant)
        version, activation = await documents.find_active(session, tenant, name, at)
        if version is None:
            await documents.list_versions(session, tenant, name)  # raises if there are none
            return Shown(name, None, None, None, activation)
        stored = await documents.get_version(session, tenant, name, version)
        content = await documents.content(session, tenant, name, version)
        return Shown(name, version, content, stored, activation)
