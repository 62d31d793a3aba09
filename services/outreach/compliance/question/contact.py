"""The contact that is asked about, what its message holds, and the contacts of the past."""

from typing import Literal

from msgspec import UNSET, UnsetType

from services.outreach.compliance.question.terms import (
    Channel,
    Flag,
    Id,
    Instant,
    Mode,
    Outcome,
    Part,
    Person,
    Purpose,
    Side,
    Text,
)


class Content(Part, frozen=True, kw_only=True):
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
    claims_interest: Flag = UNSET  # it asks for interest on the debt
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


class Contact(Part, frozen=True, kw_only=True):
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


class Past(Part, frozen=True, kw_only=True):
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
