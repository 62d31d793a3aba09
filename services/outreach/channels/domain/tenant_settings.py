"""A tenant's settings of outreach (`PUT /v1/settings`): creditor, providers, costs, capacity.

Secrets are not in it: it names environment variables that hold them.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from shared.texts import matching

Micros = Annotated[int, Meta(ge=0, le=10**15)]  # millionths of a unit of the currency


class CreditorSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As messages name him."""

    name: str | None = None
    postal_address: str | None = None
    tax_id: str | None = None
    phone: str | None = None
    url: str | None = None


class Dkim(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    domain: str
    selector: str
    secret: str  # name of the variable with the private key, PEM


class Provider(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}
):
    """One provider of one channel. Which members a kind needs is checked by its channel."""

    channel: Literal["email", "sms", "voice", "letter", "portal", "webhook"]
    kind: Literal["smtp", "twilio", "smpp", "dialler", "folder", "http-put", "webhook", "portal"]
    secret: str | None = None  # name of the variable with URL, token or password
    from_: Annotated[str, Meta(max_length=320)] | None = None
    reply_domain: str | None = None
    bounce_domain: str | None = None
    dkim: Dkim | None = None
    rate_per_second: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    message_ids: Literal["text", "hex-decimal"] = "text"
    segments_max: Annotated[int, Meta(ge=1, le=10)] = 4
    target: str | None = None  # folder or URL that takes letters; URL of a webhook
    cut_off: str = "16:00"
    format: Literal["A4", "US"] = "A4"


class VoiceCosts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    call: Micros = 0
    minute: Micros = 0  # begun


class LetterCosts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    first: Micros = 0
    sheet: Micros = 0  # each further one


class PersonCosts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    minute: Micros = 0  # begun


class Costs(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    currency: Annotated[str, matching("[A-Z]{3}", 3)] = "EUR"
    email: Micros = 0
    sms: dict[str, Micros] = {}  # by prefix of the number, the longest counts; "+": any
    voice: VoiceCosts = VoiceCosts()
    letter: LetterCosts = LetterCosts()
    person: PersonCosts = PersonCosts()


class Ramp(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Contacts a day: min(most, floor(start * factor ** k)) on the k-th day."""

    start: Annotated[int, Meta(ge=1)] = 200
    factor: Annotated[float, Meta(ge=1, le=1000)] = 2
    most: Annotated[int, Meta(ge=1)] | None = None


class PortalSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    link_days: Annotated[int, Meta(ge=1, le=365)] = 30


class Reviews(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    share: Annotated[float, Meta(ge=0, le=1)] = 0.05


class TenantSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    language: str = "en"
    creditor: CreditorSettings = CreditorSettings()
    providers: dict[str, Provider] = {}
    costs: Costs = Costs()
    capacity: dict[str, Annotated[int, Meta(ge=0)]] = {}  # a day: by channel, by queue
    ramp: Ramp = Ramp()
    portal: PortalSettings = PortalSettings()
    confirm_stop: bool = False
    reviews: Reviews = Reviews()
    four_eyes_activation: bool | None = None  # None: on outside the local mode
