"""Settings common to all services, read from the environment into frozen dataclasses.

A service's own `settings.py` builds on `Env` and `Common`. Nothing reads the environment later than
this. Wrong values stop the start, all of them at once, each with the variable's name and the
reason; a secret has no default and never stands in a message or a `repr`. Only the local mode
(`RECOUP_LOCAL=1`, set by `deploy.local`) knows a dev key and addresses by default.
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from shared.addresses import KafkaAccess, read_url
from shared.business_time import Clock
from shared.process.door import Door
from shared.process.environment import PORTS, BadSetting, BadSettings, Env
from shared.process.kafka_settings import read_kafka

__all__ = ["PORTS", "BadSetting", "BadSettings", "Common", "Env"]

_JWKS_IN_PLAIN_TEXT = (
    "must start with https:// where another machine serves it: who is on the way could make "
    "tokens for everybody"
)


_MEMBER = re.compile(r"[A-Za-z0-9._-]{1,200}")  # as Kafka allows, with room for a number
_NOT_OF_A_MEMBER = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class Common:
    """What every service needs to know, whichever it is."""

    local: bool
    clock: Clock
    data_dir: Path
    port_base: int
    kafka: KafkaAccess | None  # None: producers' outboxes are read directly
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
        """Raises `BadSetting`: one, or several at once."""
        env = Env(values, collects=True)
        return env.checked(cls.read(env))

    @classmethod
    def read(cls, env: Env) -> Self:
        """The same as a part of a service's settings, whose `env` tells of every fault."""
        local = env.flag("RECOUP_LOCAL")
        dev_key, jwks = env.text("RECOUP_DEV_KEY"), _jwks(env)
        if not local and dev_key is not None:
            env.fault(BadSetting("RECOUP_DEV_KEY", "is for the local mode only (RECOUP_LOCAL=1)"))
        if dev_key is not None and (len(dev_key) < 16 or not dev_key.isascii()):
            env.fault(
                BadSetting("RECOUP_DEV_KEY", "must have at least 16 characters, all of them ASCII")
            )
        if not local and env.text("RECOUP_JWKS") is None:
            env.fault(BadSetting("RECOUP_JWKS", "is not set: name the file or URL of the key set"))
        is_manual = env.choice("RECOUP_CLOCK", "system", ("system", "manual")) == "manual"
        return cls(
            local=local,
            clock="manual" if is_manual else "system",
            data_dir=Path(env.text("RECOUP_DATA_DIR") or "var"),
            port_base=env.integer("RECOUP_PORT_BASE", 8001, low=1, high=65_532),
            kafka=read_kafka(env, local=local),
            jwks=jwks,
            dev_key=dev_key,
            service_token=env.text("RECOUP_SERVICE_TOKEN") or (dev_key if local else None),
            outbox_keep_days=env.days("RECOUP_OUTBOX_KEEP_DAYS"),
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
        env.fault(BadSetting(name, f"is {given!r}; it can have up to 200 of A-Z a-z 0-9 . _ -"))
    return given or _NOT_OF_A_MEMBER.sub("-", socket.gethostname())[:200] or "worker"


def _jwks(env: Env) -> str | None:
    name = "RECOUP_JWKS"
    value = env.text(name)
    if value is None or "://" not in value:
        return value
    # Its query belongs to whoever serves it.
    value = env.url(name, ("https", "http"), query=None)
    if value is not None:
        parts = read_url(value, ("https", "http"), query=None)
        if parts.scheme == "http" and not parts.is_here:
            env.fault(BadSetting(name, _JWKS_IN_PLAIN_TEXT))
    return value
