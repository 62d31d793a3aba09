"""Facts that wait, listed so that people see them."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from services.ledger.domain.waiting import Wait
from services.ledger.store.journal import AccountKey
from shared.database import Session


class WaitChange(Struct, frozen=True):
    """What of an account waits no longer, and what waits now."""

    key: AccountKey
    over: frozenset[Wait]
    new: frozenset[Wait]


async def save_waits(session: Session, changes: Sequence[WaitChange]) -> None:
    over = _columns(changes, "over")
    if over[0]:
        await session.execute(
            "delete from waiting_facts w using unnest($1::text[], $2::text[], $3::text[],"
            " $4::text[], $5::text[], $6::text[]) as k(t, a, k, f, n, i)"
            " where w.tenant_id = k.t and w.account_id = k.a and w.kind = k.k and w.fact_id = k.f"
            " and w.needs = k.n and w.needs_id = k.i",
            *over,
        )
    new = _columns(changes, "new")
    if new[0]:
        await session.execute(
            "insert into waiting_facts (tenant_id, account_id, kind, fact_id, needs, needs_id)"
            " select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
            " $6::text[]) on conflict do nothing",
            *new,
        )


def _columns(changes: Sequence[WaitChange], which: str) -> list[list[str]]:
    rows = sorted(
        (*change.key, wait.kind, wait.fact_id, wait.needs, wait.needs_id)
        for change in changes
        for wait in getattr(change, which)
    )
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 6


async def list_waits(
    session: Session,
    tenant_id: str,
    *,
    account_id: str | None,
    after: tuple[str, str, str, str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """By account, kind and id; `known_under`: the account under which what is needed is known."""
    rows = await session.fetch(
        "select w.account_id, w.kind as type, w.fact_id, w.needs, w.needs_id, f.source,"
        " f.event_id, f.recorded_at, p.account_id as known_under"
        " from waiting_facts w join facts f using (tenant_id, account_id, kind, fact_id)"
        " left join facts p on p.tenant_id = w.tenant_id and p.kind = case w.needs"
        " when 'payment' then 'payment-received' when 'dispute' then 'dispute-opened'"
        " else 'invoice-issued' end and p.fact_id = w.needs_id and p.account_id <> w.account_id"
        " where w.tenant_id = $1 and ($2::text is null or w.account_id = $2)"
        " and ($3::text is null or (w.account_id, w.kind, w.fact_id, w.needs_id)"
        " > ($3, $4, $5, $6)) order by w.account_id, w.kind, w.fact_id, w.needs_id limit $7",
        tenant_id,
        account_id,
        *(after or (None, None, None, None)),
        limit,
    )
    return [dict(row) for row in rows]
