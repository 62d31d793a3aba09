"""SQL of which debtors are to be planned for again. A debtor's row is the lock of its plans."""

from collections.abc import Collection

from shared.database import Session


async def mark_dirty(session: Session, keys: Collection[tuple[str, str]]) -> None:
    """Plan for these debtors again. Taken before anything else of theirs is: it is their lock."""
    if not keys:
        return
    await session.execute(
        """
        insert into debtors (tenant_id, debtor_key, is_dirty)
        select tenant_id, debtor_key, true
        from unnest($1::text[], $2::text[]) as k (tenant_id, debtor_key)
        order by tenant_id, debtor_key
        on conflict (tenant_id, debtor_key) do update set is_dirty = true
        """,
        *[list(column) for column in zip(*sorted(keys), strict=True)],
    )


async def mark_tenant_dirty(session: Session, tenant: str) -> None:
    """Plan for every debtor again: the tenant's settings changed."""
    await session.execute(
        """
        update debtors set is_dirty = true where (tenant_id, debtor_key) in (
          select tenant_id, debtor_key from debtors where tenant_id = $1
          order by debtor_key for update)
        """,
        tenant,
    )


async def reopen_debtors(session: Session, tenant: str, keys: Collection[str]) -> None:
    """Lock the debtors of contacts that end, and have them planned for again."""
    await session.execute(
        """
        update debtors set is_dirty = true
        where tenant_id = $1 and debtor_key in (
          select debtor_key from debtors where tenant_id = $1 and debtor_key = any($2)
          order by debtor_key for update)
        """,
        tenant,
        sorted(keys),
    )
