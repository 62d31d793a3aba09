"""SQL of contacts as records: rows into contacts, and those of an account."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact
from shared.database import Record, Session
from shared.errors import NotFound

_BODY = msgspec.json.Decoder(DebtorContact)


def to_contact(row: Record) -> DebtorContact:
    """The columns hold what is asked for by queries; the rest is the body's."""
    return replace(
        _BODY.decode(row["body"]),
        state=row["state"],
        due_at=row["due_at"],
        rules=tuple(row["rules"]),
        attempted_at=row["attempted_at"],
        until=row["until_at"],
        because=row["because"],
        message_id=row["message_id"],
        find_at=row["find_at"],
    )


async def get_contact(
    session: Session, tenant: str, contact_id: str
) -> tuple[DebtorContact, datetime]:
    """A contact and when it was planned. Raises `NotFound`."""
    row = await session.fetchrow(
        "select * from contacts where tenant_id = $1 and contact_id = $2", tenant, contact_id
    )
    if row is None:
        raise NotFound("There is no such contact.")
    return to_contact(row), row["planned_at"]


async def list_contacts(
    session: Session,
    tenant: str,
    account_id: str,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[tuple[DebtorContact, datetime]]:
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


async def find_contact_anywhere(
    session: Session, contact_id: str
) -> tuple[str, DebtorContact] | None:
    """The tenant and the contact that a token of ours names; its id is unique beyond tenants."""
    row = await session.fetchrow("select * from contacts where contact_id = $1", contact_id)
    return None if row is None else (row["tenant_id"], to_contact(row))
