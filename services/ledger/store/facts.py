"""Facts: inserted once, never changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from services.ledger.domain.facts import Fact
from services.ledger.domain.registry import KINDS
from services.ledger.domain.waiting import owner_of
from services.ledger.store.journal import AccountKey
from shared.database import Database, Session
from shared.database.columns import joined, joined_json, texts
from shared.errors import AppError

_ENCODER = msgspec.json.Encoder()
_DECODERS: dict[str, msgspec.json.Decoder[msgspec.Struct]] = {
    name: msgspec.json.Decoder(kind.data) for name, kind in KINDS.items()
}
_COLUMNS = "account_id, kind, fact_id, source, event_id, time, recorded_at, data"

FactKey = tuple[str, str, str, str]  # tenant, kind, fact id, owner


def key_of(tenant_id: str, fact: Fact) -> FactKey:
    return (tenant_id, fact.kind, fact.fact_id, owner_of(fact))


NewRow = tuple[str, int, Fact]  # tenant, the account's version with it, the fact

_INSERT = (
    f"insert into facts (tenant_id, version, owner, {_COLUMNS})"
    " select t, v, coalesce(o, ''), a, k, f, s, e, at, recorded_at, convert_to(d, 'UTF8')"
    f" from unnest({texts(1)}, $10::bigint[], {texts(2)}, {texts(3)}, {texts(4)}, {texts(5)},"
    f" {texts(6)}, $7::timestamptz[], $8::timestamptz[], {texts(9)}, {texts(11)})"
    " as n (t, v, a, k, f, s, e, at, recorded_at, d, o)"
    " on conflict do nothing returning tenant_id, kind, fact_id, owner"
)


async def insert_facts(session: Session, facts: Sequence[NewRow]) -> set[FactKey]:
    """Insert facts whose identities differ; gives those that were new.

    In the order of their identities, so that two batches with the same ids under different
    accounts cannot wait for each other.
    """
    ordered = sorted(facts, key=lambda row: (row[0], row[2].kind, row[2].fact_id))
    rows = await session.fetch(
        _INSERT,
        joined([tenant for tenant, _, _ in ordered]),
        joined([fact.account_id for _, _, fact in ordered]),
        joined([fact.kind for _, _, fact in ordered]),
        joined([fact.fact_id for _, _, fact in ordered]),
        joined([fact.source for _, _, fact in ordered]),
        joined([fact.event_id for _, _, fact in ordered]),
        [fact.time for _, _, fact in ordered],
        [fact.recordedtime for _, _, fact in ordered],
        joined_json([_ENCODER.encode(fact.data) for _, _, fact in ordered]),
        [version for _, version, _ in ordered],
        joined([owner_of(fact) for _, _, fact in ordered]),
    )
    if len(rows) == len(ordered):  # the usual case, without a tuple per row
        return {key_of(tenant, fact) for tenant, _, fact in ordered}
    return {(row["tenant_id"], row["kind"], row["fact_id"], row["owner"]) for row in rows}


async def delete_facts(session: Session, keys: Iterable[FactKey]) -> None:
    """Take back what this transaction has inserted."""
    wanted = list(keys)
    await session.execute(
        "delete from facts using unnest($1::text[], $2::text[], $3::text[], $4::text[])"
        " as k(t, n, f, o) where tenant_id = t and kind = n and fact_id = f and owner = o",
        *(list(column) for column in zip(*wanted, strict=True)),
    )


async def find_facts(session: Session, keys: Iterable[FactKey]) -> dict[FactKey, Fact]:
    """Known facts by identity."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = await session.fetch(
        f"select f.tenant_id, f.owner, {_qualified('f')} from facts f join"
        " unnest($1::text[], $2::text[], $3::text[], $4::text[]) as k(tenant_id, kind, fact_id,"
        " owner) using (tenant_id, kind, fact_id, owner)",
        *(list(column) for column in zip(*wanted, strict=True)),
    )
    return {
        (row["tenant_id"], row["kind"], row["fact_id"], row["owner"]): _fact(row) for row in rows
    }


NamedFact = tuple[str, str, str]  # tenant, kind, fact id


async def find_owners(session: Session, names: Iterable[NamedFact]) -> dict[NamedFact, str]:
    """The accounts of facts whose ids are the tenant's: invoices, payments."""
    wanted = sorted(names)
    if not wanted:
        return {}
    rows = await session.fetch(
        "select f.tenant_id, f.kind, f.fact_id, f.account_id from facts f join"
        " unnest($1::text[], $2::text[], $3::text[]) as k(tenant_id, kind, fact_id)"
        " using (tenant_id, kind, fact_id) where f.owner = ''",
        *(list(column) for column in zip(*wanted, strict=True)),
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def find_namesakes(
    session: Session, names: Iterable[NamedFact]
) -> dict[NamedFact, list[Fact]]:
    """The facts of these ids under any account."""
    wanted = sorted(names)
    if not wanted:
        return {}
    rows = await session.fetch(
        f"select f.tenant_id, {_qualified('f')} from facts f join"
        " unnest($1::text[], $2::text[], $3::text[]) as k(tenant_id, kind, fact_id)"
        " using (tenant_id, kind, fact_id)",
        *(list(column) for column in zip(*wanted, strict=True)),
    )
    found: dict[NamedFact, list[Fact]] = {}
    for row in rows:
        found.setdefault((row["tenant_id"], row["kind"], row["fact_id"]), []).append(_fact(row))
    return found


async def list_facts(
    session: Session, versions: Mapping[AccountKey, int], *, is_after: bool = False
) -> dict[AccountKey, list[Fact]]:
    """The facts of some accounts that were stored up to a version each, or after it."""
    rows = await session.fetch(
        f"select f.tenant_id, {_qualified('f')} from facts f"
        " join unnest($1::text[], $2::text[], $3::bigint[]) as k(tenant_id, account_id, seen)"
        f" using (tenant_id, account_id) where f.version {'>' if is_after else '<='} seen",
        [tenant_id for tenant_id, _ in versions],
        [account_id for _, account_id in versions],
        list(versions.values()),
    )
    found: dict[AccountKey, list[Fact]] = {}
    for row in rows:
        found.setdefault((row["tenant_id"], row["account_id"]), []).append(_fact(row))
        await session.give_way()
    return found


async def find_heavy(
    session: Session | Database, keys: Iterable[AccountKey], facts_max: int
) -> set[AccountKey]:
    """Which accounts have more facts than that."""
    wanted = list(keys)
    rows = await session.fetch(
        "select t, a from unnest($1::text[], $2::text[]) as k(t, a) where (select count(*) from"
        " (select from facts where tenant_id = t and account_id = a limit $3) found) >= $3",
        [key[0] for key in wanted],
        [key[1] for key in wanted],
        facts_max + 1,
    )
    return {(row[0], row[1]) for row in rows}


class NotComputable(AppError):
    """An account can't be computed: the rules fail, or a fact can't be read. It's no fault of the
    caller's."""

    status = 503
    title = "Account not computable"


def _fact(row: Any) -> Fact:
    try:
        data = _DECODERS[row["kind"]].decode(row["data"])
    except (KeyError, msgspec.MsgspecError) as error:
        raise NotComputable(
            f"account {row['account_id']!r}: fact {row['fact_id']!r} ({row['kind']}) can't be read"
        ) from error
    return Fact(
        kind=row["kind"],
        fact_id=row["fact_id"],
        account_id=row["account_id"],
        source=row["source"],
        event_id=row["event_id"],
        time=row["time"],
        recordedtime=row["recorded_at"],
        data=data,
    )


def _qualified(alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in _COLUMNS.split(", "))
