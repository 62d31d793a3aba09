"""TLS to PostgreSQL: what an address asks for is what it gets, for everybody who uses it.

The server that comes with the tests is built without TLS, so a front takes its place, as a pooler
does: it answers the request for TLS, and hands on what it deciphers to the real server.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from deploy.local import databases
from shared.addresses import BadUrl
from shared.database import Database, connect
from shared.database.migrate import engine_for
from shared.errors import Unavailable
from tests.certificates import Authority

_TLS_WANTED = (8).to_bytes(4) + (80877103).to_bytes(4)


@dataclass
class Front:
    """TLS for `localhost` alone, before a real server; and certificates."""

    url: str  # of the real server
    context: ssl.SSLContext
    ca: Path
    other_ca: Path
    port: int = 0
    ciphered: int = 0  # connections
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def asking(self, query: str, host: str = "localhost") -> str:
        parts = urlsplit(self.url)
        sign_in = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{sign_in}@{host}:{self.port}", query=query).geturl()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        first = await reader.readexactly(8)
        assert first == _TLS_WANTED, "in plain text"
        writer.write(b"S")
        try:
            await writer.start_tls(self.context)
        except (OSError, ssl.SSLError):  # it did not like our certificate
            writer.close()
            return
        self.ciphered += 1
        at = urlsplit(self.url)
        back_reader, back_writer = await asyncio.open_connection(at.hostname, at.port)
        await asyncio.gather(_hand_on(reader, back_writer), _hand_on(back_reader, writer))


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def server(postgres: str, tmp_path: Path) -> AsyncIterator[Front]:
    authority = Authority()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.vouch("localhost").write(tmp_path, "server"))
    front = Front(
        postgres, context, authority.write(tmp_path), Authority("others").write(tmp_path, "other")
    )
    listener = await asyncio.start_server(front.serve, "127.0.0.1", 0)
    front.port = listener.sockets[0].getsockname()[1]
    yield front
    listener.close()
    await listener.wait_closed()
    await asyncio.gather(*front.tasks, return_exceptions=True)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_every_way_to_the_database_is_encrypted(server: Front, mode: str) -> None:
    url = server.asking(f"sslmode={mode}&sslrootcert={server.ca}")
    db = Database(url, pool_size=1)
    await db.fetch("select 1")
    own = await db.connect()
    await own.close()
    await db.close()
    engine = engine_for(url)  # of migrations
    async with engine.connect() as connection:
        assert (await connection.execute(text("select 1"))).scalar() == 1
    await engine.dispose()
    assert await databases.create(url, "postgres") == url
    assert server.ciphered == 4


async def test_what_encrypts_whoever_answers_asks_for_no_authority(server: Front) -> None:
    connection = await connect(server.asking("sslmode=require", "127.0.0.1"))
    await connection.close()
    assert server.ciphered == 1


@pytest.mark.parametrize(
    ("query", "host", "words"),
    [
        ("sslmode=verify-full&sslrootcert={ca}", "127.0.0.1", "mismatch"),  # not its name
        ("sslmode=verify-full&sslrootcert={other}", "localhost", "verify-full.*signature|issuer"),
        ("sslmode=verify-ca&sslrootcert={other}", "localhost", "not accepted"),
        ("sslmode=require&sslrootcert={other}", "localhost", "not accepted"),
        ("sslmode=verify-full", "localhost", "not accepted"),  # the machine does not know the CA
    ],
)
async def test_another_server_is_refused_in_words(
    server: Front, query: str, host: str, words: str
) -> None:
    url = server.asking(query.format(ca=server.ca, other=server.other_ca), host)
    db = Database(url, pool_size=1)
    with pytest.raises(Unavailable, match=words) as caught:
        await db.fetch("select 1")
    assert "password" not in str(caught.value)
    await db.close()


async def test_verify_ca_does_not_ask_for_the_name(server: Front) -> None:
    url = server.asking(f"sslmode=verify-ca&sslrootcert={server.ca}", "127.0.0.1")
    connection = await connect(url)
    await connection.close()
    assert server.ciphered == 1


@pytest.mark.parametrize("mode", ["require", "verify-full"])
async def test_a_server_without_tls_is_refused_in_words(postgres: str, mode: str) -> None:
    db = Database(f"{postgres}?sslmode={mode}", pool_size=1)
    with pytest.raises(Unavailable, match=f"does not offer TLS, which sslmode={mode} demands"):
        await db.fetch("select 1")
    await db.close()


async def test_an_address_names_the_application_and_nothing_else_is_taken(postgres: str) -> None:
    db = Database(f"{postgres}?application_name=mine", application="worker")
    assert (await db.fetch("show application_name"))[0][0] == "mine"
    await db.close()
    with pytest.raises(BadUrl, match=r"\?options=, which is not understood"):
        Database(f"{postgres}?options=-c%20statement_timeout=1")
