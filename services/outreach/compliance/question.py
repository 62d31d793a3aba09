"""The question put to the governor: may this contact be made at this instant?

The shape is that of the public API. A member that is absent (`UNSET`) is not known, and what is
not known is never harmless; `null` and `[]` mean that there is known to be none. Members marked
"own" go beyond the public core: they say what a collector knows, so where they are absent nothing
is known to stand against the contact, and nothing to speak for it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from shared.clock import is_zone
from shared.errors import FieldError, Invalid, Unreadable
from shared.field_errors import explain

HISTORY_MAX = 1000
LIST_MAX = 1000
FIRST_YEAR, LAST_YEAR = 1950, 2150

Party = Literal["first", "third"]
Kind = Literal["consumer", "business"]
Side = Literal["collector", "debtor"]
Channel = Literal[
    "voice", "voicemail", "sms", "email", "letter", "social_dm", "portal", "in_person", "webhook"
]
Outcome = Literal[
    "busy",
    "not_in_service",
    "no_answer",
    "voicemail_no_message",
    "voicemail_limited_content",
    "voicemail_full",
    "answered_dropped",
    "conversation",
    "sent",
    "delivered",
    "bounced",
]
Mode = Literal["live", "prerecorded", "ai_voice", "ringless"]
Person = Literal["debtor", "spouse", "attorney", "third_party"]
Purpose = Literal["collect", "consent_request", "remedy_notice", "notice"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

Instant = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1, max_length=256)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Flag = bool | UnsetType | None  # null is a known no
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts share: no unknown member passes unseen."""


class Address(_Part, frozen=True, kw_only=True):
    country: Text | UnsetType | None = UNSET  # ISO 3166-1
    region: Text | UnsetType | None = UNSET  # ISO 3166-2, with or without the country
    city: Text | UnsetType | None = UNSET
    postal_code: Text | UnsetType | None = UNSET


class Phone(_Part, frozen=True, kw_only=True):
    number: str  # E.164
    type: Literal["mobile", "landline", "voip", "toll_free"] | UnsetType = UNSET
    use: Literal["home", "work"] | UnsetType = UNSET
    consent: Literal["express", "written", "none"] | UnsetType = UNSET
    reassigned: Literal["yes", "no", "no_data"] | UnsetType = UNSET
    refused: Flag = UNSET  # own: the person never wants it used, or a place they ruled out
    reassigned_checked_at: Instant | UnsetType | None = UNSET  # own: when `reassigned` was found


class Email(_Part, frozen=True, kw_only=True):
    address: Text
    employer_provided: Flag = UNSET
    used_with_collector: Flag = UNSET  # own: the debtor wrote from it about the debt
    volunteered: Flag = UNSET  # own: the debtor gave it of their own accord
    prior_collector_route: Flag = UNSET  # own: an earlier collector used it lawfully
    creditor_notice_on: date | UnsetType | None = UNSET  # own: the creditor announced its use
    refused: Flag = UNSET  # own: never at this address


class Attorney(_Part, frozen=True, kw_only=True):
    since: Instant | UnsetType = UNSET
    debts: tuple[Id, ...] | UnsetType = UNSET  # absent: for all of them
    asked_at: Instant | UnsetType | None = UNSET  # own: asked, and silent ever since
    consents: Flag = UNSET  # own: agrees to direct contact


class Inconvenient(_Part, frozen=True, kw_only=True):
    """A time the debtor ruled out, in their own clock; `from` after `to` runs over midnight."""

    days: tuple[Weekday, ...] | UnsetType = UNSET  # absent: every day
    start: Clock = msgspec.field(name="from", default="00:00")
    end: Clock = msgspec.field(name="to", default="24:00")


class Consent(_Part, frozen=True, kw_only=True):
    kind: Literal["extra_calls", "voice", "sms", "email"]
    at: Instant
    given_to: Side | Literal["creditor"] | UnsetType = UNSET
    form: Literal["oral", "written"] | UnsetType = UNSET  # own
    to: Text | UnsetType = UNSET  # own: the number or address; absent: any of that kind
    until: Instant | UnsetType | None = UNSET  # own: a shorter time the debtor named
    revoked_at: Instant | UnsetType | None = UNSET  # own
    covers: tuple[Literal["time", "place", "attorney", "work"], ...] | UnsetType = UNSET  # own


class OptOut(_Part, frozen=True, kw_only=True):
    channel: Channel
    at: Instant | UnsetType = UNSET
    to: Text | UnsetType = UNSET  # own: that number or address only
    debts: tuple[Id, ...] | UnsetType = UNSET  # own: said about these debts; absent: all


class Debtor(_Part, frozen=True, kw_only=True):
    kind: Kind
    language: Text | UnsetType | None = UNSET
    deceased: Flag = UNSET
    vulnerable: Flag = UNSET
    military: Flag = UNSET
    addresses: tuple[Address, ...] | UnsetType | None = UNSET
    phones: tuple[Phone, ...] | UnsetType | None = UNSET
    emails: tuple[Email, ...] | UnsetType | None = UNSET
    bankruptcy_filed_at: Instant | UnsetType | None = UNSET
    breathing_space_from: date | UnsetType | None = UNSET
    attorney: Attorney | UnsetType | None = UNSET
    cease_requested_at: Instant | UnsetType | None = UNSET
    refused_channels: tuple[Channel, ...] | UnsetType | None = UNSET
    inconvenient: tuple[Inconvenient, ...] | UnsetType | None = UNSET
    consents: tuple[Consent, ...] | UnsetType | None = UNSET
    opt_outs: tuple[OptOut, ...] | UnsetType | None = UNSET
    # own
    timezone: Text | UnsetType | None = UNSET  # an IANA zone they named
    timezone_confirmed_at: Instant | UnsetType | None = UNSET  # then it stands alone for 180 days
    entity: Literal["natural_person", "sole_trader", "entity"] | UnsetType = UNSET
    guarantor_natural_person: Flag = UNSET
    bankruptcy_discharged_at: Instant | UnsetType | None = UNSET
    bankruptcy_relief_at: Instant | UnsetType | None = UNSET  # relief from the stay was ordered
    co_debtor_chapter: Annotated[int, Meta(ge=1, le=15)] | UnsetType | None = UNSET
    breathing_space_kind: Literal["standard", "mental_health"] | UnsetType = UNSET
    breathing_space_ended_on: date | UnsetType | None = UNSET
    debt_adviser_since: date | UnsetType | None = UNSET
    employer_prohibits: Flag = UNSET  # the employer forbids contact at work
    work_refused_at: Instant | UnsetType | None = UNSET
    life_event: Flag = UNSET  # bereavement, calamity, wedding, festival


class Dispute(_Part, frozen=True, kw_only=True):
    at: Instant | UnsetType = UNSET
    form: Literal["written", "oral"] | UnsetType = UNSET
    verification_sent_at: Instant | UnsetType | None = UNSET


class Notice(_Part, frozen=True, kw_only=True):
    kind: Text  # validation, medical, written, letter_of_claim …: the rule books name them
    sent_on: date
    by: Channel | UnsetType = UNSET


class Debt(_Part, frozen=True, kw_only=True):
    id: Id
    purpose: Kind | UnsetType = UNSET
    product: Text | UnsetType | None = UNSET
    days_past_due: Annotated[int, Meta(ge=-36500, le=36500)] | UnsetType = UNSET
    amount_minor: Annotated[int, Meta(ge=0, le=10**15)] | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    disputed: Flag = UNSET
    default_on: date | UnsetType | None = UNSET
    accelerated: Flag = UNSET
    validation_notice_sent_on: date | UnsetType | None = UNSET
    entered_on: date | UnsetType | None = UNSET
    contract_type: Text | UnsetType | None = UNSET  # oral, written, open, goods, note, card …
    periodic_statements: Flag = UNSET
    dispute: Dispute | UnsetType | None = UNSET
    notices: tuple[Notice, ...] | UnsetType | None = UNSET
    # own
    account: Id | UnsetType = UNSET  # several debts of one account; absent: the debt alone
    creditor: Id | UnsetType = UNSET  # absent: all debts may have the same
    due_on: date | UnsetType | None = UNSET
    governing_law: Text | UnsetType | None = UNSET  # US-DE
    secured_by: Literal["real_estate", "motor_vehicle", "other"] | UnsetType | None = UNSET
    legal_action: Flag = UNSET  # taken or threatened
    paid: Flag = UNSET
    sold: Flag = UNSET
    identity_theft: Flag = UNSET
    discharged: Flag = UNSET
    debt_buyer: Flag = UNSET  # the collector bought it
    post_petition: Flag = UNSET  # arose after the bankruptcy petition
    original_creditor_asked_at: Instant | UnsetType | None = UNSET
    original_creditor_told_at: Instant | UnsetType | None = UNSET
    last_payment_on: date | UnsetType | None = UNSET
    last_contact_on: date | UnsetType | None = UNSET  # last regular contact of creditor and debtor


class Content(_Part, frozen=True, kw_only=True):
    """What the message holds."""

    opt_out_line: Flag = UNSET
    threatens_suit: Flag = UNSET
    limited_content: Flag = UNSET
    name_signals_collection: Flag = UNSET
    # own
    identifies_caller: Flag = UNSET
    reveals_debt: Flag = UNSET
    overshadows: Flag = UNSET  # presses for payment inside the validation period
    fees: Flag = UNSET
    fees_legal_basis: Flag = UNSET
    marketing: Flag = UNSET
    postcard: Flag = UNSET
    envelope_reveals: Flag = UNSET
    public: Flag = UNSET
    asks_payment: Flag = UNSET
    optout_needs_login: Flag = UNSET
    privacy_notice: Flag = UNSET
    automated_decision: Flag = UNSET
    settlement: Flag = UNSET
    legal_threat: Flag = UNSET  # enforcement, seizure and the like, short of suit


class Contact(_Part, frozen=True, kw_only=True):
    channel: Channel
    to: Text | UnsetType = UNSET
    about: tuple[Id, ...] | UnsetType = UNSET  # absent: any of the debts
    purpose: Purpose | UnsetType = UNSET
    mode: Mode | UnsetType = UNSET
    initiated_by: Side | UnsetType = UNSET
    person: Person | UnsetType = UNSET
    content: Content | UnsetType = UNSET
    recorded: Flag = UNSET  # own: the call is recorded
    location: Literal["home", "work"] | UnsetType = UNSET  # own: where a visit goes


class Past(_Part, frozen=True, kw_only=True):
    """One attempt or contact of the past, by either side."""

    at: Instant
    channel: Channel
    about: tuple[Id, ...] | UnsetType = UNSET
    outcome: Outcome | UnsetType = UNSET
    initiated_by: Side | UnsetType = UNSET
    to: Text | UnsetType = UNSET
    by: Text | UnsetType = UNSET
    person: Person | UnsetType = UNSET
    mode: Mode | UnsetType = UNSET  # own
    purpose: Purpose | UnsetType = UNSET  # own


class Creditor(_Part, frozen=True, kw_only=True):
    kind: Literal["bank", "lender", "utility", "hospital", "other"] | UnsetType = UNSET
    country: Text | UnsetType | None = UNSET  # own: its place, for limitation periods
    region: Text | UnsetType | None = UNSET  # own


class Question(_Part, frozen=True, kw_only=True):
    at: Instant
    party: Party
    debtor: Debtor
    debts: Annotated[tuple[Debt, ...], Meta(min_length=1, max_length=LIST_MAX)]
    contact: Contact
    history: tuple[Past, ...] | UnsetType | None = UNSET
    creditor: Creditor | UnsetType | None = UNSET
    packs: tuple[Text, ...] | UnsetType | None = UNSET  # rule books by name; none: all law


def read_question(data: bytes | Mapping[str, object]) -> Question:
    """A checked question. Raises `Unreadable` for bytes that are no JSON, else `Invalid`."""
    try:
        if isinstance(data, bytes):
            question = msgspec.json.decode(data, type=Question)
        else:
            question = msgspec.convert(data, Question, str_keys=True)
    except msgspec.ValidationError as error:
        raise Invalid("The question does not fit.", [explain(str(error))]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"The question is not JSON: {error}") from error
    except RecursionError as error:
        raise Unreadable("The question is nested too deep.") from error
    errors = list(_sense_errors(question))
    if errors:
        raise Invalid("The question contradicts itself.", errors)
    return _without_later_consents(question)


def _without_later_consents(question: Question) -> Question:
    """What is allowed after the instant asked about is no permission yet."""
    consents = given(question.debtor.consents)
    if all(consent.at <= question.at for consent in consents):
        return question
    by_then = tuple(consent for consent in consents if consent.at <= question.at)
    debtor = msgspec.structs.replace(question.debtor, consents=by_then)
    return msgspec.structs.replace(question, debtor=debtor)


def given(value: Any) -> Any:
    """The items of a list member; none where it is null or absent."""
    return () if value is UNSET or value is None else value


def _sense_errors(question: Question) -> Iterator[FieldError]:
    yield from _far_days(question, "")
    ids: set[str] = set()
    for index, debt in enumerate(question.debts):
        if debt.id in ids:
            yield FieldError(f"/debts/{index}/id", f"{debt.id} is there twice")
        ids.add(debt.id)
    yield from _number_errors(question)
    yield from _debtor_errors(question)
    yield from _unknown_debts("/contact/about", question.contact.about, ids)
    yield from _history_errors(question)
    for index, debt in enumerate(question.debts):
        yield from _future_day(
            question, f"/debts/{index}/validation_notice_sent_on", debt.validation_notice_sent_on
        )
        for number, notice in enumerate(given(debt.notices)):
            yield from _future_day(
                question, f"/debts/{index}/notices/{number}/sent_on", notice.sent_on
            )
        if debt.dispute:
            at = f"/debts/{index}/dispute"
            yield from _future(question, f"{at}/at", debt.dispute.at)
            yield from _future(
                question, f"{at}/verification_sent_at", debt.dispute.verification_sent_at
            )


def _far_days(value: Any, pointer: str) -> Iterator[FieldError]:
    """Days that no debt has seen: slips of the pen, and beyond what calendars can count."""
    if isinstance(value, date):  # instants too
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            yield FieldError(pointer, f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            if isinstance(item, Struct):
                yield from _far_days(item, f"{pointer}/{index}")
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _far_days(getattr(value, name), f"{pointer}/{name}")


def _number_errors(question: Question) -> Iterator[FieldError]:
    for index, phone in enumerate(given(question.debtor.phones)):
        if not _NUMBER.fullmatch(phone.number):
            yield FieldError(
                f"/debtor/phones/{index}/number", "must be a number in E.164, like +12125550123"
            )
    to = question.contact.to
    spoken = question.contact.channel in {"voice", "voicemail", "sms"}
    if spoken and to is not UNSET and not _NUMBER.fullmatch(to):
        yield FieldError("/contact/to", "must be a number in E.164, like +12125550123")


def _debtor_errors(question: Question) -> Iterator[FieldError]:
    debtor = question.debtor
    for name in ("addresses", "phones", "emails", "inconvenient", "consents", "opt_outs"):
        if len(tuple(given(getattr(debtor, name)))) > LIST_MAX:
            yield FieldError(f"/debtor/{name}", f"must have at most {LIST_MAX} items")
    if isinstance(debtor.timezone, str) and not is_zone(debtor.timezone):
        yield FieldError("/debtor/timezone", f"{debtor.timezone!r} is not an IANA time zone")
    for index, span in enumerate(given(debtor.inconvenient)):
        if span.start == span.end or span.start == "24:00":
            yield FieldError(f"/debtor/inconvenient/{index}", "`from` and `to` leave no time")
    yield from _future(question, "/debtor/timezone_confirmed_at", debtor.timezone_confirmed_at)


def _history_errors(question: Question) -> Iterator[FieldError]:
    history = tuple(given(question.history))
    if len(history) > HISTORY_MAX:
        yield FieldError("/history", f"must have at most {HISTORY_MAX} items")
        return
    for index, past in enumerate(history):
        yield from _future(question, f"/history/{index}/at", past.at)


def _future(question: Question, pointer: str, at: Any) -> Iterator[FieldError]:
    if isinstance(at, datetime) and at > question.at:
        yield FieldError(pointer, "lies after the instant asked about")


def _future_day(question: Question, pointer: str, day: Any) -> Iterator[FieldError]:
    """A day later than it can be anywhere on Earth at the instant asked about."""
    if isinstance(day, date) and (day - question.at.date()).days > 1:
        yield FieldError(pointer, "lies after the instant asked about")


def _unknown_debts(pointer: str, about: Any, ids: set[str]) -> Iterator[FieldError]:
    for index, debt in enumerate(given(about)):
        if debt not in ids:
            yield FieldError(f"{pointer}/{index}", f"names {debt!r}, which is not among the debts")
