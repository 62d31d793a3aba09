"""SQL of who looked at personal data of an account."""

from datetime import datetime

from shared.database import Session


async def insert_read(
    session: Session, tenant: str, account_id: str, at: datetime, reader: str, what: str
) -> None:
    await session.execute(
        "insert into personal_reads (tenant_id, account_id, at, reader, what)"
        " values ($1, $2, $3, $4, $5)",
        tenant,
        account_id,
        at,
        reader,
        what,
    )
