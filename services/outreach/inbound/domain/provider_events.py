"""What a provider posts, read by the reader of its kind: pure. Its signature is checked first.

A new kind of provider that posts is one reader here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.outreach.channels.domain.contract import ProviderRequest, Receipt
from services.outreach.channels.domain.inbound_messages import InboundText
from services.outreach.channels.domain.letter_receipts import LetterReceipts
from services.outreach.channels.domain.tenant_settings import Provider
from services.outreach.channels.domain.twilio import TwilioAccount
from services.outreach.channels.domain.twilio_events import TwilioReader
from shared.addresses import BadUrl
from shared.errors import Unauthenticated


@dataclass(frozen=True)
class TenantProvider:
    """A provider of one tenant, and what its variable holds."""

    tenant: str
    name: str
    provider: Provider
    secret: str | None


@dataclass(frozen=True)
class ProviderPost:
    """What came of a request."""

    receipts: Sequence[Receipt] = ()
    texts: Sequence[InboundText] = ()


Reader = Callable[[TenantProvider, ProviderRequest, datetime], ProviderPost]


def read_twilio(of: TenantProvider, request: ProviderRequest, now: datetime) -> ProviderPost:
    """Raises `Unauthenticated`."""
    try:
        account = TwilioAccount.from_url(of.secret or "")
    except BadUrl:
        raise Unauthenticated("The provider is not set up.") from None
    reader = TwilioReader(account.token, now)
    texts = reader.texts(request, of.tenant, of.name)
    return ProviderPost(() if texts else reader.receipts(request), texts)


def read_letters(of: TenantProvider, request: ProviderRequest, _now: datetime) -> ProviderPost:
    """What a print shop says of letters. Raises `Unauthenticated`, `Invalid`."""
    try:
        reader = LetterReceipts(of.secret)
    except ValueError:  # a token with which nothing can be signed
        raise Unauthenticated("The provider's secret signs nothing.") from None
    return ProviderPost(reader.receipts(request))


READERS: Mapping[str, Reader] = {"twilio": read_twilio, "http-put": read_letters}


def read_posted(
    found: Sequence[TenantProvider], request: ProviderRequest, now: datetime
) -> list[tuple[TenantProvider, ProviderPost]]:
    """By every provider of the name whose signature this is: names are the tenants' own, their
    secrets tell them apart. None: nobody's."""
    read = []
    for of in found:
        reader = READERS.get(of.provider.kind)
        if reader is None or not of.secret:
            continue
        try:
            read.append((of, reader(of, request, now)))
        except Unauthenticated:
            continue
    return read
