"""SQL of the lists that the API gives."""

from datetime import datetime
from typing import Any

from services.outreach.domain.contacts import Contact
from services.outreach.store.contacts import to_contact
from shared.database import Record, Session
from shared.errors import NotFound


async def get_known_account(session: Session, tenant: str, account_id: str) -> None:
    """Raise `NotFound` unless the tenant has such an account."""
    known = await session.fetchval(
        "select true from accounts where tenant_id = $1 and account_id = $2", tenant, account_id
    )
    if not known:
        raise NotFound(f"There is no account {account_id}.")


async def list_story(
    session: Session,
    tenant: str,
    account_id: str,
    *,
    before: tuple[datetime, int] | None,
    limit: int,
) -> list[Record]:
    """The account's events, newest first: by when they happened, then by when they were seen."""
    at, ord_ = before or (None, None)
    return await session.fetch(
        """
        select at, ord, topic, type, day, data from story
        where tenant_id = $1 and account_id = $2
          and ($3::timestamptz is null or (at, ord) < ($3, $4::bigint))
        order by at desc, ord desc limit $5
        """,
        tenant,
        account_id,
        at,
        ord_,
        limit,
    )


async def list_contacts(
    session: Session,
    tenant: str,
    account_id: str,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[tuple[Contact, datetime]]:
    """The contacts that cover, or were to cover, the account, newest plan first."""
    planned_at, contact_id = before or (None, None)
    rows: list[Any] = await session.fetch(
        """
        select c.* from contact_accounts a join contacts c using (tenant_id, contact_id)
        where a.tenant_id = $1 and a.account_id = $2
          and ($3::timestamptz is null or (c.planned_at, c.contact_id) < ($3, $4::text))
        order by c.planned_at desc, c.contact_id desc limit $5
        """,
        tenant,
        account_id,
        planned_at,
        contact_id,
        limit,
    )
    return [(to_contact(row), row["planned_at"]) for row in rows]
