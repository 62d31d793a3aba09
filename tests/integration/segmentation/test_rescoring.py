"""Re-scores in the background: resumed where they stood, shared by workers, beside events."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import httpx
import pytest

from services.segmentation.commands.models import ModelDecision, keep_models, promote_model
from services.segmentation.commands.rescoring import begin_rescore, rescore_slice
from services.segmentation.context import Context
from services.segmentation.jobs.rescoring import run_rescoring
from services.segmentation.learning.trial import TrainingOrder
from services.segmentation.processes.rescoring import Rescorer
from services.segmentation.processes.training import train_model
from services.segmentation.store import rescoring as store
from shared.database import Database
from tests.integration.segmentation.helpers import context_for, take
from tests.integration.segmentation.test_consumer import until
from tests.integration.segmentation.test_models import promote, rescore, train
from tests.unit.segmentation.builders import day
from tests.unit.segmentation.history import UNTIL, portfolio

AT = datetime(2027, 6, 1, tzinfo=UTC)


async def job(db: Database) -> store.Rescoring:
    async with db.reading() as session:
        return (await store.list_rescorings(session, "demo", before=None, limit=1))[0]


async def test_a_slice_that_fails_is_taken_again_and_nothing_twice(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(20))
    await promote(client, (await train(client, "pays_within"))["version"])
    context = context_for(segmentation_db)

    async def failing() -> None:
        async with segmentation_db.transaction() as session:
            await rescore_slice(session, context, size=6)
            raise ZeroDivisionError

    async with segmentation_db.transaction() as session:
        await rescore_slice(session, context, size=6)
    with pytest.raises(ZeroDivisionError):
        await failing()
    assert ((await job(segmentation_db)).done, (await job(segmentation_db)).ended_at) == (6, None)
    await rescore(segmentation_db, size=6)
    ended = await job(segmentation_db)
    assert (ended.done, ended.changed) == (20, 20)
    rows = await segmentation_db.fetch("select model_version from accounts")
    assert len({row["model_version"] for row in rows}) == 1
    ids = await segmentation_db.fetch("select id from outbox")
    assert len({row["id"] for row in ids}) == len(ids)


async def test_workers_share_it_and_events_go_on(
    client: httpx.AsyncClient, segmentation_db: Database, segmentation_url: str
) -> None:
    events = portfolio(40)
    cut = next(i for i, event in enumerate(events) if event.recordedtime.date() > day(330))
    await take(segmentation_db, events[:cut])
    version = (await train(client, "pays_within"))["version"]
    await promote(client, version)
    other = Database(segmentation_url)
    stop = asyncio.Event()
    workers = [
        asyncio.create_task(run_rescoring(context_for(db), stop=stop, size=5))
        for db in (segmentation_db, other)
    ]
    try:
        await take(segmentation_db, events[cut:], size=7)

        async def ended() -> bool:
            return (await job(segmentation_db)).ended_at is not None

        await until(ended)
    finally:
        stop.set()
        await asyncio.gather(*workers)
        await other.close()
    assert (await job(segmentation_db)).done == 40
    rows = await segmentation_db.fetch("select model_version from accounts")
    assert {row["model_version"] for row in rows} == {version}
    keys = "select aggregateid, sequence from outbox"
    numbered = [(row["aggregateid"], row["sequence"]) for row in await segmentation_db.fetch(keys)]
    assert len(set(numbered)) == len(numbered)


async def test_a_newer_one_takes_the_place_of_one_under_way(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(10))
    for because in ("first", "second"):
        async with segmentation_db.transaction() as session:
            await begin_rescore(session, "demo", because=because, at=AT)
    listed = (await client.get("/v1/rescoring")).json()["items"]
    assert [(one["because"], one["is_superseded"]) for one in listed] == [
        ("second", False),
        ("first", True),
    ]
    await rescore(segmentation_db)
    assert (await job(segmentation_db)).ended_at is not None
    async with segmentation_db.transaction() as session:
        await begin_rescore(session, "nobody", because="no account", at=AT)
    assert await rescore(segmentation_db) == 0, "there is nothing to go through"


async def test_two_that_begin_at_once_have_two_numbers(segmentation_db: Database) -> None:
    await take(segmentation_db, portfolio(2))

    async def begin(because: str) -> int:
        async with segmentation_db.transaction() as session:
            return await begin_rescore(session, "demo", because=because, at=AT)

    numbers = await asyncio.gather(*(begin(str(number)) for number in range(5)))
    assert sorted(numbers) == [1, 2, 3, 4, 5]


ALL_ROWS = (
    "select * from accounts order by account_id",
    "select * from assessments order by account_id, on_day, by_rescore",
    "select * from shadow_scores order by account_id, on_day, model_version",
    """select aggregateid, sequence, type, payload, headers from outbox
       order by aggregateid, sequence""",
    "select number, done, changed, is_superseded from rescorings order by number",
)
Slice = Callable[[Context], Awaitable[bool]]


async def plain(context: Context) -> bool:
    """One slice with all in its transaction."""
    async with context.db.transaction() as session:
        return await rescore_slice(session, context, size=4) is not None


async def while_it_lasts(context: Context, take_slice: Slice) -> None:
    """Events and a newer job come between two slices."""
    events = portfolio(30)
    cut = next(i for i, event in enumerate(events) if event.recordedtime.date() > day(330))
    await take(context.db, events[:cut])
    order = TrainingOrder(target="pays_within", until=date.fromisoformat(UNTIL), by="ada")
    trained = await train_model(context, "demo", order)
    async with context.db.transaction() as session:
        await keep_models(session, "demo", order, trained)
        decision = ModelDecision(by="ada", reason="better", at=AT)
        await promote_model(session, "demo", trained.models[0].version, decision, context.rules)
    assert await take_slice(context)
    await take(context.db, events[cut : cut + 40])
    assert await take_slice(context)
    async with context.db.transaction() as session:
        await begin_rescore(session, "demo", because="again", at=AT, with_shadows=True)
    assert await take_slice(context)
    await take(context.db, events[cut + 40 :])
    while await take_slice(context):
        pass


async def test_work_done_ahead_gives_the_same_rows_and_events(
    segmentation_db: Database, other_db: Database
) -> None:
    contexts = context_for(segmentation_db), context_for(other_db)
    rescorer = Rescorer(contexts[1], size=4)
    try:
        await while_it_lasts(contexts[0], plain)
        await while_it_lasts(contexts[1], lambda _: rescorer.take_slice())
    finally:
        await rescorer.close()
        for context in contexts:
            await context.compute.close()
    for rows in ALL_ROWS:
        found = await segmentation_db.fetch(rows)
        assert found, rows
        assert await other_db.fetch(rows) == found


async def test_a_job_that_somebody_else_is_at_is_left_to_them(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(20))
    await promote(client, (await train(client, "pays_within"))["version"])
    context = context_for(segmentation_db)
    other, mine = Rescorer(context_for(segmentation_db), size=4), Rescorer(context, size=4)
    try:
        assert await other.take_slice()
        assert not await mine.take_slice(), "it moved since the last look, or nobody knows"
        assert await other.take_slice()
        assert not await mine.take_slice()
        assert await mine.take_slice(), "it stood still"
        assert not await other.take_slice()
        while await mine.take_slice():
            pass
    finally:
        await other.close()
        await mine.close()
    assert (await job(segmentation_db)).done == 20
