"""Personal data that waits in the log's own tables goes with the account it belongs to."""

from collections.abc import Collection

from shared.database import Session
from shared.events import BILLING, CONTACTS, key_of

_RECORDS = ("account-registered", "account-updated")


async def blank_contacts(session: Session, tenant: str, keys: Collection[str]) -> None:
    """Contact details that wait, or could not be applied: each becomes the tombstone it would be
    followed by, so that whoever is behind it loses nothing."""
    for table in ("waiting", "dead_letters"):
        await session.execute(
            f"update {table} set value = null where topic = $1 and tenant = $2 and key = any($3)",
            CONTACTS,
            tenant,
            sorted(keys),
        )


async def delete_records(session: Session, tenant: str, key: str) -> int:
    """Records of an account that could not be taken in; how many. Facts about its money stay."""
    rows = await session.fetch(
        "select id, headers, value from dead_letters where topic = $1 and key in ($3, $4)"
        " and (tenant = $2 or tenant is null)",
        BILLING,
        tenant,
        key,
        key_of(tenant, key),
    )
    gone = [row["id"] for row in rows if _is_record(row["headers"], row["value"])]
    await session.execute("delete from dead_letters where id = any($1::bigint[])", gone)
    return len(gone)


def _is_record(headers: str, value: bytes | None) -> bool:
    """By its type, which stands in the headers or, of a structured event, in the value."""
    text = (value or b"").decode("utf-8", "replace")
    return any(f'"{kind}"' in headers or f'"{kind}"' in text for kind in _RECORDS)
