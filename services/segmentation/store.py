"""All SQL of segmentation."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date

import msgspec
from msgspec import Struct

from services.segmentation.domain.account import Account
from services.segmentation.domain.features import Features
from shared.db import Session

Key = tuple[str, str]  # tenant, account

_ACCOUNT = msgspec.json.Decoder(Account)
_FEATURES = msgspec.json.Decoder(Features)
_NEW = msgspec.json.encode(Account())


class Standing(Struct, kw_only=True):
    """An account as it is stored: its state, and what was last believed and announced of it."""

    state: Account
    segment: str | None = None
    policy_version: str | None = None
    probability: float | None = None
    expected_recovery_minor: int = 0
    currency: str | None = None
    priority: int = 0


class Believed(Struct, frozen=True, kw_only=True):
    """What was believed of an account at the end of a day."""

    on_day: date
    features: Features
    contacts: int
    segment: str
    policy_version: str


class Ranked(Struct, frozen=True, kw_only=True):
    """One line of the ranked list."""

    account_id: str
    segment: str
    priority: int
    probability: float
    expected_recovery_minor: int
    currency: str | None
    policy_version: str
    as_of: date


async def lock_accounts(session: Session, keys: Collection[Key]) -> dict[Key, Standing]:
    """Load accounts for change, in one order for everybody; unknown ones are made."""
    ordered = sorted(keys)
    tenants, ids = [tenant for tenant, _ in ordered], [account for _, account in ordered]
    await session.execute(
        """insert into accounts (tenant_id, account_id, state)
           select t, a, $3 from unnest($1::text[], $2::text[]) with ordinality as k(t, a, n)
           order by n on conflict do nothing""",
        tenants,
        ids,
        _NEW,
    )
    rows = await session.fetch(
        """select a.tenant_id, a.account_id, a.state, a.segment, a.policy_version, a.probability,
                  a.expected_recovery_minor, a.currency, a.priority
           from accounts a join unnest($1::text[], $2::text[]) as k(t, a_id)
             on a.tenant_id = k.t and a.account_id = k.a_id
           order by a.tenant_id, a.account_id for update of a""",
        tenants,
        ids,
    )
    return {
        (row["tenant_id"], row["account_id"]): Standing(
            state=_ACCOUNT.decode(row["state"]),
            segment=row["segment"],
            policy_version=row["policy_version"],
            probability=row["probability"],
            expected_recovery_minor=row["expected_recovery_minor"],
            currency=row["currency"],
            priority=row["priority"],
        )
        for row in rows
    }


async def update_accounts(session: Session, standings: Mapping[Key, Standing]) -> None:
    """Write locked accounts back."""
    keys = sorted(standings)
    values = [standings[key] for key in keys]
    await session.execute(
        """update accounts a set state = n.state, segment = n.segment,
             policy_version = n.policy_version, probability = n.probability,
             expected_recovery_minor = n.expected, currency = n.currency, priority = n.priority,
             latest_on = n.latest_on
           from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::float8[],
                       $7::bigint[], $8::text[], $9::bigint[], $10::date[])
             as n(tenant_id, account_id, state, segment, policy_version, probability, expected,
                  currency, priority, latest_on)
           where a.tenant_id = n.tenant_id and a.account_id = n.account_id""",
        [tenant for tenant, _ in keys],
        [account for _, account in keys],
        [msgspec.json.encode(value.state) for value in values],
        [value.segment for value in values],
        [value.policy_version for value in values],
        [value.probability for value in values],
        [value.expected_recovery_minor for value in values],
        [value.currency for value in values],
        [value.priority for value in values],
        [value.state.latest_on for value in values],
    )


async def upsert_assessments(session: Session, believed: Mapping[Key, Sequence[Believed]]) -> None:
    """Keep what is believed at the end of each day; the last word of a day stands."""
    rows = [(key, item) for key in sorted(believed) for item in believed[key]]
    if not rows:
        return
    await session.execute(
        """insert into assessments
             (tenant_id, account_id, on_day, features, contacts, segment, policy_version)
           select * from unnest($1::text[], $2::text[], $3::date[], $4::bytea[], $5::int[],
                                $6::text[], $7::text[])
           on conflict (tenant_id, account_id, on_day) do update set
             features = excluded.features, contacts = excluded.contacts,
             segment = excluded.segment, policy_version = excluded.policy_version""",
        [key[0] for key, _ in rows],
        [key[1] for key, _ in rows],
        [item.on_day for _, item in rows],
        [msgspec.json.encode(item.features) for _, item in rows],
        [item.contacts for _, item in rows],
        [item.segment for _, item in rows],
        [item.policy_version for _, item in rows],
    )


async def find_account(session: Session, key: Key) -> Standing | None:
    """An account that something is believed of."""
    row = await session.fetchrow(
        """select state, segment, policy_version, probability, expected_recovery_minor, currency,
                  priority
           from accounts where tenant_id = $1 and account_id = $2 and segment is not null""",
        *key,
    )
    if row is None:
        return None
    return Standing(**{**dict(row), "state": _ACCOUNT.decode(row["state"])})


async def find_believed(session: Session, key: Key, as_of: date) -> Believed | None:
    """What was believed of an account at the end of a day."""
    row = await session.fetchrow(
        """select on_day, features, contacts, segment, policy_version from assessments
           where tenant_id = $1 and account_id = $2 and on_day <= $3
           order by on_day desc limit 1""",
        *key,
        as_of,
    )
    if row is None:
        return None
    return Believed(**{**dict(row), "features": _FEATURES.decode(row["features"])})


async def list_by_priority(
    session: Session,
    tenant: str,
    *,
    segment: str | None,
    currency: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[Ranked]:
    """Accounts, the most worth a contact first; `after` is the last line of the page before."""
    asked = [
        ("segment = ${}", segment) if segment is not None else ("segment is not null", None),
        ("currency = ${}", currency) if currency is not None else ("true", None),
    ]
    wanted, values = ["tenant_id = $1"], [tenant, limit]
    for condition, value in asked:
        if value is not None:
            values.append(value)
        wanted.append(condition.format(len(values)))
    if after is not None:
        values += after
        at = len(values)
        wanted.append(f"(priority < ${at - 1} or (priority = ${at - 1} and account_id > ${at}))")
    rows = await session.fetch(
        f"""select account_id, segment, priority, probability, expected_recovery_minor, currency,
                  policy_version, latest_on as as_of
           from accounts where {" and ".join(wanted)}
           order by priority desc, account_id limit $2""",
        *values,
    )
    return [Ranked(**dict(row)) for row in rows]


async def read_states(
    session: Session, tenant: str, *, slice_size: int = 500
) -> AsyncIterator[list[tuple[str, Account, str]]]:
    """All accounts with their segments, in slices, so that no tenant is too large to look at."""
    after = ""
    while True:
        rows = await session.fetch(
            """select account_id, state, segment from accounts
               where tenant_id = $1 and account_id > $2 and segment is not null
               order by account_id limit $3""",
            tenant,
            after,
            slice_size,
        )
        if not rows:
            return
        after = rows[-1]["account_id"]
        yield [(row["account_id"], _ACCOUNT.decode(row["state"]), row["segment"]) for row in rows]


async def check_ready(session: Session) -> None:
    """Raises where the database does not answer or has not been migrated."""
    await session.execute("select from accounts limit 1")
