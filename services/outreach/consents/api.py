"""Consents and preferences: what people allow, refuse and ask for, with the evidence for it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field, model_validator

from services.outreach.activity.commands import account_now
from services.outreach.activity.domain.limits import IMPLAUSIBLE, ContactChannel, is_plausible
from services.outreach.activity.store.accounts import get_known_account
from services.outreach.api.dependencies import ContextDep
from services.outreach.consents import commands, store
from services.outreach.consents import domain as rules
from services.outreach.consents.domain import (
    ChannelConsent,
    ConsentForm,
    ConsentKind,
    ConsentState,
    GivenTo,
    Preference,
)
from shared.clock import is_zone
from shared.errors import FieldError, Invalid
from shared.web import Day, Instant, Model, ReadSessionDep, SessionDep, json_response
from shared.web.auth import Caller, needs

router = APIRouter(tags=["consents and preferences"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Writer = Annotated[Caller, needs("outreach:write")]

Text = Annotated[str, Field(min_length=1, max_length=2000)]
ShortText = Annotated[str, Field(min_length=1, max_length=256)]
Place = Literal["home", "work"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_D = TypeVar("_D", bound=date)
TimeOfDay = Annotated[str, Field(max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]


def _zone(value: str) -> str:
    if not is_zone(value):
        raise ValueError("must be an IANA time zone like Europe/Berlin")
    return value


def _plausible(value: _D) -> _D:
    if not is_plausible(value):
        raise ValueError(IMPLAUSIBLE)
    return value


SaidAt = Annotated[Instant, AfterValidator(_plausible)]
SaidOn = Annotated[Day, AfterValidator(_plausible)]


class ConsentRequest(Model):
    """`at` is when it was said; without it, now."""

    state: ConsentState
    kind: Annotated[ConsentKind | None, Field(description="Without it, the channel's own.")] = None
    at: SaidAt | None = None
    given_to: GivenTo | None = None
    form: ConsentForm | None = None
    address: Annotated[
        ShortText | None, Field(description="The number or address it is about; without it, all.")
    ] = None
    evidence: Annotated[Text | None, Field(description="How it can be shown.")] = None
    employer_provided: Annotated[
        bool | None,
        Field(description="Whether the e-mail `address` is the employer's; without it, unchanged."),
    ] = None


class ConsentView(Model):
    state: ConsentState
    kind: str
    at: datetime
    given_to: str | None
    form: str | None
    address: str | None
    evidence: str | None
    employer_provided: bool | None
    recorded_at: datetime
    recorded_by: str


class ConsentsView(Model):
    account_id: str
    channel: str
    granted: bool  # whether any consent stands by now
    items: list[ConsentView]  # newest first


class InconvenientHours(Model):
    """Hours at which the person must not be reached, on these days (without days: on all)."""

    days: list[Weekday] | None = None
    from_: Annotated[TimeOfDay, Field(alias="from")]
    to: TimeOfDay

    @model_validator(mode="after")
    def _leaves_time(self) -> Self:
        if self.from_ in (self.to, "24:00"):
            raise ValueError("`from` and `to` leave no time between them")
        return self


class PreferredHours(Model):
    """Hours in which the person would rather be written to, half-open; the contact rules hold
    all the same."""

    from_: Annotated[TimeOfDay, Field(alias="from")]
    to: TimeOfDay

    @model_validator(mode="after")
    def _leaves_time(self) -> Self:
        if self.from_ >= self.to:
            raise ValueError("`from` must be before `to`")
        return self


class AttorneyRequest(Model):
    since: SaidAt
    debts: Annotated[list[ShortText] | None, Field(description="Invoices; without it, all.")] = None
    name: Text | None = None
    contact: Text | None = None


class PreferencesRequest(Model):
    """What is left out stays as it is; null, false or an empty list takes it back."""

    at: Annotated[SaidAt | None, Field(description="When it was said; without it, now.")] = None
    evidence: Text | None = None
    refused_channels: Annotated[list[ContactChannel], Field(max_length=20)] | None = None
    inconvenient: Annotated[list[InconvenientHours], Field(max_length=50)] | None = None
    preferred_hours: Annotated[
        PreferredHours | None,
        Field(description="They take the place of the strategy's `send.from` and `send.to`."),
    ] = None
    inconvenient_places: Annotated[list[Place], Field(max_length=10)] | None = None
    language: (
        Annotated[str, Field(max_length=35, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None
    ) = None
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    attorney: AttorneyRequest | None = None
    cease_requested_at: SaidAt | None = None
    cease_form: Literal["written", "oral"] | None = None
    bankruptcy_filed_at: SaidAt | None = None
    bankruptcy_discharged_at: SaidAt | None = None
    breathing_space_from: SaidOn | None = None
    breathing_space_ended_on: SaidOn | None = None
    deceased: bool | None = None
    military: bool | None = None
    vulnerable: bool | None = None


class PreferenceView(Model):
    kind: str
    value: Any
    at: datetime
    evidence: str | None
    recorded_at: datetime
    recorded_by: str


class PreferencesView(Model):
    account_id: str
    preferences: dict[str, Any]  # what holds now
    items: list[PreferenceView]  # every statement, newest first


@router.put(
    "/v1/accounts/{account_id}/consents/{channel}",
    response_model=ConsentsView,
    summary="Record that a channel was allowed or that a consent was taken back",
)
async def put_consent(
    account_id: str,
    channel: ContactChannel,
    body: ConsentRequest,
    caller: Writer,
    session: SessionDep,
    context: ContextDep,
) -> Response:
    now = await account_now(session, context.clock, caller.tenant, account_id)
    consent = ChannelConsent(
        channel=channel,
        kind=_kind(channel, body.kind),
        state=body.state,
        at=body.at or now,
        address=body.address,
        given_to=body.given_to,
        form=body.form,
        evidence=body.evidence,
        employer_provided=_employer_provided(channel, body),
    )
    await commands.record_consent(
        session,
        caller.tenant,
        account_id,
        context.clock,
        consent,
        caller.subject,
        is_dated=body.at is not None,
    )
    shown_at = max(now, consent.at)
    return json_response(await _consents(session, caller.tenant, account_id, channel, shown_at))


def _kind(channel: ContactChannel, kind: ConsentKind | None) -> str:
    """`extra_calls` is a consent to voice; the others are to the channel of their name."""
    if kind is None or kind == channel or (kind == "extra_calls" and channel == "voice"):
        return kind or channel
    problem = FieldError("/kind", f"is not a consent to {channel}")
    raise Invalid("The consent does not fit its channel.", [problem])


def _employer_provided(channel: ContactChannel, body: ConsentRequest) -> bool | None:
    """It belongs to one e-mail address."""
    if body.employer_provided is None or (channel == "email" and body.address is not None):
        return body.employer_provided
    problem = FieldError("/employer_provided", "is said of an e-mail `address`")
    raise Invalid("The consent does not fit its channel.", [problem])


@router.get(
    "/v1/accounts/{account_id}/consents/{channel}",
    response_model=ConsentsView,
    summary="What was said about a channel, newest first",
)
async def get_consents(
    account_id: str,
    channel: ContactChannel,
    caller: Reader,
    session: ReadSessionDep,
    context: ContextDep,
) -> Response:
    await get_known_account(session, caller.tenant, account_id)
    now = await account_now(session, context.clock, caller.tenant, account_id)
    return json_response(await _consents(session, caller.tenant, account_id, channel, now))


async def _consents(
    session: Any, tenant: str, account_id: str, channel: str, at: datetime
) -> dict[str, Any]:
    found = await store.list_consents(session, tenant, account_id, channel)
    current = rules.current_consents([consent for consent, _ in found], at)
    return {
        "account_id": account_id,
        "channel": channel,
        "granted": bool(rules.granted(current)),
        "items": [
            {
                "state": c.state,
                "kind": c.kind,
                "at": c.at,
                "given_to": c.given_to,
                "form": c.form,
                "address": c.address,
                "evidence": c.evidence,
                "employer_provided": c.employer_provided,
                "recorded_at": recorded_at,
                "recorded_by": recorded_by,
            }
            for c, (recorded_at, recorded_by) in reversed(found)
        ],
    }


@router.put(
    "/v1/accounts/{account_id}/preferences",
    response_model=PreferencesView,
    summary="Record what a person asks for, and what came to be known of them",
)
async def put_preferences(
    account_id: str,
    body: PreferencesRequest,
    caller: Writer,
    session: SessionDep,
    context: ContextDep,
) -> Response:
    now = await account_now(session, context.clock, caller.tenant, account_id)
    at = body.at or now
    wishes = body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    given = [
        Preference(kind, wishes[kind], at, body.evidence) for kind in rules.KINDS if kind in wishes
    ]
    if not given:
        raise Invalid("There is no preference in it.", [FieldError("", "says nothing")])
    await commands.record_preferences(
        session, caller.tenant, account_id, context.clock, given, caller.subject
    )
    return json_response(await _preferences(session, caller.tenant, account_id, max(now, at)))


@router.get(
    "/v1/accounts/{account_id}/preferences",
    response_model=PreferencesView,
    summary="What holds, and every statement behind it, newest first",
)
async def get_preferences(
    account_id: str, caller: Reader, session: ReadSessionDep, context: ContextDep
) -> Response:
    await get_known_account(session, caller.tenant, account_id)
    now = await account_now(session, context.clock, caller.tenant, account_id)
    return json_response(await _preferences(session, caller.tenant, account_id, now))


async def _preferences(session: Any, tenant: str, account_id: str, at: datetime) -> dict[str, Any]:
    found = await store.list_preferences(session, tenant, account_id)
    current = rules.current_preferences([preference for preference, _ in found], at)
    return {
        "account_id": account_id,
        "preferences": {kind: current[kind].value for kind in rules.KINDS if kind in current},
        "items": [
            {
                "kind": p.kind,
                "value": p.value,
                "at": p.at,
                "evidence": p.evidence,
                "recorded_at": recorded_at,
                "recorded_by": recorded_by,
            }
            for p, (recorded_at, recorded_by) in reversed(found)
        ],
    }
