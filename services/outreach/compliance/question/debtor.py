"""The debtor as a question describes them: where they live, how they are reached, what they asked
for, what they allowed and refused.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.outreach.compliance.question.terms import (
    Channel,
    Clock,
    DebtorKind,
    Flag,
    Id,
    Instant,
    Part,
    Side,
    Text,
    Weekday,
)


class Address(Part, frozen=True, kw_only=True):
    country: Text | UnsetType | None = UNSET  # ISO 3166-1: alpha-2 or alpha-3
    region: Text | UnsetType | None = UNSET  # ISO 3166-2, with or without the country
    city: Text | UnsetType | None = UNSET
    postal_code: Text | UnsetType | None = UNSET


class Phone(Part, frozen=True, kw_only=True):
    number: str  # E.164
    type: Literal["mobile", "landline", "voip", "toll_free"] | UnsetType = UNSET
    use: Literal["home", "work"] | UnsetType = UNSET
    consent: Literal["express", "written", "none"] | UnsetType | None = UNSET  # null: none
    reassigned: Literal["yes", "no", "no_data"] | UnsetType = UNSET
    refused: Flag = UNSET  # own: the person never wants it used, or a place they ruled out
    reassigned_checked_at: Instant | UnsetType | None = UNSET  # own: when `reassigned` was found


class Email(Part, frozen=True, kw_only=True):
    address: Text
    employer_provided: Flag = UNSET
    used_with_collector: Flag = UNSET  # own: the debtor wrote from it about the debt
    volunteered: Flag = UNSET  # own: the debtor gave it of their own accord
    prior_collector_route: Flag = UNSET  # own: an earlier collector used it lawfully
    creditor_notice_on: date | UnsetType | None = UNSET  # own: the creditor announced its use
    refused: Flag = UNSET  # own: never at this address


class Attorney(Part, frozen=True, kw_only=True):
    since: Instant | UnsetType = UNSET
    debts: tuple[Id, ...] | UnsetType = UNSET  # absent: for all of them
    asked_at: Instant | UnsetType | None = UNSET  # own: asked, and silent ever since
    consents: Flag = UNSET  # own: agrees to direct contact


class Inconvenient(Part, frozen=True, kw_only=True):
    """A time the debtor ruled out, in their own clock; `from` after `to` runs over midnight."""

    days: tuple[Weekday, ...] | UnsetType = UNSET  # absent: every day
    start: Clock = msgspec.field(name="from", default="00:00")
    end: Clock = msgspec.field(name="to", default="24:00")


class Consent(Part, frozen=True, kw_only=True):
    kind: Literal["extra_calls", "voice", "sms", "email"]
    at: Instant
    given_to: Side | Literal["creditor"] | UnsetType = UNSET
    form: Literal["oral", "written"] | UnsetType = UNSET  # own
    to: Text | UnsetType = UNSET  # own: the number or address; absent: any of that kind
    until: Instant | UnsetType | None = UNSET  # own: a shorter time the debtor named
    revoked_at: Instant | UnsetType | None = UNSET  # own
    covers: tuple[Literal["time", "place", "attorney", "work"], ...] | UnsetType = UNSET  # own


class OptOut(Part, frozen=True, kw_only=True):
    channel: Channel
    at: Instant | UnsetType = UNSET
    to: Text | UnsetType = UNSET  # own: that number or address only
    debts: tuple[Id, ...] | UnsetType = UNSET  # own: for these debts; absent: all


class Debtor(Part, frozen=True, kw_only=True):
    kind: DebtorKind
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
