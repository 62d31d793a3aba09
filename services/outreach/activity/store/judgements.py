"""SQL of judgements: the question that the contact governor was asked about each contact."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.outreach.activity.domain.decisions import Judgement
from shared.database import Session


async def upsert_judgements(session: Session, tenant: str, found: Sequence[Judgement]) -> None:
    """The last question asked about each contact."""
    if not found:
        return
    await session.execute(
        """
        insert into judgements (tenant_id, account_id, contact_id, at, question)
        select $1, account_id, contact_id, at, question
        from unnest($2::text[], $3::text[], $4::timestamptz[], $5::bytea[])
          as k (account_id, contact_id, at, question)
        on conflict (tenant_id, account_id, contact_id) do update set
          at = excluded.at, question = excluded.question
        """,
        tenant,
        [j.account_id for j in found],
        [j.contact_id for j in found],
        [j.at for j in found],
        [j.question for j in found],
    )


async def list_judgements(
    session: Session,
    tenant: str,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Judgement]:
    """A slice of the questions, newest first."""
    at, contact_id = before or (None, None)
    rows = await session.fetch(
        """
        select contact_id, account_id, at, question from judgements
        where tenant_id = $1
          and ($2::timestamptz is null or (at, contact_id) < ($2, $3::text))
        order by at desc, contact_id desc limit $4
        """,
        tenant,
        at,
        contact_id,
        limit,
    )
    return [
        Judgement(row["contact_id"], row["account_id"], row["at"], row["question"]) for row in rows
    ]


async def erase_judgements(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """Questions are wholly personal: they name phones and addresses."""
    await session.execute(
        """
        delete from judgements where tenant_id = $1 and contact_id in (
          select contact_id from contact_accounts where tenant_id = $1 and account_id = any($2))
        """,
        tenant,
        sorted(account_ids),
    )
