"""What a service says of the routes of one kind of document."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from fastapi import Request

from shared import clock
from shared.database import Session
from shared.documents import (
    SOURCE_HERE_MAX,
    ActivationRequest,
    ActivationResult,
    Documents,
    Outline,
)
from shared.errors import TooLarge, Unreadable

BODY_BYTES_MAX = 64 * 1024
Content = TypeVar("Content")


@dataclass(frozen=True, kw_only=True)
class DryRun(Generic[Content]):
    """A text to be tried on what is known. `request` leads to the service's context."""

    request: Request
    documents: Documents[Content]
    tenant: str
    name: str
    source: str
    limit: int  # cases

    def parse(self) -> Content:
        """Raises `Invalid` for a bad text."""
        return self.documents.parse(self.name, self.source)


@dataclass(frozen=True, kw_only=True)
class Surface(Generic[Content]):
    """What a service says of the routes of one kind of document."""

    path: str  # with `{name}` in it, unless there is one name only
    name: str | None = None  # that one
    names: frozenset[str] | None = None  # the only ones that there are; None: any
    documents: Callable[[Request], Documents[Content]]  # from the service's context
    business_now: Callable[[Request, Session, str], Awaitable[datetime]]  # of a tenant
    # In which a tenant's days begin. None: versions come into force at once.
    zone: Callable[[Request, Session, str], Awaitable[str]] | None = None
    dry_run: Callable[[DryRun[Content]], Awaitable[Any]]
    # What checks a long text in another process: of a tenant, of a name. None: texts of the kind
    # are quickly read.
    checked: Callable[[Request, str, str, str], Awaitable[Outline]] | None = None
    # Raises `Invalid`, with all other faults too, for what is not there for this tenant: request,
    # tenant, name, text. None: what is good for one is good for all.
    known: Callable[[Request, str, str, str], Awaitable[None]] | None = None
    # The service's command. None: nothing follows an activation.
    activate: (
        Callable[[Request, Session, str, ActivationRequest], Awaitable[ActivationResult]] | None
    ) = None
    # Asks somebody else first: what is answered (202) instead of activating; its None: nobody need
    # be asked.
    second_pair: (
        Callable[[Request, Session, str, ActivationRequest], Awaitable[Any | None]] | None
    ) = None
    schema: Callable[[str], Any]  # JSON Schema of the document of a name
    readers: tuple[str, ...]  # scopes
    writers: tuple[str, ...]
    bytes_max: int = BODY_BYTES_MAX
    stored_in_machine_time: bool = False  # when a version came; else business time

    async def stored_at(self, request: Request, session: Session, tenant: str) -> datetime:
        """When a version that is sent now was stored."""
        if self.stored_in_machine_time:
            return clock.now()
        return await self.business_now(request, session, tenant)

    async def outline(self, request: Request, tenant: str, name: str, source: str) -> Outline:
        """What is to be known of a text before it is stored. Raises `Invalid`. Hold no connection
        meanwhile: a long one waits for the tenant's place among the calculations."""
        if self.known is not None:
            await self.known(request, tenant, name, source)
        if self.checked is not None and len(source) > SOURCE_HERE_MAX:
            return await self.checked(request, tenant, name, source)
        return self.documents(request).kind.checked(name, source)

    async def text(self, request: Request, documents: Documents[Content]) -> str:
        """The document that was sent."""
        body: bytes = await request.body()
        word = documents.kind.word
        if len(body) > self.bytes_max:
            raise TooLarge(f"A {word} has at most {self.bytes_max} bytes.")
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unreadable(f"The {word} is not UTF-8.") from error
