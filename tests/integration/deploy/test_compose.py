"""docker-compose.yml is valid, keeps no secret, and what it says to start does start."""

import asyncio
import copy
import os
import re
import signal
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import jsonschema
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from deploy import keys
from deploy.local import databases
from deploy.local.platform import WORKERS_ABOVE
from shared import clock
from shared.database.connection import connect
from shared.process import variables
from tests.architecture.files import ROOT
from tests.integration.deploy import composed
from tests.integration.deploy.composed import VARIABLE, Processes, Unset, filled, started_first
from tests.integration.deploy.running import STOP_SECONDS, free_port_base

ENV_EXAMPLE = ROOT / ".env.example"
OURS = ("recoup", "recoup-segmentation", "recoup-metrics")  # the images
PEERS = {"LEDGER_URL", "OUTREACH_URL", "SEGMENTATION_URL"}  # for those who ask them
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY")
OR_ANOTHER = {"OUTREACH_PORTAL_TOKEN"}  # empty: another secret that has no default stands for it
PASSWORD = "a-password-of-the-tests"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return composed.raw()


def services_of(document: dict[str, Any], *, ours: bool) -> dict[str, Any]:
    return {
        name: service
        for name, service in document["services"].items()
        if (service["image"] in OURS) is ours
    }


# ---------------------------------------------------------------------- what it says


def test_it_keeps_to_the_specification(document: dict[str, Any]) -> None:
    validator = jsonschema.validators.validator_for(composed.schema())(composed.schema())
    assert [f"{e.json_path} {e.message}" for e in validator.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("depends_on", "kafka", "condition"), "service_is_well"),
        (("healthcheck", "intervall"), "5s"),
        (("ports",), [{"target": {}}]),
    ],
)
def test_the_specification_bites(
    document: dict[str, Any], path: tuple[str, ...], wrong: object
) -> None:
    spoilt = copy.deepcopy(document)
    node = spoilt["services"]["ledger-api"]
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, composed.schema())


def test_an_api_and_a_worker_of_each_service_and_what_they_need(document: dict[str, Any]) -> None:
    named = [f"{name}-{kind}" for name in databases.SERVICES for kind in ("api", "worker")]
    others = {"outreach-portal", "prepare", "kafka", "postgres", "mail", "proxy"}
    assert set(document["services"]) == {*named, *others}
    assert document["services"]["outreach-portal"]["command"][-1] == "services.outreach.portal"
    for name in named:
        service, _, kind = name.partition("-")
        module = f"services.{service}.{'app' if kind == 'api' else 'worker'}"
        assert document["services"][name]["command"] == ["python", "-m", module]


def test_each_has_a_health_check_and_waits_for_those_of_others(document: dict[str, Any]) -> None:
    services = document["services"]
    for name, service in services.items():
        if name != "prepare":
            assert service["healthcheck"]["test"][0] == "CMD", name
        for needed, how in service.get("depends_on", {}).items():
            once = needed == "prepare"
            wanted = "service_completed_successfully" if once else "service_healthy"
            assert how["condition"] == wanted, f"{name} → {needed}"
    assert started_first(services).index("prepare") > started_first(services).index("kafka")


# What the local mode, a test or a broker of somebody else's wants to know, and what the image sets.
NOT_OF_CONTAINERS = {
    "RECOUP_ALIVE_FILE", "RECOUP_CRASH_AT", "RECOUP_DATA_DIR", "RECOUP_DEV_KEY", "RECOUP_HOST",
    "RECOUP_LOCAL", "RECOUP_PORT_BASE", "RECOUP_SCREENSHOTS", "RECOUP_TEST_RUN",
    *(name for name in variables.KNOWN if name.startswith(("KAFKA_SASL_", "KAFKA_SSL_"))),
    *(f"{a}_{b}_DATABASE_URL" for a in variables.SERVICES for b in variables.SERVICES),
}  # fmt: skip


def test_every_setting_can_be_given_to_who_reads_it(document: dict[str, Any]) -> None:
    services = services_of(document, ours=True)
    by_hand = {match["name"] for match in VARIABLE.finditer(composed.FILE.read_text())}
    for name in variables.KNOWN - NOT_OF_CONTAINERS:
        prefix, _, _ = name.partition("_")
        owners = [n for n in services if n.startswith(f"{prefix.lower()}-")]
        given = [n for n, service in services.items() if name in service["environment"]]
        assert given or name in by_hand, f"{name} is handed on to nobody"
        if owners and given and name not in PEERS:
            assert set(owners) <= set(given), f"{name} is not handed on to all of {owners}"


def test_a_container_has_no_more_than_its_share(document: dict[str, Any]) -> None:
    for name, service in document["services"].items():
        assert service["mem_limit"], name
        assert service["cpus"], name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name


def test_apis_and_workers_can_be_many(document: dict[str, Any]) -> None:
    for name, service in services_of(document, ours=True).items():
        assert not {"hostname", "container_name", "ports"} & set(service), name
        if name.endswith("-worker"):
            # The same for all of them, and after a new `up`: the database gives numbers to it.
            assert service["environment"]["RECOUP_MEMBER"] == name
            assert service["environment"]["RECOUP_HEALTH"].endswith("/health/live")


def test_what_the_file_shows_to_containers_is_there(document: dict[str, Any]) -> None:
    given = filled(
        document,
        {m["name"]: "" for m in VARIABLE.finditer(composed.FILE.read_text())}
        | {
            m["name"]: "x" for m in VARIABLE.finditer(composed.FILE.read_text()) if m["kind"] == "?"
        },
    )
    shown = [v for s in given["services"].values() for v in s.get("volumes", [])]
    folders = {volume.partition(":")[0] for volume in shown if volume.startswith("./")}
    assert folders == {"./deploy/files"}
    assert (ROOT / "deploy/files").is_dir()
    assert (ROOT / given["configs"]["proxy"]["file"]).is_file()


def test_no_secret_has_a_default(document: dict[str, Any]) -> None:
    text = composed.FILE.read_text()
    found = {match["name"]: match for match in VARIABLE.finditer(text)}
    secrets = {f"{name.upper()}_DATABASE_PASSWORD" for name in databases.SERVICES}
    assert {"POSTGRES_PASSWORD", "RECOUP_SERVICE_TOKEN", "RECOUP_SESSION_SECRET", *secrets} <= set(
        found
    )
    for name, match in found.items():
        if SECRET.search(name):
            needed = "-" if name in OR_ANOTHER else "?"
            assert match["kind"] == needed, f"{name} has a default"
            assert name not in OR_ANOTHER or match[0] == f"${{{name}:-}}"
    example = ENV_EXAMPLE.read_text()
    for name in found:
        assert re.search(rf"^(# )?{name}=", example, re.MULTILINE), f"{name} is not explained"
    for name, value in re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE):
        assert not (SECRET.search(name) and value), f"{name} has a value for everybody"
    for service in services_of(document, ours=True).values():
        # The local mode's open doors stay closed.
        assert not {"RECOUP_LOCAL", "RECOUP_DEV_KEY"} & set(service["environment"])


@pytest.mark.parametrize(
    "missing", ["POSTGRES_PASSWORD", "RECOUP_SERVICE_TOKEN", "RECOUP_SESSION_SECRET"]
)
def test_a_missing_secret_stops_the_start(document: dict[str, Any], missing: str) -> None:
    given = {match["name"]: "x" for match in VARIABLE.finditer(composed.FILE.read_text())}
    del given[missing]
    with pytest.raises(Unset, match=missing):
        filled(document, given)


def test_ports_are_published_to_this_machine_only(document: dict[str, Any]) -> None:
    ports = [port for s in document["services"].values() for port in s.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_runs_as_nobody_in_particular(document: dict[str, Any]) -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    begins = lines.index("FROM ${PYTHON} AS runtime")
    final = lines[begins:]
    from_here = [line for line in final if line.startswith("FROM ")]
    assert from_here[1:] == [
        f"FROM runtime AS {name}" for name in ("segmentation", "metrics", "recoup")
    ]
    assert not any(line.startswith("RUN ") for line in final), "what builds is not shipped"
    assert [line for line in final if line.startswith("USER ")] == ["USER 10001:10001"]
    assert [line for line in final if re.match(r"(CMD|ENTRYPOINT) (?!\[)", line)] == []
    check = next(line for line in final if line.startswith("HEALTHCHECK "))
    assert check.endswith('CMD ["python", "-m", "deploy.health"]')
    assert any("--require-hashes" in line for line in lines)
    for service in services_of(document, ours=True).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


# ---------------------------------------------------------------------- and that it works


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def server(postgres: str) -> Iterator[tuple[str, str]]:
    """The server's address and a prefix for databases of this test alone."""
    prefix = f"composed_{uuid4().hex[:8]}"
    yield postgres, prefix
    for service in databases.SERVICES:
        asyncio.run(databases.drop(postgres, f"{prefix}_{service}"))
    for service in databases.SERVICES:
        asyncio.run(drop_role(postgres, f"{prefix}_{service}"))


async def drop_role(server: str, role: str) -> None:
    connection = await connect(server)
    await connection.execute(f'drop role if exists "{role}"')
    await connection.close()


async def powers(url: str) -> tuple[str, bool]:
    """Who one is, and whether that is a superuser."""
    connection = await connect(url)
    try:
        row = await connection.fetchrow(
            "select current_user, rolsuper from pg_roles where rolname = current_user"
        )
        return row[0], row[1]
    finally:
        await connection.close()


def key_set(folder: Path) -> tuple[Path, str]:
    """A key set, and the token with which services call each other."""
    keys.new_pair(folder)
    token = keys.mint(
        folder, tenant="*", scopes=("ledger:read",), subject="outreach",
        ttl=timedelta(hours=1), now=clock.now(),
    )  # fmt: skip
    return folder / keys.PUBLIC, token


@pytest.mark.kafka
def test_every_health_check_passes(
    document: dict[str, Any],
    processes: Processes,
    server: tuple[str, str],
    kafka: str,
    tmp_path: Path,
) -> None:
    jwks, token = key_set(tmp_path / "keys")
    base = free_port_base()
    given = {
        "POSTGRES_PASSWORD": PASSWORD,
        **{f"{s.upper()}_DATABASE_PASSWORD": f"{PASSWORD}-{s}" for s in databases.SERVICES},
        "RECOUP_JWKS_FILE": str(jwks),
        "RECOUP_SERVICE_TOKEN": token,
        "RECOUP_SESSION_SECRET": "a-secret-of-these-tests-long-enough",
        "OUTREACH_LINK_KEYS": f"1:{b64encode(bytes(32)).decode()}",
        "KAFKA_CLUSTER_ID": "not used here",
        "LEDGER_KAFKA_TENANTS": "demo",
    }
    services = services_of(filled(document, given), ours=True)
    environments = {
        name: on_this_machine(name, service, server, kafka, jwks, base)
        for name, service in services.items()
    }
    waiting: list[str] = []
    for name in started_first(document["services"]):
        if name not in services:
            continue
        service, environment = services[name], environments[name]
        if name == "prepare":
            processes.run(name, service["command"], environment)
            processes.run(name, service["command"], environment)  # a second time changes nothing
            continue
        for needed in set(service["depends_on"]) & set(waiting):
            test = services[needed]["healthcheck"]["test"]
            processes.wait_healthy(needed, test, environments[needed])
        own = environment[f"{name.partition('-')[0].upper()}_DATABASE_URL"]
        assert asyncio.run(powers(own)) == (databases.user_of(own), False)
        assert "RECOUP_POSTGRES_URL" not in environment, "the superuser is nobody's but prepare's"
        processes.start(name, service["command"], environment)
        waiting.append(name)
    for name in waiting:
        processes.wait_healthy(name, services[name]["healthcheck"]["test"], environments[name])
    second = environments["metrics-worker"] | {"RECOUP_METRICS_PORT": str(base + WORKERS_ABOVE + 4)}
    processes.start("metrics-worker beside", services["metrics-worker"]["command"], second)
    shared_out = asyncio.run(shared_by(kafka, "metrics", 2))
    assert sum(shared_out.values()) % 24 == 0
    assert min(shared_out.values()) > 0
    assert set(shared_out) == {"metrics-worker", "metrics-worker-2"}
    refused = httpx.get(f"http://127.0.0.1:{base}/v1/accounts/C1", trust_env=False)
    assert refused.status_code == 401
    # uvicorn ends in order and then by the signal it was sent.
    assert set(processes.stop().values()) <= {0, -signal.SIGTERM}
    for name in ("metrics-worker", "metrics-worker beside"):
        words = processes.words(name)
        assert not re.search(r'"level": ?"(error|critical)"', words), words[-3000:]
    for name in waiting:  # what is gone is not healthy
        command = services[name]["healthcheck"]["test"][1:]
        assert processes.check(command, environments[name]) == 1, name


async def shared_by(kafka: str, group: str, members: int) -> dict[str, int]:
    """How many partitions each of a group's members has, by its name, once there are so many."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            while True:
                answer = (await admin.describe_consumer_groups([group]))[0].groups[0]
                found = {
                    member[0][:-37]: sum(  # its name, and an id that the broker adds
                        len(numbers)
                        for _, numbers in ConsumerProtocolMemberAssignment.decode(
                            member[4]
                        ).assignment
                    )
                    for member in answer[5]
                    if member[4]
                }
                if len(found) == members and all(found.values()):
                    return found
                await asyncio.sleep(0.2)
    finally:
        await admin.close()


def on_this_machine(
    name: str,
    service: dict[str, Any],
    server: tuple[str, str],
    kafka: str,
    jwks: Path,
    base: int,
) -> dict[str, str]:
    """The service's own environment, its hosts, ports and files those of this machine."""
    postgres, prefix = server
    admin = f"recoup:{PASSWORD}@postgres:5432/"
    where, outside = urlsplit(postgres).netloc, urlsplit(postgres).netloc.rpartition("@")[2]
    rewritten = {
        variable: str(value)
        .replace(admin, f"{where}/")
        .replace("//recoup_", f"//{prefix}_")
        .replace("postgres:5432/recoup_", f"{outside}/{prefix}_")
        .replace("kafka:9092", kafka)
        .replace("/etc/recoup/jwks.json", str(jwks))
        for variable, value in service["environment"].items()
    }
    for number, api in enumerate((*databases.SERVICES, "portal")):
        for host in (f"{api}-api", "127.0.0.1"):
            for variable, value in rewritten.items():
                rewritten[variable] = value.replace(
                    f"//{host}:{8001 + number}", f"//127.0.0.1:{base + number}"
                )
        if name == f"{api}-worker":
            door = str(base + WORKERS_ABOVE + number)
            rewritten = {v: value.replace("9100", door) for v, value in rewritten.items()}
    left = [v for v in rewritten.values() if re.search(r"//[^/]*(-api|postgres|kafka):\d", v)]
    assert not left, f"hosts of the inside: {left}"
    return {**rewritten, "RECOUP_PORT_BASE": str(base)}


def test_the_tests_own_environment_does_not_leak_in() -> None:
    os.environ["RECOUP_LEAK"] = "1"
    try:
        assert "RECOUP_LEAK" not in composed._with_path({})
    finally:
        del os.environ["RECOUP_LEAK"]
