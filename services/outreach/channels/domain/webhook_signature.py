"""Signatures of what we post to others: Standard Webhooks (https://www.standardwebhooks.com).

`webhook-id` is the event's or the contact's id and the same at every try; `webhook-signature` has a
signature for each secret that holds, so that a receiver can exchange them in its own time.
"""

import base64
import binascii
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

from shared.errors import Invalid

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # what a secret begins with
SECRET_BYTES: Final = 32
_BYTES_MIN, _BYTES_MAX = 24, 64  # of a secret, by the standard


def new_secret() -> str:
    """One nobody can guess, as its receiver configures it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def check_secret(text: str) -> None:
    """Raises `Invalid` for what is no secret of the standard."""
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("is not whsec_ and base64") from None
    if not _BYTES_MIN <= len(key) <= _BYTES_MAX:
        raise Invalid(f"has {len(key)} bytes; a secret has {_BYTES_MIN} to {_BYTES_MAX}")


def signed_headers(
    message_id: str, at: datetime, body: bytes, keys: Sequence[str]
) -> dict[str, str]:
    """The headers of one try, signed at that instant by each of the secrets, the newest first."""
    signatures = [Webhook(key).sign(message_id, at, body.decode()) for key in keys]
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
