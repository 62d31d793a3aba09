"""Episodes of early warnings."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct

from shared.database import Record, Session

_FIGURES = msgspec.json.Decoder(dict[str, int])
_COLUMNS = (
    "account_id, warning_id, kind, since_on, raised_at, because, figures, currency, segment,"
    " priority, policy_version, ended_on"
)


class RaisedWarning(Struct, frozen=True, kw_only=True):
    """An episode."""

    account_id: str
    warning_id: str
    kind: str
    since_on: date
    raised_at: datetime  # business time at which what raised it was recorded
    because: str
    figures: dict[str, int]
    currency: str | None
    segment: str
    priority: int
    policy_version: str
    ended_on: date | None = None  # None: it lasts


class EndedWarning(Struct, frozen=True):
    """An episode is over."""

    tenant: str
    account_id: str
    kind: str
    on: date


async def insert_warnings(session: Session, raised: Sequence[tuple[str, RaisedWarning]]) -> None:
    """Keep what was raised, by tenant; what was kept already stays as it is."""
    if not raised:
        return
    items = [item for _, item in raised]
    await session.execute(
        f"""insert into warnings (tenant_id, {_COLUMNS})
            select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[],
              $6::timestamptz[], $7::text[], $8::bytea[], $9::text[], $10::text[], $11::numeric[],
              $12::text[], $13::date[])
            on conflict do nothing""",
        [tenant for tenant, _ in raised],
        [item.account_id for item in items],
        [item.warning_id for item in items],
        [item.kind for item in items],
        [item.since_on for item in items],
        [item.raised_at for item in items],
        [item.because for item in items],
        [msgspec.json.encode(item.figures) for item in items],
        [item.currency for item in items],
        [item.segment for item in items],
        [item.priority for item in items],
        [item.policy_version for item in items],
        [item.ended_on for item in items],
    )


async def end_warnings(session: Session, ended: Sequence[EndedWarning]) -> None:
    """Close the open episodes of these kinds."""
    if not ended:
        return
    await session.execute(
        """update warnings w set ended_on = greatest(w.since_on, e.ended_on)
           from unnest($1::text[], $2::text[], $3::text[], $4::date[])
             as e(tenant_id, account_id, kind, ended_on)
           where w.tenant_id = e.tenant_id and w.account_id = e.account_id and w.kind = e.kind
             and w.ended_on is null""",
        [item.tenant for item in ended],
        [item.account_id for item in ended],
        [item.kind for item in ended],
        [item.on for item in ended],
    )


async def list_warnings(
    session: Session,
    tenant: str,
    *,
    account_id: str | None,
    kind: str | None,
    is_open: bool | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[RaisedWarning]:
    """Warnings, the latest first; `after` is the last line of the page before."""
    rows = await session.fetch(
        f"""select {_COLUMNS} from warnings
            where tenant_id = $1 and ($2::text is null or account_id = $2)
              and ($3::text is null or kind = $3)
              and ($4::bool is null or (ended_on is null) = $4)
              and ($5::timestamptz is null or raised_at < $5
                   or (raised_at = $5 and warning_id > $6::text))
            order by raised_at desc, warning_id limit $7""",
        tenant,
        account_id,
        kind,
        is_open,
        *(after or (None, None)),
        limit,
    )
    return [_raised(row) for row in rows]


def _raised(row: Record) -> RaisedWarning:
    figures, priority = _FIGURES.decode(row["figures"]), int(row["priority"])
    return RaisedWarning(**{**dict(row), "figures": figures, "priority": priority})
