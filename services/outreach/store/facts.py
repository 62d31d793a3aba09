"""SQL of what the log told: tenants, accounts, people, invoices, the story."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import msgspec

from services.outreach.domain.accounts import AccountFacts, unknown
from services.outreach.domain.invoices import Invoice, State
from shared.database import Record, Session
from shared.events import TENANTS, Event, Received, ledger

AccountKey = tuple[str, str]  # tenant, account
InvoiceKey = tuple[str, str, str]  # tenant, account, invoice


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """Rows as the arrays that `unnest` takes."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width


async def find_accounts(
    session: Session, keys: Collection[AccountKey]
) -> dict[AccountKey, AccountFacts]:
    rows = await session.fetch(
        """
        select a.* from accounts a
        join unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
          using (tenant_id, account_id)
        """,
        *_columns(sorted(keys), 2),
    )
    return {(row["tenant_id"], row["account_id"]): _account(row) for row in rows}


def _account(row: Record) -> AccountFacts:
    return AccountFacts(
        account_id=row["account_id"],
        debtor_key=row["debtor_key"],
        debtor_id=row["debtor_id"],
        kind=row["kind"],
        timezone=row["timezone"],
        country=row["country"],
        sequence=row["sequence"],
        is_registered=row["is_registered"],
        is_erased=row["is_erased"],
    )


async def upsert_accounts(
    session: Session, accounts: Iterable[tuple[AccountKey, AccountFacts]]
) -> None:
    """What the ledger told. Others write columns of their own, segmentation `arms` and a contact's
    result `contacted_at`, so that nobody writes back what another has just changed."""
    rows = [
        (
            tenant,
            account_id,
            a.debtor_key,
            a.debtor_id,
            a.kind,
            a.timezone,
            a.country,
            a.sequence,
            a.is_registered,
            a.is_erased,
        )
        for (tenant, account_id), a in sorted(accounts, key=lambda found: found[0])
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into accounts (tenant_id, account_id, debtor_key, debtor_id, kind, timezone, country,
                              sequence, is_registered, is_erased)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::bigint[], $9::bool[], $10::bool[])
        on conflict (tenant_id, account_id) do update set
          debtor_key = excluded.debtor_key, debtor_id = excluded.debtor_id, kind = excluded.kind,
          timezone = excluded.timezone, country = excluded.country, sequence = excluded.sequence,
          is_registered = excluded.is_registered, is_erased = excluded.is_erased
        """,
        *_columns(rows, 10),
    )


async def upsert_arms(
    session: Session, arms: Iterable[tuple[AccountKey, Mapping[str, str]]]
) -> None:
    """What segmentation told, perhaps before the ledger has."""
    rows = [
        (
            tenant,
            a.account_id,
            a.debtor_key,
            a.kind,
            a.timezone,
            msgspec.json.encode(found).decode(),
        )
        for (tenant, account_id), found in sorted(arms, key=lambda told: told[0])
        for a in (unknown(account_id),)
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into accounts (tenant_id, account_id, debtor_key, kind, timezone, arms)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        on conflict (tenant_id, account_id) do update set arms = excluded.arms
        """,
        *_columns(rows, 6),
    )


async def mark_dirty(session: Session, keys: Collection[tuple[str, str]]) -> None:
    """Plan for these debtors again. Taken before anything else of theirs is: it is their lock."""
    if not keys:
        return
    await session.execute(
        """
        insert into debtors (tenant_id, debtor_key, is_dirty)
        select tenant_id, debtor_key, true
        from unnest($1::text[], $2::text[]) as k (tenant_id, debtor_key)
        order by tenant_id, debtor_key
        on conflict (tenant_id, debtor_key) do update set is_dirty = true
        """,
        *_columns(sorted(keys), 2),
    )


async def mark_tenant_dirty(session: Session, tenant: str) -> None:
    """Plan for every debtor again: the tenant's settings changed."""
    await session.execute(
        """
        update debtors set is_dirty = true where (tenant_id, debtor_key) in (
          select tenant_id, debtor_key from debtors where tenant_id = $1
          order by debtor_key for update)
        """,
        tenant,
    )


async def find_invoices(
    session: Session, keys: Collection[InvoiceKey]
) -> dict[InvoiceKey, Invoice]:
    rows = await session.fetch(
        """
        select i.* from invoices i
        join unnest($1::text[], $2::text[], $3::text[]) as k (tenant_id, account_id, invoice_id)
          using (tenant_id, account_id, invoice_id)
        """,
        *_columns(sorted(keys), 3),
    )
    return {
        (row["tenant_id"], row["account_id"], row["invoice_id"]): to_invoice(row) for row in rows
    }


def to_invoice(row: Record) -> Invoice:
    state: State = row["state"]
    return Invoice(
        account_id=row["account_id"],
        invoice_id=row["invoice_id"],
        currency=row["currency"],
        due_on=row["due_on"],
        state=state,
        balance_minor=row["balance_minor"],
        disputed_minor=row["disputed_minor"],
        is_disputed_whole=row["is_disputed_whole"],
        due_soon_on=row["due_soon_on"],
        stage=row["stage"],
        anchor_on=row["anchor_on"],
        resumed_on=row["resumed_on"],
        purpose=row["purpose"],
        product=row["product"],
    )


async def upsert_invoices(session: Session, invoices: Iterable[tuple[InvoiceKey, Invoice]]) -> None:
    rows = [
        (
            tenant,
            account_id,
            invoice_id,
            i.currency,
            i.due_on,
            i.state,
            i.balance_minor,
            i.disputed_minor,
            i.is_disputed_whole,
            i.due_soon_on,
            i.stage,
            i.anchor_on,
            i.resumed_on,
            i.purpose,
            i.product,
        )
        for (tenant, account_id, invoice_id), i in sorted(invoices, key=lambda found: found[0])
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into invoices (tenant_id, account_id, invoice_id, currency, due_on, state,
                              balance_minor, disputed_minor, is_disputed_whole, due_soon_on, stage,
                              anchor_on, resumed_on, purpose, product)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[],
                             $7::bigint[], $8::bigint[], $9::bool[], $10::date[], $11::int[],
                             $12::date[], $13::date[], $14::text[], $15::text[])
        on conflict (tenant_id, account_id, invoice_id) do update set
          currency = excluded.currency, due_on = excluded.due_on, state = excluded.state,
          balance_minor = excluded.balance_minor, disputed_minor = excluded.disputed_minor,
          is_disputed_whole = excluded.is_disputed_whole, due_soon_on = excluded.due_soon_on,
          stage = excluded.stage, anchor_on = excluded.anchor_on, resumed_on = excluded.resumed_on,
          purpose = excluded.purpose, product = excluded.product
        """,
        *_columns(rows, 15),
    )


async def set_anchors(
    session: Session, tenant: str, anchors: Iterable[tuple[tuple[str, str], date]]
) -> None:
    """Where ladders start now; a pause that was waiting for it is over."""
    rows = [(account_id, invoice_id, day) for (account_id, invoice_id), day in sorted(anchors)]
    if not rows:
        return
    await session.execute(
        """
        update invoices i set anchor_on = k.anchor_on, resumed_on = null
        from unnest($2::text[], $3::text[], $4::date[]) as k (account_id, invoice_id, anchor_on)
        where i.tenant_id = $1 and i.account_id = k.account_id and i.invoice_id = k.invoice_id
        """,
        tenant,
        *_columns(rows, 3),
    )


async def upsert_people(session: Session, people: Iterable[tuple[AccountKey, bytes]]) -> None:
    rows = [(*key, details) for key, details in sorted(people)]
    if not rows:
        return
    await session.execute(
        """
        insert into people (tenant_id, account_id, details)
        select * from unnest($1::text[], $2::text[], $3::bytea[])
        on conflict (tenant_id, account_id) do update set details = excluded.details
        """,
        *_columns(rows, 3),
    )


async def delete_people(session: Session, keys: Collection[AccountKey]) -> None:
    if not keys:
        return
    await session.execute(
        """
        delete from people p using unnest($1::text[], $2::text[]) as k (tenant_id, account_id)
        where p.tenant_id = k.tenant_id and p.account_id = k.account_id
        """,
        *_columns(sorted(keys), 2),
    )


async def find_people(
    session: Session, tenant: str, account_ids: Collection[str]
) -> dict[str, ledger.Contact]:
    rows = await session.fetch(
        "select account_id, details from people where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(account_ids),
    )
    return {
        row["account_id"]: msgspec.json.decode(row["details"], type=ledger.Contact) for row in rows
    }


async def upsert_tenant(session: Session, settings: ledger.Tenant) -> bool:
    """Whether this changed when, or by which rules, the tenant's debtors may be contacted."""
    before = await session.fetchrow(
        "select contact_from, party from tenants where tenant_id = $1 for update",
        settings.tenant_id,
    )
    await session.execute(
        """
        insert into tenants (tenant_id, timezone, contact_from, party) values ($1, $2, $3, $4)
        on conflict (tenant_id) do update set
          timezone = excluded.timezone, contact_from = excluded.contact_from,
          party = excluded.party
        """,
        settings.tenant_id,
        settings.timezone,
        settings.contact_from,
        settings.party,
    )
    if before is None:
        return settings.contact_from is not None
    return (before["contact_from"], before["party"]) != (settings.contact_from, settings.party)


async def list_contacting_tenants(session: Session) -> list[str]:
    """The tenants that let their debtors be contacted."""
    rows = await session.fetch(
        "select tenant_id from tenants where contact_from is not null order by tenant_id"
    )
    return [row["tenant_id"] for row in rows]


async def insert_seen(session: Session, events: Iterable[Received]) -> None:
    """Into the story: what other services said. Personal data stays out of it."""
    await _insert_story(
        session,
        [
            (
                e.tenant,
                e.key,
                e.time,
                e.topic,
                e.type,
                e.day,
                b"{}" if e.type == "contact-details" else e.data or b"{}",
            )
            for e in events
            if e.topic != TENANTS  # these are no account's
        ],
    )


async def insert_said(session: Session, said: Iterable[tuple[Event, tuple[str, ...]]]) -> None:
    """Into the story: what outreach says itself, under every account that it covers."""
    await _insert_story(
        session,
        [
            (e.tenant, account_id, e.time, e.topic, e.type, e.day, msgspec.json.encode(e.data))
            for e, account_ids in said
            for account_id in account_ids
        ],
    )


async def _insert_story(session: Session, rows: Sequence[Sequence[object]]) -> None:
    if not rows:
        return
    await session.execute(
        """
        insert into story (tenant_id, account_id, at, topic, type, day, data)
        select tenant_id, account_id, at, topic, type, day, data
        from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::date[],
                    $7::bytea[])
          with ordinality as k (tenant_id, account_id, at, topic, type, day, data, ord)
        order by ord
        """,
        *_columns(rows, 7),
    )
