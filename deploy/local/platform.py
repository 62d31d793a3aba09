"""What the local mode runs: the services, their ports, and the environment they read.

A service is known by three names only: `app.create_app(settings)`, `worker.run(settings, stop)` and
`settings.Settings.from_env(environment)` (`part.py`).
"""

import asyncio
import errno
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.errors import CannotStart
from shared.clock import monotonic
from shared.process.door import LOOPBACK
from shared.process.settings import PORTS, Common, Env

HOST = LOOPBACK
WORKERS_ABOVE = 10  # a worker's door is so far above its API's
# By service: the scope that its page takes, and where it is.
PAGES = {"outreach": ("outreach:read", "/compliance"), "metrics": ("metrics:read", "/")}
READY_SECONDS_MAX = 60.0
READY_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Service:
    """One of the four. `package` is where its code is."""

    name: str
    package: str
    port: int

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"


def all_services(port_base: int, package: str = "services") -> tuple[Service, ...]:
    """The four, on their ports."""
    return tuple(
        Service(name, f"{package}.{name}", port_base + offset) for name, offset in PORTS.items()
    )


def port_base(environment: Mapping[str, str]) -> int:
    """Raises `BadSetting`."""
    return Env(environment).integer("RECOUP_PORT_BASE", 8001, low=1, high=65_522)


def workers_from(environment: Mapping[str, str]) -> int:
    """The port of the first worker's door, the others' follow; 0: they have none."""
    default = port_base(environment) + WORKERS_ABOVE
    return Env(environment).integer("RECOUP_METRICS_PORT", default, low=0, high=65_532)


def compose(
    given: Mapping[str, str], *, data: Path, databases: Mapping[str, str], key: str
) -> dict[str, str]:
    """The environment of the services: what was given, and what the local mode knows better.

    `databases`: the variables that name the services' databases.
    """
    own = {
        "RECOUP_LOCAL": "1",
        "RECOUP_DATA_DIR": str(data),
        "RECOUP_DEV_KEY": key,
        **databases,
    }
    # A person's terminal is not the place for a line per request.
    defaults = {
        "RECOUP_SERVICE_TOKEN": key,
        "RECOUP_LOG_LEVEL": "warning",
        "RECOUP_METRICS_PORT": str(workers_from(given)),
    }
    return {**defaults, **given, **own}


def links(
    services: Sequence[Service], environment: Mapping[str, str], tenant: str = "demo"
) -> dict[str, str]:
    """For each service with a page an address that signs its reader in, once, within an hour.
    `environment` is that of the services: their key signs it.
    """
    from shared.web.page_sessions import PageSessions  # the launcher needs nothing else of it

    door = Common.from_env(environment).door
    return {
        service.name: PageSessions(service.name, scope, door).link(service.address + path, tenant)
        for service in services
        if service.name in PAGES
        for scope, path in [PAGES[service.name]]
    }


def open_ports(services: Sequence[Service], *, workers_from: int = 0) -> dict[str, socket.socket]:
    """A listening socket for each service, or a refusal that names the busy ports.

    The workers listen themselves, from the port that is given; here they are looked at only.
    """
    busy: list[str] = []
    for service in services if workers_from else ():
        port = workers_from + PORTS[service.name]
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex((HOST, port)) == 0:
                busy.append(f"{port} ({service.name} worker)")
    with ExitStack() as opened:
        sockets: dict[str, socket.socket] = {}
        for service in services:
            listener = opened.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, service.port))
                listener.listen(1024)  # bound alone, a port can still be taken by who listens first
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                busy.append(f"{service.port} ({service.name})")
            sockets[service.name] = listener
        if busy:
            raise CannotStart(
                f"cannot listen on port {', '.join(busy)}: another program uses it, or it is not "
                "allowed; choose other ports with RECOUP_PORT_BASE (the first of four)."
            )
        opened.pop_all()
        return sockets


async def until_ready(services: Sequence[Service], seconds: float = READY_SECONDS_MAX) -> None:
    """Return when every service says that it is ready."""
    end = monotonic() + seconds
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        for service in services:
            while not await _is_ready(client, service):
                if monotonic() >= end:
                    raise CannotStart(f"{service.name} was not ready within {seconds:g} s")
                await asyncio.sleep(READY_PAUSE_SECONDS)


async def _is_ready(client: httpx.AsyncClient, service: Service) -> bool:
    try:
        answer = await client.get(f"{service.address}/health/ready")
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK
