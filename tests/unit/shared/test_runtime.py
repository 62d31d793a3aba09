"""Who a reader says it is to Kafka."""

import socket

import pytest

from shared.database import Database
from shared.log.kafka import KafkaSource
from shared.log.runtime import Runtime
from shared.log.subscriptions import Subscription
from shared.process.settings import BadSetting, Common


async def nothing(*_: object) -> None: ...


def test_a_rebuild_beside_the_worker_does_not_pass_for_it() -> None:
    """Two members of one name throw each other out of the group, again and again."""
    common = Common.from_env({"RECOUP_LOCAL": "1", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"})
    subscription = Subscription("metrics", ("ledger.events",), frozenset(), nothing)
    db = Database("postgresql://recoup@127.0.0.1:1/none")
    runtime = Runtime("metrics", common, db, [subscription], producer_urls={})
    members = []
    for is_guest in (False, True):
        (source,) = runtime._sources(subscription, is_guest=is_guest)
        assert isinstance(source, KafkaSource)
        members.append(source._member)
    assert members == [runtime._name.wait, None]


def test_workers_are_named_after_their_host_or_as_they_are_told() -> None:
    given = {"RECOUP_LOCAL": "1"}
    assert Common.from_env(given).member == socket.gethostname()
    assert Common.from_env({**given, "RECOUP_MEMBER": "metrics-worker"}).member == "metrics-worker"
    with pytest.raises(BadSetting, match="RECOUP_MEMBER"):
        Common.from_env({**given, "RECOUP_MEMBER": "two words"})
