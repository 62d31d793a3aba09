"""What a print shop says of letters: `posted`, or `returned` by the post. Signed by Standard
Webhooks with the provider's secret; without a secret nothing is believed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from standardwebhooks import Webhook, WebhookVerificationError

from services.outreach.channels.domain.contract import ProviderRequest, Receipt
from shared.errors import FieldError, Invalid, Unauthenticated

EVENTS_MAX = 1000


class LetterEvent(Struct, frozen=True, forbid_unknown_fields=True):
    """Of one letter, by its name in the manifest."""

    contact_id: Annotated[str, Meta(min_length=1, max_length=64)]
    batch_id: Annotated[str, Meta(min_length=1, max_length=120)]
    state: Literal["posted", "returned"]
    at: Annotated[datetime, Meta(tz=True)]
    code: Annotated[str, Meta(max_length=40)] = ""  # why it came back


class LetterEvents(Struct, frozen=True, forbid_unknown_fields=True):
    events: Annotated[tuple[LetterEvent, ...], Meta(max_length=EVENTS_MAX)]


_BODY = msgspec.json.Decoder(LetterEvents)


class LetterReceipts:
    """Reads what a print shop posts."""

    def __init__(self, secret: str | None) -> None:
        """`secret`: as `whsec_…`, or the base64 of it."""
        self._webhook = None if not secret else Webhook(secret)

    def receipts(self, request: ProviderRequest) -> Sequence[Receipt]:
        """Raises `Unauthenticated`, `Invalid`."""
        if self._webhook is None:
            raise Unauthenticated("The provider has no secret: what it posts cannot be checked.")
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            self._webhook.verify(request.body, headers)
        except WebhookVerificationError as error:
            raise Unauthenticated("The signature is wrong, or too old.") from error
        except ValueError:  # a body that is no JSON: signed, all the same
            pass
        try:
            found = _BODY.decode(request.body)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            problem = FieldError("/events", str(error))
            raise Invalid("The receipts are not valid.", [problem]) from error
        return [_receipt(event) for event in found.events]


def _receipt(event: LetterEvent) -> Receipt:
    is_returned = event.state == "returned"
    return Receipt(
        state="failed" if is_returned else "sent",
        at=event.at,
        provider_id=f"{event.batch_id}/{event.contact_id}",
        code=event.code or event.state,
        is_address_dead=is_returned,
    )
