"""Talking to a cluster: time-outs, errors in our own kinds, its id, its topics."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAlreadyExistsError,
    UnsupportedSaslMechanismError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest
from msgspec import Struct

from shared.addresses import KafkaAccess, kafka_access
from shared.errors import Unavailable, WorkerEnds
from shared.process import parts, telemetry

CALL_SECONDS = 15.0
_STOP_SECONDS = 10.0

_REFUSED = AuthenticationFailedError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

log = telemetry.logger(__name__)

_T = TypeVar("_T")


class LogLost(WorkerEnds):
    """The cluster no longer has what comes after our position. An operator must decide."""


class TopicSpec(Struct, frozen=True):
    """A topic to be made."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


async def answer(call: Awaitable[_T], seconds: float = CALL_SECONDS) -> _T:
    """What the cluster answers, or `Unavailable`: with a time-out the outcome is unknown."""
    try:
        async with asyncio.timeout(seconds):
            answered = await call
        parts.turn()
        return answered
    except KafkaError as error:
        raise Unavailable(f"Kafka: {type(error).__name__}: {error}") from error
    except TimeoutError as error:
        raise Unavailable(f"Kafka did not answer within {seconds:g} s") from error
    except OSError as error:
        raise Unavailable(f"Kafka cannot be reached: {error}") from error


async def start_client(
    client: Any, cluster: KafkaAccess | str, seconds: float = CALL_SECONDS
) -> None:
    """Start a client. Where the cluster does not want us, `Unavailable` says why."""
    try:
        await answer(client.start(), seconds)
    except Unavailable as error:
        if (why := await refusal(kafka_access(cluster))) is not None:
            raise Unavailable(f"Kafka: {why}") from error
        raise


async def refusal(cluster: KafkaAccess) -> str | None:
    """Why its servers refuse us; None: they do not, or don't answer. Clients only say that they
    could not begin."""
    if not (cluster.is_encrypted or cluster.signs_in):
        return None
    arguments = dict(client_arguments(cluster))
    servers = str(arguments.pop("bootstrap_servers")).split(",")
    for server in servers:
        host, _, port = server.strip().rpartition(":")
        try:
            async with asyncio.timeout(CALL_SECONDS):
                connection = await create_conn(host.strip("[]"), int(port), **arguments)
        except _REFUSED as error:
            return (
                f"it refuses the sign-in as {cluster.username!r} by {cluster.mechanism} "
                f"(KAFKA_SASL_…): {type(error).__name__}"
            )
        except ssl.SSLCertVerificationError as error:
            return f"the certificate of {server} is not accepted: {error.verify_message}"
        except ssl.SSLError:
            return f"{server} does not speak TLS, which {cluster.protocol} demands, or not ours"
        except (KafkaError, OSError, TimeoutError):
            if await _listens(host.strip("[]"), int(port)):
                return f"{server} ends the connection: it may not speak {cluster.protocol}"
            continue
        connection.close()
    return None


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def stop_client(client: Any) -> None:
    """Stop a client. One whose cluster is away waits for it for ever (aiokafka #1101): then what
    it wants to say is dropped, and if that does not help, the client is left behind."""
    stopping = asyncio.create_task(_stop(client))
    try:
        for is_last in (False, True):
            await asyncio.wait([stopping], timeout=_STOP_SECONDS)
            if stopping.done():
                return
            words = "kafka.left_behind" if is_last else "kafka.unsent_dropped"
            log.warning(words, client=type(client).__name__, after_seconds=_STOP_SECONDS)
            _drop_unsent(client)
    finally:
        stopping.cancel()  # nothing, if it is done


def _drop_unsent(client: Any) -> None:
    """Whoever sent it does not count on it: its outcome is unknown, so it is sent anew."""
    if isinstance(client, AIOKafkaProducer):
        if client._sender.sender_task is not None:
            client._sender.sender_task.cancel()
        unsent = client._message_accumulator
        for batch in (*unsent._pending_batches, *chain.from_iterable(unsent._batches.values())):
            batch.future.cancel()


async def _stop(client: Any) -> None:
    try:
        await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
    except (KafkaError, OSError) as error:
        log.warning("kafka.stop_failed", error=str(error))


def client_arguments(cluster: KafkaAccess | str) -> Mapping[str, Any]:
    """With what every client is made. Raises `Unavailable` where certificates are gone."""
    try:
        return kafka_access(cluster).arguments()
    except OSError as error:
        raise Unavailable(f"Kafka: a certificate cannot be used: {error}") from error


@asynccontextmanager
async def _admin(cluster: KafkaAccess | str) -> AsyncIterator[Any]:
    client = AIOKafkaAdminClient(**client_arguments(cluster), request_timeout_ms=10_000)
    try:
        await start_client(client, cluster)
        yield client
    finally:
        await stop_client(client)


async def cluster_of(client: AIOKafkaClient) -> str:
    """Who the cluster is that a client talks to now: it may have been replaced behind its address.

    Asked on the client's own connections, so that the answer holds for what it sends and gets.
    """
    node = client.get_random_node()
    if node is None:
        raise Unavailable("Kafka has no broker that is known")
    metadata = await answer(client.send(node, MetadataRequest([])))
    return str(metadata.to_object()["cluster_id"])


async def cluster_id(cluster: KafkaAccess | str) -> str:
    """Who the cluster is: positions belong to it."""
    async with _admin(cluster) as admin:
        described = await answer(admin.describe_cluster())
        return str(described["cluster_id"])


async def create_topics(cluster: KafkaAccess | str, specs: Sequence[TopicSpec]) -> None:
    """Make the topics that are missing; those that exist stay as they are."""
    async with _admin(cluster) as admin:
        wanted = [
            NewTopic(s.name, s.partitions, s.replication, topic_configs=s.config) for s in specs
        ]
        created = await answer(admin.create_topics(wanted))
        for topic, code, *message in created.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise Unavailable(f"topic {topic} cannot be made: {error.__name__} {message}")


def part_name(tp: TopicPartition) -> str:
    """How positions call a partition."""
    return f"{tp.topic}/{tp.partition}"
