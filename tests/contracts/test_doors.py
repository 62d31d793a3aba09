"""Every route of every service, asked by those who may not, and with more than it takes."""

from pathlib import Path

import pytest

from services.metrics.api.pages import PATHS, dashboard
from shared.process.answer_headers import ALWAYS
from shared.web.auth import BODY_BYTES_MAX
from tests.contracts.doors import EIGHT_MEGABYTES, Services, other_scopes, path_of

OPEN = {
    "/",
    *PATHS,  # the dashboard's pages: a text that is the same for all, without a figure
    "/assets/{digest}/{name:path}",
    "/compliance",
    "/docs",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/services",
    "/u/{token}",  # the link is signed
    "/v1/lag",
    "/v1/providers/{provider}/events",  # this and the next: the provider signs
    "/v1/providers/{provider}/script",
}
LARGE = {"content-length": str(EIGHT_MEGABYTES), "content-type": "application/json"}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return Services(Path(tmp_path_factory.mktemp("keys")))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_what_is_open_without_a_token_is_said(services: Services) -> None:
    doors = services.doors()
    assert len(doors) > 80
    assert {door.path for _, _, door in doors if not door.needs} == OPEN


async def test_without_a_token_no_body_is_read(services: Services) -> None:
    for service, method, door in services.doors():
        for headers in (LARGE, {**LARGE, **bearer("guessed")}, {"transfer-encoding": "chunked"}):
            answer = await services.ask(service, method, path_of(door), headers)
            if door.needs:
                assert answer.status == 401, (method, door.path)
                assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.reads == 0 or not door.needs, (method, door.path)


async def test_with_another_scope_no_body_is_read(services: Services) -> None:
    for service, method, door in services.doors():
        for scope in other_scopes(door) if door.needs else ():
            headers = {**LARGE, **bearer(services.token(scope))}
            answer = await services.ask(service, method, path_of(door), headers)
            assert (answer.status, answer.reads) == (403, 0), (method, door.path, scope)


async def test_a_body_that_is_announced_too_large_is_not_read(services: Services) -> None:
    for service, method, door in services.doors():
        for needs in door.needs:
            token = services.token(needs.scopes[0])
            headers = {"content-length": str(door.body_max + 1), **bearer(token)}
            answer = await services.ask(service, method, path_of(door), headers)
            assert (answer.status, answer.reads) == (413, 0), (method, door.path)
            assert str(door.body_max) in answer.detail


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"content-encoding": "gzip"}, "'gzip'"),
        ({"content-encoding": "br, gzip"}, "'br, gzip'"),
        ({"content-type": "application/json; charset=iso-8859-1"}, "'iso-8859-1'"),
        ({"content-type": 'application/yaml;Charset="UTF-16"'}, "'UTF-16'"),
    ],
)
async def test_a_body_in_another_form_is_named_and_not_read(
    services: Services, headers: dict[str, str], named: str
) -> None:
    for service, method, door in services.doors():
        for needs in door.needs:
            sent = {"content-length": "10", **headers, **bearer(services.token(needs.scopes[0]))}
            answer = await services.ask(service, method, path_of(door), sent)
            assert (answer.status, answer.reads) == (415, 0), (method, door.path)
            assert named in answer.detail


def test_large_bodies_are_for_few(services: Services) -> None:
    large = {
        (method, door.path): door.body_max
        for _, method, door in services.doors()
        if door.body_max > BODY_BYTES_MAX
    }
    assert large == {
        ("POST", "/v1/events"): 8 * 1024 * 1024,
        ("POST", "/v1/imports"): 514 * 1024 * 1024,
        ("POST", "/v1/imports/sniff"): 514 * 1024 * 1024,
        ("POST", "/v1/compliance/evaluate"): 8 * 1024 * 1024,
        ("POST", "/v1/compliance/timeline"): 2 * 1024 * 1024,
        ("POST", "/v1/accounts/{account_id}/contact-history"): 4 * 1024 * 1024,
        ("POST", "/v1/accounts/collectable"): 512 * 1024,
        ("PUT", "/v1/rulebooks/{name}"): 2 * 1024 * 1024,
        ("POST", "/v1/rulebooks/{name}/dry-run"): 2 * 1024 * 1024,
        ("PUT", "/v1/indices/{name}"): 2 * 1024 * 1024,
        ("PUT", "/v1/rates"): 2 * 1024 * 1024,
        ("POST", "/v1/costs"): 1024 * 1024,
        ("POST", "/v1/plans"): 512 * 1024,
        ("PUT", "/v1/plans/{plan_id}"): 512 * 1024,
        ("PUT", "/v1/alert-rules"): 256 * 1024,
        ("POST", "/v1/inbound/email"): 10 * 1024 * 1024,
        ("PUT", "/v1/settings"): 256 * 1024,
        ("PUT", "/v1/strategies/{name}"): 256 * 1024,
        ("POST", "/v1/strategies/{name}/dry-run"): 256 * 1024,
        ("PUT", "/v1/strategy-assignments"): 256 * 1024,
        ("POST", "/v1/strategy-assignments/dry-run"): 256 * 1024,
        ("POST", "/v1/query"): 256 * 1024,
        ("PUT", "/v1/targets/{kpi}"): 256 * 1024,
        ("PUT", "/v1/views/{name}"): 256 * 1024,
        ("DELETE", "/v1/views/{name}"): 256 * 1024,
        ("PUT", "/acts/views/{name}"): 256 * 1024,
        ("DELETE", "/acts/views/{name}"): 256 * 1024,
        ("PUT", "/v1/templates/{name}"): 512 * 1024,
        ("POST", "/v1/templates/{name}/dry-run"): 512 * 1024,
    }


async def test_another_method_is_told_which_there_are(services: Services) -> None:
    for service, _, door in services.doors():
        methods = {
            method
            for name, method, other in services.doors()
            if name == service and other.path == door.path
        }
        for method in {"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "BREW"} - methods:
            answer = await services.ask(service, method, path_of(door))
            if answer.status != 401:  # else another route has it: "…/{version}" beside "…/rollback"
                assert answer.status == 405, (method, door.path)
                assert methods <= set(answer.headers["allow"].split(", "))
    answer = await services.ask("metrics", "PUT", "/session")
    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, POST")


@pytest.mark.parametrize("service", ["ledger", "segmentation", "outreach", "metrics"])
async def test_what_is_nowhere_is_404_whatever_the_method(services: Services, service: str) -> None:
    for path in ("/nowhere", "/v1/nowhere", "/v1/events/nowhere/else", "/v1/../app.py"):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"):
            answer = await services.ask(service, method, path, LARGE)
            assert (answer.status, answer.reads) == (404, 0), (method, path)


# --------------------------------------------------------------------- what browsers are told

SHELL = dashboard()
FILES = [f"{SHELL.own.prefix}/app.css", f"{SHELL.own.prefix}/js/main.js"]
PAGES = {
    "metrics": ["/", "/receivables", "/plans/any", *FILES],
    "outreach": ["/compliance", "/compliance/", "/compliance/index.html", "/compliance/app.js"],
    "ledger": ["/docs"],
    "segmentation": ["/docs", "/openapi.json"],
}


async def test_every_answer_tells_browsers_the_same(services: Services) -> None:
    asked = [(service, method, path_of(door)) for service, method, door in services.doors()]
    asked += [(service, "GET", path) for service, paths in PAGES.items() for path in paths]
    asked += [("metrics", "POST", FILES[0]), ("ledger", "GET", "/nowhere"), ("metrics", "X", "/")]
    asked += [("outreach", "GET", "/v1/accounts/\0")]
    for service, method, path in asked:
        answer = await services.ask(service, method, path, LARGE if method == "POST" else None)
        assert answer.status, (method, path)
        for name, value in ALWAYS:
            assert answer.headers[name.decode()] == value.decode(), (method, path, name)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, (method, path)
        assert "frame-ancestors 'none'" in policy, (method, path)
        assert "unsafe" not in policy, (method, path)
        assert "server" not in answer.headers
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        is_file = answer.status == 200 and (is_page or path in PAGES.get(service, ()))
        if path.startswith("/v1/") or not is_file:
            assert answer.headers["cache-control"] == "no-store", (method, path)


@pytest.mark.parametrize("service", sorted(PAGES))
async def test_pages_are_there(services: Services, service: str) -> None:
    for path in PAGES[service]:
        assert (await services.ask(service, "GET", path)).status == 200, path
    assert (await services.ask(service, "GET", "/docs")).status == 200
