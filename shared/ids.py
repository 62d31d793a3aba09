"""Ids that a crash and a retry make again: UUIDv5 over what the event is about."""

import hashlib
import re
from uuid import UUID, uuid5

NAMESPACE = uuid5(UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8"), "https://recoup.dev/events")

_NAMESPACE = NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}

TENANT = re.compile(r"[a-z0-9-]{1,40}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def event_id(*parts: str) -> str:
    """The UUIDv5 of (tenant, service, type, entity, cause). Parts are joined unambiguously.

    Written out because `uuid.uuid5` builds an object that the hot path only prints (RFC 9562, 5.5).
    """
    name = _NAMESPACE + "\x1f".join(parts).encode()
    text = hashlib.sha1(name, usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def is_tenant(tenant_id: str) -> bool:
    """Whether this can be a tenant's id: `[a-z0-9-]{1,40}`."""
    return TENANT.fullmatch(tenant_id) is not None


def is_business_id(text: str) -> bool:
    """Whether this can be an account's or a document's id: 1–128 characters, no controls.

    Account ids further have no `/`, because log keys are `tenant/account`.
    """
    return 0 < len(text) <= 128 and _CONTROLS.search(text) is None
