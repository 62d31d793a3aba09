"""Reference rates of tenants: their own rows over those that come with the ledger."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from functools import partial

from msgspec import Struct

from services.ledger.domain.rates import RateRow, RateTables, percent_text, rate_tables
from services.ledger.store.shipped import shipped_rates
from shared.database import Session

TENANTS_MAX = 256  # whose tables are kept


class OwnRow(Struct, frozen=True, kw_only=True):
    """A row of a tenant, as it counts."""

    from_on: date
    percent: Fraction
    source: str
    stored_by: str
    stored_at: datetime
    revision: int


class Rates:
    """One per process. What another process stores counts at once: the database is asked."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, RateTables] = OrderedDict()
        self._shipped = rate_tables(shipped_rates().values(), {}, 0)

    async def tables(self, session: Session, tenant_id: str) -> RateTables:
        """All rates of a tenant: the same object until one changes."""
        revision = await get_revision(session, tenant_id)
        if revision == 0:
            return self._shipped
        known = self._known.get(tenant_id)
        if known is None or known.revision != revision:
            known = await read_rate_tables(session, tenant_id)
            # A revision that is taken back may come again with other rows.
            session.after_commit(partial(self._remember, tenant_id, known))
        return known

    def _remember(self, tenant_id: str, tables: RateTables) -> None:
        self._known[tenant_id] = tables
        self._known.move_to_end(tenant_id)
        if len(self._known) > TENANTS_MAX:
            self._known.popitem(last=False)


async def read_rate_tables(
    session: Session, tenant_id: str, until_revision: int | None = None
) -> RateTables:
    """All rates of a tenant as they are, or as they were at a revision."""
    own = await list_own_rates(session, tenant_id, until_revision)
    rows = {name: [RateRow(row.from_on, row.percent) for row in own[name]] for name in own}
    revision = max((row.revision for found in own.values() for row in found), default=0)
    return rate_tables(shipped_rates().values(), rows, revision)


async def get_revision(session: Session, tenant_id: str) -> int:
    """How often the tenant's own rates have changed."""
    revision: int = await session.fetchval(
        "select coalesce(max(revision), 0) from rate_rows where tenant_id = $1", tenant_id
    )
    return revision


async def insert_rate_rows(
    session: Session,
    tenant_id: str,
    name: str,
    rows: Sequence[RateRow],
    *,
    revision: int,
    source: str,
    by: str,
    now: datetime,
) -> None:
    """Rows of a new revision; those before them stay, and count no more."""
    await session.execute(
        "insert into rate_rows"
        " (tenant_id, revision, name, from_on, percent, source, stored_by, stored_at)"
        " select $1, $2, $3, d, p, $6, $7, $8 from unnest($4::date[], $5::text[]) as r(d, p)",
        tenant_id,
        revision,
        name,
        [row.from_on for row in rows],
        [percent_text(row.percent) for row in rows],
        source,
        by,
        now,
    )


async def list_own_rates(
    session: Session, tenant_id: str, until_revision: int | None = None
) -> Mapping[str, list[OwnRow]]:
    """The rows of a tenant that count, or counted at a revision, by name and day."""
    rows = await session.fetch(
        "select distinct on (name, from_on) name, from_on, percent, source, stored_by, stored_at,"
        " revision from rate_rows where tenant_id = $1 and ($2::bigint is null or revision <= $2)"
        " order by name, from_on, revision desc",
        tenant_id,
        until_revision,
    )
    found: dict[str, list[OwnRow]] = {}
    for row in rows:
        own = OwnRow(
            from_on=row["from_on"],
            percent=Fraction(row["percent"]),
            source=row["source"],
            stored_by=row["stored_by"],
            stored_at=row["stored_at"],
            revision=row["revision"],
        )
        found.setdefault(row["name"], []).append(own)
    return found
