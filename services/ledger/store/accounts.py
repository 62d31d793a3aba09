"""Accounts: locked, loaded (from memory where it is still true), and saved set by set."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial

import msgspec
from msgspec import Struct

from services.ledger.domain import AccountState, Entry, StageNotice, load_account, next_on
from services.ledger.store.facts import list_facts
from services.ledger.store.journal import AccountKey, Locked, insert_entries
from shared.database import Session

_ENCODER = msgspec.json.Encoder()
_ANNOUNCEMENT = msgspec.json.Decoder(StageNotice)


class Loaded(Struct, frozen=True, gc=False):
    """An account together with the state of its row."""

    row: Locked
    account: AccountState


class Memory:
    """Accounts as last seen, so that a busy account is not computed again for every fact.

    Bounded by the facts it holds. An entry is true only while its version equals the row's, which
    every reader checks under the row's lock (or in its snapshot); so several processes may each
    have a memory of their own.
    """

    def __init__(self, facts_max: int = 400_000) -> None:
        self._accounts: OrderedDict[AccountKey, tuple[int, AccountState]] = OrderedDict()
        self._facts_max = facts_max
        self._facts = 0

    def recall(self, key: AccountKey, version: int, tenant_zone: str) -> AccountState | None:
        found = self._accounts.get(key)
        if found is None or found[0] != version or found[1].tenant_zone != tenant_zone:
            return None
        self._accounts.move_to_end(key)
        return found[1]

    def take(self, key: AccountKey, version: int, tenant_zone: str) -> AccountState | None:
        """The same to be changed in place: forgotten until the change stands."""
        account = self.recall(key, version, tenant_zone)
        if account is not None:
            del self._accounts[key]
            self._facts -= len(account.facts)
        return account

    def knows(self, key: AccountKey) -> bool:
        """Whether the account was ever seen (rows are never deleted)."""
        return key in self._accounts

    def remember_older(self, key: AccountKey, version: int, account: AccountState) -> None:
        """Remember what was read, unless something newer is known by now."""
        known = self._accounts.get(key)
        if known is None or known[0] < version:
            self.remember(key, version, account)

    def remember(self, key: AccountKey, version: int, account: AccountState) -> None:
        before = self._accounts.pop(key, None)
        if before is not None:
            self._facts -= len(before[1].facts)
        self._accounts[key] = (version, account)
        self._facts += len(account.facts)
        while self._facts > self._facts_max and len(self._accounts) > 1:
            _, (_, oldest) = self._accounts.popitem(last=False)
            self._facts -= len(oldest.facts)


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


async def lock_accounts(session: Session, keys: Iterable[AccountKey]) -> dict[AccountKey, Locked]:
    """Lock account rows, in order."""
    ordered = sorted(keys)
    rows = await session.fetch(
        "select tenant_id, account_id, version, entries, journal_hash from accounts"
        " where (tenant_id, account_id) in"
        " (select * from unnest($1::text[], $2::text[])) order by 1, 2 for update",
        [tenant for tenant, _ in ordered],
        [account for _, account in ordered],
    )
    return {
        (row[0], row[1]): Locked(version=row[2], entries=row[3], journal_hash=row[4])
        for row in rows
    }


class DueAccount(Struct, frozen=True):
    """A locked account that may have something to announce."""

    account_id: str
    zone: str | None  # None: the tenant's
    next_on: date
    row: Locked


async def lock_due_accounts(
    session: Session, tenant_id: str, until_on: date, after: str, limit: int, *, waits: bool
) -> list[DueAccount]:
    """Lock the next range of accounts that have something to announce, in order of their ids.

    Without `waits`, those that somebody else has locked are passed over.
    """
    rows = await session.fetch(
        "select account_id, zone, next_on, version, entries, journal_hash from accounts"
        " where tenant_id = $1 and next_on <= $2 and account_id > $3"
        " order by account_id limit $4 for update" + ("" if waits else " skip locked"),
        tenant_id,
        until_on,
        after,
        limit,
    )
    return [
        DueAccount(
            account_id=row[0],
            zone=row[1],
            next_on=row[2],
            row=Locked(version=row[3], entries=row[4], journal_hash=row[5]),
        )
        for row in rows
    ]


async def lock_zoneless_accounts(
    session: Session, tenant_id: str, limit: int
) -> dict[AccountKey, Locked]:
    """Lock the accounts that live in the tenant's zone."""
    rows = await session.fetch(
        "select account_id, version, entries, journal_hash from accounts"
        " where tenant_id = $1 and zone is null order by account_id limit $2 for update",
        tenant_id,
        limit,
    )
    return {
        (tenant_id, row[0]): Locked(version=row[1], entries=row[2], journal_hash=row[3])
        for row in rows
    }


async def load_accounts(
    session: Session,
    rows: Mapping[AccountKey, Locked],
    zones: Mapping[str, str],
    memory: Memory,
    *,
    to_read: bool = False,
) -> dict[AccountKey, Loaded]:
    """The accounts of some rows: from memory, else computed from their facts.

    `zones` are the tenants' time zones.
    """
    loaded: dict[AccountKey, Loaded] = {}
    missing: dict[str, list[str]] = {}
    find = memory.recall if to_read else memory.take
    for key, row in rows.items():
        account = find(key, row.version, zones[key[0]])
        if account is None:
            missing.setdefault(key[0], []).append(key[1])
        else:
            loaded[key] = Loaded(row, account)
    for tenant_id, account_ids in missing.items():
        facts = await list_facts(session, tenant_id, account_ids)
        said = await _list_announcements(session, tenant_id, account_ids)
        for account_id in account_ids:
            key = (tenant_id, account_id)
            account = load_account(
                account_id,
                zones[tenant_id],
                facts.get(account_id, ()),
                said.get(account_id, ()),
            )
            loaded[key] = Loaded(rows[key], account)
            # After the commit: a row that this transaction made may yet be rolled back.
            session.after_commit(partial(memory.remember_older, key, rows[key].version, account))
    return loaded


async def find_accounts(
    session: Session,
    tenant_id: str,
    account_ids: Sequence[str],
    tenant_zone: str,
    memory: Memory,
) -> dict[str, Loaded]:
    """Accounts as the session's snapshot has them, without locks."""
    rows = await session.fetch(
        "select account_id, version, entries, journal_hash from accounts"
        " where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        list(account_ids),
    )
    locked = {
        (tenant_id, row[0]): Locked(version=row[1], entries=row[2], journal_hash=row[3])
        for row in rows
    }
    loaded = await load_accounts(session, locked, {tenant_id: tenant_zone}, memory, to_read=True)
    return {key[1]: found for key, found in loaded.items()}


async def _list_announcements(
    session: Session, tenant_id: str, account_ids: Sequence[str]
) -> dict[str, list[StageNotice]]:
    rows = await session.fetch(
        "select account_id, body from announcements"
        " where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        list(account_ids),
    )
    found: dict[str, list[StageNotice]] = {}
    for account_id, body in rows:
        found.setdefault(account_id, []).append(_ANNOUNCEMENT.decode(body))
    return found


class Change(Struct, frozen=True, gc=False):
    """What one command made of one account."""

    key: AccountKey
    row: Locked  # as it was locked
    account: AccountState  # as it is now
    entries: tuple[tuple[Entry, datetime], ...]  # with `recorded_at`
    announced: tuple[StageNotice, ...]
    changed_invoices: frozenset[str]
    is_profile_changed: bool


async def save_changes(session: Session, changes: Sequence[Change], memory: Memory) -> None:
    """Write what changed, a statement per table. Memory learns it when the commit stands."""
    heads = await insert_entries(session, [(c.key, c.row, c.entries) for c in changes])
    await _update_accounts(session, changes, heads)
    await _upsert_invoices(session, changes)
    await _upsert_announcements(session, changes)

    def remember() -> None:
        for change in changes:
            memory.remember(change.key, change.row.version + 1, change.account)

    session.after_commit(remember)


_UPDATE_ACCOUNTS = (
    "update accounts a set version = a.version + 1, next_on = u.n, entries = u.e,"
    " journal_hash = u.h from unnest($1::text[], $2::text[], $3::date[], $4::int[], $5::bytea[])"
    " as u(t, a, n, e, h) where a.tenant_id = u.t and a.account_id = u.a"
)
_UPDATE_PROFILES = (
    "update accounts a set is_registered = true, zone = u.z, name = u.n, email = u.e,"
    " phones = string_to_array(u.p, chr(31)), debtor_id = u.d"
    " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
    " $7::text[]) as u(t, a, z, n, e, p, d) where a.tenant_id = u.t and a.account_id = u.a"
)


async def _update_accounts(
    session: Session, changes: Sequence[Change], heads: Mapping[AccountKey, tuple[int, bytes]]
) -> None:
    await session.execute(
        _UPDATE_ACCOUNTS,
        [change.key[0] for change in changes],
        [change.key[1] for change in changes],
        [next_on(change.account) for change in changes],
        [heads[change.key][0] for change in changes],
        [heads[change.key][1] for change in changes],
    )
    known = [
        (change.key, change.account.profile)
        for change in changes
        if change.is_profile_changed and change.account.profile is not None
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


async def _upsert_invoices(session: Session, changes: Sequence[Change]) -> None:
    rows = [
        (change.key, change.account.invoices[invoice_id])
        for change in changes
        for invoice_id in sorted(change.changed_invoices)
        if invoice_id in change.account.invoices
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


async def _upsert_announcements(session: Session, changes: Sequence[Change]) -> None:
    rows = [(change.key, said) for change in changes for said in change.announced]
    if rows:
        await session.execute(
            "insert into announcements (tenant_id, account_id, invoice_id, key, body)"
            " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])"
            " on conflict (tenant_id, account_id, invoice_id, key) do update"
            " set body = excluded.body",
            [key[0] for key, _ in rows],
            [key[1] for key, _ in rows],
            [said.invoice_id for _, said in rows],
            [said.key for _, said in rows],
            [_ENCODER.encode(said) for _, said in rows],
        )
