"""Events into accounts, through PostgreSQL: what is stored, what is announced, what is not."""

from datetime import date

import pytest

from services.segmentation.commands.scoring import reassess_accounts
from services.segmentation.domain.beliefs import AccountRow
from services.segmentation.domain.commitments import Commitments
from services.segmentation.domain.features import features_of
from services.segmentation.store import accounts as store
from services.segmentation.store import assessments
from services.segmentation.tables import metadata
from shared.database import Database
from shared.database.migrate import differences
from shared.events import ledger
from tests.dumps import stored_texts
from tests.integration.segmentation.helpers import (
    context_for,
    growing_old,
    said,
    segments_of,
    take,
)
from tests.unit.segmentation.builders import Story

KEY = ("demo", "C1")


async def test_models_and_migrations_agree(segmentation_url: str) -> None:
    assert await differences(segmentation_url, metadata) == []


async def test_an_account_moves_through_its_segments(segmentation_db: Database) -> None:
    story = growing_old().paid("P1", 50, {"I1": 10_000})
    await take(segmentation_db, story.events)
    assert await segments_of(segmentation_db) == ["current", "reminder", "negotiate", "current"]
    announced = await said(segmentation_db)
    assert [item.type for item in announced] == ["account-scored", "segment-changed"] * 4
    assert {item.key for item in announced} == {"demo/C1"}
    reasons = announced[2].payload["reasons"]
    assert isinstance(reasons, list)
    assert {"feature": "age_of_debt_days", "value": "1", "points": 10} in reasons
    assert announced[3].payload["because"] == "invoice-overdue"


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_any_split_into_batches_says_and_stores_the_same(
    segmentation_db: Database, other_db: Database, size: int
) -> None:
    events = [*growing_old().contacted(46).paid("P1", 50, {"I1": 4_000}).events]
    events += growing_old("C2").events
    await take(segmentation_db, events)
    await take(other_db, events, size=size)
    assert await said(segmentation_db) == await said(other_db)
    rows = "select * from accounts order by account_id"
    assert await segmentation_db.fetch(rows) == await other_db.fetch(rows)
    days = "select * from assessments order by account_id, on_day"
    assert await segmentation_db.fetch(days) == await other_db.fetch(days)


async def test_a_contact_lowers_the_priority_and_says_nothing(segmentation_db: Database) -> None:
    story = growing_old()
    await take(segmentation_db, story.events)
    before, said_before = await _standing(segmentation_db), await said(segmentation_db)
    story.contacted(46)
    await take(segmentation_db, story.events[-1:])
    after = await _standing(segmentation_db)
    assert 0 < after.priority <= before.priority // 2
    assert after.segment == before.segment
    assert await said(segmentation_db) == said_before


async def test_an_account_known_from_contacts_alone_has_no_segment(
    segmentation_db: Database,
) -> None:
    await take(segmentation_db, Story().contacted(1).events)
    async with segmentation_db.reading() as session:
        assert await store.find_account(session, KEY) is None


async def test_what_is_rolled_back_leaves_nothing(segmentation_db: Database) -> None:
    context = context_for(segmentation_db)

    async def failing() -> None:
        async with segmentation_db.transaction() as session:
            await reassess_accounts(session, growing_old().events, context)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await said(segmentation_db) == []
    assert await segmentation_db.fetch("select 1 from accounts") == []


async def test_what_was_believed_on_a_day_stays_known(segmentation_db: Database) -> None:
    await take(segmentation_db, growing_old().paid("P1", 50, {"I1": 10_000}).events)
    async with segmentation_db.reading() as session:
        assert await assessments.find_assessment(session, KEY, date(2025, 12, 31)) is None
        found = [
            await assessments.find_assessment(session, KEY, day)
            for day in (date(2026, 1, 1), date(2026, 1, 20), date(2026, 2, 19), date(2027, 1, 1))
        ]
    assert [item.segment for item in found if item] == [
        "current",
        "reminder",
        "negotiate",
        "current",
    ]
    assert [item.features.age_days for item in found if item] == [0, 1, 31, 0]


async def test_state_survives_storage_unchanged(segmentation_db: Database) -> None:
    story = growing_old().contacted(46).paid("P1", 50, {"I1": 4_000})
    await take(segmentation_db, story.events)
    standing = await _standing(segmentation_db)
    stored = standing.state
    assert standing.revision == len(story.events)
    stored.commitments = Commitments()  # what came of it; the rest is what was told
    assert stored == story.folded()
    assert features_of((await _standing(segmentation_db)).state) == features_of(story.folded())


async def _standing(db: Database) -> AccountRow:
    async with db.reading() as session:
        standing = await store.find_account(session, KEY)
    assert standing is not None
    return standing


async def test_a_state_that_another_process_moved_on_is_read_again(
    segmentation_db: Database, other_db: Database
) -> None:
    events = growing_old().contacted(46).paid("P1", 50, {"I1": 4_000}).events
    one, other = context_for(segmentation_db), context_for(segmentation_db)
    for number, event in enumerate(events):
        await take(segmentation_db, [event], context=(one, other)[number % 2])
    await take(other_db, events)
    for table in ("accounts", "assessments"):
        rows = f"select * from {table} order by account_id"
        assert await segmentation_db.fetch(rows) == await other_db.fetch(rows)


async def test_a_state_that_was_changed_and_rolled_back_is_read_again(
    segmentation_db: Database, other_db: Database
) -> None:
    events, context = growing_old().events, context_for(segmentation_db)
    await take(segmentation_db, events[:2], context=context)

    async def failing() -> None:
        async with segmentation_db.transaction() as session:
            await reassess_accounts(session, events[2:], context)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    await take(segmentation_db, events[2:], context=context)
    await take(other_db, events)
    rows = "select * from accounts order by account_id"
    assert await segmentation_db.fetch(rows) == await other_db.fetch(rows)


async def test_labels_of_an_erased_account_go_from_what_was_believed(
    segmentation_db: Database,
) -> None:
    story = growing_old()
    story.events.clear()
    story.registered(0, tags=("Dromedar",))
    story.issued("I1", 1, due=14, minor=10_000, balance=10_000)
    story.overdue("I1", 15, due=14, stage=1, balance=10_000, overdue=10_000)
    await take(segmentation_db, story.events)
    assert "Dromedar" in " ".join(await stored_texts(segmentation_db))
    story.say("account-erased", ledger.AccountErased(account_id="C1"), 20)
    await take(segmentation_db, story.events[-1:])
    assert "Dromedar" not in " ".join(await stored_texts(segmentation_db))
    async with segmentation_db.reading() as session:
        assert await store.find_account(session, KEY) is not None
