"""Which import it is: the same file by the same mapping for the same tenant is the same."""

import hashlib
from pathlib import Path


def import_id(tenant: str, path: Path, mapping: str | None) -> str:
    """The first 32 hex digits of SHA-256 over tenant, file and mapping, with a NUL between."""
    digest = hashlib.sha256(tenant.encode() + b"\0")
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    digest.update(b"\0" + (mapping or "").encode())
    return digest.hexdigest()[:32]
