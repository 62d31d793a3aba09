"""SQL of planning: all the facts of debtors, in a few set-based queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.contacts import to_contact
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.debtors.domain.stops import NOT_KEPT, Stop
from services.outreach.debtors.store.account_money import AMOUNTS
from services.outreach.debtors.store.invoices import to_invoice
from services.outreach.debtors.store.occasions import list_standing
from services.outreach.debtors.store.pauses import find_own_stops
from services.outreach.debtors.store.rows import AccountKey, columns
from services.outreach.debtors.store.stops import find_stops
from services.outreach.dunning.domain.attempts import is_attempt, preferred_hours
from services.outreach.dunning.domain.debtor_facts import (
    Account,
    DebtorFacts,
    DebtorState,
    StepMade,
    SubjectKey,
)
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.store.contacts import UNDER_WAY
from services.outreach.dunning.store.steps import find_asked, find_steps
from services.outreach.dunning.store.strategies import StrategyKey
from shared.database import Record, Session
from shared.events import OUTREACH

Phase = Literal["all", "plan", "claim"]
ATTEMPT_DAYS = 32  # so far back attempts are counted
OCCASION_DAYS = 150  # longer ago nothing is answered any more


@dataclass(frozen=True)
class DebtorSources:
    """What is known of debtors besides this area's own rows, by debtor."""

    profiles: Mapping[str, DebtorProfile]
    strategies: Mapping[StrategyKey, Strategy]


async def list_strategies(session: Session, tenant: str, keys: Sequence[str]) -> list[StrategyKey]:
    """The versions that accounts of these debtors are on."""
    rows = await session.fetch(
        """
        select distinct s.strategy, s.version from accounts a
        join account_strategies s using (tenant_id, account_id)
        where a.tenant_id = $1 and a.debtor_key = any($2) and s.strategy is not null
        """,
        tenant,
        list(keys),
    )
    return [(row["strategy"], row["version"]) for row in rows]


async def get_debtors(
    session: Session,
    tenant: str,
    keys: Sequence[str],
    sources: DebtorSources,
    at: datetime,
    machine_now: datetime,
) -> list[DebtorState]:
    """All the facts of locked debtors, in a few set-based queries."""
    settings = await session.fetchrow(
        "select contact_from, calendar, timezone, party from tenants where tenant_id = $1", tenant
    )
    contacts = await _contacts(session, tenant, keys)
    accounts = await session.fetch(
        """
        select a.*, s.strategy, s.version from accounts a
        left join account_strategies s using (tenant_id, account_id)
        where a.tenant_id = $1 and a.debtor_key = any($2) and a.is_registered
        order by a.account_id
        """,
        tenant,
        list(keys),
    )
    ids = [row["account_id"] for row in accounts]
    since = (at - timedelta(days=OCCASION_DAYS)).date()
    facts = _Facts(
        settings=settings,
        sources=sources,
        at=at,
        invoices=await _invoices(session, tenant, ids, contacts),
        steps=await find_steps(session, tenant, ids),
        stops=await find_stops(session, {(tenant, account_id) for account_id in ids}),
        own_stops=await find_own_stops(session, tenant, keys),
        occasions=await list_standing(session, tenant, ids, since),
        asked=await find_asked(session, tenant, ids),
        paid=await _paid(session, tenant, ids),
        answered=await _answered(session, tenant, _asking_for_answers(accounts, sources)),
    )
    rows_of: dict[str, list[Record]] = {key: [] for key in keys}
    for row in accounts:
        rows_of[row["debtor_key"]].append(row)
    counts = await session.fetch(
        "select debtor_key, contacts_made from debtors"
        " where tenant_id = $1 and debtor_key = any($2)",
        tenant,
        list(keys),
    )
    return [
        _state(tenant, row["debtor_key"], rows_of, facts, contacts, machine_now, row)
        for row in counts
    ]


@dataclass(frozen=True)
class _Facts:
    settings: Record | None
    sources: DebtorSources
    at: datetime
    invoices: Mapping[str, list[Record]]
    steps: Mapping[str, Mapping[SubjectKey, tuple[StepMade, ...]]]
    stops: Mapping[AccountKey, Mapping[str, Stop]]
    own_stops: Mapping[str, list[Stop]]
    occasions: Mapping[str, list[Occasion]]
    asked: Mapping[str, date]
    paid: Mapping[str, date]
    answered: Mapping[str, date]


def _state(
    tenant: str,
    key: str,
    rows_of: Mapping[str, Sequence[Record]],
    facts: _Facts,
    contacts: Mapping[str, list[tuple[DebtorContact, datetime | None]]],
    machine_now: datetime,
    row: Record,
) -> DebtorState:
    contact: DebtorContact | None = None
    lease_until: datetime | None = None
    hand_overs: list[DebtorContact] = []
    for each, until in contacts.get(key, ()):
        if each.channel == "hand-over":
            hand_overs.append(each)
        else:
            contact, lease_until = each, until
    debtor = _debtor(tenant, key, rows_of[key], facts)
    return DebtorState(
        debtor,
        contact,
        _in_flight(contact, lease_until, machine_now),
        row["contacts_made"],
        tuple(hand_overs),
    )


def _in_flight(
    contact: DebtorContact | None, lease_until: datetime | None, machine_now: datetime
) -> bool:
    if contact is None or contact.state in ("planned", "held"):
        return False
    # A claim whose lease has ended may be taken over: nothing was handed over under it.
    return contact.state == "intent" or lease_until is None or lease_until >= machine_now


def _debtor(tenant: str, key: str, rows: Sequence[Record], facts: _Facts) -> DebtorFacts:
    profile = facts.sources.profiles[key]
    settings = facts.settings
    since = facts.at - timedelta(days=ATTEMPT_DAYS)
    attempts = [past for past in profile.history if since <= past.at <= facts.at]
    ids = [row["account_id"] for row in rows]
    return DebtorFacts(
        key=key,
        debtor_id=rows[0]["debtor_id"] if rows else None,
        contact_from=settings["contact_from"] if settings is not None else None,
        accounts=tuple(_account(row, profile, facts) for row in rows),
        invoices=tuple(to_invoice(i) for name in ids for i in facts.invoices.get(name, ())),
        steps={k: v for name in ids for k, v in facts.steps.get(name, {}).items()},
        stops=(
            *(stop for name in ids for stop in facts.stops.get((tenant, name), {}).values()),
            *facts.own_stops.get(key, ()),
        ),
        occasions=tuple(o for name in ids for o in facts.occasions.get(name, ())),
        attempts=tuple(past.at for past in attempts if is_attempt(past)),
        last_message_at=max(
            (past.at for past in attempts if past.is_own and not past.is_answer), default=None
        ),
        preferred_hours=preferred_hours(profile, facts.at),
        calendar_name=settings["calendar"] if settings is not None else None,
        timezone=settings["timezone"] if settings is not None else "UTC",
        party=settings["party"] if settings is not None else None,
    )


def _account(row: Record, profile: DebtorProfile, facts: _Facts) -> Account:
    account_id = row["account_id"]
    known = next((a for a in profile.accounts if a.account_id == account_id), None)
    details = known.details if known is not None else None
    paid_on = facts.paid.get(account_id)
    broken = [
        stop.ended_on
        for stop in facts.stops.get((row["tenant_id"], account_id), {}).values()
        if stop.kind == "promise" and stop.outcome in NOT_KEPT and stop.ended_on is not None
    ]
    return Account(
        account_id=account_id,
        kind=row["kind"],
        timezone=row["timezone"],
        strategy=facts.sources.strategies.get((row["strategy"], row["version"])),
        is_contacted=row["contacted_at"] is not None,
        is_erased=row["is_erased"],
        arms=msgspec.json.decode(row["arms"], type=dict[str, str]),
        country=row["country"],
        language=details.language if details is not None else None,
        tags=frozenset(row["tags"]),
        segment=row["segment"],
        pays_within=row["pays_within"],
        late_payment=row["late_payment"],
        priority=row["priority"],
        amounts=AMOUNTS.decode(row["amounts"]),
        paid_on=paid_on,
        asked_on=facts.asked.get(account_id),
        contacts=sum(
            account_id in past.account_ids
            and is_attempt(past)
            and (paid_on is None or past.at.date() > paid_on)
            for past in profile.history
        ),
        promises_broken_on=tuple(sorted(broken)),
        answered_on=facts.answered.get(account_id),
    )


def _asking_for_answers(accounts: Sequence[Record], sources: DebtorSources) -> list[str]:
    """The accounts whose strategies ask whether they have answered."""
    asking = {
        key
        for key, strategy in sources.strategies.items()
        if any(case.answered is not None for step in strategy.steps for case in step.when)
    }
    return [row["account_id"] for row in accounts if (row["strategy"], row["version"]) in asking]


async def _answered(session: Session, tenant: str, ids: Sequence[str]) -> dict[str, date]:
    """By account the day of the last reply, right party or visit."""
    if not ids:
        return {}
    rows = await session.fetch(
        """
        select account_id, max(coalesce(day, (at at time zone 'UTC')::date)) as day from story
        where tenant_id = $1 and account_id = any($2) and topic = $3 and type = any($4)
        group by account_id
        """,
        tenant,
        list(ids),
        OUTREACH,
        ["reply-received", "right-party-contacted", "portal-visited"],
    )
    return {row["account_id"]: row["day"] for row in rows}


async def _paid(session: Session, tenant: str, ids: Sequence[str]) -> dict[str, date]:
    """By account the day of the last payment that was not wholly taken back."""
    rows = await session.fetch(
        """
        select p.account_id, max(p.day) as day from payments p
        where p.tenant_id = $1 and p.account_id = any($2)
          and p.amount_minor > (
            select coalesce(sum(value::bigint), 0) from jsonb_each_text(p.reversed::jsonb))
        group by p.account_id
        """,
        tenant,
        list(ids),
    )
    return {row["account_id"]: row["day"] for row in rows}


async def _contacts(
    session: Session, tenant: str, keys: Sequence[str]
) -> dict[str, list[tuple[DebtorContact, datetime | None]]]:
    rows = await session.fetch(
        f"""
        select * from contacts
        where tenant_id = $1 and debtor_key = any($2) and state in {UNDER_WAY}
          and lane not like 'service/%'
        order by contact_id
        """,
        tenant,
        list(keys),
    )
    found: dict[str, list[tuple[DebtorContact, datetime | None]]] = {}
    for row in rows:
        found.setdefault(row["debtor_key"], []).append((to_contact(row), row["lease_until"]))
    return found


async def _invoices(
    session: Session,
    tenant: str,
    account_ids: Sequence[str],
    contacts: Mapping[str, list[tuple[DebtorContact, datetime | None]]],
) -> dict[str, list[Record]]:
    """The open invoices, and those that the contacts under way are about."""
    named = sorted(
        {
            (item.account_id, invoice_id)
            for under_way in contacts.values()
            for contact, _ in under_way
            for item in contact.items
            for invoice_id in item.invoice_ids
        }
    )
    rows = await session.fetch(
        """
        select * from invoices
        where tenant_id = $1 and account_id = any($2) and state = 'open'
        union
        select i.* from invoices i
        join unnest($3::text[], $4::text[]) as k (account_id, invoice_id)
          using (account_id, invoice_id)
        where i.tenant_id = $1
        order by account_id, invoice_id
        """,
        tenant,
        list(account_ids),
        *columns(named, 2),
    )
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(row)
    return found
