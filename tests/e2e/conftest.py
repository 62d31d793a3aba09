"""Platforms for the checks from outside: one of each kind for tests that share, more on request.

Tests share by having a tenant each. Whoever kills, pauses or starts anew takes one of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from deploy import keys
from deploy.local.errors import CannotStart
from shared import clock
from tests.conftest import not_run
from tests.e2e.desk import Desk
from tests.e2e.platform import Platform

TRANSPORTS = (pytest.param("local"), pytest.param("kafka", marks=pytest.mark.kafka))
# Own platforms over Kafka cost ten seconds each: the short run has the local ones.
LONG_OVER_KAFKA = (
    pytest.param("local"),
    pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.full]),
)

Mint = Callable[..., str]
NewPlatform = Callable[..., Platform]


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    keys.new_pair(folder)
    return folder


@pytest.fixture(scope="session")
def mint(key_folder: Path) -> Mint:
    """`mint("acme", "ledger:read")`: a token of the tenant with these scopes."""

    def give(tenant: str, *scopes: str) -> str:
        return keys.mint(
            key_folder,
            tenant=tenant,
            scopes=scopes,
            subject="a test",
            ttl=timedelta(hours=1),
            now=clock.now(),
        )

    return give


@contextmanager
def _platforms(folder: Path, key_folder: Path) -> Iterator[NewPlatform]:
    with ExitStack() as made:

        def new(transport: str = "local", name: str = "var", **environment: str) -> Platform:
            if transport == "kafka":
                require_kafka()
            platform = Platform(
                folder / name,
                over_kafka=transport == "kafka",
                environment={"RECOUP_JWKS": str(key_folder / keys.PUBLIC), **environment},
            )
            made.callback(platform.remove)
            return platform

        yield new


def require_kafka() -> None:
    """Not run, and said so, where Kafka's jars cannot be had."""
    from deploy.kafka import jars

    try:
        jars.classpath()
    except CannotStart as error:
        not_run(str(error))


@pytest.fixture
def new_platform(tmp_path: Path, key_folder: Path) -> Iterator[NewPlatform]:
    """`new_platform("kafka", OUTREACH_SMTP_URL=…)`: one of the test's own, not started yet."""
    with _platforms(tmp_path, key_folder) as new:
        yield new


@pytest.fixture(scope="session")
def shared_platform(
    tmp_path_factory: pytest.TempPathFactory, key_folder: Path
) -> Iterator[Callable[[str], Platform]]:
    """`shared_platform("kafka")`: the one that tests share, started when first asked for."""
    running: dict[str, Platform] = {}
    with _platforms(tmp_path_factory.mktemp("platforms"), key_folder) as new:

        def get(transport: str) -> Platform:
            if transport not in running:
                running[transport] = new(transport, transport).start()
            return running[transport]

        yield get


@pytest.fixture(params=TRANSPORTS)
def platform(
    request: pytest.FixtureRequest, shared_platform: Callable[[str], Platform]
) -> Platform:
    """A shared platform: the test runs on either transport."""
    return shared_platform(request.param)


@pytest.fixture
def desk(platform: Platform) -> Desk:
    """A new tenant on the shared platform."""
    return Desk(platform)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a check from outside."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
