"""`make run`, `make run-kafka`: start everything, say when it is ready, stop cleanly."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from deploy import migrate
from deploy.local import configuration, databases, folder, parent, ready
from deploy.local import platform as local
from deploy.local.errors import CannotStart
from deploy.local.postgres import Postgres
from deploy.local.supervisor import Supervisor, parts_of
from deploy.local.watch import Run, while_they_run
from shared.addresses import KafkaAccess
from shared.errors import Unavailable
from shared.ids import is_tenant
from shared.process import program, telemetry
from shared.process.crash import POINTS
from shared.process.kafka_settings import read_kafka
from shared.process.settings import BadSetting, Env

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker


@contextmanager
def postgres(data: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, Postgres | None]]:
    """The server given, or one of our own for as long as we run."""
    given = databases.server_of(environment)
    if given is not None:
        yield given, None
        return
    server = Postgres(data)
    try:
        yield server.start(), server
    finally:
        server.stop()


@contextmanager
def kafka(data: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, "Broker | None"]]:
    """The cluster given, or a broker of our own."""
    given = environment.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given, None
        return
    from deploy.kafka.broker import Broker  # its packages are not needed without Kafka

    broker = Broker(data / "kafka")
    try:
        broker.start()
        yield broker.bootstrap, broker
    finally:
        broker.stop()


async def _until_signal(run: Run) -> None:
    """Run until SIGTERM or Ctrl-C; more of them change nothing, the stop is under way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(stop)


def start(
    services: Sequence[local.Service],
    data: Path,
    environment: Mapping[str, str],
    *,
    with_kafka: bool,
) -> None:
    """Everything from the lock on the folder to the clean stop."""
    with ExitStack() as held:
        held.enter_context(folder.locked(data))
        parent.await_earlier(data)
        parent.sign(data)
        sockets = local.open_ports(services, workers_from=local.workers_from(environment))
        for listener in sockets.values():
            held.callback(listener.close)
        parts = parts_of(services, over_kafka=with_kafka, cores=os.cpu_count() or 1)
        supervisor = Supervisor(parts, services, sockets, data, over_kafka=with_kafka)
        held.callback(supervisor.close)
        supervisor.prepare(environment)
        server, own = held.enter_context(postgres(data, environment))
        access = asyncio.run(databases.create_all(server))
        asyncio.run(migrate.upgrade_own(access, reads_outboxes=not with_kafka))
        key, is_new = folder.dev_key(data, environment.get("RECOUP_DEV_KEY"))
        composed = local.compose(environment, data=data, databases=access.variables(), key=key)
        telemetry.configure_logging("local", level=composed["RECOUP_LOG_LEVEL"])
        broker = None
        if with_kafka:
            bootstrap, broker = held.enter_context(kafka(data, environment))
            if broker is not None:  # how to sign in elsewhere is nothing to it
                composed = _without_kafka(composed)
            composed["KAFKA_BOOTSTRAP_SERVERS"] = bootstrap
            create_topics_on(read_kafka(Env(composed), local=True))
        else:
            composed = _without_kafka(composed)

        def when_ready() -> None:
            said = ready.lines(
                services,
                data,
                workers_from=local.workers_from(environment),
                bootstrap=composed.get("KAFKA_BOOTSTRAP_SERVERS"),
                links=local.links(services, composed),
                new_key=key if is_new else None,
            )
            print("\n".join(said), flush=True)

        def supervise(stop: asyncio.Event) -> Awaitable[None]:
            return supervisor.run(composed, stop, when_ready)

        _run(partial(while_they_run, supervise, server=own, broker=broker))


def _run(run: Run) -> None:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_signal(run))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # while the servers are stopped


def _without_kafka(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("KAFKA_")}


def create_topics_on(cluster: KafkaAccess | None) -> None:
    """Make the topics that the cluster lacks."""
    assert cluster is not None
    from deploy.kafka import topics
    from shared.log.kafka import create_topics

    try:
        asyncio.run(create_topics(cluster, topics.load()))
    except Unavailable as error:
        raise CannotStart(f"Kafka at {cluster.bootstrap} cannot be used: {error}") from error


def _links(data: Path, tenant: str) -> Iterable[str]:
    """For the pages of what runs on the folder."""
    if not is_tenant(tenant):
        raise CannotStart(f"{tenant!r} is no tenant's id ([a-z0-9-], 1 to 40)")
    key = folder.running_key(data)
    composed = local.compose(os.environ, data=data, databases={}, key=key)
    return local.links(local.all_services(local.port_base(os.environ)), composed, tenant).values()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=program.call("deploy.local"), description=__doc__)
    parser.add_argument("--kafka", action="store_true", help="over Kafka, a process for each part")
    parser.add_argument("--stop", action="store_true", help="stop what runs on the data folder")
    parser.add_argument("--link", action="store_true", help="print links that open its pages")
    parser.add_argument("--tenant", default="demo", help="whose pages --link opens (demo)")
    options = parser.parse_args(arguments)
    path = Path(os.environ.get("RECOUP_DATA_DIR") or "var")
    try:
        if options.stop:
            print(folder.stop_running(path))
            return 0
        if options.link:
            print("\n".join(_links(path, options.tenant)))
            return 0
        if (point := os.environ.get("RECOUP_CRASH_AT")) and point not in POINTS:
            raise CannotStart(f"RECOUP_CRASH_AT={point!r} is not a kill point")
        # Until the loop takes signals over, one of them ends the start like Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        configuration.check(os.environ, with_kafka=options.kafka)
        services = local.all_services(local.port_base(os.environ))
        start(services, folder.make(path), os.environ, with_kafka=options.kafka)
    except BadSetting as error:
        for fault in error.faults:
            print(f"Recoup: {fault}", file=sys.stderr)
        return 1
    except (CannotStart, Unavailable) as error:
        print(f"Recoup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
