"""SQL of planning: which debtors to work on, and all the facts of each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.contacts import to_contact
from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.debtors.domain.stops import NOT_KEPT, Stop
from services.outreach.debtors.store.account_money import AMOUNTS
from services.outreach.debtors.store.accounts import find_accounts
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


async def lock_debtors(
    session: Session,
    tenant: str,
    *,
    at: datetime,
    machine_now: datetime,
    tried: Collection[str],
    skipped: Collection[str],
    limit: int,
    only: Collection[str] | None = None,
    phase: Phase = "all",
) -> list[str]:
    """Debtors that have something to be done: facts that changed, or a contact that is due. Those
    that another run holds are left to it. The debtor's row is the lock for all that is planned.

    `plan`: only those whose facts changed; `claim`: only those with a contact that is due, in the
    order in which slots are given.

    One that is set aside waits until its facts change, or until it is time to try it again.
    """
    rows = await session.fetch(
        """
        with due as (
          select debtor_key from contacts
          where tenant_id = $1 and due_at <= $2 and contact_id <> all($4)
            and debtor_key <> all($6) and ($7::text[] is null or debtor_key = any($7))
            and (state = 'planned' or (state = 'claimed' and lease_until < $3))
            and lane not like 'service/%'
            and not exists (
              select from debtors d where d.tenant_id = contacts.tenant_id
                and d.debtor_key = contacts.debtor_key and d.retry_at > $2)
            and $8 <> 'plan'
          order by due_at,
            case when $8 = 'claim' then (
              select -coalesce(max(a.priority), 0) from accounts a
              where a.tenant_id = contacts.tenant_id and a.debtor_key = contacts.debtor_key) end,
            debtor_key
          limit $5 for update skip locked),
        dirty as (
          select debtor_key from debtors
          where tenant_id = $1 and is_dirty and $8 <> 'claim' and debtor_key <> all($6)
            and ($7::text[] is null or debtor_key = any($7))
          order by debtor_key limit $5 for update skip locked),
        again as (
          select debtor_key from debtors
          where tenant_id = $1 and retry_at <= $2 and $8 <> 'claim' and debtor_key <> all($6)
            and ($7::text[] is null or debtor_key = any($7))
          order by debtor_key limit $5 for update skip locked)
        select debtor_key from debtors
        where tenant_id = $1
          and debtor_key in (select debtor_key from due union select debtor_key from dirty
                             union select debtor_key from again)
        order by debtor_key for update skip locked
        """,
        tenant,
        at,
        machine_now,
        list(tried),
        limit,
        list(skipped),
        None if only is None else list(only),
        phase,
    )
    return [row["debtor_key"] for row in rows]


async def count_waiting(session: Session, tenant: str, at: datetime, limit: int) -> int:
    """How many debtors wait to be planned for or have a contact that is due: so many at most."""
    found: int = await session.fetchval(
        """
        select (select count(*) from (
                  select from debtors where tenant_id = $1 and is_dirty limit $3) as dirty)
             + (select count(*) from (
                  select from contacts where tenant_id = $1 and state in ('planned', 'claimed')
                    and lane not like 'service/%' and due_at <= $2 limit $3) as due)
        """,
        tenant,
        at,
        limit,
    )
    return min(found, limit)


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


async def settle_debtors(session: Session, tenant: str, made: Mapping[str, int]) -> None:
    """The debtors are planned for; `made`: how many contacts each has had so far."""
    await session.execute(
        """
        update debtors d set is_dirty = false, contacts_made = k.contacts_made,
          failed_at = null, failure = null, retry_at = null
        from unnest($2::text[], $3::int[]) as k (debtor_key, contacts_made)
        where d.tenant_id = $1 and d.debtor_key = k.debtor_key
        """,
        tenant,
        list(made),
        list(made.values()),
    )


async def put_aside(
    session: Session, tenant: str, key: str, *, at: datetime, retry_at: datetime, reason: str
) -> bool:
    """Whether it was not set aside already. What came in meanwhile is looked at with the rest."""
    before = await session.fetchval(
        "select failed_at from debtors where tenant_id = $1 and debtor_key = $2 for update",
        tenant,
        key,
    )
    await session.execute(
        """
        update debtors set is_dirty = false, failure = $3, failed_at = coalesce(failed_at, $4),
          retry_at = $5
        where tenant_id = $1 and debtor_key = $2
        """,
        tenant,
        key,
        reason,
        at,
        retry_at,
    )
    return before is None


async def find_first_account(session: Session, tenant: str, key: str) -> AccountFacts | None:
    """One that stands for the debtor."""
    account_id = await session.fetchval(
        """
        select min(account_id) from accounts
        where tenant_id = $1 and debtor_key = $2 and is_registered and not is_erased
        """,
        tenant,
        key,
    )
    if account_id is None:
        return None
    return (await find_accounts(session, {(tenant, account_id)}))[tenant, account_id]


async def find_next_due(session: Session, tenant: str) -> tuple[datetime | None, bool]:
    """The earliest instant at which a contact is due, and whether plans wait to be made."""
    row = await session.fetchrow(
        """
        select least(
                 (select min(due_at) from contacts c
                  where tenant_id = $1 and state in ('planned', 'claimed')
                    and lane not like 'service/%' and not exists (
                      select from debtors d where d.tenant_id = c.tenant_id
                        and d.debtor_key = c.debtor_key and d.retry_at is not null)),
                 (select min(retry_at) from debtors where tenant_id = $1)) as due_at,
               exists (select from debtors where tenant_id = $1 and is_dirty) as is_dirty
        """,
        tenant,
    )
    assert row is not None
    return row["due_at"], row["is_dirty"]


async def count_held(session: Session, tenant: str, at: datetime, machine_now: datetime) -> int:
    """Contacts that are due, and that a claim which has not ended keeps from being made. A call
    that waits for its dialler, or that it makes, is on its way."""
    held: int = await session.fetchval(
        """
        select count(*) from contacts
        where tenant_id = $1 and due_at <= $2 and state in ('claimed', 'intent')
          and lease_until >= $3 and claim not like 'dialler%' and lane not like 'service/%'
        """,
        tenant,
        at,
        machine_now,
    )
    return held
