"""SQL of where accounts' money lies: what of each payment and credit note is on which invoice."""

from collections.abc import Collection, Mapping

from services.outreach.debtors.domain.money import Standing
from services.outreach.debtors.store.rows import InvoiceKey, SourceKey, columns
from shared.database import Session


async def find_money(
    session: Session, sources: Collection[SourceKey], invoices: Collection[InvoiceKey]
) -> dict[SourceKey, Standing]:
    """All that these sources stand on, and all that stands on these invoices."""
    if not sources and not invoices:
        return {}
    rows = await session.fetch(
        """
        select m.* from money m
        join unnest($1::text[], $2::text[], $3::text[]) as k (tenant_id, account_id, source)
          using (tenant_id, account_id, source)
        union
        select m.* from money m
        join unnest($4::text[], $5::text[], $6::text[]) as k (tenant_id, account_id, invoice_id)
          using (tenant_id, account_id, invoice_id)
        """,
        *columns(sorted(sources), 3),
        *columns(sorted(invoices), 3),
    )
    found: dict[SourceKey, dict[str, int]] = {}
    for row in rows:
        key = (row["tenant_id"], row["account_id"], row["source"])
        found.setdefault(key, {})[row["invoice_id"]] = row["amount_minor"]
    return dict(found)


async def replace_money(session: Session, standing: Mapping[SourceKey, Standing]) -> None:
    """Put what these sources stand on now in place of what was known of them."""
    if not standing:
        return
    await session.execute(
        """
        delete from money m
        using unnest($1::text[], $2::text[], $3::text[]) as k (tenant_id, account_id, source)
        where m.tenant_id = k.tenant_id and m.account_id = k.account_id and m.source = k.source
        """,
        *columns(sorted(standing), 3),
    )
    rows = [
        (*key, *placed) for key, on in sorted(standing.items()) for placed in sorted(on.items())
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into money (tenant_id, account_id, source, invoice_id, amount_minor)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
        """,
        *columns(rows, 5),
    )
