"""SQL of accounts: their states, what was last believed and said of them, and the ranked list."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct

from services.segmentation.domain.account import Account, count_payer, known_on
from shared.database import Record, Session

Key = tuple[str, str]  # tenant, account

_ACCOUNT = msgspec.json.Decoder(Account)
_ARMS = msgspec.json.Decoder(dict[str, str])
_NEW = msgspec.json.encode(Account())


class AccountRow(Struct, kw_only=True):
    """An account as it is stored: its state, and what was last believed and announced of it."""

    state: Account
    segment: str | None = None
    policy_version: str | None = None
    probability: float | None = None
    late_probability: float | None = None
    model_version: str | None = None
    late_model_version: str | None = None
    arms: dict[str, str] = {}
    expected_recovery_minor: int = 0
    currency: str | None = None
    priority: int = 0
    revision: int = 0  # how often it was assessed


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


_COLUMNS = """a.state, a.segment, a.policy_version, a.probability, a.late_probability,
  a.model_version, a.late_model_version, a.arms, a.expected_recovery_minor, a.currency,
  a.priority, a.revision"""


def _state(stored: bytes) -> Account:
    state = _ACCOUNT.decode(stored)
    if state.invoices and not state.payer.booked:  # stored before there was a payer's record
        count_payer(state)
    return state


def _standing(row: Record) -> AccountRow:
    values = dict(row)
    values.pop("tenant_id", None)
    values.pop("account_id", None)
    values["state"], values["arms"] = _state(row["state"]), _ARMS.decode(row["arms"])
    return AccountRow(**values)


async def lock_accounts(session: Session, keys: Collection[Key]) -> dict[Key, AccountRow]:
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
        f"""select a.tenant_id, a.account_id, {_COLUMNS}
           from accounts a join unnest($1::text[], $2::text[]) as k(t, a_id)
             on a.tenant_id = k.t and a.account_id = k.a_id
           order by a.tenant_id, a.account_id for update of a""",
        tenants,
        ids,
    )
    return {(row["tenant_id"], row["account_id"]): _standing(row) for row in rows}


async def lock_slice(
    session: Session, tenant: str, *, after: str, limit: int
) -> dict[Key, AccountRow]:
    """The next accounts that have a segment, in the order of their ids, for change."""
    rows = await session.fetch(
        f"""select a.tenant_id, a.account_id, {_COLUMNS} from accounts a
           where a.tenant_id = $1 and a.account_id > $2 and a.segment is not null
           order by a.account_id limit $3 for update of a""",
        tenant,
        after,
        limit,
    )
    return {(row["tenant_id"], row["account_id"]): _standing(row) for row in rows}


async def update_accounts(session: Session, standings: Mapping[Key, AccountRow]) -> None:
    """Write locked accounts back."""
    keys = sorted(standings)
    values = [standings[key] for key in keys]
    await session.execute(
        f"""update accounts a set {_SET}, state = n.state, latest_on = n.latest_on,
             known_at = n.known_at, known_on = n.known_on
           from unnest({_ARRAYS}, $14::bytea[], $15::date[], $16::timestamptz[],
                       $17::date[])
             as n({_NAMES}, state, latest_on, known_at, known_on)
           where a.tenant_id = n.tenant_id and a.account_id = n.account_id""",
        *_figures(keys, values),
        [msgspec.json.encode(value.state) for value in values],
        [value.state.latest_on for value in values],
        [value.state.known_at for value in values],
        [known_on(value.state) for value in values],
    )


async def update_figures(session: Session, standings: Mapping[Key, AccountRow]) -> None:
    """The same where nothing of their states has changed: a state is most of a row."""
    keys = sorted(standings)
    await session.execute(
        f"""update accounts a set {_SET} from unnest({_ARRAYS}) as n({_NAMES})
           where a.tenant_id = n.tenant_id and a.account_id = n.account_id""",
        *_figures(keys, [standings[key] for key in keys]),
    )


_SET = """segment = n.segment, policy_version = n.policy_version, probability = n.probability,
  late_probability = n.late_probability, model_version = n.model_version,
  late_model_version = n.late_model_version, arms = n.arms, expected_recovery_minor = n.expected,
  currency = n.currency, priority = n.priority, revision = n.revision"""
_NAMES = """tenant_id, account_id, segment, policy_version, probability, late_probability,
  model_version, late_model_version, arms, expected, currency, priority, revision"""
_ARRAYS = """$1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[],
  $7::text[], $8::text[], $9::bytea[], $10::bigint[], $11::text[], $12::bigint[], $13::bigint[]"""


def _figures(keys: Sequence[Key], values: Sequence[AccountRow]) -> list[list[object]]:
    return [
        [tenant for tenant, _ in keys],
        [account for _, account in keys],
        [value.segment for value in values],
        [value.policy_version for value in values],
        [value.probability for value in values],
        [value.late_probability for value in values],
        [value.model_version for value in values],
        [value.late_model_version for value in values],
        [msgspec.json.encode(value.arms) for value in values],
        [value.expected_recovery_minor for value in values],
        [value.currency for value in values],
        [value.priority for value in values],
        [value.revision for value in values],
    ]


async def find_account(session: Session, key: Key) -> AccountRow | None:
    """An account that something is believed of."""
    row = await session.fetchrow(
        f"""select {_COLUMNS} from accounts a
           where tenant_id = $1 and account_id = $2 and segment is not null""",
        *key,
    )
    return None if row is None else _standing(row)


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
        yield [(row["account_id"], _state(row["state"]), row["segment"]) for row in rows]


async def count_accounts(session: Session, tenant: str) -> int:
    """How many accounts have a segment."""
    count: int = await session.fetchval(
        "select count(*) from accounts where tenant_id = $1 and segment is not null", tenant
    )
    return count


async def latest_known(session: Session, tenant: str) -> tuple[datetime | None, date | None]:
    """The latest business instant and day that any event of the tenant's accounts carried."""
    row = await session.fetchrow(
        """with latest as (
             select known_on from accounts where tenant_id = $1 and known_on is not null
             order by known_on desc limit 1)
           select max(known_at) as at, max(a.known_on) as on_day
           from accounts a, latest l where a.tenant_id = $1 and a.known_on >= l.known_on - 1""",
        tenant,
    )
    assert row is not None, "an aggregate has a row"
    return row["at"], row["on_day"]


async def keep_alive(session: Session) -> None:
    """Show the server that a transaction is not forgotten."""
    await session.execute("select")


async def check_ready(session: Session) -> None:
    """Raises where the database does not answer or has not been migrated."""
    await session.execute("select from accounts limit 1")
