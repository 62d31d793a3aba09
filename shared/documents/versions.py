"""The documents of one kind: kept version by version, put in force, read in every process.

What a version says never changes, so its parsed content is kept in memory; what a transaction wrote
and did not commit is forgotten with it. What is in force is asked of the database each time, by one
cheap query: what another process activates counts at once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from msgspec import structs

from shared.clock import day_start
from shared.database import Session
from shared.documents import store
from shared.documents.activations import Activation, in_force, repeats, was_in_force
from shared.documents.history import BUILT_IN_AT, BuiltIn, History, StoredVersion
from shared.documents.kind import (
    ActivationRequest,
    ActivationResult,
    DocumentKind,
    KeptVersion,
    Outline,
    Proposal,
)
from shared.errors import Conflict, Invalid, NotFound, Unavailable, Unreadable

CONTENTS_MAX = 500  # versions kept parsed
SOURCE_HERE_MAX = 8 * 1024  # longer texts are not read between two turns of the event loop
HISTORIES_MAX = 256  # tenants whose documents are kept together

Content = TypeVar("Content")
Check = Callable[[Session, Proposal[Content]], Awaitable[None]]


class Documents(Generic[Content]):
    """One per kind and process. `built_in` are in force until others are, one per name."""

    def __init__(
        self,
        kind: DocumentKind[Content],
        built_in: Iterable[BuiltIn[Content]] = (),
    ) -> None:
        self.kind = kind
        self.built_in = {each.name: each for each in built_in}
        self._contents: OrderedDict[tuple[str, str, str], Content] = OrderedDict()
        self._histories: OrderedDict[str, tuple[int, History[Content]]] = OrderedDict()
        self._nothing_activated = History(self.built_in)
        self._reading = asyncio.Semaphore(1)  # one thread for all: they share one interpreter

    # ------------------------------------------------------------------------------ in force

    async def in_force(
        self, session: Session, tenants: Iterable[str], name: str, at: datetime | None = None
    ) -> dict[str, Content]:
        """A document of each tenant as it counts at an instant, or after all that is known. Tenants
        without it are left out."""
        asked = sorted(set(tenants))
        active = await store.find_in_force(session, self.kind.kind, name, asked, at)
        built_in = self.built_in.get(name)
        found = {}
        for tenant in asked:
            if tenant not in active:
                if built_in is not None:
                    found[tenant] = built_in.content
                continue
            version = active[tenant].version
            if version is not None:
                found[tenant] = await self.content(session, tenant, name, version)
        return found

    async def find_active(
        self, session: Session, tenant: str, name: str, at: datetime | None = None
    ) -> tuple[str | None, Activation | None]:
        """The version that counts, and the activation that made it so; none: what comes with the
        service."""
        found = await store.find_in_force(session, self.kind.kind, name, [tenant], at)
        if tenant in found:
            return found[tenant].version, found[tenant]
        return (self.built_in[name].version if name in self.built_in else None), None

    async def history(self, session: Session, tenant: str) -> History[Content]:
        """All that the tenant activated; the same object until it activates something more."""
        known = await self.find_history(session, tenant)
        if known is not None:
            return known
        activations = await store.list_activations(session, self.kind.kind, tenant)
        contents = {
            (name, version): await self.content(session, tenant, name, version)
            for name, version in {(a.name, a.version) for a in activations}
            if version is not None
        }
        history = History(self.built_in, tuple(activations), contents)
        self._histories[tenant] = (activations[-1].number, history)
        if len(self._histories) > HISTORIES_MAX:
            self._histories.popitem(last=False)
        return history

    async def find_history(self, session: Session, tenant: str) -> History[Content] | None:
        """The same; None: there is something new in it, which is yet to be read."""
        revision = await store.get_revision(session, self.kind.kind, tenant)
        if revision == 0:
            return self._nothing_activated
        known = self._histories.get(tenant)
        if known is None or known[0] != revision:
            return None
        self._histories.move_to_end(tenant)
        return known[1]

    # ------------------------------------------------------------------------------ versions

    async def content(self, session: Session, tenant: str, name: str, version: str) -> Content:
        """What a version says. Raises `NotFound`."""
        key = (tenant, name, version)
        if key in self._contents:
            self._contents.move_to_end(key)
            return self._contents[key]
        stored = await self.get_version(session, tenant, name, version)
        content = self._read(stored)
        self.remember(tenant, name, version, content)
        return content

    def remember(self, tenant: str, name: str, version: str, content: Content) -> None:
        """Keep what a version says, read elsewhere."""
        self._contents[tenant, name, version] = content
        if len(self._contents) > CONTENTS_MAX:
            self._contents.popitem(last=False)

    async def find_unread(
        self, session: Session, tenant: str, name: str, version: str
    ) -> StoredVersion | None:
        """The version, where its content is not known here and takes long to read."""
        if (tenant, name, version) in self._contents:
            return None
        stored = await store.find_version(session, self.kind.kind, tenant, name, version)
        return stored if stored is not None and len(stored.source) > SOURCE_HERE_MAX else None

    async def list_unread(self, session: Session, tenant: str) -> list[StoredVersion]:
        """The same of all that the tenant activated: what `history` would have to read."""
        activations = await store.list_activations(session, self.kind.kind, tenant)
        activated = sorted({(a.name, a.version) for a in activations if a.version is not None})
        found = [await self.find_unread(session, tenant, *each) for each in activated]
        return [each for each in found if each is not None]

    async def read_apart(self, tenant: str, stored: StoredVersion) -> None:
        """Read a long text in a thread, so that the event loop has its turns meanwhile. Hold no
        connection for so long."""
        async with self._reading:
            content = await asyncio.to_thread(self._read, stored)
        self.remember(tenant, stored.name, stored.version, content)

    async def find_version(
        self, session: Session, tenant: str, name: str, version: str
    ) -> StoredVersion | None:
        """A version that was stored, or that comes with the service."""
        stored = await store.find_version(session, self.kind.kind, tenant, name, version)
        built_in = self.built_in.get(name)
        if stored is None and built_in is not None and built_in.version == version:
            return self.as_stored(built_in)
        return stored

    async def get_version(
        self, session: Session, tenant: str, name: str, version: str
    ) -> StoredVersion:
        """The same. Raises `NotFound`."""
        stored = await self.find_version(session, tenant, name, version)
        if stored is None:
            raise NotFound(self.kind.no_version(name, version))
        return stored

    async def list_versions(self, session: Session, tenant: str, name: str) -> list[StoredVersion]:
        """Every version of a name, the first stored first. Raises `NotFound` without any."""
        found = await store.list_versions(session, self.kind.kind, tenant, name)
        built_in = self.built_in.get(name)
        if built_in is not None and built_in.version not in {each.version for each in found}:
            found.insert(0, self.as_stored(built_in))
        if not found:
            raise NotFound(f"There is no {self.kind.word} {name}.")
        return found

    def as_stored(self, built_in: BuiltIn[Content]) -> StoredVersion:
        """A version that comes with the service, as those of tenants are listed."""
        category = self.kind.category_of
        return StoredVersion(
            name=built_in.name,
            version=built_in.version,
            source=built_in.source,
            stored_at=BUILT_IN_AT,
            stored_by=self.kind.built_in_by or "",
            category=None if category is None else category(built_in.content),
        )

    def parse(self, name: str, source: str) -> Content:
        """What a text says. Raises `Invalid`, also where it is of another name."""
        return self.kind.read(name, source)

    async def keep(
        self,
        session: Session,
        tenant: str,
        name: str,
        source: str,
        *,
        by: str,
        at: datetime,
        outline: Outline | None = None,
    ) -> KeptVersion:
        """Store a version; `outline`: it was checked before. Raises `Invalid` for a bad text,
        `Conflict` where its author used the version for another text."""
        if outline is None:
            outline = self.kind.checked(name, source)
        await store.lock_documents(session, self.kind.kind, tenant)
        known = await self._known(session, tenant, name, outline.version, source)
        if known is not None:
            if known.source != source and not self.kind.is_version_of_content:
                raise Conflict(
                    f"Version {known.version} of {name} exists with another text: it is kept as it "
                    f"is. Give the changed {self.kind.short} another version."
                )
            return KeptVersion(known, outline, is_new=False)
        version = outline.version
        if version is None:
            number = await store.count_versions(session, self.kind.kind, tenant, name) + 1
            version = str(number)
        stored = StoredVersion(
            name=name,
            version=version,
            source=source,
            stored_at=at,
            stored_by=by,
            category=outline.category,
        )
        await store.insert_version(session, self.kind.kind, tenant, stored)
        self._forget_unless_committed(session, tenant)
        return KeptVersion(stored, outline, is_new=True)

    # ------------------------------------------------------------------------------ activation

    async def activate(
        self,
        session: Session,
        tenant: str,
        asked: ActivationRequest,
        *,
        check: Check[Content] | None = None,
        offered: Sequence[BuiltIn[Content]] = (),
    ) -> ActivationResult:
        """Put a version in force, or end a name. Asked again, nothing happens.

        Raises `NotFound`, and what `check` raises before anything is written; without one, a day
        that has begun is refused. What follows an activation (events, work to be done) is the
        business of the service's command that calls this, in the same transaction. `offered` come
        with the service like the built-in ones: they need not have been sent.
        """
        kind = self.kind.kind
        await store.lock_documents(session, kind, tenant)
        stored = await self._activated_version(session, tenant, asked, offered)
        activations = await store.list_activations(session, kind, tenant, asked.name)
        from_at = _beginning(asked, activations)
        before = self._version_at(activations, asked.name, from_at)
        if asked.from_on is None and before == asked.version:
            return ActivationResult(tenant, activations[-1] if activations else None, is_new=False)
        repeated = repeats(activations, asked.name, asked.version, from_at)
        if asked.from_on is not None and repeated is not None:
            return ActivationResult(tenant, repeated, is_new=False)
        activation = Activation(
            number=await store.get_revision(session, kind, tenant) + 1,
            name=asked.name,
            version=asked.version,
            from_version=before,
            from_on=asked.from_on,
            from_at=from_at,
            recorded_at=asked.now,
            recorded_by=asked.by,
            reason=asked.reason,
            options=asked.options,
        )
        content = None
        if stored is not None:
            content = await self.content(session, tenant, stored.name, stored.version)
        proposal = Proposal(tenant, asked.now, activation, content, stored)
        await (check or refuse_begun_day)(session, proposal)
        await store.insert_activation(session, kind, tenant, activation)
        self._forget_unless_committed(session, tenant)
        is_rollback = was_in_force(activations, asked.name, asked.version)
        return ActivationResult(tenant, activation, is_new=True, is_rollback=is_rollback)

    async def _activated_version(
        self,
        session: Session,
        tenant: str,
        asked: ActivationRequest,
        offered: Sequence[BuiltIn[Content]],
    ) -> StoredVersion | None:
        """The version that is asked for. One that comes with the service is stored now: it is kept,
        whatever comes with us later. Raises `NotFound`."""
        if asked.version is None:
            await self.list_versions(session, tenant, asked.name)
            return None
        kind = self.kind.kind
        found = await store.find_version(session, kind, tenant, asked.name, asked.version)
        if found is not None:
            return found
        for built_in in (*offered, *self.built_in.values()):
            if (built_in.name, built_in.version) == (asked.name, asked.version):
                found = self.as_stored(built_in)
                if self.kind.built_in_by is None:
                    found = structs.replace(found, stored_at=asked.now, stored_by=asked.by)
                await store.insert_version(session, kind, tenant, found)
                return found
        raise NotFound(self.kind.no_version(asked.name, asked.version))

    def _version_at(self, activations: Sequence[Activation], name: str, at: datetime) -> str | None:
        active = in_force(activations, at).get(name)
        if active is not None:
            return active.version
        built_in = self.built_in.get(name)
        return None if built_in is None else built_in.version

    # ------------------------------------------------------------------------------ inside

    async def _known(
        self, session: Session, tenant: str, name: str, version: str | None, source: str
    ) -> StoredVersion | None:
        """The version of this content that is there already."""
        if version is None:
            versions = await store.list_versions(session, self.kind.kind, tenant, name)
            last = max(versions, key=lambda each: int(each.version), default=None)
            return last if last is not None and last.source == source else None
        if self.kind.is_version_of_content:
            return await store.find_version(session, self.kind.kind, tenant, name, version)
        return await self.find_version(session, tenant, name, version)

    def _forget_unless_committed(self, session: Session, tenant: str) -> None:
        """A version or an activation may come again under the same name or number, and differ."""

        def ended(is_committed: bool) -> None:
            if not is_committed:
                self._histories.pop(tenant, None)
                for key in [key for key in self._contents if key[0] == tenant]:
                    del self._contents[key]

        session.at_end(ended)

    def _read(self, stored: StoredVersion) -> Content:
        built_in = self.built_in.get(stored.name)
        if built_in is not None and built_in.source == stored.source:
            return built_in.content
        try:
            return self.kind.parse(stored.source)
        except (Invalid, Unreadable) as error:  # it was good when it came: a newer release differs
            raise Unavailable(
                f"version {stored.version} of {self.kind.word} {stored.name} cannot be read: "
                f"{error.detail}"
            ) from error


async def refuse_begun_day(_session: Session, proposal: Proposal[Content]) -> None:
    """What was in force on a day stays so: raises `Conflict` for a day that has begun."""
    activation = proposal.activation
    if activation.from_on is not None and activation.from_at <= proposal.now:
        raise Conflict(f"{activation.from_on} has begun: what is in force on it stays in force.")


def _beginning(asked: ActivationRequest, activations: Sequence[Activation]) -> datetime:
    """The instant from which the version counts. What is asked for at once never counts before
    what was activated earlier: two processes may know different instants."""
    if asked.from_on is not None:
        return day_start(asked.from_on, asked.zone)
    return max([asked.now, *(a.from_at for a in activations if a.from_on is None)])
