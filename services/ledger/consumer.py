"""Door 2: `billing.events`, segmentation's and outreach's.

Billing's have no heads and are not parked: facts converge, bad ones are rejections. Of segmentation
the ledger remembers which segment each account is in, in order, for the conditions of policies.
What contacts disclosed, and which of them failed, are facts that charges depend on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.ledger.commands.disclosures import take_disclosures
from services.ledger.commands.intake import ReceivedEvent, take_events
from services.ledger.commands.segments import take_segments
from services.ledger.context import Context
from services.ledger.settings import Settings
from shared.cloudevents import Incoming, Refused, parse_kafka
from shared.database import Session
from shared.errors import FieldError
from shared.events import BILLING, OUTREACH, SEGMENTATION, Received, billing
from shared.ids import is_tenant
from shared.log.consume import RawRecord, RawSubscription
from shared.log.runtime import Runtime
from shared.log.subscriptions import Subscription

CONSUMER = "ledger"
# Groups of their own: their places are kept, with heads.
SEGMENTS_CONSUMER = "ledger-segments"
DISCLOSURES_CONSUMER = "ledger-disclosures"

Handler = Callable[[Session, Sequence[ReceivedEvent], Context], Awaitable[object]]

# One handler for all types, as facts of all types converge together. It lists what is refused, so
# it is also the one for types that nobody knows.
HANDLERS: Mapping[str, Handler] = dict.fromkeys(billing.TYPES, take_events)


def runtime(settings: Settings, context: Context) -> Runtime:
    """The ledger reads `billing.events`, where there is Kafka, and segmentation's and outreach's
    events, there or in their outboxes."""

    async def take(session: Session, records: Sequence[RawRecord]) -> None:
        by_handler: dict[Handler, list[ReceivedEvent]] = {}
        for record in records:
            event = _received(record, settings)
            handler = HANDLERS.get(event.item.type or "", take_events)
            by_handler.setdefault(handler, []).append(event)
        for handler, events in by_handler.items():
            await handler(session, events, context)

    def tenant_of(record: RawRecord) -> str | None:
        return _received(record, settings).tenant

    billing_events = RawSubscription(CONSUMER, BILLING, take, tenant_of)
    segments = Subscription(
        SEGMENTS_CONSUMER, (SEGMENTATION,), frozenset({"segment-changed"}), take_segments
    )

    async def disclose(session: Session, events: Sequence[Received]) -> None:
        await take_disclosures(session, events, context)

    disclosures = Subscription(
        DISCLOSURES_CONSUMER, (OUTREACH,), frozenset({"contact-sent", "contact-failed"}), disclose
    )
    by_producer = {"segmentation": segments, "outreach": disclosures}
    reachable = [
        subscription
        for producer, subscription in by_producer.items()
        if settings.common.kafka is not None or producer in settings.producer_urls
    ]
    return Runtime(
        "ledger",
        settings.common,
        context.db,
        [billing_events, *reachable],
        producer_urls=settings.producer_urls,
    )


def _received(record: RawRecord, settings: Settings) -> ReceivedEvent:
    item = parse_kafka(record.value, record.headers)
    origin = f"{record.topic}/{record.part}/{record.offset}"
    allowed, default = settings.kafka_tenants, settings.default_tenant
    tenant = item.tenantid or default
    if tenant is not None and is_tenant(tenant) and (allowed is None or tenant in allowed):
        return ReceivedEvent(tenant, item, origin)
    reason = (
        FieldError("/tenantid", "is missing")
        if tenant is None
        else FieldError("/tenantid", f"{tenant!r} does not write to this topic")
    )
    owner = default or (allowed[0] if allowed else "unknown")
    return ReceivedEvent(owner, _refused(item, reason), origin)


def _refused(item: Incoming | Refused, reason: FieldError) -> Refused:
    if isinstance(item, Incoming):
        errors: tuple[FieldError, ...] = ()
        account_id: str | None = item.data.account_id
    else:
        errors, account_id = item.errors, item.account_id
    return Refused(
        errors=(reason, *errors),
        id=item.id,
        source=item.source,
        type=item.type,
        tenantid=item.tenantid,
        account_id=account_id,
    )
