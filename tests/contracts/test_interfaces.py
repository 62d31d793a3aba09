"""The HTTP interfaces as published: valid, up to date, and alike in what all have in common."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from deploy import docs
from shared.process.settings import PORTS

OPEN = {"/v1/lag"}
# Signed by whom they come from, or a link that we have signed.
OPEN_BESIDES = {
    "outreach": {
        "/u/{token}",
        "/v1/providers/{provider}/events",
        "/v1/providers/{provider}/script",
    }
}
PORTAL = "/portal/"  # of visitors, by their link and their session
PAGES = {"/", "/session"}  # for browsers: signed in by cookie


@pytest.fixture(scope="module", params=sorted(PORTS))
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def document(service: str) -> dict[str, Any]:
    return docs.openapi(service)


def test_the_published_interface_is_that_of_the_code(service: str) -> None:
    path, text = docs.api_file(service)
    assert path.read_text("utf-8") == text, "run `make docs`"


@pytest.mark.slow
def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def test_every_call_needs_a_token_but_what_is_open(service: str, document: dict[str, Any]) -> None:
    without = {
        path
        for path, calls in document["paths"].items()
        for call in calls.values()
        if not call.get("security")
    }
    without = {path for path in without if not path.startswith(PORTAL)}
    assert without - PAGES == OPEN | OPEN_BESIDES.get(service, set())


def test_every_call_tells_of_problems(document: dict[str, Any]) -> None:
    for path, calls in document["paths"].items():
        for call in calls.values():
            for status in ("4XX", "5XX"):
                assert "application/problem+json" in call["responses"][status]["content"], path
    assert "HTTPValidationError" not in json.dumps(document)


def test_every_call_says_what_it_does(document: dict[str, Any]) -> None:
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            assert call.get("summary"), f"{method} {path}"
