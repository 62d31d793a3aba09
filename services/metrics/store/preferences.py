"""A tenant's settings for metrics alone."""

from typing import Literal

from shared.database import Session

PeopleShown = Literal["off", "own", "all"]
PEOPLE_BY_DEFAULT: PeopleShown = "own"


async def find_people_shown(session: Session, tenant_id: str) -> PeopleShown:
    """Whose figures by person may be looked at: nobody's, one's own, or all people's."""
    found: PeopleShown | None = await session.fetchval(
        "select people from settings where tenant_id = $1", tenant_id
    )
    return found or PEOPLE_BY_DEFAULT


async def upsert_people_shown(session: Session, tenant_id: str, people: PeopleShown) -> None:
    await session.execute(
        """
        insert into settings (tenant_id, people) values ($1, $2)
        on conflict (tenant_id) do update set people = excluded.people
        """,
        tenant_id,
        people,
    )
