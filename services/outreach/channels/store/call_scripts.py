"""SQL of the scripts of calls."""

from datetime import datetime

from services.outreach.channels.domain.call_scripts import CallScript
from shared.database import Session


async def upsert_script(session: Session, script: CallScript, now: datetime) -> None:
    await session.execute(
        """
        insert into call_scripts (token, tenant_id, provider, body, at)
        values ($1, $2, $3, $4, $5)
        on conflict (token) do update set provider = excluded.provider, body = excluded.body,
                                          at = excluded.at
        """,
        script.token,
        script.tenant,
        script.provider,
        script.text,
        now,
    )


async def find_script(session: Session, provider: str, token: str) -> CallScript | None:
    rows = await session.fetch(
        "select tenant_id, body from call_scripts where token = $1 and provider = $2",
        token,
        provider,
    )
    return CallScript(rows[0]["tenant_id"], provider, token, rows[0]["body"]) if rows else None


async def delete_scripts(session: Session, before: datetime) -> None:
    await session.execute("delete from call_scripts where at <= $1", before)
