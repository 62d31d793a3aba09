"""A cluster that asks for TLS and a sign-in, as those that one rents do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import admin as kafka_admin

from deploy.kafka.broker import Broker
from deploy.local.errors import CannotStart
from shared.addresses import KafkaAccess
from shared.database import Database
from shared.errors import Unavailable
from shared.log.kafka import KafkaLog, KafkaSource, Publisher, cluster_id, create_topics
from shared.log.positions import Position
from tests.certificates import Authority
from tests.conftest import not_run
from tests.integration.deploy.running import free_port_base
from tests.integration.shared.rig import Rig

pytestmark = pytest.mark.kafka

MORE = """
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
listener.name.sasl_ssl.plain.sasl.jaas.config=\\
  org.apache.kafka.common.security.plain.PlainLoginModule required user_recoup="secret";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class Guarded(Broker):
    """The broker with one more listener: TLS for `localhost`, and a sign-in."""

    def __init__(self, data: Path, keystore: Path) -> None:
        super().__init__(data)
        self.keystore = keystore
        self.guarded_port = free_port_base()

    def _configure(self, classpath: str) -> None:
        super()._configure(classpath)
        lines = self._properties.read_text().splitlines()
        for number, line in enumerate(lines):
            if line.startswith(("listeners=", "advertised.listeners=")):
                host = "localhost" if line.startswith("adv") else "127.0.0.1"
                lines[number] = f"{line},SASL_SSL://{host}:{self.guarded_port}"
        more = MORE.format(keystore=self.keystore.as_posix())
        self._properties.write_text("\n".join(lines) + more)


@dataclass(frozen=True)
class Cluster:
    access: KafkaAccess
    other_ca: str
    plain: str  # the same without


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    files = tmp_path_factory.mktemp("certificates")
    authority = Authority()
    pem = authority.vouch("localhost")
    keystore = files / "server.pem"
    keystore.write_bytes(pem.key + pem.certificate)
    broker = Guarded(tmp_path_factory.mktemp("guarded"), keystore)
    try:
        broker.start()
    except CannotStart as error:
        not_run(str(error))
    try:
        client = kafka_admin.AdminClient({"bootstrap.servers": broker.bootstrap})
        admin: Any = kafka_admin  # its types leave these out
        info = admin.ScramCredentialInfo(admin.ScramMechanism.SCRAM_SHA_512, 4096)
        user = admin.UserScramCredentialUpsertion("scrambled", info, b"another secret")
        for done in client.alter_user_scram_credentials([user]).values():
            done.result(60)
        access = KafkaAccess(
            f"localhost:{broker.guarded_port}", "SASL_SSL", "PLAIN", "recoup", "secret",
            ca_file=str(authority.write(files)),
        )  # fmt: skip
        yield Cluster(access, str(Authority("others").write(files, "other")), broker.bootstrap)
    finally:
        broker.kill()


async def test_from_the_relay_through_a_topic_to_a_reader(
    producer: Database, consumer: Database, guarded: Cluster
) -> None:
    rig = Rig(producer, consumer, guarded.access)
    await rig.open()
    rig.consume()
    await rig.say_n("A", 1, 50)
    await rig.saw("A", range(1, 51))
    log = rig.log()
    assert isinstance(log, KafkaLog)
    assert sum((await log.ends()).values()) == 50
    await rig.close()


async def test_a_sign_in_by_scram(guarded: Cluster) -> None:
    scram = replace(
        guarded.access, mechanism="SCRAM-SHA-512", username="scrambled", password="another secret"
    )
    assert await cluster_id(scram) == await cluster_id(guarded.access)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "hush"}, "refuses the sign-in as 'recoup' by PLAIN"),
        ({"mechanism": "SCRAM-SHA-256"}, "refuses the sign-in as 'recoup' by SCRAM-SHA-256"),
        ({"ca_file": "other"}, "certificate of localhost:.* is not accepted"),
        ({"ca_file": None}, "certificate of localhost:.* is not accepted"),
        ({"bootstrap": "127.0.0.1"}, "certificate of 127.0.0.1:.* is not accepted"),
    ],
)
async def test_what_does_not_fit_is_refused_in_words_by_every_client(
    guarded: Cluster, changed: dict[str, str | None], words: str
) -> None:
    if changed.get("ca_file") == "other":
        changed = {"ca_file": guarded.other_ca}
    if "bootstrap" in changed:
        changed = {"bootstrap": guarded.access.bootstrap.replace("localhost", "127.0.0.1")}
    wrong = replace(guarded.access, **changed)  # type: ignore[arg-type]

    async def nowhere(_: str, __: object) -> dict[str, Position]:
        return {}

    with pytest.raises(Unavailable, match=words) as caught:
        await cluster_id(wrong)
    assert "hush" not in str(caught.value)
    with pytest.raises(Unavailable, match=words):
        await create_topics(wrong, [])
    publisher, log = Publisher(wrong), KafkaLog(wrong, ("x",))
    with pytest.raises(Unavailable, match=words):
        await publisher.send([])
    with pytest.raises(Unavailable, match=words):
        await log.ends()
    with pytest.raises(Unavailable, match=words):
        await KafkaSource(wrong, ("x",), "group").open(nowhere)


async def test_tls_to_a_plain_listener_is_refused_in_words(guarded: Cluster) -> None:
    with pytest.raises(Unavailable, match="may not speak SASL_SSL"):
        await cluster_id(replace(guarded.access, bootstrap=guarded.plain))
