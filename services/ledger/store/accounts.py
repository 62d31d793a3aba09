"""Account rows: found, locked, and saved set by set with all that follows from their facts."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from services.ledger.domain import AccountState, Entry, StageNotice, next_on
from services.ledger.domain.approvals import NOUN, ApprovalRequest, approval_of
from services.ledger.domain.charges import NOUN as CHARGE
from services.ledger.domain.charges import Charge, charge_of
from services.ledger.domain.objects import Key
from services.ledger.store.approvals import save_approvals
from services.ledger.store.journal import AccountHead, AccountKey, insert_entries
from services.ledger.store.notices import upsert_notices
from services.ledger.store.open_charges import save_open_charges
from shared.database import Session


async def insert_accounts(session: Session, keys: Iterable[AccountKey]) -> None:
    """Make rows for accounts that are not there yet."""
    ordered = sorted(keys)
    await session.execute(
        "insert into accounts"
        " (tenant_id, account_id, version, is_registered, entries, journal_hash)"
        " select t, a, 0, false, 0, ''::bytea from unnest($1::text[], $2::text[]) as k(t, a)"
        " on conflict do nothing",
        [tenant for tenant, _ in ordered],
        [account for _, account in ordered],
    )


_HEADS = (
    "select tenant_id, account_id, version, entries, journal_hash, begun_on, rates_revision"
    " from accounts"
    " where (tenant_id, account_id) in (select * from unnest($1::text[], $2::text[]))"
)


async def find_heads(
    session: Session, keys: Collection[AccountKey]
) -> dict[AccountKey, AccountHead]:
    """Where accounts stand, without a lock; those that are not stored are left out."""
    rows = await session.fetch(_HEADS, [key[0] for key in keys], [key[1] for key in keys])
    return {(row[0], row[1]): AccountHead(*row[2:]) for row in rows}


async def lock_heads(session: Session, keys: Iterable[AccountKey]) -> dict[AccountKey, AccountHead]:
    """Lock account rows, in order."""
    ordered = sorted(keys)
    rows = await session.fetch(
        _HEADS + " order by 1, 2 for update",
        [key[0] for key in ordered],
        [key[1] for key in ordered],
    )
    return {(row[0], row[1]): AccountHead(*row[2:]) for row in rows}


async def list_journals(
    session: Session, tenant_id: str, account_id: str | None, *, after: str, limit: int
) -> list[tuple[str, int]]:
    """The next accounts that have entries, in the order of their ids' bytes, and how many.

    With an account id that one alone.
    """
    rows = await session.fetch(
        "select account_id, entries from accounts where tenant_id = $1 and entries > 0"
        ' and account_id collate "C" > $2 and ($4::text is null or account_id = $4)'
        ' order by account_id collate "C" limit $3',
        tenant_id,
        after,
        limit,
        account_id,
    )
    return [(row[0], row[1]) for row in rows]


class DueAccount(Struct, frozen=True):
    """An account that may have something to announce."""

    account_id: str
    zone: str | None  # None: the tenant's
    next_on: date


async def list_due_accounts(
    session: Session, tenant_id: str, until_on: date, after: str, limit: int
) -> list[DueAccount]:
    """The next range of accounts that have something to announce, in order of their ids.

    One that failed on this day already, and has not changed since, is left out.
    """
    rows = await session.fetch(
        "select account_id, zone, next_on from accounts a"
        " where tenant_id = $1 and next_on <= $2 and account_id > $3 and not exists"
        " (select from failures f where f.tenant_id = a.tenant_id and f.account_id = a.account_id"
        "  and f.failed_on >= $2 and f.version = a.version)"
        " order by account_id limit $4",
        tenant_id,
        until_on,
        after,
        limit,
    )
    return [DueAccount(*row) for row in rows]


async def visit_on(session: Session, tenant_id: str, day: date) -> None:
    """Let a day look at every account of a tenant: other rules hold from it on."""
    await session.execute(
        "update accounts set next_on = least(next_on, $2)"
        " where tenant_id = $1 and is_registered and (next_on is null or next_on > $2)",
        tenant_id,
        day,
    )


async def lock_due_heads(
    session: Session, keys: Iterable[AccountKey], until_on: date, *, waits: bool
) -> dict[AccountKey, AccountHead]:
    """Lock those of some accounts that still have something to announce.

    Without `waits`, those that somebody else has locked are passed over.
    """
    ordered = sorted(keys)
    rows = await session.fetch(
        _HEADS + " and next_on <= $3 order by 1, 2 for update" + ("" if waits else " skip locked"),
        [key[0] for key in ordered],
        [key[1] for key in ordered],
        until_on,
    )
    return {(row[0], row[1]): AccountHead(*row[2:]) for row in rows}


async def list_zoneless_accounts(session: Session, tenant_id: str, limit: int) -> list[AccountKey]:
    """Accounts that live in the tenant's zone."""
    rows = await session.fetch(
        "select account_id from accounts"
        " where tenant_id = $1 and zone is null order by account_id limit $2",
        tenant_id,
        limit,
    )
    return [(tenant_id, row[0]) for row in rows]


async def lock_zoneless_heads(
    session: Session, tenant_id: str, limit: int
) -> dict[AccountKey, AccountHead]:
    """Lock the accounts that live in the tenant's zone."""
    rows = await session.fetch(
        "select account_id, version, entries, journal_hash, begun_on, rates_revision from accounts"
        " where tenant_id = $1 and zone is null order by account_id limit $2 for update",
        tenant_id,
        limit,
    )
    return {(tenant_id, row[0]): AccountHead(*row[1:]) for row in rows}


class AccountUpdate(Struct, frozen=True, gc=False):
    """What one command made of one account."""

    key: AccountKey
    head: AccountHead  # as it was locked
    state: AccountState  # as it is now
    entries: tuple[tuple[Entry, datetime], ...]  # with `recorded_at`
    notices: tuple[StageNotice, ...]
    changed_invoices: frozenset[str]
    is_profile_changed: bool
    changed_objects: frozenset[Key] = frozenset()

    @property
    def version(self) -> int:
        """The account's version with this update."""
        return self.head.version + 1


async def save_updates(session: Session, updates: Sequence[AccountUpdate]) -> None:
    """Write what changed, a statement per table."""
    if not updates:
        return
    heads = await insert_entries(session, [(u.key, u.head, u.entries) for u in updates])
    await _update_accounts(session, updates, heads)
    await _upsert_invoices(session, updates)
    await upsert_notices(
        session, [(u.key, u.version, notice) for u in updates for notice in u.notices]
    )
    await save_approvals(session, _changed_approvals(updates))
    await save_open_charges(session, _changed_charges(updates))


def _changed_approvals(
    updates: Sequence[AccountUpdate],
) -> Iterator[tuple[AccountKey, ApprovalRequest]]:
    for update in updates:
        for noun, approval_id in sorted(update.changed_objects):
            request = approval_of(update.state, approval_id) if noun == NOUN else None
            if request is not None:
                yield update.key, request


def _changed_charges(
    updates: Sequence[AccountUpdate],
) -> Iterator[tuple[AccountKey, str, Charge | None]]:
    for update in updates:
        for noun, charge_id in sorted(update.changed_objects):
            if noun == CHARGE:
                yield update.key, charge_id, charge_of(update.state, charge_id)


_UPDATE_ACCOUNTS = (
    "update accounts a set version = a.version + 1, next_on = u.n, entries = u.e,"
    " journal_hash = u.h, begun_on = u.b, rates_revision = u.r from unnest($1::text[], $2::text[],"
    " $3::date[], $4::int[], $5::bytea[], $6::date[], $7::bigint[]) as u(t, a, n, e, h, b, r)"
    " where a.tenant_id = u.t and a.account_id = u.a"
)
_UPDATE_PROFILES = (
    "update accounts a set is_registered = true, zone = u.z, name = u.n, email = u.e,"
    " phones = string_to_array(u.p, chr(31)), debtor_id = u.d"
    " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
    " $7::text[]) as u(t, a, z, n, e, p, d) where a.tenant_id = u.t and a.account_id = u.a"
)


async def _update_accounts(
    session: Session,
    updates: Sequence[AccountUpdate],
    heads: Mapping[AccountKey, tuple[int, bytes]],
) -> None:
    await session.execute(
        _UPDATE_ACCOUNTS,
        [update.key[0] for update in updates],
        [update.key[1] for update in updates],
        [next_on(update.state) for update in updates],
        [heads[update.key][0] for update in updates],
        [heads[update.key][1] for update in updates],
        [update.state.aged_on for update in updates],
        [update.state.rules.rates.revision for update in updates],
    )
    known = [
        (update.key, update.state.profile)
        for update in updates
        if update.is_profile_changed and update.state.profile is not None
    ]
    if known:
        await session.execute(
            _UPDATE_PROFILES,
            [key[0] for key, _ in known],
            [key[1] for key, _ in known],
            [profile.timezone for _, profile in known],
            [profile.name for _, profile in known],
            [profile.email for _, profile in known],
            [chr(31).join(phone.number for phone in profile.phones) for _, profile in known],
            [profile.debtor_id for _, profile in known],
        )


_UPSERT_INVOICES = (
    "insert into invoices (tenant_id, account_id, invoice_id, currency, number, issued_on, due_on,"
    " amount_minor, balance_minor, disputed_minor, status, stage)"
    " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[],"
    " $7::date[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::int[])"
    " on conflict (tenant_id, account_id, invoice_id) do update set number = excluded.number,"
    " due_on = excluded.due_on, balance_minor = excluded.balance_minor,"
    " disputed_minor = excluded.disputed_minor, status = excluded.status, stage = excluded.stage"
)


async def _upsert_invoices(session: Session, updates: Sequence[AccountUpdate]) -> None:
    rows = [
        (update.key, update.state.invoices[invoice_id])
        for update in updates
        for invoice_id in sorted(update.changed_invoices)
        if invoice_id in update.state.invoices
    ]
    if not rows:
        return
    await session.execute(
        _UPSERT_INVOICES,
        [key[0] for key, _ in rows],
        [key[1] for key, _ in rows],
        [invoice.invoice_id for _, invoice in rows],
        [invoice.currency for _, invoice in rows],
        [invoice.number for _, invoice in rows],
        [invoice.issued_on for _, invoice in rows],
        [invoice.due_on for _, invoice in rows],
        [invoice.amount_minor for _, invoice in rows],
        [invoice.balance_minor for _, invoice in rows],
        [invoice.disputed_minor for _, invoice in rows],
        [invoice.status for _, invoice in rows],
        [invoice.stage for _, invoice in rows],
    )
