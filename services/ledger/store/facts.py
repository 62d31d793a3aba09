"""Facts: inserted once, never changed."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from services.ledger.domain.facts import Fact
from shared.database import Session
from shared.database.columns import joined, joined_json, texts
from shared.events import billing

_ENCODER = msgspec.json.Encoder()
_DECODERS: dict[str, msgspec.json.Decoder[billing.Data]] = {
    kind: msgspec.json.Decoder(cls) for kind, cls in billing.TYPES.items()
}
_COLUMNS = "account_id, kind, fact_id, source, event_id, time, recorded_at, data"

FactKey = tuple[str, str, str]  # tenant, kind, fact id

_INSERT = (
    f"insert into facts (tenant_id, {_COLUMNS})"
    " select t, a, k, f, s, e, at, recorded_at, convert_to(d, 'UTF8')"
    f" from unnest({texts(1)}, {texts(2)}, {texts(3)}, {texts(4)}, {texts(5)}, {texts(6)},"
    f" $7::timestamptz[], $8::timestamptz[], {texts(9)})"
    " as n (t, a, k, f, s, e, at, recorded_at, d)"
    " on conflict do nothing returning tenant_id, kind, fact_id"
)


async def insert_facts(session: Session, facts: Sequence[tuple[str, Fact]]) -> set[FactKey]:
    """Insert (tenant, fact) pairs whose identities differ; gives those that were new.

    In the order of their identities, so that two batches with the same ids under different
    accounts cannot wait for each other.
    """
    ordered = sorted(facts, key=lambda pair: (pair[0], pair[1].kind, pair[1].fact_id))
    rows = await session.fetch(
        _INSERT,
        joined([tenant for tenant, _ in ordered]),
        joined([fact.account_id for _, fact in ordered]),
        joined([fact.kind for _, fact in ordered]),
        joined([fact.fact_id for _, fact in ordered]),
        joined([fact.source for _, fact in ordered]),
        joined([fact.event_id for _, fact in ordered]),
        [fact.time for _, fact in ordered],
        [fact.recordedtime for _, fact in ordered],
        joined_json([_ENCODER.encode(fact.data) for _, fact in ordered]),
    )
    if len(rows) == len(ordered):  # the usual case, without a tuple per row
        return {(tenant, fact.kind, fact.fact_id) for tenant, fact in ordered}
    return {(row["tenant_id"], row["kind"], row["fact_id"]) for row in rows}


async def find_facts(session: Session, keys: Iterable[FactKey]) -> dict[FactKey, Fact]:
    """Known facts by identity."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = await session.fetch(
        f"select f.tenant_id, {_qualified('f')} from facts f join"
        " unnest($1::text[], $2::text[], $3::text[]) as k(tenant_id, kind, fact_id)"
        " using (tenant_id, kind, fact_id)",
        [key[0] for key in wanted],
        [key[1] for key in wanted],
        [key[2] for key in wanted],
    )
    return {(row["tenant_id"], row["kind"], row["fact_id"]): _fact(row) for row in rows}


async def list_facts(
    session: Session, tenant_id: str, account_ids: Sequence[str]
) -> dict[str, list[Fact]]:
    """All facts of some accounts, by account."""
    rows = await session.fetch(
        f"select {_COLUMNS} from facts where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        list(account_ids),
    )
    found: dict[str, list[Fact]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(_fact(row))
    return found


def _fact(row: Any) -> Fact:
    return Fact(
        kind=row["kind"],
        fact_id=row["fact_id"],
        account_id=row["account_id"],
        source=row["source"],
        event_id=row["event_id"],
        time=row["time"],
        recordedtime=row["recorded_at"],
        data=_DECODERS[row["kind"]].decode(row["data"]),
    )


def _qualified(alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in _COLUMNS.split(", "))
