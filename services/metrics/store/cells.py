"""The cells: appended as they are found, and currencies. `merging.py` adds them up behind."""

from collections.abc import Iterator, Mapping

from msgspec.structs import astuple

from services.metrics.domain.cells import NOTHING, Added, Cell, Cells
from shared.database import Session

COLUMNS = (
    "tenant_id", "known", "measure", "currency", "day", "until_on", "mark", "cut",
    "segment", "country", "kind", "channel", "strategy", "collector", "amount", "count", "weight",
)  # fmt: skip
# In the order of the fields of a cell, and of what is added.
_COPIED = (
    "tenant_id", "known",
    *("until_on" if field == "until" else field for field in Cell.__struct_fields__),
    *Added.__struct_fields__,
)  # fmt: skip
_PART_MAX = 2**63 - 1  # what a column of new cells holds; more of it takes several rows


async def append_cells(session: Session, measured: Mapping[tuple[str, int], Cells]) -> int:
    """Append what was found, by tenant and moment of knowledge; how many rows that are. Nobody
    waits for anybody."""
    rows = [
        (tenant, slot, *astuple(cell), *astuple(part))
        for (tenant, slot), cells in measured.items()
        for cell, added in cells.items()
        for part in (_parts(added) if _is_large(added) else (added,))
        if part != NOTHING
    ]
    if rows:
        await session.copy("cells_new", _COPIED, rows)
    return len(rows)


def _parts(added: Added) -> Iterator[Added]:
    """What is added, in as many rows as hold it; none for nothing."""
    while _is_large(added):
        part = Added(_bounded(added.amount), 0, _bounded(added.weight))
        yield part
        added -= part
    if added != NOTHING:
        yield added


def _is_large(added: Added) -> bool:
    return not (-_PART_MAX <= added.amount <= _PART_MAX and -_PART_MAX <= added.weight <= _PART_MAX)


def _bounded(number: int) -> int:
    return max(-_PART_MAX, min(number, _PART_MAX))


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
