"""SQL of planning: which debtors to work on, and all the facts of each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import msgspec

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.contacts import to_contact
from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.debtors.store.accounts import find_accounts
from services.outreach.debtors.store.invoices import to_invoice
from services.outreach.debtors.store.stops import find_stops
from services.outreach.dunning.domain.planner import DebtorState
from services.outreach.dunning.domain.planning import Account, DebtorFacts
from services.outreach.dunning.store.contacts import UNDER_WAY
from shared.database import Record, Session


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
) -> list[str]:
    """Debtors that have something to be done: facts that changed, or a contact that is due. Those
    that another run holds are left to it. The debtor's row is the lock for all that is planned.

    One that is set aside waits until its facts change, or until it is time to try it again.
    """
    rows = await session.fetch(
        """
        with due as (
          select debtor_key from contacts
          where tenant_id = $1 and due_at <= $2 and contact_id <> all($4)
            and debtor_key <> all($6) and ($7::text[] is null or debtor_key = any($7))
            and (state = 'planned' or (state = 'claimed' and lease_until < $3))
            and not exists (
              select from debtors d where d.tenant_id = contacts.tenant_id
                and d.debtor_key = contacts.debtor_key and d.retry_at > $2)
          order by due_at limit $5 for update skip locked),
        dirty as (
          select debtor_key from debtors
          where tenant_id = $1 and is_dirty and debtor_key <> all($6)
            and ($7::text[] is null or debtor_key = any($7))
          order by debtor_key limit $5 for update skip locked),
        again as (
          select debtor_key from debtors
          where tenant_id = $1 and retry_at <= $2 and debtor_key <> all($6)
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
    )
    return [row["debtor_key"] for row in rows]


async def get_debtors(
    session: Session, tenant: str, keys: Sequence[str], machine_now: datetime
) -> list[DebtorState]:
    """All the facts of locked debtors, in a few set-based queries."""
    contact_from = await session.fetchval(
        "select contact_from from tenants where tenant_id = $1", tenant
    )
    contacts = await _contacts(session, tenant, keys)
    accounts = await session.fetch(
        """
        select * from accounts where tenant_id = $1 and debtor_key = any($2) and is_registered
        order by account_id
        """,
        tenant,
        list(keys),
    )
    invoices = await _invoices(session, tenant, accounts, contacts)
    made = await _steps(session, tenant, [row["account_id"] for row in accounts])
    stops = await find_stops(session, {(tenant, row["account_id"]) for row in accounts})
    last = await session.fetch(
        """
        select debtor_key, last_contact_at, contacts_made from debtors
        where tenant_id = $1 and debtor_key = any($2)
        """,
        tenant,
        list(keys),
    )
    rows_of: dict[str, list[Record]] = {key: [] for key in keys}
    for row in accounts:
        rows_of[row["debtor_key"]].append(row)
    states = []
    for row in last:
        key = row["debtor_key"]
        contact, lease_until = contacts.get(key, (None, None))
        debtor = _debtor(key, contact_from, rows_of[key], invoices, made, row["last_contact_at"])
        debtor = replace(
            debtor,
            stops=tuple(
                stop
                for account in debtor.accounts
                for stop in stops.get((tenant, account.account_id), {}).values()
            ),
        )
        if contact is not None:
            debtor = replace(
                debtor, refused_since=contact.refused_since, paused_until=contact.retry_at
            )
        states.append(
            DebtorState(
                debtor, contact, _in_flight(contact, lease_until, machine_now), row["contacts_made"]
            )
        )
    return states


def _in_flight(
    contact: DebtorContact | None, lease_until: datetime | None, machine_now: datetime
) -> bool:
    if contact is None or contact.state == "planned":
        return False
    # A claim whose lease has ended may be taken over: nothing was handed over under it.
    return contact.state == "intent" or lease_until is None or lease_until >= machine_now


def _debtor(
    key: str,
    contact_from: date | None,
    rows: Sequence[Record],
    invoices: Mapping[str, list[Record]],
    made: Mapping[str, Mapping[tuple[str, str, date], frozenset[str]]],
    last_contact_at: datetime | None,
) -> DebtorFacts:
    return DebtorFacts(
        key=key,
        debtor_id=rows[0]["debtor_id"] if rows else None,
        contact_from=contact_from,
        accounts=tuple(
            Account(
                account_id=row["account_id"],
                kind=row["kind"],
                timezone=row["timezone"],
                is_contacted=row["contacted_at"] is not None,
                is_erased=row["is_erased"],
                arms=msgspec.json.decode(row["arms"], type=dict[str, str]),
            )
            for row in rows
        ),
        invoices=tuple(
            to_invoice(invoice) for row in rows for invoice in invoices.get(row["account_id"], ())
        ),
        made={k: v for row in rows for k, v in made.get(row["account_id"], {}).items()},
        last_contact_at=last_contact_at,
    )


async def _contacts(
    session: Session, tenant: str, keys: Sequence[str]
) -> dict[str, tuple[DebtorContact, datetime | None]]:
    rows = await session.fetch(
        f"""
        select * from contacts
        where tenant_id = $1 and debtor_key = any($2) and state in {UNDER_WAY}
        """,
        tenant,
        list(keys),
    )
    return {row["debtor_key"]: (to_contact(row), row["lease_until"]) for row in rows}


async def _invoices(
    session: Session,
    tenant: str,
    accounts: Sequence[Record],
    contacts: Mapping[str, tuple[DebtorContact, datetime | None]],
) -> dict[str, list[Record]]:
    """The open invoices, and those that the contacts under way are about."""
    items = sorted({item for contact, _ in contacts.values() for item in contact.items})
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
        [row["account_id"] for row in accounts],
        [item.account_id for item in items],
        [item.invoice_id for item in items],
    )
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(row)
    return found


async def _steps(
    session: Session, tenant: str, account_ids: Sequence[str]
) -> dict[str, dict[tuple[str, str, date], frozenset[str]]]:
    """The steps made, of invoices that are still open."""
    rows = await session.fetch(
        """
        select s.account_id, s.invoice_id, s.due_on, array_agg(s.step) as steps
        from steps s join invoices i using (tenant_id, account_id, invoice_id, due_on)
        where s.tenant_id = $1 and s.account_id = any($2) and i.state = 'open'
        group by s.account_id, s.invoice_id, s.due_on
        """,
        tenant,
        list(account_ids),
    )
    found: dict[str, dict[tuple[str, str, date], frozenset[str]]] = {}
    for row in rows:
        key = (row["account_id"], row["invoice_id"], row["due_on"])
        found.setdefault(row["account_id"], {})[key] = frozenset(row["steps"])
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
                    and not exists (
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
          and lease_until >= $3 and claim not like 'dialler%'
        """,
        tenant,
        at,
        machine_now,
    )
    return held
