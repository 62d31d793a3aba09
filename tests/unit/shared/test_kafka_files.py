"""The files that say which Kafka, and which topics."""

import re

import pytest

from deploy.kafka import jars, topics
from shared.events import BILLING, COMPACTED, TOPICS
from shared.log.kafka import TopicSpec


def test_every_topic_of_the_contract_is_made_and_no_other() -> None:
    assert {spec.name for spec in topics.load()} == set(TOPICS)


@pytest.mark.parametrize("spec", topics.load(), ids=lambda spec: spec.name)
def test_retention_and_compaction_are_as_promised(spec: TopicSpec) -> None:
    assert spec.partitions == 24
    is_compacted = spec.name in COMPACTED
    assert spec.config["cleanup.policy"] == ("compact" if is_compacted else "delete")
    fortnight = str(14 * 24 * 3600 * 1000)
    day = 24 * 3600 * 1000
    if is_compacted:  # an erasure is carried out soon, and its tombstone waits for slow readers
        assert int(spec.config["max.compaction.lag.ms"]) <= day
        assert int(spec.config["delete.retention.ms"]) >= 14 * day
    assert spec.config["retention.ms"] == (fortnight if spec.name == BILLING else "-1")


def test_the_lock_names_each_jar_once_with_its_digest_and_no_address() -> None:
    locked = jars.read_lock()
    artifacts = [jar.coordinates.rpartition(":")[0] for jar in locked]
    assert len(artifacts) == len(set(artifacts)) > 40
    assert "org.apache.kafka:kafka_2.13" in artifacts
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in locked)
    assert "://" not in jars.LOCK.read_text(encoding="utf-8")
