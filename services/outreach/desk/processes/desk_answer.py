"""All that a collector needs of an account, in one answer: what the ledger says now, what outreach
knows, and what may be done on each channel at this instant."""

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import quote

from services.outreach.activity.commands import account_now
from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.accounts import get_known_account
from services.outreach.activity.store.contacts import list_contacts
from services.outreach.consents import domain as consent_rules
from services.outreach.consents.store import list_consents, list_preferences
from services.outreach.context import Context
from services.outreach.desk.commands.calls import load_calls
from services.outreach.desk.commands.notes import keep_read
from services.outreach.desk.domain import calls as call_rules
from services.outreach.desk.domain.desk_alerts import alerts_of
from services.outreach.desk.domain.task_view import case_view, task_view
from services.outreach.desk.store import cases as case_store
from services.outreach.desk.store import people, personal
from services.outreach.desk.store import tasks as task_store
from shared.database import Session
from shared.errors import Unavailable
from shared.mail_addresses import deliverable

CHANNELS = ("email", "sms", "voice", "letter", "portal", "person")
_NEWS = ("account-scored", "segment-changed", "strategy-assigned", "promise-broken",
         "promise-partly-kept")  # fmt: skip
_INVOICES_MAX = 200


async def desk_of(context: Context, tenant: str, account_id: str, person: str) -> dict[str, Any]:
    """Raises `NotFound` for an unknown account. That it was looked at is kept."""
    async with context.db.transaction() as session:
        await keep_read(session, tenant, account_id, person, "desk")
    ledger, invoices = await _from_ledger(context, tenant, account_id, person)
    async with context.db.reading() as session:
        now = await account_now(session, context.clock, tenant, account_id)
        return {
            "account_id": account_id,
            "at": now,
            **await _known(context, session, tenant, account_id, now, ledger),
            "amounts": _of(ledger, "amounts"),
            "promises": _of(ledger, "promises"),
            "plan": _of(ledger, "plan"),
            "holds": _of(ledger, "holds"),
            "invoices": None if invoices is None else invoices.get("items"),
        }


async def _from_ledger(
    context: Context, tenant: str, account_id: str, person: str
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The account and its open invoices as the ledger has them; None: it does not answer."""
    name = quote(account_id, safe="")
    paths = (
        f"/v1/accounts/{name}",
        f"/v1/invoices?account_id={name}&status=open&limit={_INVOICES_MAX}",
    )

    async def read(path: str) -> dict[str, Any] | None:
        try:
            answer = await context.ledger.command(tenant, "GET", path, None, None, person)
        except Unavailable:
            return None
        return answer.body if answer.is_done and isinstance(answer.body, dict) else None

    account, invoices = await asyncio.gather(*(read(path) for path in paths))
    return account, invoices


def _of(answer: dict[str, Any] | None, name: str) -> Any:
    return None if answer is None else answer.get(name)


async def _known(
    context: Context,
    session: Session,
    tenant: str,
    account_id: str,
    now: datetime,
    ledger: dict[str, Any] | None,
) -> dict[str, Any]:
    await get_known_account(session, tenant, account_id)
    account = await personal.find_account(session, tenant, account_id)
    assert account is not None, "it is known"
    found = await load_calls(
        session, tenant, {account_id}, context.rulebooks, context.content.residence_default
    )
    facts = found.get(account_id)
    news = await personal.find_last_news(session, tenant, account_id, _NEWS)
    consents = [c for c, _ in await list_consents(session, tenant, account_id, None)]
    preferences = [p for p, _ in await list_preferences(session, tenant, account_id)]
    wishes = consent_rules.merged([consent_rules.current_preferences(preferences, now)])
    contacts = await list_contacts(session, tenant, account_id, before=None, limit=20)
    cases = await case_store.list_cases(
        session, tenant, account_id=account_id, state="open", owner=None, before=None, limit=1
    )
    tasks = await task_store.list_tasks_of(session, tenant, account_id, is_open=True, limit=100)
    notes = await people.list_notes(session, tenant, account_id, before=None, limit=10)
    return {
        "account": {
            "kind": account["kind"],
            "debtor_id": account["debtor_id"],
            "timezone": account["timezone"],
            "country": account["country"],
            "erased": account["is_erased"],
            "details": await personal.find_details(session, tenant, account_id),
        },
        "score": _scores(news),
        "segment": next((d.get("to") for t, d, _ in news if t == "segment-changed"), None),
        "strategy": _strategy(news, contacts[0][0] if contacts else None),
        "next_step": _next_step([contact for contact, _ in contacts]),
        "channels": [] if facts is None else [_channel(facts, name, now) for name in CHANNELS],
        "prompts": [] if facts is None else call_rules.prompts_of(facts, "call", None),
        "alerts": alerts_of(
            is_erased=account["is_erased"],
            wishes=wishes,
            invoices=() if facts is None else facts.invoices,
            ledger=ledger,
            is_any_number=facts is not None and bool(facts.numbers),
            promises_broken=sum(t.startswith("promise-") for t, _, _ in news),
        ),
        "case": case_view(cases[0]) if cases else None,
        "tasks": [task_view(row) for row in tasks],
        "consents": consent_rules.current_consents(consents, now),
        "preferences": wishes,
        "notes": [{"at": row["at"], "author": row["author"], "note": row["note"]} for row in notes],
    }


def _scores(news: list[tuple[str, dict[str, Any], Any]]) -> dict[str, Any]:
    """The last score of each target."""
    scores: dict[str, Any] = {}
    for type_, data, at in news:
        if type_ == "account-scored" and data.get("target") not in scores:
            scores[str(data.get("target"))] = {"as_of": at, **data}
    return scores


def _strategy(
    news: list[tuple[str, dict[str, Any], Any]], last: DebtorContact | None
) -> dict[str, Any] | None:
    assigned = next((data for type_, data, _ in news if type_ == "strategy-assigned"), None)
    if assigned is not None:
        return {"strategy": assigned.get("strategy"), "version": assigned.get("version")}
    return None if last is None else {"strategy": last.strategy, "version": last.strategy_version}


def _next_step(contacts: list[DebtorContact]) -> dict[str, Any] | None:
    """The contact that is planned."""
    for contact in contacts:
        if contact.state in ("planned", "claimed", "held"):
            return {
                "contact_id": contact.contact_id,
                "step": contact.step,
                "channel": contact.channel,
                "tone": contact.tone,
                "state": contact.state,
                "due_at": contact.due_at,
            }
    return None


def _channel(facts: call_rules.CallFacts, name: str, now: datetime) -> dict[str, Any]:
    """What may be done on a channel at this instant."""
    channel = "voice" if name == "person" else name
    to: str | None = None
    if channel in ("sms", "voice"):
        to = facts.numbers[0] if facts.numbers else None
    elif channel == "email":
        to = _mail(facts)
    is_missing = to is None and channel in ("email", "sms", "voice")
    if is_missing or (channel == "letter" and not _has_place(facts)):
        return {"channel": name, "to": None, **call_rules.verdict_view(
            call_rules.blocked("no-address", "no usable address is known", now)
        )}  # fmt: skip
    decision = facts.govern(now, to, channel).decision
    return {"channel": name, "to": to, **call_rules.verdict_view(decision)}


def _mail(facts: call_rules.CallFacts) -> str | None:
    found = [deliverable(a.details.email) for a in facts.profile.accounts if a.details is not None]
    return next((address for address in found if address is not None), None)


def _has_place(facts: call_rules.CallFacts) -> bool:
    return any(a.details is not None and a.details.addresses for a in facts.profile.accounts)
