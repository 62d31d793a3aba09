"""What is open of charges, in all accounts of a tenant: for ageing."""

from collections.abc import Collection, Iterable
from datetime import date

from services.ledger.domain.charges import Charge
from services.ledger.store.journal import AccountKey
from shared.database import Session


async def save_open_charges(
    session: Session, charges: Iterable[tuple[AccountKey, str, Charge | None]]
) -> None:
    """Keep those that are open as their accounts have them now, by account and charge id; a charge
    with nothing open, or that is none after all, has no row."""
    rows = list(charges)
    closed = [(*key, name) for key, name, charge in rows if not charge or not charge.balance_minor]
    if closed:
        await session.execute(
            "delete from open_charges where (tenant_id, account_id, charge_id) in"
            " (select * from unnest($1::text[], $2::text[], $3::text[]))",
            *map(list, zip(*closed, strict=True)),
        )
    still = [(key, charge) for key, _, charge in rows if charge and charge.balance_minor]
    if still:
        await session.execute(
            "insert into open_charges (tenant_id, account_id, charge_id, invoice_id, currency,"
            " charged_on, balance_minor) select * from unnest($1::text[], $2::text[], $3::text[],"
            " $4::text[], $5::text[], $6::date[], $7::bigint[])"
            " on conflict (tenant_id, account_id, charge_id) do update set"
            " charged_on = excluded.charged_on, balance_minor = excluded.balance_minor",
            [key[0] for key, _ in still],
            [key[1] for key, _ in still],
            [charge.charge_id for _, charge in still],
            [charge.invoice_id for _, charge in still],
            [charge.currency for _, charge in still],
            [charge.charged_on for _, charge in still],
            [charge.balance_minor for _, charge in still],
        )


async def sum_open_charges(
    session: Session, tenant_id: str, tenant_zone: str
) -> list[tuple[str, str, date, int]]:
    """(zone, currency, day, open minor units) of the registered accounts: a charge stands by the
    due day of its invoice, paid or not, one without an invoice by the day it was charged on."""
    rows = await session.fetch(
        "select coalesce(a.zone, $2), c.currency, coalesce(i.due_on, c.charged_on),"
        " sum(c.balance_minor)::text from open_charges c"
        " join accounts a using (tenant_id, account_id)"
        " left join invoices i using (tenant_id, account_id, invoice_id)"
        " where tenant_id = $1 and a.is_registered group by 1, 2, 3",
        tenant_id,
        tenant_zone,
    )
    return [(row[0], row[1], row[2], int(row[3])) for row in rows]  # beyond 64 bits


async def list_open_charges(
    session: Session, tenant_id: str, account_ids: Collection[str]
) -> dict[str, dict[str, int]]:
    """What is stored as open, by account and charge."""
    rows = await session.fetch(
        "select account_id, charge_id, balance_minor from open_charges"
        " where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        list(account_ids),
    )
    found: dict[str, dict[str, int]] = {}
    for account_id, charge_id, minor in rows:
        found.setdefault(account_id, {})[charge_id] = minor
    return found
