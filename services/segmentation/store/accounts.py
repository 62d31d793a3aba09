"""SQL of accounts: states, what was last believed and announced of them, the ranked list."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct

from services.segmentation.domain.account import Account, known_on
from services.segmentation.domain.beliefs import AccountFigures, AccountRow, Key, figures_of
from services.segmentation.domain.encoding import (
    NEW_ACCOUNT,
    StoredAccount,
    decode_account,
    encode_account,
)
from services.segmentation.domain.rescoring import Moved, StandingAccount
from services.segmentation.store.account_memory import AccountMemory
from shared.database import Record, Session
from shared.database.columns import joined, joined_json, joined_or_null, texts, values_of

_ARMS = msgspec.json.Decoder(dict[str, str])


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


_COLUMNS = """a.segment, a.policy_version, a.probability, a.late_probability,
  a.model_version, a.late_model_version, a.arms, a.expected_recovery_minor, a.currency,
  a.priority, a.revision"""


def _row(record: Record, state: Account | None = None) -> AccountRow:
    """A row from its columns: the state, then `_COLUMNS`."""
    if state is None:
        state = decode_account(record["state"])
    row = AccountRow(state, *record[-11:])
    row.arms = _ARMS.decode(record["arms"])
    row.expected_recovery_minor = int(row.expected_recovery_minor)
    row.priority = int(row.priority)
    return row


async def lock_accounts(
    session: Session, keys: Collection[Key], memory: AccountMemory
) -> dict[Key, AccountRow]:
    """Load accounts for change, in one order for everybody; unknown ones are made.

    States that the memory has, and that nobody has written since, are not read again.
    """
    ordered = sorted(keys)
    tenants = joined([tenant for tenant, _ in ordered])
    ids = joined([account for _, account in ordered])
    taken = {key: found for key in ordered if (found := memory.take(key)) is not None}
    if len(taken) < len(ordered):
        await session.execute(
            f"""insert into accounts (tenant_id, account_id, state)
               select t, a, $3 from unnest({texts(1)}, {texts(2)}) with ordinality as k(t, a, n)
               order by n on conflict do nothing""",
            tenants,
            ids,
            NEW_ACCOUNT,
        )
    records = await session.fetch(
        f"""select a.tenant_id, a.account_id,
              case when a.revision = k.revision then null else a.state end as state, {_COLUMNS}
           from accounts a
             join unnest({texts(1)}, {texts(2)}, {values_of(3, "bigint")}) as k(t, a_id, revision)
             on a.tenant_id = k.t and a.account_id = k.a_id
           order by a.tenant_id, a.account_id for update of a""",
        tenants,
        ids,
        joined_or_null([taken[key][0] if key in taken else None for key in ordered]),
    )
    rows = {}
    for record in records:
        key = (record["tenant_id"], record["account_id"])
        rows[key] = _row(record, taken[key][1] if record["state"] is None else None)
    return rows


def remember_states(
    session: Session, rows: Mapping[Key, AccountRow], memory: AccountMemory
) -> None:
    """Keep the states of written rows once they are committed.

    Without a segment an account's revision stands still, so its state is not kept.
    """

    def keep() -> None:
        for key, row in rows.items():
            if row.segment is not None:
                memory.keep(key, row.revision, row.state)

    session.after_commit(keep)


async def lock_slice(session: Session, tenant: str, *, after: str, limit: int) -> dict[str, int]:
    """The next accounts that have a segment, in the order of their ids, for change; revisions."""
    rows = await session.fetch(
        """select a.account_id, a.revision from accounts a
           where a.tenant_id = $1 and a.account_id > $2 and a.segment is not null
           order by a.account_id limit $3 for update of a""",
        tenant,
        after,
        limit,
    )
    return {row[0]: row[1] for row in rows}


async def list_standing(
    session: Session, tenant: str, *, after: str, limit: int
) -> list[StandingAccount]:
    """The next accounts that have a segment, in the order of their ids, as they are stored."""
    rows = await session.fetch(
        f"""select a.account_id, a.state, {_COLUMNS} from accounts a
           where a.tenant_id = $1 and a.account_id > $2 and a.segment is not null
           order by a.account_id limit $3""",
        tenant,
        after,
        limit,
    )
    return [_standing(row) for row in rows]


async def find_standing(
    session: Session, tenant: str, account_ids: Sequence[str]
) -> list[StandingAccount]:
    """The same of accounts that the caller has locked."""
    rows = await session.fetch(
        f"""select a.account_id, a.state, {_COLUMNS} from accounts a
           where a.tenant_id = $1 and a.account_id = any($2::text[]) order by a.account_id""",
        tenant,
        account_ids,
    )
    return [_standing(row) for row in rows]


def _standing(record: Record) -> StandingAccount:
    account_id, state, *figures, expected, currency, priority, revision = record
    return StandingAccount(
        account_id,
        state,
        AccountFigures._make((*figures, int(expected), currency, int(priority), revision)),
    )


async def update_accounts(session: Session, rows: Mapping[Key, AccountRow]) -> None:
    """Write locked accounts back."""
    if not rows:
        return
    keys = sorted(rows)
    states = [rows[key].state for key in keys]
    await _write_accounts(
        session,
        keys,
        [figures_of(rows[key]) for key in keys],
        [
            Moved(encode_account(state), state.latest_on, state.known_at, known_on(state))
            for state in states
        ],
    )


async def update_rescored(
    session: Session, rows: Mapping[Key, tuple[AccountFigures, Moved | None]]
) -> None:
    """Write what a re-score has changed; most states it leaves as they are, and those are most of
    a row."""
    keys = sorted(key for key, (_, moved) in rows.items() if moved is not None)
    moves = [moved for key in keys if (moved := rows[key][1]) is not None]
    if keys:
        await _write_accounts(session, keys, [rows[key][0] for key in keys], moves)
    still = sorted(key for key, (_, moved) in rows.items() if moved is None)
    if still:
        await session.execute(_UPDATE_FIGURES, *_columns(still, [rows[key][0] for key in still]))


async def _write_accounts(
    session: Session, keys: Sequence[Key], figures: Sequence[AccountFigures], moved: Sequence[Moved]
) -> None:
    await session.execute(
        _UPDATE_ACCOUNTS,
        *_columns(keys, figures),
        joined_json([one.state for one in moved]),
        joined_or_null([one.latest_on for one in moved]),
        joined_or_null([one.known_at for one in moved]),
        joined_or_null([one.known_on for one in moved]),
    )


_SET = """segment = n.segment, policy_version = n.policy_version, probability = n.probability,
  late_probability = n.late_probability, model_version = n.model_version,
  late_model_version = n.late_model_version, arms = convert_to(n.arms, 'UTF8'),
  expected_recovery_minor = n.expected, currency = n.currency, priority = n.priority,
  revision = n.revision"""
_NAMES = """tenant_id, account_id, segment, policy_version, probability, late_probability,
  model_version, late_model_version, arms, expected, currency, priority, revision"""
_KINDS = ("text", "text", "text", "text", "float8", "float8", "text", "text", "text", "numeric",
          "text", "numeric", "bigint")  # fmt: skip
_ARRAYS = ", ".join(values_of(number, kind) for number, kind in enumerate(_KINDS, 1))
_UPDATE_FIGURES = f"""
update accounts a set {_SET} from unnest({_ARRAYS}) as n({_NAMES})
where a.tenant_id = n.tenant_id and a.account_id = n.account_id
"""
_UPDATE_ACCOUNTS = f"""
update accounts a set {_SET}, state = convert_to(n.state, 'UTF8'), latest_on = n.latest_on,
  known_at = n.known_at, known_on = n.known_on
from unnest({_ARRAYS}, {texts(14)}, {values_of(15, "date")}, {values_of(16, "timestamptz")},
            {values_of(17, "date")})
  as n({_NAMES}, state, latest_on, known_at, known_on)
where a.tenant_id = n.tenant_id and a.account_id = n.account_id
"""


def _columns(keys: Sequence[Key], figures: Sequence[AccountFigures]) -> list[str]:
    return [
        joined([tenant for tenant, _ in keys]),
        joined([account for _, account in keys]),
        joined_or_null([one.segment for one in figures]),
        joined_or_null([one.policy_version for one in figures]),
        joined_or_null([one.probability for one in figures]),
        joined_or_null([one.late_probability for one in figures]),
        joined_or_null([one.model_version for one in figures]),
        joined_or_null([one.late_model_version for one in figures]),
        joined_json([one.arms for one in figures]),
        joined_or_null([one.expected_recovery_minor for one in figures]),
        joined_or_null([one.currency for one in figures]),
        joined_or_null([one.priority for one in figures]),
        joined_or_null([one.revision for one in figures]),
    ]


async def find_account(session: Session, key: Key) -> AccountRow | None:
    """An account that something is believed of."""
    row = await session.fetchrow(
        f"""select a.state, {_COLUMNS} from accounts a
           where tenant_id = $1 and account_id = $2 and segment is not null""",
        *key,
    )
    return None if row is None else _row(row)


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
    return [_ranked(row) for row in rows]


def _ranked(record: Record) -> Ranked:
    expected, priority = record["expected_recovery_minor"], record["priority"]
    return Ranked(
        **{**dict(record), "expected_recovery_minor": int(expected), "priority": int(priority)}
    )


async def list_stored(
    session: Session, tenant: str, *, after: str, limit: int
) -> list[StoredAccount]:
    """The next accounts that have a segment, in the order of their ids, as they are stored."""
    rows = await session.fetch(
        """select account_id, state, segment from accounts
           where tenant_id = $1 and account_id > $2 and segment is not null
           order by account_id limit $3""",
        tenant,
        after,
        limit,
    )
    return [StoredAccount(*row) for row in rows]


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


async def check_ready(session: Session) -> None:
    """Raises where the database does not answer or has not been migrated."""
    await session.execute("select from accounts limit 1")
