"""Accounts in experiments: a row per run and knowledge, and what they add to the sums of arms."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from services.metrics.domain.experiments.enrolments import ArmKey, Counted, Enrolment
from services.metrics.domain.experiments.outcomes import Valued
from services.metrics.domain.experiments.sums import ArmSums
from services.metrics.domain.timelines import KnownRow
from services.metrics.store.remembered import AccountKey
from shared.database import Record, Session

Stored = tuple[AccountKey, KnownRow[Enrolment]]

_COLUMNS = """
    tenant_id, account_id, name, run, known_from, known_until, arm, enrolled_on, crossed_on,
    exposed_on, ripe_on, named_at, outcomes"""


async def lock_runs(session: Session, tenants: Mapping[str, bool]) -> None:
    """Until the end: whoever takes a new run of a tenant (True) waits for all that are at its
    accounts, and they for it. Before any account is locked."""
    ordered = sorted(tenants)
    await session.execute(
        """
        select case when is_new then pg_advisory_xact_lock(lock)
            else pg_advisory_xact_lock_shared(lock) end
        from (
            select hashtextextended('metrics runs ' || tenant_id, 0) as lock, is_new
            from unnest($1::text[], $2::bool[]) with ordinality as given (tenant_id, is_new, place)
            order by place
        ) locks
        """,
        ordered,
        [tenants[tenant] for tenant in ordered],
    )


async def list_named_since(
    session: Session, tenant: str, name: str, since: datetime
) -> list[AccountKey]:
    """Accounts whose segment changed with an arm of the experiment, at an instant or later."""
    rows = await session.fetch(
        """
        select distinct tenant_id, account_id from experiment_accounts
        where tenant_id = $1 and name = $2 and named_at >= $3
        """,
        tenant,
        name,
        since,
    )
    return [(row["tenant_id"], row["account_id"]) for row in rows]


async def list_enrolments(
    session: Session, since: Mapping[AccountKey, int]
) -> dict[AccountKey, list[KnownRow[Enrolment]]]:
    """The rows of accounts that are known at some moment of each, or later."""
    rows = await session.fetch(
        f"""
        select {_COLUMNS} from experiment_accounts
        join unnest($1::text[], $2::text[], $3::int[]) as given (tenant_id, account_id, since)
            using (tenant_id, account_id)
        where known_until >= since
        """,
        [key[0] for key in since],
        [key[1] for key in since],
        list(since.values()),
    )
    found: dict[AccountKey, list[KnownRow[Enrolment]]] = defaultdict(list)
    for row in rows:
        known = KnownRow(_enrolment(row), row["known_from"], row["known_until"])
        found[row["tenant_id"], row["account_id"]].append(known)
    return found


async def list_ripe(
    session: Session,
    scope: tuple[str, int],
    run: tuple[str, int],
    arm: str,
    at: date,
    after: str,
    limit: int,
) -> list[tuple[str, Enrolment]]:
    """The accounts of an arm whose window is over by the end of a day, by tenant and what was known
    before a moment; in order after one."""
    rows = await session.fetch(
        f"""
        select {_COLUMNS} from experiment_accounts
        where tenant_id = $1 and name = $2 and run = $3 and arm = $4 and ripe_on <= $5
            and known_from < $6 and known_until >= $6 and account_id > $7
        order by account_id limit $8
        """,
        scope[0],
        *run,
        arm,
        at,
        scope[1],
        after,
        limit,
    )
    return [(row["account_id"], _enrolment(row)) for row in rows]


def _enrolment(row: Record) -> Enrolment:
    return Enrolment(
        name=row["name"],
        run=row["run"],
        arm=row["arm"],
        enrolled_on=row["enrolled_on"],
        crossed_on=row["crossed_on"],
        exposed_on=row["exposed_on"],
        ripe_on=row["ripe_on"],
        named_at=row["named_at"],
        outcomes=tuple(Valued(*each) for each in json.loads(row["outcomes"])),
    )


async def replace_enrolments(
    session: Session, gone: Sequence[Stored], come: Sequence[Stored]
) -> None:
    """Rows in place of others."""
    if gone:
        await session.execute(
            """
            delete from experiment_accounts e
            using unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[])
                as given (tenant_id, account_id, name, run, known_from)
            where (e.tenant_id, e.account_id, e.name, e.run, e.known_from)
                = (given.tenant_id, given.account_id, given.name, given.run, given.known_from)
            """,
            *_columns((*key, *known.row.key, known.known_from) for key, known in gone),
        )
    if come:
        await session.execute(
            f"""
            insert into experiment_accounts ({_COLUMNS})
            select * from unnest(
                $1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::text[],
                $8::date[], $9::date[], $10::date[], $11::date[], $12::timestamptz[], $13::text[]
            )
            """,
            *_columns(
                (
                    *key,
                    *known.row.key,
                    known.known_from,
                    known.known_until,
                    known.row.arm,
                    known.row.enrolled_on,
                    known.row.crossed_on,
                    known.row.exposed_on,
                    known.row.ripe_on,
                    known.row.named_at,
                    json.dumps([list(each) for each in known.row.outcomes]),
                )
                for key, known in come
            ),
        )


async def add_sums(session: Session, tenant: str, sums: Mapping[ArmKey, ArmSums]) -> None:
    """Add to the sums of arms; what comes to nothing goes."""
    added = sorted((key, each) for key, each in sums.items() if each != ArmSums())
    if not added:
        return
    keys = [(key.name, key.run, key.arm, key.metric, key.currency) for key, _ in added]
    days = [(key.day, key.known) for key, _ in added]
    values = [(s.accounts, s.y, s.x, s.yy, s.xy, s.xx) for _, s in added]
    await session.execute(
        """
        insert into experiment_days as d (
            tenant_id, name, run, arm, metric, currency, day, known, accounts, y, x, yy, xy, xx
        )
        select $1, * from unnest(
            $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::date[], $8::int[],
            $9::bigint[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[],
            $14::numeric[]
        )
        on conflict (tenant_id, name, run, arm, metric, currency, day, known) do update set
            accounts = d.accounts + excluded.accounts, y = d.y + excluded.y, x = d.x + excluded.x,
            yy = d.yy + excluded.yy, xy = d.xy + excluded.xy, xx = d.xx + excluded.xx
        """,
        tenant,
        *_columns(keys),
        *_columns(days),
        *_columns(values),
    )
    await session.execute(
        """
        delete from experiment_days d
        using unnest(
            $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::date[], $8::int[]
        ) as given (name, run, arm, metric, currency, day, known)
        where d.tenant_id = $1 and (d.name, d.run, d.arm, d.metric, d.currency, d.day, d.known)
            = (given.name, given.run, given.arm, given.metric, given.currency, given.day,
                given.known)
            and (d.accounts, d.y, d.x, d.yy, d.xy, d.xx) = (0, 0, 0, 0, 0, 0)
        """,
        tenant,
        *_columns(keys),
        *_columns(days),
    )


async def add_counts(session: Session, tenant: str, counts: Mapping[ArmKey, Counted]) -> None:
    """Add to how many accounts of arms became what."""
    added = sorted((key, each) for key, each in counts.items() if each != Counted())
    if not added:
        return
    keys = [(key.name, key.run, key.arm, key.day, key.known) for key, _ in added]
    await session.execute(
        """
        insert into experiment_exposures as d (
            tenant_id, name, run, arm, day, known, enrolled, exposed, crossed
        )
        select $1, * from unnest(
            $2::text[], $3::int[], $4::text[], $5::date[], $6::int[], $7::bigint[], $8::bigint[],
            $9::bigint[]
        )
        on conflict (tenant_id, name, run, arm, day, known) do update set
            enrolled = d.enrolled + excluded.enrolled, exposed = d.exposed + excluded.exposed,
            crossed = d.crossed + excluded.crossed
        """,
        tenant,
        *_columns(keys),
        *_columns((each.enrolled, each.exposed, each.crossed) for _, each in added),
    )
    await session.execute(
        """
        delete from experiment_exposures d
        using unnest($2::text[], $3::int[], $4::text[], $5::date[], $6::int[])
            as given (name, run, arm, day, known)
        where d.tenant_id = $1 and (d.name, d.run, d.arm, d.day, d.known)
            = (given.name, given.run, given.arm, given.day, given.known)
            and (d.enrolled, d.exposed, d.crossed) = (0, 0, 0)
        """,
        tenant,
        *_columns(keys),
    )


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
