"""The broker of the local mode, and what happens around it when it goes away."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from deploy.kafka import topics
from deploy.kafka.broker import Broker
from deploy.local.errors import CannotStart
from deploy.local.waiting import wait_for
from shared.database import Database
from shared.errors import Unavailable
from shared.log.kafka import (
    KafkaLog,
    Publisher,
    TopicSpec,
    cluster,
    cluster_id,
    create_topics,
    publisher,
)
from shared.log.lag import Reader, Relaying, lag
from shared.log.sources import Log
from shared.log.wire import RawRecord
from tests.integration.shared.rig import Rig, until

pytestmark = pytest.mark.kafka
START_SECONDS = 120


async def test_a_broker_that_dies_and_returns_loses_and_doubles_nothing(
    producer: Database, consumer: Database, tmp_path: Path
) -> None:
    broker = Broker(tmp_path)
    broker.start()
    try:
        known = await cluster_id(broker.bootstrap)
        rig = Rig(producer, consumer, broker.bootstrap)
        await rig.open()
        rig.consume()
        await rig.say_n("A", 1, 50)
        await rig.saw("A", range(1, 51))
        sending, record = (
            Publisher(broker.bootstrap),
            RawRecord(f"x{rig.topic}", -1, 0, b"", b"", ()),
        )
        await create_topics(broker.bootstrap, [cluster.TopicSpec(record.topic, 1, 1, {})])
        await sending.send([record])
        broker.kill()
        await is_given_up_in_words(sending, record)
        await rig.say_n("A", 51, 100)  # commits do not wait for Kafka
        again = Broker(tmp_path, broker.port)
        again.start()
        try:
            await rig.say_n("A", 101, 150)
            await rig.saw("A", range(1, 151))
            assert await cluster_id(again.bootstrap) == known  # positions belong to it
            await rig.close()
        finally:
            again.stop()
    finally:
        broker.stop()


async def is_given_up_in_words(sending: Publisher, record: RawRecord) -> None:
    """A client that waits for a broker that stays away neither hangs nor ends the process."""
    with pytest.MonkeyPatch.context() as impatient:
        impatient.setattr(cluster, "_STOP_SECONDS", 0.5)
        impatient.setattr(publisher, "_ACK_SECONDS", 0.5)
        given_up = sending._producer
        assert given_up is not None
        with pytest.raises(Unavailable):
            await sending.send([record])
        with capture_logs() as lines:
            await sending.restart()
    said = [line["event"] for line in lines if line.get("client") == "AIOKafkaProducer"]
    assert said == ["kafka.unsent_dropped"]
    assert given_up._sender.sender_task.done(), "it sends nothing more"


def test_a_broker_left_behind_is_used_again_and_a_taken_port_is_refused(tmp_path: Path) -> None:
    left = Broker(tmp_path / "one")
    left.start()
    try:
        assert left.data.stat().st_mode & 0o777 == 0o700
        found = Broker(tmp_path / "one")
        found.start()
        assert (found.pid, found.bootstrap) == (left.pid, left.bootstrap)
        found.stop()
        assert not Broker(tmp_path / "one").stop_left_over()
        assert psutil.pid_exists(left.pid)  # we live, who started it: it is ours to stop
        (left.data / "parent").write_text("[[1, 0.0], [1, 0.0]]")
        assert Broker(tmp_path / "one").stop_left_over()
        assert not left.is_running
        left.stop()
        left.start()
        with pytest.raises(CannotStart, match="is taken"):
            Broker(tmp_path / "two", left.port).start()
    finally:
        left.stop()
    assert not left.is_running


async def test_topics_are_made_once_with_their_partitions(kafka: str) -> None:
    specs = topics.load()
    await create_topics(kafka, specs)
    await create_topics(kafka, specs)
    log = KafkaLog(kafka, [spec.name for spec in specs])

    async def are_there() -> bool:
        return set(await log.ends()) == {
            f"{spec.name}/{number}" for spec in specs for number in range(spec.partitions)
        }

    await until(are_there, "every partition of every topic")
    await log.close()


def test_a_broker_in_the_foreground_says_that_it_died(tmp_path: Path) -> None:
    pid_file, words = tmp_path / "kafka.pid", tmp_path / "words"
    command = [sys.executable, "-m", "deploy.kafka", "--data", str(tmp_path), "--port", "0"]
    with words.open("wb") as output:
        front_end = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        assert wait_for(
            lambda: "is ready" in words.read_text() or front_end.poll() is not None, START_SECONDS
        )
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        assert front_end.wait(START_SECONDS) == 1
    finally:
        front_end.terminate()
        front_end.wait()
    assert "Kafka ended by itself" in words.read_text()
    assert "Traceback" not in words.read_text()


async def test_a_replaced_cluster_gets_everything_and_nobody_has_to_be_restarted(
    producer: Database, consumer: Database, tmp_path: Path
) -> None:
    broker = Broker(tmp_path)
    broker.start()
    rig = Rig(producer, consumer, broker.bootstrap)
    try:
        await rig.open()
        rig.consume()
        await rig.say_n("A", 1, 50)
        await rig.saw("A", range(1, 51))
        await rig.relayed()
        log = rig.log()
        first = await log.id()
        assert await behind(rig, log) == 0
        broker = await replaced(broker, rig)  # beneath an idle relay, a reader and a lag

        async def has_all() -> bool:
            return await ends(log) >= 50

        await until(has_all, "the relay sends the whole outbox to the new cluster")
        assert await log.id() != first
        await rig.say_n("A", 51, 60)
        await rig.saw("A", range(1, 61))
        assert await rig.count("dead_letters") == 0

        await rig.running[0].end()  # the relay: what is not sent is behind
        broker = await replaced(broker, rig)
        assert await behind(rig, log) == 60
        rig.relay()
        await rig.say_n("A", 61, 61)
        await rig.saw("A", range(1, 62))

        async def is_level() -> bool:
            return await behind(rig, log) == 0

        await until(is_level, "nothing is behind")
    finally:
        await rig.close()
        broker.stop()


async def replaced(broker: Broker, rig: Rig) -> Broker:
    """The broker's disk is lost; another cluster answers at the same address."""
    broker.kill()
    shutil.rmtree(broker.data / "log")
    again = Broker(broker.data, broker.port)
    again.start()
    assert rig.bootstrap is not None
    await create_topics(rig.bootstrap, [TopicSpec(rig.topic, 4, 1, {})])
    return again


async def behind(rig: Rig, log: Log) -> int:
    """What `/v1/lag` says of the producer and of the consumer."""
    relaying = Relaying(await log.id(), (rig.topic,))
    unsent = await lag(rig.producer, [], relaying=relaying)
    unread = await lag(rig.consumer, [Reader("metrics", log)])
    return unsent.behind + unread.behind


async def ends(log: Log) -> int:
    assert isinstance(log, KafkaLog)
    return sum((await log.ends()).values())
