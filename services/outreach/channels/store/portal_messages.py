"""SQL of the messages that wait in the portal."""

from collections.abc import Collection

from services.outreach.channels.domain.portal_messages import PortalMessage
from shared.database import Session


async def insert_message(session: Session, message: PortalMessage) -> None:
    """Once per contact: a repeat changes nothing."""
    await session.execute(
        """
        insert into portal_messages (tenant_id, contact_id, title, body, language, at)
        values ($1, $2, $3, $4, $5, $6) on conflict do nothing
        """,
        message.tenant,
        message.contact_id,
        message.title,
        message.text,
        message.language,
        message.at,
    )


async def has_message(session: Session, tenant: str, contact_id: str) -> bool:
    found = await session.fetchval(
        "select exists(select from portal_messages where tenant_id = $1 and contact_id = $2)",
        tenant,
        contact_id,
    )
    return bool(found)


async def list_messages(
    session: Session, tenant: str, account_ids: Collection[str], limit: int
) -> list[PortalMessage]:
    """Those about any of the accounts, newest first."""
    rows = await session.fetch(
        """
        select m.* from portal_messages m
        where m.tenant_id = $1 and exists (
          select from contact_accounts a
          where a.tenant_id = m.tenant_id and a.contact_id = m.contact_id
            and a.account_id = any($2))
        order by m.at desc, m.contact_id desc limit $3
        """,
        tenant,
        sorted(account_ids),
        limit,
    )
    return [
        PortalMessage(
            row["tenant_id"],
            row["contact_id"],
            row["title"],
            row["body"],
            row["language"],
            row["at"],
        )
        for row in rows
    ]


async def erase_messages(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """They name people and what they owe."""
    await session.execute(
        """
        delete from portal_messages m using contact_accounts a
        where m.tenant_id = $1 and a.tenant_id = m.tenant_id and a.contact_id = m.contact_id
          and a.account_id = any($2)
        """,
        tenant,
        sorted(account_ids),
    )
