"""SQL of links into the portal, as they are written."""

from collections.abc import Sequence
from datetime import datetime

from services.outreach.activity.domain.portal_links import NewLink
from shared.database import Session


async def upsert_links(
    session: Session, tenant: str, links: Sequence[NewLink], written_at: datetime
) -> None:
    """A message that is tried again has the same link: nobody has seen it before."""
    if not links:
        return
    await session.execute(
        """
        insert into portal_links (link_id, tenant_id, contact_id, debtor_key, channel, mark,
                                  written_at, expires_at)
        select link_id, $1, contact_id, debtor_key, channel, mark, $2, expires_at
        from unnest($3::bytea[], $4::text[], $5::text[], $6::text[], $7::bytea[],
                    $8::timestamptz[])
          as k (link_id, contact_id, debtor_key, channel, mark, expires_at)
        on conflict (link_id) do update set
          mark = excluded.mark, written_at = excluded.written_at,
          expires_at = excluded.expires_at, ended_at = null, ended_because = null
        """,
        tenant,
        written_at,
        [link.link_id for link in links],
        [link.contact_id for link in links],
        [link.debtor_key for link in links],
        [link.channel for link in links],
        [link.mark for link in links],
        [link.expires_at for link in links],
    )
