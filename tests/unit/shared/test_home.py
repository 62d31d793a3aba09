"""The page at `/`: links between the services, a 404 for programs."""

import re

import httpx
import pytest
from fastapi import FastAPI

from shared.process.settings import PORTS, Common
from shared.web import problems
from shared.web.home import add_home

COMMON = Common.from_env({"RECOUP_LOCAL": "1", "RECOUP_PORT_BASE": "9001"})
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


async def ask(
    service: str, path: str = "/", *, at_root: bool = True, **headers: str
) -> httpx.Response:
    app = FastAPI(docs_url=None)
    problems.install(app)
    add_home(app, service, COMMON, at_root=at_root)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path, headers={"accept": HTML, **headers})


def links(text: str) -> set[str]:
    return set(re.findall(r'href="([^"]+)"', text)) - {"data:,"}


@pytest.mark.parametrize("service", PORTS)
@pytest.mark.parametrize("path", ["/", "/services"])
async def test_every_service_links_the_others(service: str, path: str) -> None:
    host = f"localhost:{9001 + PORTS[service]}"
    answer = await ask(service, path, host=host)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = links(answer.text)
    for other, offset in PORTS.items():
        origin = "" if other == service else f"//localhost:{9001 + offset}"
        assert {f"{origin}/docs", f"{origin}/health/ready", f"{origin}/v1/lag"} <= found
    assert [href for href in found if href.endswith("/compliance")]
    assert answer.text.count("you are here") == 1


@pytest.mark.parametrize("accept", ["*/*", "application/json", "", "text/htmlx"])
async def test_for_programs_there_is_nothing(accept: str) -> None:
    answer = await ask("ledger", accept=accept, host="localhost:9001")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host",
    ["recoup.example.com", "ledger.example.com:443", 'x"><b>:9001', "a b:9001", "", "h:99999999"],
)
async def test_behind_names_of_others_no_address_is_made_up(host: str) -> None:
    answer = await ask("ledger", host=host)
    assert links(answer.text) == {"/docs", "/health/ready", "/v1/lag"}
    assert "<b>" not in answer.text


async def test_its_one_style_may_be_used_and_nothing_else() -> None:
    answer = await ask("ledger", host="localhost:9001")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert " style=" not in answer.text
    assert "<script" not in answer.text
    assert "$" not in re.sub(r"(?s)<style>.*?</style>", "", answer.text)


async def test_a_service_with_a_page_at_its_root_keeps_it() -> None:
    answer = await ask("metrics", at_root=False, host="localhost:9004")
    assert answer.status_code == 404
