"""What only happens over Kafka: the relay, raw facts, and the move from one source to the other."""

from collections.abc import Sequence

import pytest

from shared.database import Database, Session
from shared.log import dead_letters, positions
from shared.log.kafka import Publisher
from shared.log.lag import Relaying, lag
from shared.log.wire import OutboxRow, RawRecord
from tests.integration.shared.rig import Rig, until

pytestmark = pytest.mark.kafka


async def test_a_wave_sent_twice_counts_once(
    producer: Database, consumer: Database, kafka: str
) -> None:
    rig = Rig(producer, consumer, kafka)
    await rig.open()
    rig.consume()
    await rig.say_n("A", 1, 5)
    await rig.saw("A", [1, 2, 3, 4, 5])
    await rig.relayed()
    await rig.running[0].end()
    # As after a crash between the send and the position.
    await producer.fetch("update positions set position = 0 where consumer = 'relay'")
    rig.relay()
    await rig.say_n("A", 6, 6)
    await rig.saw("A", [1, 2, 3, 4, 5, 6])
    await rig.close()


async def test_a_local_folder_moves_to_kafka_by_a_restart(
    producer: Database, consumer: Database, kafka: str
) -> None:
    rig = Rig(producer, consumer, None)
    running = rig.consume()
    await rig.say_n("A", 1, 5)
    await rig.saw("A", [1, 2, 3, 4, 5])
    await running.end()
    rig.bootstrap = kafka
    await rig.open()
    await rig.say_n("A", 6, 7)
    rig.consume()
    await rig.saw("A", [1, 2, 3, 4, 5, 6, 7])
    await rig.close()


async def test_only_one_relay_leads(producer: Database, consumer: Database, kafka: str) -> None:
    sent: list[str] = []

    class Noted(Publisher):
        def __init__(self, name: str) -> None:
            super().__init__(kafka)
            self.name = name

        async def publish(self, rows: Sequence[OutboxRow]) -> None:
            sent.append(self.name)
            await super().publish(rows)

    rig = Rig(producer, consumer, kafka)
    await rig.open()
    await rig.running[0].end()
    first = rig.relay(Noted("first"))
    rig.consume()
    await rig.say_n("A", 1, 1)
    await rig.saw("A", [1])
    rig.relay(Noted("second"))
    for n in range(2, 12):
        await rig.say_n("A", n, n)
        await rig.saw("A", list(range(1, n + 1)))
    assert set(sent) == {"first"}
    assert first is not None
    await first.kill()
    await rig.say_n("A", 12, 12)
    await rig.saw("A", list(range(1, 13)))
    assert sent[-1] == "second"
    await rig.close()


async def test_raw_facts_have_no_heads_and_a_bad_one_is_only_a_dead_letter(
    producer: Database, consumer: Database, kafka: str
) -> None:
    rig, is_mended = Rig(producer, consumer, kafka), False
    await rig.open()

    async def take(session: Session, records: Sequence[RawRecord]) -> None:
        for record in records:
            if record.value == b"bad" and not is_mended:
                raise ValueError("cannot be taken")
            await session.execute(
                "insert into effects (key, data) values ($1, $2)",
                (record.key or b"none").decode(),
                (record.value or b"").decode(),
            )

    publisher = Publisher(kafka)
    values = [b"one", b"two", b"bad", b"three", b"two"]
    await publisher.send([RawRecord(rig.topic, -1, 0, b"demo/A", v, ()) for v in values])
    rig.consume_raw(take)
    await rig.holds("effects", 4, "four facts are taken")
    (letter,) = await rig.letters(1)
    assert (letter.consumer, letter.key) == ("intake", None)
    is_mended = True
    await dead_letters.replay(consumer, letter.id)
    await rig.holds("effects", 5, "the fifth is taken after its replay")
    await rig.holds("dead_letters", 0, "its letter is gone")
    source_id = await publisher.id()

    async def is_caught_up() -> bool:
        return await positions.caught_up_at(consumer, "intake", source_id, rig.topic) is not None

    await until(is_caught_up, "the intake notes that it stands at the ends")
    first = await positions.caught_up_at(consumer, "intake", source_id, rig.topic)

    async def is_refreshed() -> bool:
        return await positions.caught_up_at(consumer, "intake", source_id, rig.topic) != first

    await until(is_refreshed, "and again while idle")
    await publisher.close()
    await rig.close()


async def test_the_relays_backlog_is_lag_of_the_producer(
    producer: Database, consumer: Database, kafka: str
) -> None:
    rig = Rig(producer, consumer, kafka)
    await rig.open()
    publisher = Publisher(kafka)
    relaying = Relaying(await publisher.id(), (rig.topic,))
    await rig.running[0].end()
    await rig.say_n("A", 1, 3)
    report = await lag(producer, [], relaying=relaying)
    (item,) = report.items
    assert (report.behind, item.consumer, item.topic, item.behind) == (3, "relay", rig.topic, 3)
    rig.relay(publisher)

    async def is_level() -> bool:
        return (await lag(producer, [], relaying=relaying)).behind == 0

    await until(is_level, "the relay has sent everything")
    await rig.close()
