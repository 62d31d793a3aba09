"""Experiments, run by run."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from services.segmentation.domain.experiments import Design, Experiment, Status
from services.segmentation.domain.guardrails import Enrolled
from shared.database import Record, Session

_DESIGN = msgspec.json.Decoder(Design)
_COLUMNS = "name, run, design, status, stored_at, started_at, stopped_at, because"
_LOCK_CLASS = 2  # of the advisory locks on a tenant's experiment


class Run(Struct, frozen=True, kw_only=True):
    """One run of an experiment as it is stored."""

    name: str
    run: int
    design: Design
    status: Status
    stored_at: datetime
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    because: str | None = None  # why it was stopped


async def lock_experiment(session: Session, tenant: str, name: str) -> Run | None:
    """The latest run, for change; nobody else changes the experiment before the commit."""
    await session.execute(
        "select pg_advisory_xact_lock($1, hashtext($2))", _LOCK_CLASS, f"{tenant}\n{name}"
    )
    return await find_run(session, tenant, name)


async def find_run(session: Session, tenant: str, name: str) -> Run | None:
    """The latest run."""
    row = await session.fetchrow(
        f"""select {_COLUMNS} from experiments where tenant_id = $1 and name = $2
            order by run desc limit 1""",
        tenant,
        name,
    )
    return None if row is None else _run(row)


async def list_runs(session: Session, tenant: str, *, after: str, limit: int) -> list[Run]:
    """The latest run of every experiment, by name."""
    rows = await session.fetch(
        f"""select distinct on (name) {_COLUMNS} from experiments
            where tenant_id = $1 and name > $2 order by name, run desc limit $3""",
        tenant,
        after,
        limit,
    )
    return [_run(row) for row in rows]


async def find_running(
    session: Session, tenants: Iterable[str]
) -> dict[str, tuple[Experiment, ...]]:
    """What runs, by tenant, in the order of the names."""
    rows = await session.fetch(
        """select tenant_id, name, run, design from experiments
           where tenant_id = any($1::text[]) and status = 'running' order by tenant_id, name""",
        sorted(tenants),
    )
    found: dict[str, tuple[Experiment, ...]] = {}
    for row in rows:
        tenant = row["tenant_id"]
        one = Experiment(
            tenant=tenant, name=row["name"], run=row["run"], design=_DESIGN.decode(row["design"])
        )
        found[tenant] = (*found.get(tenant, ()), one)
    return found


async def list_tenants(session: Session) -> list[str]:
    """The tenants that have an experiment under way."""
    rows = await session.fetch(
        "select distinct tenant_id from experiments where status = 'running' order by tenant_id"
    )
    return [row["tenant_id"] for row in rows]


async def upsert_run(session: Session, tenant: str, run: Run) -> None:
    """Write a run that the caller has locked, or a new one."""
    await session.execute(
        f"""insert into experiments (tenant_id, {_COLUMNS})
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (tenant_id, name, run) do update set
              design = excluded.design, status = excluded.status, stored_at = excluded.stored_at,
              started_at = excluded.started_at, stopped_at = excluded.stopped_at,
              because = excluded.because""",
        tenant,
        run.name,
        run.run,
        msgspec.json.encode(run.design),
        run.status,
        run.stored_at,
        run.started_at,
        run.stopped_at,
        run.because,
    )


def _run(row: Record) -> Run:
    values = dict(row)
    return Run(**{**values, "design": _DESIGN.decode(values["design"])})


async def list_enrolled(session: Session, tenant: str, *, after: str, limit: int) -> list[Enrolled]:
    """The next accounts in the order of their ids; who is in an experiment stands in the state."""
    rows = await session.fetch(
        """select account_id, state, segment, probability, expected_recovery_minor, currency
           from accounts
           where tenant_id = $1 and account_id > $2 and segment is not null
             and probability is not null
           order by account_id limit $3""",
        tenant,
        after,
        limit,
    )
    return [_enrolled(*row) for row in rows]


def _enrolled(
    account_id: str,
    state: bytes,
    segment: str,
    probability: float,
    expected: Decimal,
    currency: str | None,
) -> Enrolled:
    return Enrolled(account_id, state, segment, probability, int(expected), currency)
