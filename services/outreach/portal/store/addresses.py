"""SQL of the addresses that links and codes go to."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from services.outreach.dunning.domain.service_messages import ServiceChannel
from shared.database import Session


@dataclass(frozen=True)
class ReachedAt:
    """Where a visitor can be written to, as the account's details name it now."""

    account_id: str
    channel: ServiceChannel
    address: str = field(repr=False)
    mark: bytes = field(repr=False)


async def list_usable(
    session: Session, tenant: str, account_ids: Collection[str], known_by: datetime
) -> list[ReachedAt]:
    """Addresses that have been known since then, that work, and whose owner has not said no."""
    rows = await session.fetch(
        """
        select a.account_id, a.channel, a.address, a.mark from account_addresses a
        where a.tenant_id = $1 and a.account_id = any($2) and a.known_since <= $3
          and not exists (
            select from opt_outs o
            where o.tenant_id = $1 and o.channel = a.channel and o.mark = a.mark)
          and not exists (
            select from address_states s
            where s.tenant_id = $1 and s.account_id = any($2) and s.channel = a.channel
              and s.address = a.address and s.state is not null)
        order by a.channel, a.known_since, a.account_id, a.address
        """,
        tenant,
        sorted(account_ids),
        known_by,
    )
    return [
        ReachedAt(row["account_id"], row["channel"], row["address"], row["mark"]) for row in rows
    ]
