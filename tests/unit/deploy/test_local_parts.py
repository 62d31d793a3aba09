"""The parts of the local mode that need no server."""

import asyncio
import os
from pathlib import Path

import pytest

from deploy.local import databases, folder, platform
from deploy.local.bells import Bells
from deploy.local.errors import CannotStart
from deploy.local.orders import PRUNING
from deploy.local.postgres import write_secret
from deploy.local.supervisor import parts_of
from deploy.local.watch import while_they_run
from shared.database import bell_of
from shared.process.settings import PORTS, BadSetting


def test_what_the_local_mode_knows_stands_above_what_was_given() -> None:
    composed = platform.compose(
        {"RECOUP_DEV_KEY": "old", "RECOUP_LOG_LEVEL": "debug", "PATH": "/bin"},
        data=Path("/data"),
        databases={"LEDGER_DATABASE_URL": "postgresql://h/recoup_ledger"},
        key="the-key",
    )
    assert composed["RECOUP_DEV_KEY"] == composed["RECOUP_SERVICE_TOKEN"] == "the-key"
    assert composed["LEDGER_DATABASE_URL"] == "postgresql://h/recoup_ledger"
    assert composed["RECOUP_LOG_LEVEL"] == "debug"
    assert composed["PATH"] == "/bin"


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("postgresql://u:p@h:1/postgres", "postgresql://u:p@h:1/recoup_ledger"),
        ("postgres://u:p@h", "postgresql://u:p@h/recoup_ledger"),
        ("postgresql://h/x?sslmode=require", "postgresql://h/recoup_ledger?sslmode=require"),
    ],
)
def test_a_database_is_named_in_the_servers_address(server: str, expected: str) -> None:
    assert databases.url_of(server, databases.database_name("ledger")) == expected


def test_ports_follow_the_first() -> None:
    services = platform.all_services(9001)
    assert [(service.name, service.port) for service in services] == [
        ("ledger", 9001), ("segmentation", 9002), ("outreach", 9003), ("metrics", 9004),
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["0", "65523", "eight thousand"])
def test_a_port_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(BadSetting, match="RECOUP_PORT_BASE"):
        platform.port_base({"RECOUP_PORT_BASE": value})


def test_a_key_is_made_once_and_a_given_one_replaces_it(tmp_path: Path) -> None:
    key, is_new = folder.dev_key(tmp_path, None)
    assert is_new
    assert folder.dev_key(tmp_path, None) == (key, False)
    assert folder.dev_key(tmp_path, "given") == ("given", False)
    assert folder.dev_key(tmp_path, None) == ("given", False)


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with (
        folder.locked(tmp_path),
        pytest.raises(CannotStart, match=f"process {os.getpid()}"),
        folder.locked(tmp_path),
    ):
        pass
    with folder.locked(tmp_path):
        pass


def test_a_data_folder_that_is_a_file_is_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(CannotStart, match="RECOUP_DATA_DIR"):
        folder.make(tmp_path / "var" / "deeper")


def test_a_secret_is_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_secret(path, "new")
    assert (path.stat().st_mode & 0o777, path.read_text()) == (0o600, "new\n")


def test_which_services_share_a_process() -> None:
    services = platform.all_services(9001)
    one = parts_of(services, over_kafka=False, cores=1)
    two = parts_of(services, over_kafka=False, cores=2)
    eight = parts_of(services, over_kafka=True, cores=2)
    assert [part.name for part in one] == ["services"]
    assert [part.name for part in two] == ["APIs", "workers"]
    assert [part.name for part in eight][:2] == ["ledger app", "ledger worker"]
    modules = {module for part in eight for module in part.modules}
    for parts in (one, two):
        assert {module for part in parts for module in part.modules} == {*modules, PRUNING}


def a_database(name: str) -> str:
    return f"postgresql://u:p@127.0.0.1:1/bells_{name}"


async def test_a_bell_rings_in_the_other_process() -> None:
    """Both ends are here: one process rings what the other one hears."""
    urls = {f"{name.upper()}_DATABASE_URL": a_database(name) for name in PORTS}
    hear, ring = os.pipe()
    ledger, metrics = bell_of(a_database("ledger")), bell_of(a_database("metrics"))
    try:
        with Bells(urls, hear, [ring]):
            rings = ledger.rings
            ledger.ring()
            assert ledger.rings == rings + 1
            assert await ledger.wait(rings + 1, 5), "and once more, through the pipe"
            assert not await metrics.wait(0, 0)
            os.set_blocking(ring, False)
            while True:  # until the pipe is full
                try:
                    os.write(ring, b"\0" * 4096)
                except BlockingIOError:
                    break
            ledger.ring()  # does not wait
    finally:
        os.close(hear)
        os.close(ring)
    assert ledger.elsewhere is None


async def test_a_bell_whose_other_end_is_gone_is_no_error() -> None:
    """Both processes end with their launcher, one of them first."""
    urls = {f"{name.upper()}_DATABASE_URL": a_database(name) for name in PORTS}
    (hear, rung), (heard, ring) = os.pipe(), os.pipe()
    ledger = bell_of(a_database("ledger"))
    os.close(heard)
    os.close(rung)
    try:
        with Bells(urls, hear, [ring]):
            ledger.ring()
            loop = asyncio.get_running_loop()
            for _ in range(3):
                await asyncio.sleep(0)
            assert not loop.remove_reader(hear), "it is read no further"
    finally:
        os.close(hear)
        os.close(ring)


class Mortal:
    """As much of a broker as the launcher watches."""

    is_running = True
    ended_by_itself = "Kafka ended by itself"


async def test_a_broker_that_dies_ends_the_platform_with_a_plain_word() -> None:
    broker, stopped = Mortal(), asyncio.Event()

    async def run(stop: asyncio.Event) -> None:
        broker.is_running = False
        await stop.wait()
        stopped.set()

    with pytest.raises(CannotStart, match="ended by itself"):
        await while_they_run(run, asyncio.Event(), server=None, broker=broker)  # type: ignore[arg-type]
    assert stopped.is_set()
