"""An account's timeline and its contacts, each with what was decided of it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Response

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.domain.verdicts import verdict_of
from services.outreach.activity.store.accounts import get_known_account
from services.outreach.activity.store.contacts import get_contact, list_contacts
from services.outreach.activity.store.personal_reads import insert_read
from services.outreach.activity.store.timeline import list_timeline
from services.outreach.api.dependencies import ContextDep
from shared import clock
from shared.events import producer
from shared.web import Model, PagingDep, ReadSessionDep, json_response, page
from shared.web.auth import Caller, needs

router = APIRouter(tags=["accounts"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write", "desk")]


class TimelineItem(Model):
    at: datetime
    day: date | None
    source: Literal["ledger", "segmentation", "outreach"]
    type: str
    data: dict[str, Any]


class TimelinePage(Model):
    items: list[TimelineItem]
    next_cursor: str | None


class CoverView(Model):
    account_id: str
    checked_sequence: int
    invoice_ids: list[str]


class DecidedView(Model):
    rule: str
    effect: Literal["allow", "defer", "block", "require_approval"]
    until: datetime | None
    citation: str | None = None
    because: str | None = None
    role: str | None = None  # who may approve it


class VerdictView(Model):
    verdict: Literal["allow", "defer", "block", "require_approval"]
    decided_by: list[DecidedView]


class GivenUpView(Model):
    channel: str
    rule: str
    until: datetime | None


class ContactView(Model):
    contact_id: str
    state: str
    channel: str
    strategy: str
    strategy_version: str
    step: str
    tone: str
    template_version: str | None
    rulebook_version: str | None
    disclosures: list[str]
    arms: dict[str, str]
    planned_at: datetime
    due_at: datetime
    attempted_at: datetime | None
    message_id: str | None
    because: str | None
    suppressed_by: list[str]
    until: datetime | None
    verdict: VerdictView | None  # none yet: nobody has tried to make it
    covers: list[CoverView]
    purpose: str
    language: str | None
    provider: str | None  # over which it went, or goes, by its name in the settings
    given_up: list[GivenUpView]  # channels that it is not to take, or not before an instant
    outcome: str | None  # of a call
    cost_micros: int
    cost_currency: str | None


class ContactPage(Model):
    items: list[ContactView]
    next_cursor: str | None


@router.get(
    "/v1/accounts/{account_id}/timeline",
    response_model=TimelinePage,
    summary="The whole story of an account, newest first, from all services",
)
async def read_timeline(
    account_id: str,
    caller: Reader,
    context: ContextDep,
    session: ReadSessionDep,
    paging: PagingDep,
) -> Response:
    """For the scope `desk` with what people wrote; that it was read is kept."""
    await get_known_account(session, caller.tenant, account_id)
    has_texts = "desk" in caller.scopes
    if has_texts and paging.cursor is None:
        async with context.db.transaction() as writing:
            await insert_read(
                writing, caller.tenant, account_id, clock.now(), caller.subject, "timeline"
            )
    rows = await list_timeline(
        session,
        caller.tenant,
        account_id,
        before=paging.after(tuple[datetime, int]),
        limit=paging.limit + 1,
        has_texts=has_texts,
    )
    shown = page(rows, paging.limit, lambda row: (row["at"], row["ord"]))
    shown["items"] = [
        {
            "at": row["at"],
            "day": row["day"],
            "source": producer(row["topic"]),
            "type": row["type"],
            "data": msgspec.Raw(row["data"]),
        }
        for row in shown["items"]
    ]
    return json_response(shown)


@router.get(
    "/v1/accounts/{account_id}/contacts",
    response_model=ContactPage,
    summary="Every contact that was planned, put off, suppressed or made, newest first",
)
async def read_contacts(
    account_id: str, caller: Reader, session: ReadSessionDep, paging: PagingDep
) -> Response:
    await get_known_account(session, caller.tenant, account_id)
    found = await list_contacts(
        session,
        caller.tenant,
        account_id,
        before=paging.after(tuple[datetime, str]),
        limit=paging.limit + 1,
    )
    shown = page(found, paging.limit, lambda item: (item[1], item[0].contact_id))
    shown["items"] = [contact_view(contact, planned_at) for contact, planned_at in shown["items"]]
    return json_response(shown)


@router.get(
    "/v1/contacts/{contact_id}", response_model=ContactView, summary="One contact as it stands"
)
async def read_contact(contact_id: str, caller: Reader, session: ReadSessionDep) -> Response:
    return json_response(contact_view(*await get_contact(session, caller.tenant, contact_id)))


def contact_view(contact: DebtorContact, planned_at: datetime) -> dict[str, Any]:
    """As routes show it: nothing personal."""
    return {
        "contact_id": contact.contact_id,
        # To whoever asks, a contact that a run works on is still planned.
        "state": "planned" if contact.state == "claimed" else contact.state,
        "channel": contact.channel,
        "strategy": contact.strategy,
        "strategy_version": contact.strategy_version,
        "step": contact.step,
        "tone": contact.tone,
        "template_version": contact.template_version,
        "rulebook_version": contact.rulebook_version,
        "disclosures": contact.disclosures,
        "arms": contact.arms,
        "planned_at": planned_at,
        "due_at": contact.due_at,
        "attempted_at": contact.attempted_at,
        "message_id": contact.message_id,
        "because": contact.because,
        "suppressed_by": contact.rules,
        "until": contact.until,
        "verdict": verdict_of(contact),
        "covers": contact.covers,
        "purpose": contact.purpose,
        "language": contact.language,
        "provider": contact.provider,
        "given_up": [
            {"channel": each.channel, "rule": each.rule, "until": each.until}
            for each in contact.given_up
        ],
        "outcome": contact.outcome,
        "cost_micros": contact.cost_micros,
        "cost_currency": contact.cost_currency,
    }
