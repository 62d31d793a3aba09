"""SQL of links: whose they are, what was tried with them, how they end."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from services.outreach.portal.domain.codes import SentCode
from services.outreach.portal.domain.links import EndedBecause, KnownLink, LinkAccount
from shared.database import Record, Session

_FIND = "select * from portal_links where link_id = $1"


async def find_link(session: Session, link_id: bytes) -> KnownLink | None:
    row = await session.fetchrow(_FIND, link_id)
    return None if row is None else _link(row)


async def lock_link(session: Session, link_id: bytes) -> KnownLink | None:
    """One at a time tries anything with it."""
    row = await session.fetchrow(f"{_FIND} for update", link_id)
    return None if row is None else _link(row)


def _link(row: Record) -> KnownLink:
    code = None
    if row["code_mark"] is not None:
        code = SentCode(row["code_mark"], row["code_expires_at"], row["code_tries"])
    return KnownLink(
        tenant=row["tenant_id"],
        link_id=row["link_id"],
        contact_id=row["contact_id"],
        debtor_key=row["debtor_key"],
        channel=row["channel"],
        mark=row["mark"],
        expires_at=row["expires_at"],
        ended_because=row["ended_because"],
        wrong_at=tuple(row["wrong_at"]),
        code=code,
        codes_at=tuple(row["codes_at"]),
        renewed_at=tuple(row["renewed_at"]),
        visited_on=row["visited_on"],
        deeds=tuple(row["deeds"]),
    )


async def save_wrong(session: Session, link_id: bytes, wrong_at: Sequence[datetime]) -> None:
    """One more wrong answer; a code is one try older."""
    await session.execute(
        "update portal_links set wrong_at = $2, code_tries = code_tries + 1 where link_id = $1",
        link_id,
        list(wrong_at),
    )


async def save_code(
    session: Session, link_id: bytes, code: SentCode, codes_at: Sequence[datetime]
) -> None:
    await session.execute(
        """
        update portal_links set code_mark = $2, code_expires_at = $3, code_tries = 0, codes_at = $4
        where link_id = $1
        """,
        link_id,
        code.mark,
        code.expires_at,
        list(codes_at),
    )


async def delete_code(session: Session, link_id: bytes) -> None:
    """It was used."""
    await session.execute(
        "update portal_links set code_mark = null, code_expires_at = null where link_id = $1",
        link_id,
    )


async def save_renewal(session: Session, link_id: bytes, renewed_at: Sequence[datetime]) -> None:
    await session.execute(
        "update portal_links set renewed_at = $2 where link_id = $1", link_id, list(renewed_at)
    )


async def list_renewals(
    session: Session, tenant: str, contact_id: str
) -> tuple[int, tuple[datetime, ...]]:
    """How many links the contact has had, and when new ones were asked for."""
    rows = await session.fetch(
        "select renewed_at from portal_links where tenant_id = $1 and contact_id = $2",
        tenant,
        contact_id,
    )
    return len(rows), tuple(sorted(at for row in rows for at in row["renewed_at"]))


async def save_visit(session: Session, link_id: bytes, day: date, deeds: Sequence[str]) -> None:
    await session.execute(
        "update portal_links set visited_on = $2, deeds = $3 where link_id = $1",
        link_id,
        day,
        list(deeds),
    )


async def end_links(
    session: Session,
    tenant: str,
    debtor_key: str,
    because: EndedBecause,
    at: datetime,
    *,
    like: KnownLink | None = None,
) -> int:
    """All of a debtor, or one and those that went to the same address; with their sessions."""
    rows = await session.fetch(
        """
        update portal_links set ended_at = $4, ended_because = $3, code_mark = null,
                                code_expires_at = null
        where tenant_id = $1 and debtor_key = $2 and ended_at is null
          and ($5::bytea is null or link_id = $5 or mark = $6)
        returning link_id
        """,
        tenant,
        debtor_key,
        because,
        at,
        None if like is None else like.link_id,
        None if like is None else like.mark,
    )
    await _delete_sessions(session, [row["link_id"] for row in rows])
    return len(rows)


async def erase_links(
    session: Session, tenant: str, account_ids: Collection[str], at: datetime
) -> None:
    """Those whose messages spoke of erased accounts end, and whose they were is forgotten."""
    rows = await session.fetch(
        """
        update portal_links p set
          ended_at = coalesce(ended_at, $3), ended_because = 'erased', mark = null,
          code_mark = null, code_expires_at = null, wrong_at = '{}', codes_at = '{}'
        where p.tenant_id = $1 and p.contact_id in (
          select contact_id from contact_accounts
          where tenant_id = $1 and account_id = any($2))
        returning p.link_id
        """,
        tenant,
        sorted(account_ids),
        at,
    )
    await _delete_sessions(session, [row["link_id"] for row in rows])
    await session.execute(
        "update portal_feedback set comment = null where tenant_id = $1 and account_id = any($2)",
        tenant,
        sorted(account_ids),
    )


async def _delete_sessions(session: Session, link_ids: Sequence[bytes]) -> None:
    await session.execute("delete from portal_sessions where link_id = any($1)", list(link_ids))


async def list_accounts(session: Session, tenant: str, debtor_key: str) -> tuple[LinkAccount, ...]:
    """Of a debtor, but those that were erased."""
    rows = await session.fetch(
        """
        select account_id, timezone, country, kind from accounts
        where tenant_id = $1 and debtor_key = $2 and is_registered and not is_erased
        order by account_id
        """,
        tenant,
        debtor_key,
    )
    return tuple(
        LinkAccount(row["account_id"], row["timezone"], row["country"], row["kind"] == "business")
        for row in rows
    )


async def list_covered(session: Session, tenant: str, contact_id: str) -> tuple[str, ...]:
    """The accounts that the message spoke of."""
    rows = await session.fetch(
        "select account_id from contact_accounts where tenant_id = $1 and contact_id = $2"
        " order by account_id",
        tenant,
        contact_id,
    )
    return tuple(row["account_id"] for row in rows)


async def find_debtor_key(session: Session, tenant: str, account_id: str) -> str | None:
    key: str | None = await session.fetchval(
        "select debtor_key from accounts where tenant_id = $1 and account_id = $2",
        tenant,
        account_id,
    )
    return key
