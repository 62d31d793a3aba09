"""Files under addresses that name their content, and pages that are one text at many addresses."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from shared.web.assets import Assets
from shared.web.shells import SHELL_HEADERS, Shell, add_shell

SCRIPT = "export const page = 1;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(
        '<body data-peers="{{peers}}">{{preloads}}<script src="{{page}}/js/main.js">'
        '<link href="{{design}}/tokens.css">'
    )
    (tmp_path / "js" / "later").mkdir(parents=True)
    (tmp_path / "js" / "main.js").write_text(SCRIPT)
    (tmp_path / "js" / "later" / "drawer.js").write_text("1;")
    (tmp_path / ".hidden").write_text("no")
    return tmp_path


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(redirect_slashes=False)
    add_shell(app, Shell(folder, preload="js"), ["/one", "/two/{name}"], lambda _: {"a": "//b:1"})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(base_url="http://127.0.0.1", transport=transport) as it:
        yield it


async def test_a_page_names_its_files_and_they_are_kept_for_ever(
    client: httpx.AsyncClient, folder: Path
) -> None:
    page = await client.get("/two/any")
    assert page.text == (await client.get("/one")).text
    assert {name: page.headers[name] for name in SHELL_HEADERS} == SHELL_HEADERS
    assert 'data-peers="a=//b:1"' in page.text
    own = Assets(folder).prefix
    assert f'<link rel="modulepreload" href="{own}/js/main.js">' in page.text
    assert "later/drawer.js" not in page.text
    script = await client.get(f"{own}/js/main.js")
    assert script.text == SCRIPT
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    style = page.text.partition('<link href="')[2].partition('"')[0]
    assert (await client.get(style)).headers["content-type"].startswith("text/css")


async def test_what_is_long_is_sent_gzipped_to_whoever_takes_it(
    client: httpx.AsyncClient, folder: Path
) -> None:
    address = f"{Assets(folder).prefix}/js/main.js"
    plain = await client.get(address, headers={"accept-encoding": "identity"})
    packed = await client.get(address)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(SCRIPT)
    assert len(gzip.compress(SCRIPT.encode(), 9)) == int(packed.headers["content-length"])


@pytest.mark.parametrize("name", [".hidden", "nothing.js", "js", "../index.html", "js/../.hidden"])
async def test_nothing_else_is_served(client: httpx.AsyncClient, folder: Path, name: str) -> None:
    prefix = Assets(folder).prefix
    assert (await client.get(f"{prefix}/{name}")).status_code == 404
    assert (await client.get(f"/assets/0000000000000000/{name}")).status_code == 404


def test_another_content_has_another_address(folder: Path) -> None:
    before = Assets(folder).prefix
    (folder / "js" / "main.js").write_text("other")
    assert Assets(folder).prefix != before
