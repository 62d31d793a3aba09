"""The proxy of docker-compose.yml: a port for each service, and nothing decided that the services
decide. Its own program is not needed for that: what must hold stands in its file."""

import re

import pytest
import yaml

from shared.process.settings import PORTS
from shared.web.auth import BODY_BYTES_MAX
from tests.architecture.files import ROOT

FILE = ROOT / "deploy" / "proxy" / "nginx.conf"
TEXT = re.sub(r"#.*", "", FILE.read_text())
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PROXY = COMPOSE["services"]["proxy"]
BASE = 8001


def directive(name: str) -> str:
    (value,) = re.findall(rf"(?m)^\s*{name}\s+([^;]+);", TEXT)
    return str(value)


@pytest.mark.parametrize("service", PORTS)
def test_each_service_has_its_port_and_its_containers_are_looked_up_anew(service: str) -> None:
    port = BASE + PORTS[service]
    assert re.search(rf"\b{port} {service}-api;", TEXT)
    assert f"listen {port};" in TEXT
    assert f"127.0.0.1:{port}:{port}" in PROXY["ports"]
    # A name in a variable is asked again; one that stands there is asked at the start only.
    assert directive("proxy_pass") == "http://$api:$server_port"
    assert directive("resolver").startswith("127.0.0.11 valid=")
    assert f"{service}-api" in PROXY["depends_on"]


def test_streams_are_not_held_back_and_bodies_are_refused_by_their_route() -> None:
    assert directive("proxy_buffering") == directive("proxy_request_buffering") == "off"
    assert int(directive("client_max_body_size").rstrip("m")) * 1_000_000 > 8_000_000
    assert int(directive("client_max_body_size").rstrip("m")) * 1_000_000 > BODY_BYTES_MAX
    assert int(directive("proxy_read_timeout").rstrip("s")) > 30, "a heavy question may take 30 s"


def test_what_a_client_says_of_its_origin_is_replaced() -> None:
    given = dict(re.findall(r"proxy_set_header (\S+) (\S+);", TEXT))
    assert given["X-Forwarded-For"] == "$remote_addr"
    assert given["X-Forwarded-Proto"] == "$scheme"
    assert given["Forwarded"] == given["X-Real-IP"] == '""'
    assert given["Host"] == "$http_host", "the services compare it with Origin, port and all"


def test_it_writes_nobody_down() -> None:
    assert directive("access_log") == "off"
    assert directive("error_log") == "/dev/stderr crit"


def test_it_has_no_rights_and_writes_to_its_memory_only() -> None:
    assert PROXY["user"] == "101:101"
    assert PROXY["read_only"] is True
    for path in re.findall(r"(?:_temp_path|pid)\s+(\S+);", TEXT):
        assert path.startswith("/tmp/"), path  # noqa: S108 - a container's own
