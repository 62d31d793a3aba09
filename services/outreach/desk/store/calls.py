"""SQL of what a call needs to know: debtors, open invoices, numbers that do not work."""

from collections.abc import Collection

from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.store.invoices import to_invoice
from shared.database import Record, Session


async def find_debtor_keys(
    session: Session, tenant: str, accounts: Collection[str]
) -> dict[str, str]:
    """Account → its debtor, of accounts that the ledger has announced."""
    rows = await session.fetch(
        "select account_id, debtor_key from accounts"
        " where tenant_id = $1 and account_id = any($2) and is_registered",
        tenant,
        sorted(accounts),
    )
    return {row["account_id"]: row["debtor_key"] for row in rows}


async def find_open_invoices(
    session: Session, tenant: str, accounts: Collection[str]
) -> dict[str, list[Invoice]]:
    rows = await session.fetch(
        "select * from invoices where tenant_id = $1 and account_id = any($2) and state = 'open'"
        " order by due_on, invoice_id",
        tenant,
        sorted(accounts),
    )
    found: dict[str, list[Invoice]] = {account: [] for account in accounts}
    for row in rows:
        found[row["account_id"]].append(to_invoice(row))
    return found


async def find_unusable(
    session: Session, tenant: str, debtor_keys: Collection[str], channels: Collection[str]
) -> dict[str, frozenset[str]]:
    """Debtor → addresses that do not work, or are somebody else's."""
    rows = await session.fetch(
        """
        select a.debtor_key, s.address from address_states s
        join accounts a using (tenant_id, account_id)
        where s.tenant_id = $1 and a.debtor_key = any($2) and s.channel = any($3)
          and s.state is not null
        """,
        tenant,
        sorted(debtor_keys),
        sorted(channels),
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["debtor_key"], set()).add(row["address"])
    return {key: frozenset(addresses) for key, addresses in found.items()}


async def mark_wrong_party(
    session: Session, tenant: str, account_id: str, address: str, at: object
) -> None:
    """Nobody calls or writes to that number about this account any more."""
    await session.execute(
        """
        insert into address_states (tenant_id, account_id, channel, address, state, because,
                                    changed_at)
        select $1, $2, channel, $3, 'wrong-party', 'collector', $4
        from unnest(array['sms', 'voice']) as k (channel)
        on conflict (tenant_id, account_id, channel, address) do update set
          state = 'wrong-party', because = 'collector', changed_at = excluded.changed_at
        """,
        tenant,
        account_id,
        address,
        at,
    )


async def defer_call(session: Session, tenant: str, task_id: str, until: object) -> Record | None:
    """The rules put the call off: the task is open again, and ready then."""
    return await session.fetchrow(
        """
        update tasks set state = 'open', collector = null, claimed_at = null, lease_until = null,
          callable_at = $3, ready_at = greatest(due_at, $3)
        where tenant_id = $1 and task_id = $2 returning *
        """,
        tenant,
        task_id,
        until,
    )
