"""How a Kafka cluster is reached: its servers, with or without TLS, with or without a sign-in."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from shared.addresses.urls import is_loopback

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True)
class KafkaAccess:
    """What every client of the cluster is made with."""

    bootstrap: str  # host:port,host:port
    protocol: str = "PLAINTEXT"
    mechanism: str | None = None  # of a sign-in
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None  # None: the authorities that the machine trusts
    cert_file: str | None = None
    key_file: str | None = None

    @property
    def is_encrypted(self) -> bool:
        return self.protocol in ("SSL", "SASL_SSL")

    @property
    def signs_in(self) -> bool:
        return self.protocol.startswith("SASL_")

    @property
    def is_here(self) -> bool:
        """Whether all its servers are this machine."""
        return all(is_loopback(host) for host in _hosts(self.bootstrap))

    def arguments(self) -> Mapping[str, Any]:
        """The client's arguments. Raises `OSError` for certificates that cannot be used."""
        given: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.protocol,
        }
        if self.is_encrypted:
            given["ssl_context"] = _encryption(self.ca_file, self.cert_file, self.key_file)
        if self.signs_in:
            given |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return given


def kafka_access(of: KafkaAccess | str) -> KafkaAccess:
    """A text is the servers of a cluster on this machine, in plain text."""
    return KafkaAccess(of) if isinstance(of, str) else of


@lru_cache(maxsize=8)
def _encryption(ca: str | None, cert: str | None, key: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)  # checks the certificate and the host's name
    if cert is not None:
        context.load_cert_chain(cert, key, password="")
    return context


def _hosts(bootstrap: str) -> list[str]:
    return [server.strip().rpartition(":")[0].strip("[]") for server in bootstrap.split(",")]
