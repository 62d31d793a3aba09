"""SQL of rule books: every version that came, and from when each counts."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.database import Record, Session


@dataclass(frozen=True)
class StoredBook:
    name: str
    version: str
    kind: str  # law | policy
    text: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class Activation:
    """From an instant on a version counts; `version` None: the book no longer applies."""

    ord: int
    name: str
    version: str | None
    from_on: date
    from_at: datetime
    recorded_at: datetime
    recorded_by: str


async def lock_rulebooks(session: Session, tenant: str) -> None:
    """One change of a tenant's books at a time."""
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"rulebooks\n{tenant}"
    )


async def insert_rulebook(session: Session, tenant: str, book: StoredBook) -> bool:
    """False: that version was there already."""
    written = await session.fetchval(
        """
        insert into rulebooks (tenant_id, name, version, class, text, recorded_at, recorded_by)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning true
        """,
        tenant,
        book.name,
        book.version,
        book.kind,
        book.text,
        book.recorded_at,
        book.recorded_by,
    )
    return bool(written)


async def find_rulebook(
    session: Session, tenant: str, name: str, version: str
) -> StoredBook | None:
    row = await session.fetchrow(
        "select * from rulebooks where tenant_id = $1 and name = $2 and version = $3",
        tenant,
        name,
        version,
    )
    return None if row is None else _book(row)


async def list_rulebooks(
    session: Session, tenant: str, name: str | None = None
) -> list[StoredBook]:
    """By name, oldest version first. Their number is a lawyer's, not a machine's."""
    rows = await session.fetch(
        """
        select * from rulebooks where tenant_id = $1 and ($2::text is null or name = $2)
        order by name, recorded_at, version
        """,
        tenant,
        name,
    )
    return [_book(row) for row in rows]


def _book(row: Record) -> StoredBook:
    return StoredBook(
        row["name"],
        row["version"],
        row["class"],
        row["text"],
        row["recorded_at"],
        row["recorded_by"],
    )


async def insert_activation(session: Session, tenant: str, activation: Activation) -> None:
    await session.execute(
        """
        insert into rulebook_activations (tenant_id, name, version, from_on, from_at, recorded_at,
                                          recorded_by)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        tenant,
        activation.name,
        activation.version,
        activation.from_on,
        activation.from_at,
        activation.recorded_at,
        activation.recorded_by,
    )


async def list_activations(session: Session, tenant: str) -> list[Activation]:
    """In the order in which they were asked for."""
    rows = await session.fetch(
        "select * from rulebook_activations where tenant_id = $1 order by ord", tenant
    )
    return [
        Activation(
            row["ord"],
            row["name"],
            row["version"],
            row["from_on"],
            row["from_at"],
            row["recorded_at"],
            row["recorded_by"],
        )
        for row in rows
    ]


async def get_last_activation(session: Session, tenant: str) -> int:
    """The number of the tenant's latest activation, 0 before the first: what a shelf of books
    read earlier is compared with."""
    last: int | None = await session.fetchval(
        "select max(ord) from rulebook_activations where tenant_id = $1", tenant
    )
    return last or 0


async def find_last_judged(session: Session, tenant: str) -> datetime | None:
    """The latest instant at which a contact was judged and made, or suppressed."""
    at: datetime | None = await session.fetchval(
        "select max(at) from judgements where tenant_id = $1", tenant
    )
    return at


async def get_tenant_zone(session: Session, tenant: str) -> str:
    zone: str | None = await session.fetchval(
        "select timezone from tenants where tenant_id = $1", tenant
    )
    return zone or "UTC"
