"""The contract: every event, by topic and type, and the envelope that carries them.

Many types share a topic, so that an account's events stay in order across types. Readers ignore
unknown types and unknown fields; within a version only optional fields are added.
"""

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from shared.events import billing, ledger, metrics, outreach, segmentation

BILLING = "billing.events"
LEDGER = "ledger.events"
CONTACTS = "ledger.contacts"
TENANTS = "ledger.tenants"
SEGMENTATION = "segmentation.events"
OUTREACH = "outreach.events"
METRICS = "metrics.events"

TOPICS = (BILLING, LEDGER, CONTACTS, TENANTS, SEGMENTATION, OUTREACH, METRICS)
COMPACTED = frozenset({CONTACTS, TENANTS})  # carry `revision`, not `sequence`

_LEDGER_OWN = {"contact-details": CONTACTS, "tenant-settings": TENANTS}

SCHEMAS: dict[tuple[str, str], type[Struct]] = {
    **{(BILLING, name): cls for name, cls in billing.TYPES.items()},
    **{(_LEDGER_OWN.get(name, LEDGER), name): cls for name, cls in ledger.TYPES.items()},
    **{(SEGMENTATION, name): cls for name, cls in segmentation.TYPES.items()},
    **{(OUTREACH, name): cls for name, cls in outreach.TYPES.items()},
    **{(METRICS, name): cls for name, cls in metrics.TYPES.items()},
}


class Announcement(Struct, frozen=True, gc=False):
    """What the rules have decided to announce: the pure part of an `Event`.

    Entity and cause make the event's id unique and the same after every retry; topic, tenant, key
    and tracing are the log's and come with `Event.of`.
    """

    type: str
    entity: str  # what it is about: an invoice id, a contact id, …
    cause: str  # the fact or the earlier announcement that makes it: "payment P1"
    time: datetime  # business time
    day: date | None  # the account's calendar day on which it counts
    data: Struct | None


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """An event about to be published: what a command hands to `outbox.append`.

    The id is made from (tenant, service, type, entity, cause), so a crash and retry makes the same
    one; `data` None is a tombstone (compacted topics only).
    """

    topic: str
    tenant: str
    key: str  # the account id; "" for tenant-wide events
    type: str
    entity: str  # what it is about: an invoice id, a contact id, …
    cause: str  # the fact or the announcement that makes it: "payment P1", "2026-03-15 31"
    time: datetime  # business time
    day: date | None = None  # the account's calendar day on which it counts
    recordedtime: datetime  # business instant at which the cause was recorded
    data: Struct | msgspec.Raw | None  # Raw: JSON already
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None

    @classmethod
    def of(
        cls,
        announced: Announcement,
        *,
        topic: str,
        tenant: str,
        key: str,
        recordedtime: datetime,
        correlationid: str | None = None,
        causationid: str | None = None,
        traceparent: str | None = None,
    ) -> "Event":
        """The event that publishes an announcement."""
        return cls(
            topic=topic,
            tenant=tenant,
            key=key,
            type=announced.type,
            entity=announced.entity,
            cause=announced.cause,
            time=announced.time,
            day=announced.day,
            recordedtime=recordedtime,
            data=announced.data,
            correlationid=correlationid,
            causationid=causationid,
            traceparent=traceparent,
        )


class Received(Struct, frozen=True, kw_only=True, gc=False):
    """An event of our own as a consumer gets it. `data` stays bytes until a handler asks."""

    topic: str
    tenant: str
    key: str
    type: str
    id: str
    source: str
    sequence: int  # or the revision, on a compacted topic
    time: datetime
    day: date | None
    recordedtime: datetime
    data: bytes | None  # None: a tombstone
    epoch: int = 1  # of the producer's database: a restore raises it
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None

    def decode(self) -> Any:
        """The typed data. Raises `msgspec.ValidationError` where it does not fit its class."""
        return _DECODERS[self.topic, self.type].decode(self.data or b"null")


_DECODERS = {key: msgspec.json.Decoder(cls) for key, cls in SCHEMAS.items()}


def producer(topic: str) -> str:
    """The service that writes a topic: `ledger.contacts` → `ledger`."""
    return topic.partition(".")[0]


def key_of(tenant: str, key: str) -> str:
    """The log key: `tenant/account`, `tenant/` for tenant-wide events."""
    return f"{tenant}/{key}"
