"""The segment policies in force: one document of each tenant, `segments`, kept ready in memory."""

from collections.abc import Iterable

import msgspec

from services.segmentation.domain.policy import Policy, parse_text
from shared.database import Session
from shared.documents import BuiltIn, DocumentKind, Documents, Outline

SEGMENTS = "segments"  # the name under which every segment policy is activated


def _missing(_name: str, version: str) -> str:
    return f"there is no segment policy {version!r}"


SEGMENT_POLICIES: DocumentKind[Policy] = DocumentKind(
    kind="policies",
    word="policy",
    parse=parse_text,
    version_of=lambda policy: policy.version,
    is_version_of_content=True,
    missing=_missing,
)


def checked_policy(name: str, source: str) -> Outline:
    """What is to be known of a policy before it is stored. Raises `Invalid`, `Unreadable`."""
    return SEGMENT_POLICIES.checked(name, source)


class ActivePolicies:
    """The policies in force. Without an activation the settings' one stands."""

    def __init__(self, default: Policy) -> None:
        source = msgspec.json.encode(default.document).decode()
        self.default = default
        self.documents = Documents(
            SEGMENT_POLICIES, [BuiltIn(SEGMENTS, default.version, source, default)]
        )

    async def of(self, session: Session, tenants: Iterable[str]) -> dict[str, Policy]:
        """The policy of each tenant."""
        return await self.documents.in_force(session, tenants, SEGMENTS)

    async def get(self, session: Session, tenant: str, version: str) -> Policy:
        """One version of a tenant's. Raises `NotFound`."""
        if version == self.default.version:
            return self.default
        return await self.documents.content(session, tenant, SEGMENTS, version)
