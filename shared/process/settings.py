"""Settings common to all services, read from the environment into frozen dataclasses.

A service's own `settings.py` builds on `Env` and `Common`. Nothing reads the environment later than
this. A wrong value stops the start with the variable's name and the reason; a secret has no default
and never stands in a message or a `repr`. Only the local mode (`RECOUP_LOCAL=1`, set by
`deploy.local`) knows a dev key and addresses by default.
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from shared.business_time import Clock
from shared.process.door import Door
from shared.process.environment import PORTS, BadSetting, Env

__all__ = ["PORTS", "BadSetting", "Common", "Env"]


_MEMBER = re.compile(r"[A-Za-z0-9._-]{1,200}")  # as Kafka allows, with room for a number
_NOT_OF_A_MEMBER = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class Common:
    """What every service needs to know, whichever it is."""

    local: bool
    clock: Clock
    data_dir: Path
    port_base: int
    kafka: str | None  # bootstrap servers; None: producers' outboxes are read directly
    jwks: str | None  # a file or URL with the keys that tokens are verified against
    dev_key: str | None = field(repr=False)  # local mode only
    service_token: str | None = field(repr=False)  # for calls to other services
    outbox_keep_days: int | None  # None: rows are kept for ever
    metrics_port: int | None  # of a worker's door; None: it has none
    member: str  # what this host's workers are called among Kafka's readers
    log_level: str
    log_json: bool
    door: Door

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        env = Env(values)
        local = env.flag("RECOUP_LOCAL")
        dev_key, jwks = env.text("RECOUP_DEV_KEY"), _jwks(env)
        if not local and dev_key is not None:
            raise BadSetting("RECOUP_DEV_KEY", "is for the local mode only (RECOUP_LOCAL=1)")
        if dev_key is not None and (len(dev_key) < 16 or not dev_key.isascii()):
            raise BadSetting(
                "RECOUP_DEV_KEY", "must have at least 16 characters, all of them ASCII"
            )
        if not local and jwks is None:
            raise BadSetting("RECOUP_JWKS", "is not set: name the file or URL of the key set")
        keep = env.integer("RECOUP_OUTBOX_KEEP_DAYS", 0, low=0, high=36_500)
        clock: Clock = (
            "manual"
            if env.choice("RECOUP_CLOCK", "system", ("system", "manual")) == "manual"
            else "system"
        )
        return cls(
            local=local,
            clock=clock,
            data_dir=Path(env.text("RECOUP_DATA_DIR") or "var"),
            port_base=env.integer("RECOUP_PORT_BASE", 8001, low=1, high=65_532),
            kafka=_bootstrap(env),
            jwks=jwks,
            dev_key=dev_key,
            service_token=env.text("RECOUP_SERVICE_TOKEN") or (dev_key if local else None),
            outbox_keep_days=keep or None,
            metrics_port=env.integer("RECOUP_METRICS_PORT", 0, low=0, high=65_535) or None,
            member=_member(env),
            log_level=env.choice("RECOUP_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
            log_json=env.flag("RECOUP_LOG_JSON", default=True),
            door=Door.read(env, is_local=local, jwks=jwks, dev_key=dev_key),
        )

    @property
    def default_tenant(self) -> str | None:
        """The tenant that an all-tenants token acts for when it names none."""
        return "demo" if self.local else None

    def port(self, service: str) -> int:
        return self.port_base + PORTS[service]

    def worker_port(self, service: str) -> int | None:
        """Of the worker's door. In local mode the workers share an environment: the first's."""
        if self.metrics_port is None or not self.local:
            return self.metrics_port
        return self.metrics_port + PORTS[service]


def _member(env: Env) -> str:
    name = "RECOUP_MEMBER"
    given = env.text(name)
    if given is not None and not _MEMBER.fullmatch(given):
        raise BadSetting(name, f"is {given!r}; it can have up to 200 of A-Z a-z 0-9 . _ -")
    return given or _NOT_OF_A_MEMBER.sub("-", socket.gethostname())[:200] or "worker"


def _jwks(env: Env) -> str | None:
    value = env.text("RECOUP_JWKS")
    if value is None or "://" not in value:
        return value
    return env.url("RECOUP_JWKS", ("https", "http"))


def _bootstrap(env: Env) -> str | None:
    name = "KAFKA_BOOTSTRAP_SERVERS"
    value = env.text(name)
    for server in value.split(",") if value else ():
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise BadSetting(name, f"has {server.strip()!r}, which is not host:port")
    return value
