"""Letters as a channel: batches in a folder and by HTTP PUT; what is away, lost or in the way."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from services.outreach.channels.clients.factories import FACTORIES
from services.outreach.channels.clients.letter_targets import is_outside
from services.outreach.channels.clients.letters import LetterChannel, letters_folder
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Intent,
    Later,
    NotThere,
    Refused,
    Sent,
    Unknown,
    Withdrawn,
)
from services.outreach.channels.domain.letter_batches import read_manifest
from services.outreach.channels.domain.parts import LetterParts, Parts
from services.outreach.channels.domain.tenant_settings import (
    CreditorSettings,
    Provider,
    TenantSettings,
)
from shared import clock
from shared.errors import Unavailable
from tests.architecture.files import ROOT
from tests.integration.outreach.world import SENDER, until
from tests.unit.outreach.builders import LINKS, at

ADDRESS = "Musterstr. 1\n10115 Berlin\nDE"
NAME = "letters-demo-2027-04-09-{}.zip"


async def words() -> Parts | None:
    return LetterParts("Guten Tag,\n\nbitte zahlen Sie.\n")


def intent(number: int = 1, to: str = ADDRESS, **changes: Any) -> Intent:
    one = Intent(
        tenant="demo",
        contact_id=f"00000000-0000-4000-8000-{number:012}",
        to=to,
        to_name="Bärbel Müller",
        deadline=clock.now() + timedelta(seconds=60),
        callback_token="",
        at=at("2027-04-09 14:00"),
        language="de",
        parts=words,
        details={"zone": "Europe/Berlin"},
    )
    return replace(one, **changes)


def channel(kind: str, target: str, folder: Path | None = None, **more: Any) -> LetterChannel:
    provider = Provider(channel="letter", kind=kind, target=target, **more)  # type: ignore[arg-type]
    creditor = CreditorSettings(name="Bücher GmbH", postal_address="Weg 1\n10115 Berlin\nDE")
    setup = ProviderSetup(
        "demo",
        "post",
        provider,
        TenantSettings(creditor=creditor),
        SENDER,
        LINKS,
        {"TOKEN": "hush"},
        folder,
        is_local=True,
    )
    opened = FACTORIES[kind](setup)
    assert isinstance(opened, LetterChannel)
    return opened


async def send(one: LetterChannel, *intents: Intent) -> list[Sent]:
    return list(await asyncio.gather(*(one.send(each) for each in intents)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def contacts(content: bytes) -> list[str]:
    manifest = read_manifest(content)
    assert manifest is not None
    return [letter.contact_id[-2:] for letter in manifest.letters]


async def test_letters_of_one_wave_are_one_batch(tmp_path: Path) -> None:
    one = channel("folder", "acme", tmp_path)
    sent = await send(one, *(intent(number) for number in range(12)))
    assert sent[3] == Accepted("letters-demo-2027-04-09-1/00000000-0000-4000-8000-000000000003", 1)
    folder = tmp_path / "acme"
    assert names(folder) == [NAME.format(1)]
    content = (folder / NAME.format(1)).read_bytes()
    assert len(contacts(content)) == 12
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        first = manifest["letters"][0]
        assert archive.read(first["file"]).startswith(b"%PDF")
        assert (first["pages"], first["country"]) == (1, "DE")
    await send(one, intent(20))
    assert names(folder) == [NAME.format(1), NAME.format(2)]
    await one.close()


async def test_what_cannot_arrive_or_was_withdrawn_stays_out(tmp_path: Path) -> None:
    async def nothing() -> Parts | None:
        return None

    async def broken() -> Parts | None:
        raise ValueError("no words")

    async def endless() -> Parts | None:
        return LetterParts("\n\n".join(["Absatz"] * 5000))

    one = channel("folder", ".", tmp_path)
    found = await asyncio.gather(
        one.send(intent(1)),
        one.send(intent(2, "Berlin")),
        one.send(intent(3, to_name=" ")),
        one.send(intent(4, parts=nothing)),
        one.send(intent(5, parts=broken)),
        one.send(intent(6, parts=endless)),
        one.send(intent(7, deadline=clock.now())),
        return_exceptions=True,
    )
    assert isinstance(found[0], Accepted)
    incomplete = Refused("address-incomplete", is_address_dead=True)
    assert found[1:4] == [incomplete, incomplete, Withdrawn()]
    assert isinstance(found[4], ValueError)
    assert found[5:] == [Refused("letter-too-long"), Later("deadline", blame="unclear")]
    assert contacts((tmp_path / NAME.format(1)).read_bytes()) == ["01"]
    await one.close()


async def test_a_batch_without_letters_is_none(tmp_path: Path) -> None:
    async def nothing() -> Parts | None:
        return None

    one = channel("folder", ".", tmp_path)
    assert await one.send(intent(parts=nothing)) == Withdrawn()
    assert names(tmp_path) == []
    await one.close()


async def test_a_folder_that_is_away_is_tried_another_time(tmp_path: Path) -> None:
    one = channel("folder", "acme", tmp_path)
    (tmp_path / "acme").rmdir()
    assert await one.send(intent()) == Later("target-away")
    assert await one.find(intent()) == CannotSay()
    (tmp_path / "acme").mkdir()
    assert isinstance(await one.send(intent()), Accepted)
    await one.close()


async def test_another_s_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / NAME.format(1)).write_bytes(b"of somebody else")
    one = channel("folder", ".", tmp_path)
    await send(one, intent())
    assert (tmp_path / NAME.format(1)).read_bytes() == b"of somebody else"
    assert names(tmp_path) == [NAME.format(1), NAME.format(2)]
    await one.close()


async def test_four_workers_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    workers = [channel("folder", ".", tmp_path) for _ in range(4)]
    await asyncio.gather(
        *(send(one, *(intent(10 * w + n) for n in range(5))) for w, one in enumerate(workers))
    )
    found = [c for name in names(tmp_path) for c in contacts((tmp_path / name).read_bytes())]
    assert sorted(found) == sorted(f"{10 * w + n:02}" for w in range(4) for n in range(5))
    assert len(names(tmp_path)) == 4
    for one in workers:
        await one.close()


async def test_the_same_letters_again_are_the_same_file(tmp_path: Path) -> None:
    for _ in range(2):
        one = channel("folder", ".", tmp_path)
        assert isinstance(await one.send(intent()), Accepted)
        await one.close()
    assert names(tmp_path) == [NAME.format(1)]


async def test_a_letter_is_found_in_its_batch_days_later(tmp_path: Path) -> None:
    one = channel("folder", ".", tmp_path)
    (sent,) = await send(one, intent(1))
    later = intent(1, at=at("2027-04-12 09:00"))
    assert await one.find(later) == sent
    assert await one.find(intent(2)) == NotThere()
    (tmp_path / NAME.format(2)).write_bytes(b"no ZIP")
    assert await one.find(intent(2)) == NotThere()
    await one.close()


CRASHING = """
import asyncio, sys
from pathlib import Path
from tests.integration.outreach.test_letter_channel import channel, intent
async def main():
    await channel("folder", ".", Path(sys.argv[1])).send(intent())
asyncio.run(main())
"""


async def test_a_process_that_dies_when_the_file_is_there_has_sent_it(tmp_path: Path) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", CRASHING, str(tmp_path)],
        env=os.environ | {"RECOUP_CRASH_AT": "outreach.letters.after_file"},
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    one = channel("folder", ".", tmp_path)
    assert isinstance(await one.find(intent()), Accepted)
    assert names(tmp_path) == [NAME.format(1)]
    await one.close()


@pytest.mark.parametrize("target", ["..", "../x", "/etc", "a/../../x", "\0"])
def test_no_folder_leads_out_of_the_one_for_letters(tmp_path: Path, target: str) -> None:
    root = tmp_path / "letters"
    root.mkdir()
    assert letters_folder(root, target) is None
    assert letters_folder(None, "acme") is None
    with pytest.raises(Unavailable):
        channel("folder", target, root)


# --------------------------------------------------------------------------------------- HTTP PUT


@dataclass
class PrintShop:
    """Takes files by PUT, as it is told to."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    puts: int = 0
    tokens: set[str] = field(default_factory=set)
    mode: str = "good"  # good | away | lose-answer | forget | refuse

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"


@asynccontextmanager
async def print_shop() -> AsyncIterator[PrintShop]:
    shop, app = PrintShop(), FastAPI()

    @app.put("/in/{name}")
    async def put(name: str, request: Request) -> Response:
        content = await request.body()
        shop.puts += 1
        shop.tokens.add(request.headers.get("authorization", ""))
        if shop.mode == "away":
            return Response(status_code=503)
        if shop.mode == "refuse":
            return Response(status_code=403)
        if shop.mode == "forget":
            return Response(status_code=500)
        if name in shop.files and request.headers.get("if-none-match") == "*":
            return Response(status_code=412)
        shop.files[name] = content
        return Response(status_code=500 if shop.mode == "lose-answer" else 201)

    @app.get("/in/{name}")
    async def get(name: str) -> Response:
        return Response(shop.files.get(name), status_code=200 if name in shop.files else 404)

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    shop.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield shop
    finally:
        server.should_exit = True
        await task


async def test_a_print_shop_gets_the_batch_by_put() -> None:
    async with print_shop() as shop:
        one = channel("http-put", shop.url, secret="TOKEN")
        sent = await send(one, intent(1), intent(2))
        assert [type(each) for each in sent] == [Accepted, Accepted]
        assert contacts(shop.files[NAME.format(1)]) == ["01", "02"]
        assert shop.tokens == {"Bearer hush"}
        await send(one, intent(3))
        assert contacts(shop.files[NAME.format(2)]) == ["03"]
        assert await one.find(intent(3)) == Accepted(
            "letters-demo-2027-04-09-2/00000000-0000-4000-8000-000000000003"
        )
        assert await one.find(intent(4)) == NotThere()
        await one.close()


@pytest.mark.parametrize("mode", ["away", "refuse"])
async def test_a_shop_that_takes_nothing_has_got_nothing(mode: str) -> None:
    async with print_shop() as shop:
        shop.mode = mode
        one = channel("http-put", shop.url)
        assert await one.send(intent()) == Later("target-away")
        assert shop.puts == 1
        await one.close()


async def test_a_lost_answer_is_asked_for_and_nothing_is_printed_twice() -> None:
    async with print_shop() as shop:
        shop.mode = "lose-answer"
        one = channel("http-put", shop.url)
        assert isinstance(await one.send(intent()), Accepted)
        assert list(shop.files) == [NAME.format(1)]
        await one.close()


async def test_a_shop_of_which_nobody_knows_is_asked_again_later() -> None:
    async with print_shop() as shop:
        shop.mode = "forget"
        one = channel("http-put", shop.url)
        assert await one.send(intent()) == Unknown("target-unsure")
        assert await one.find(intent()) == NotThere()
        await one.close()


async def test_a_shop_that_is_not_there_has_got_nothing() -> None:
    one = channel("http-put", "http://127.0.0.1:1/in")
    assert await one.send(intent()) == Later("target-away")
    assert await one.find(intent()) == CannotSay()
    await one.close()


@pytest.mark.parametrize(
    ("address", "outside"),
    [("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False), ("::1", False),
     ("fd00::1", False), ("::ffff:10.0.0.1", False), ("100.64.0.1", False), ("8.8.8.8", True)],
)  # fmt: skip
def test_addresses_of_our_own_network_are_not_outside(address: str, outside: bool) -> None:
    assert is_outside([address]) is outside
    assert not is_outside([address, "127.0.0.1"])


async def test_outside_the_local_mode_only_https_to_public_addresses() -> None:
    provider = Provider(channel="letter", kind="http-put", target="http://shop.example/in")
    setup = ProviderSetup("demo", "post", provider, TenantSettings(), SENDER, LINKS, {})
    with pytest.raises(Unavailable, match="https"):
        FACTORIES["http-put"](setup)
    inside = Provider(channel="letter", kind="http-put", target="https://127.0.0.1:1/in")
    one = FACTORIES["http-put"](replace(setup, provider=inside))
    assert await one.send(intent()) == Later("target-away")
    await one.close()
