"""SQL of texts in parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.outreach.channels.domain.smpp_receipts import PartReceipt
from services.outreach.channels.domain.sms_parts import (
    InboundPart,
    PartState,
    SentPart,
    SentText,
)
from shared.database import Record, Session


@dataclass(frozen=True)
class KnownText:
    """A contact's text as its parts' rows have it."""

    contact_id: str
    token: str
    total: int
    states: tuple[PartState, ...]  # of the parts of which anything was heard


async def lock_texts(session: Session, tenant: str, contact_id: str) -> None:
    """One after the other: each sees what the one before wrote."""
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended('outreach text ' || $1 || '/' || $2, 0))",
        tenant,
        contact_id,
    )


async def upsert_part(session: Session, text: SentText, part: SentPart, now: datetime) -> None:
    """The part under its id; what a receipt said of it before stays. An id that an operator gives
    a second time belongs to the newer text."""
    await session.execute(
        """
        insert into text_parts as t (tenant_id, provider, part_id, contact_id, token, number,
                                     total, message_id, state, at, code, seen_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict (tenant_id, provider, part_id) do update set
          contact_id = excluded.contact_id, token = excluded.token, number = excluded.number,
          total = excluded.total, message_id = excluded.message_id, seen_at = excluded.seen_at,
          state = case when t.contact_id is null or t.contact_id = excluded.contact_id
                  then coalesce(t.state, excluded.state) else excluded.state end,
          at = case when t.contact_id is null or t.contact_id = excluded.contact_id
               then coalesce(t.at, excluded.at) else excluded.at end,
          code = case when t.contact_id is null or t.contact_id = excluded.contact_id
                 then coalesce(t.code, excluded.code) else excluded.code end
        """,
        text.tenant, text.provider, part.part_id, text.contact_id, text.token, part.number,
        text.total, part.message_id or None, "failed" if part.failure else None,
        now if part.failure else None, part.failure or None, now,
    )  # fmt: skip


async def find_owner(session: Session, tenant: str, provider: str, part_id: str) -> str | None:
    """The contact that a part belongs to."""
    owner: str | None = await session.fetchval(
        """
        select contact_id from text_parts
        where tenant_id = $1 and provider = $2 and part_id = $3
        """,
        tenant,
        provider,
        part_id,
    )
    return owner


async def lock_part(
    session: Session, tenant: str, provider: str, part_id: str
) -> tuple[str | None, PartState | None] | None:
    """The contact, where it is known, and the state, where one is; None: no such part."""
    rows = await session.fetch(
        """
        select contact_id, state, at, code, is_address_dead from text_parts
        where tenant_id = $1 and provider = $2 and part_id = $3 for update
        """,
        tenant,
        provider,
        part_id,
    )
    return (rows[0]["contact_id"], _state(rows[0])) if rows else None


async def insert_receipt(
    session: Session, tenant: str, provider: str, receipt: PartReceipt, now: datetime
) -> bool:
    """A receipt for what is not known yet; False: it is known by now."""
    status = await session.execute(
        """
        insert into text_parts (tenant_id, provider, part_id, state, at, code, is_address_dead,
                                seen_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
        """,
        tenant, provider, receipt.part_id, receipt.state, receipt.at, receipt.code,
        receipt.is_address_dead, now,
    )  # fmt: skip
    return status.endswith(" 1")


async def update_state(
    session: Session, tenant: str, provider: str, part_id: str, state: PartState
) -> None:
    await session.execute(
        """
        update text_parts set state = $4, at = $5, code = $6, is_address_dead = $7
        where tenant_id = $1 and provider = $2 and part_id = $3
        """,
        tenant, provider, part_id, state.state, state.at, state.code, state.is_address_dead,
    )  # fmt: skip


async def find_text(session: Session, tenant: str, contact_id: str) -> KnownText | None:
    rows = await session.fetch(
        """
        select token, total, state, at, code, is_address_dead from text_parts
        where tenant_id = $1 and contact_id = $2 order by number
        """,
        tenant,
        contact_id,
    )
    if not rows:
        return None
    states = tuple(state for row in rows if (state := _state(row)) is not None)
    return KnownText(contact_id, rows[0]["token"], rows[0]["total"], states)


async def list_message_ids(
    session: Session, tenant: str, provider: str, contact_id: str
) -> list[str]:
    rows = await session.fetch(
        """
        select message_id from text_parts
        where tenant_id = $1 and provider = $2 and contact_id = $3 and message_id is not null
        order by number
        """,
        tenant,
        provider,
        contact_id,
    )
    return [row["message_id"] for row in rows]


async def upsert_inbound(session: Session, part: InboundPart) -> None:
    await session.execute(
        """
        insert into inbound_parts (tenant_id, provider, key, number, total, from_number, to_number,
                                   body, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (tenant_id, provider, key, number) do update set
          body = excluded.body, at = excluded.at
        """,
        part.tenant, part.provider, part.key, part.number, part.total, part.from_, part.to,
        part.text, part.at,
    )  # fmt: skip


async def list_inbound(session: Session, tenant: str, provider: str, key: str) -> list[InboundPart]:
    rows = await session.fetch(
        """
        select * from inbound_parts where tenant_id = $1 and provider = $2 and key = $3
        order by number
        """,
        tenant,
        provider,
        key,
    )
    return [_inbound(row) for row in rows]


async def delete_inbound(session: Session, tenant: str, provider: str, key: str) -> None:
    await session.execute(
        "delete from inbound_parts where tenant_id = $1 and provider = $2 and key = $3",
        tenant,
        provider,
        key,
    )


async def list_incomplete(
    session: Session, before: datetime, most: int
) -> Sequence[tuple[str, str, str]]:
    """Tenant, provider and key of messages whose last part came before this instant."""
    rows = await session.fetch(
        """
        select tenant_id, provider, key from inbound_parts
        group by tenant_id, provider, key having max(at) <= $1 order by max(at) limit $2
        """,
        before,
        most,
    )
    return [(row["tenant_id"], row["provider"], row["key"]) for row in rows]


def _state(row: Record) -> PartState | None:
    if row["state"] is None:
        return None
    return PartState(row["state"], row["at"], row["code"] or "", row["is_address_dead"])


def _inbound(row: Record) -> InboundPart:
    return InboundPart(
        row["tenant_id"],
        row["provider"],
        row["from_number"],
        row["to_number"],
        row["body"],
        row["at"],
        row["key"],
        row["number"],
        row["total"],
    )
