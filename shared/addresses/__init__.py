"""Where servers are and how they are reached: URLs taken apart, nothing of them dropped silently.

Plain text is for this machine. Anything else says so where it is written: `?sslmode=disable`,
`KAFKA_SECURITY_PROTOCOL=PLAINTEXT`, `?tls=none`; or `RECOUP_PRIVATE_NETWORK=1` for all databases,
Kafka clusters and peers at once.
"""

from shared.addresses.database import DatabaseAddress, with_plain_text
from shared.addresses.kafka import KafkaAccess, kafka_access
from shared.addresses.urls import BadUrl, Url, is_loopback, read_url

__all__ = [
    "BadUrl",
    "DatabaseAddress",
    "KafkaAccess",
    "Url",
    "is_loopback",
    "kafka_access",
    "read_url",
    "with_plain_text",
]
