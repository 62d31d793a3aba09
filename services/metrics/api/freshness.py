"""How new an answer is: its revision, until when all is known, and its `ETag`.

Figures, targets and running plans change an answer, and each change moves the tenant's revision up.
So whoever shows an `ETag` of the present revision has the newest answer: 304, and no figure is
read. A release may answer otherwise, so it is part of the tag.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Header, Response

import services.metrics
from services.metrics.domain.slots import slot_start
from services.metrics.store.figures import Tenant

HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, X-Tenant, Accept-Encoding",
}
_TAGS_MAX = 100


@cache
def release() -> str:
    """A digest of the service's own code: another release, another tag."""
    digest = blake2b(digest_size=6)
    folder = Path(services.metrics.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Freshness:
    """Of a tenant's figures in one snapshot. `part`: what else than the address is asked."""

    revision: int
    known_until: datetime | None
    part: str = ""
    is_stale: bool = False  # nothing is added to the figures: another release made them

    @classmethod
    def of(cls, tenant: Tenant | None, asked: bytes = b"") -> "Freshness":
        part = "-" + blake2b(asked, digest_size=12).hexdigest() if asked else ""
        if tenant is None:
            return cls(0, None, part)
        known = None
        if tenant.latest_slot:
            known = slot_start(tenant.latest_slot + 1)
        return cls(tenant.revision, known, part, tenant.is_stale)

    @property
    def tag(self) -> str:
        return f'"{self.revision}-{release()}{self.part}"'

    @property
    def headers(self) -> dict[str, str]:
        # Before the first event an answer's days follow the machine's clock.
        return {**HEADERS, "ETag": self.tag} if self.revision else HEADERS

    @property
    def members(self) -> dict[str, Any]:
        """What an answer says of it."""
        members = {"revision": self.revision, "known_until": self.known_until}
        return {**members, "stale_since": self.known_until} if self.is_stale else members

    def is_known(self, if_none_match: str | None) -> bool:
        """Whether the caller has this answer."""
        if if_none_match is None or not self.revision:
            return False
        tags = if_none_match.split(",", _TAGS_MAX)[:_TAGS_MAX]
        return any(tag.strip().removeprefix("W/") in (self.tag, "*") for tag in tags)

    def not_modified(self) -> Response:
        return Response(status_code=304, headers=self.headers)


def _if_none_match(
    tag: Annotated[
        str | None,
        Header(
            alias="If-None-Match",
            description="`ETag` of the answer that the caller has: 304 where it is the newest.",
        ),
    ] = None,
) -> str | None:
    return tag


IfNoneMatchDep = Annotated[str | None, Depends(_if_none_match)]
