"""CloudEvents 1.0 from billing platforms: every mode, one result per event.

HTTP: binary (`ce-*` headers), structured, batch. Kafka: binary (`ce_*` headers), structured. An
event becomes `Incoming` with typed data, or `Refused` with every bad field, named by RFC 6901
pointer from the event's root; it never hurts its neighbours. What concerns a request as a whole is
raised.

modes.py the forms an event comes in · event.py one event: attributes, data, refusals
"""

from shared.cloudevents.event import Incoming, Refused
from shared.cloudevents.modes import (
    BATCH,
    BATCH_MAX,
    STRUCTURED,
    ParsedRequest,
    parse_http,
    parse_kafka,
)

__all__ = [
    "BATCH",
    "BATCH_MAX",
    "STRUCTURED",
    "Incoming",
    "ParsedRequest",
    "Refused",
    "parse_http",
    "parse_kafka",
]
