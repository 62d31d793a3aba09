"""A database from before a change of definitions: its measures are made anew from its facts."""

from services.metrics.consumer import take
from shared.database import Database, migrate
from tests.metrics_figures import a_segment_changed, at
from tests.unit.metrics.test_story import (
    a_payment,
    an_account,
    an_invoice,
    overdue,
    put,
)

ALL = (
    "select * from money_days order by tenant_id, measure, currency, day, until_on, known, segment"
)


async def test_measures_are_made_again_from_the_facts_that_are_stored(bare_url: str) -> None:
    await migrate.upgrade("metrics", bare_url, "metrics_0002")
    db = Database(bare_url)
    events = [
        an_account(),
        an_invoice(),
        overdue(),
        a_payment("P1", 60, "2026-03-10", put("P1", 60, "2026-03-10", released="2026-04-20")),
        a_payment("P2", 30, "2026-05-01", put("P2", 30, "2026-05-01")),
        a_segment_changed("late", time=at("2026-03-10")),
    ]
    for event in events:  # each by itself: differences add up
        async with db.transaction() as session:
            await take(session, [event])
    expected = [tuple(row) for row in await db.fetch(ALL) if row["amount"] or row["weight"]]
    assert any("in_collections" in row for row in expected)
    async with db.transaction() as session:
        # As the older definitions had left it.
        await session.execute("delete from money_days where measure = 'in_collections'")
        await session.execute("update money_days set amount = amount + 1")
        await session.execute("update alembic_version set version_num = 'metrics_0001'")
    await migrate.upgrade("metrics", bare_url, "metrics_0002")
    found = [tuple(row) for row in await db.fetch(ALL)]
    await db.close()
    assert found == expected
