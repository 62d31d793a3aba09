"""The files of a page: what is asked of them that is none, or none to be changed."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from shared.web.pages import PageFiles


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "index.html").write_text("<p>page</p>")
    app = Starlette(routes=[Mount("/", PageFiles(tmp_path))])
    async with httpx.AsyncClient(
        base_url="http://127.0.0.1", transport=httpx.ASGITransport(app)
    ) as it:
        yield it


@pytest.mark.parametrize("path", ["/none.js", "/" + "a" * 300, "/" + "a/" * 3_000, "/%FF", "//a"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_what_is_not_there_is_404_however_it_is_asked(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, f"http://127.0.0.1{path}")
    assert answer.status_code == 404


async def test_a_file_is_only_read(client: httpx.AsyncClient) -> None:
    assert (await client.get("/index.html")).text == "<p>page</p>"
    answer = await client.post("/index.html")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
