"""SQL of visitors' sessions."""

from dataclasses import dataclass
from datetime import datetime

from services.outreach.portal.domain.sessions import Level
from shared.database import Session


@dataclass(frozen=True)
class StoredSession:
    tenant: str
    link_id: bytes
    level: Level
    language: str
    seen_at: datetime


async def insert_session(
    session: Session,
    token_hash: bytes,
    tenant: str,
    link_id: bytes,
    level: Level,
    language: str,
    now: datetime,
) -> None:
    await session.execute(
        """
        insert into portal_sessions (token_hash, tenant_id, link_id, level, language, created_at,
                                     seen_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        """,
        token_hash,
        tenant,
        link_id,
        level,
        language,
        now,
    )


async def find_session(session: Session, token_hash: bytes) -> StoredSession | None:
    row = await session.fetchrow("select * from portal_sessions where token_hash = $1", token_hash)
    if row is None:
        return None
    return StoredSession(
        row["tenant_id"], row["link_id"], row["level"], row["language"], row["seen_at"]
    )


async def touch_session(session: Session, token_hash: bytes, now: datetime) -> None:
    await session.execute(
        "update portal_sessions set seen_at = greatest(seen_at, $2) where token_hash = $1",
        token_hash,
        now,
    )


async def raise_session(session: Session, token_hash: bytes, level: Level) -> None:
    await session.execute(
        "update portal_sessions set level = greatest(level, $2) where token_hash = $1",
        token_hash,
        level,
    )


async def delete_session(session: Session, token_hash: bytes) -> None:
    await session.execute("delete from portal_sessions where token_hash = $1", token_hash)


async def save_language(session: Session, token_hash: bytes, language: str) -> None:
    await session.execute(
        "update portal_sessions set language = $2 where token_hash = $1", token_hash, language
    )
