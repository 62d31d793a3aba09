"""The cells: appended as they are found, added up when they are asked for."""

from collections.abc import Mapping

from services.metrics.domain.cells import NOTHING, Cells
from shared.database import Session


async def append_cells(session: Session, measured: Mapping[tuple[str, int], Cells]) -> None:
    """Append what was found, by tenant and moment of knowledge. Nobody waits for anybody."""
    rows = [
        (
            tenant, slot, cell.measure, cell.currency, cell.day, cell.until, cell.mark, cell.cut,
            cell.segment, cell.country, cell.kind, cell.channel, cell.strategy, cell.collector,
            added.amount, added.count, added.weight,
        )
        for (tenant, slot), cells in measured.items()
        for cell, added in cells.items()
        if added != NOTHING
    ]  # fmt: skip
    if rows:
        await session.execute(
            """
            insert into cells_new (
                tenant_id, known, measure, currency, day, until_on, mark, cut,
                segment, country, kind, channel, strategy, collector, amount, count, weight
            )
            select * from unnest(
                $1::text[], $2::int[], $3::text[], $4::text[], $5::date[], $6::date[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
                $14::text[], $15::numeric[], $16::bigint[], $17::numeric[]
            )
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )


async def upsert_currencies(session: Session, since: Mapping[tuple[str, str], int]) -> None:
    """Note which currencies a tenant has figures in, since the earliest moment it was known."""
    rows = sorted((*key, slot) for key, slot in since.items())
    if rows:
        await session.execute(
            """
            insert into currencies as c (tenant_id, currency, known)
            select * from unnest($1::text[], $2::text[], $3::int[])
            on conflict (tenant_id, currency) do update set known = excluded.known
            where excluded.known < c.known
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )
