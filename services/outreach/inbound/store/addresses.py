"""SQL of who has an address that something came from."""

from services.outreach.activity.domain.address_marks import mark_of
from shared.database import Session


async def find_owners(session: Session, tenant: str, channel: str, address: str) -> dict[str, str]:
    """The accounts that have it, with their debtors."""
    rows = await session.fetch(
        """
        select a.account_id, a.debtor_key from account_addresses d join accounts a
          using (tenant_id, account_id)
        where d.tenant_id = $1 and d.channel = $2 and d.mark = $3
          and a.is_registered and not a.is_erased
        order by a.account_id
        """,
        tenant,
        channel,
        mark_of(tenant, channel, address),
    )
    return {row["account_id"]: row["debtor_key"] for row in rows}
