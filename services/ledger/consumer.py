"""Door 2: `billing.events`. No heads, no parking: facts converge, bad ones are rejections."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.ledger.commands.posted import Posted, take_posted
from services.ledger.commands.tenants import Books
from shared import clock
from shared.cloudevents import Incoming, Refused, parse_kafka
from shared.database import Database, Session
from shared.errors import FieldError
from shared.events import BILLING
from shared.ids import is_tenant
from shared.log.consume import RawRecord, RawSubscription
from shared.log.runtime import Runtime
from shared.process.settings import Common

CONSUMER = "ledger"


@dataclass(frozen=True)
class Log:
    """The ledger on the log, as it is set up."""

    common: Common
    tenants: tuple[str, ...] | None  # who may write to `billing.events`; None: any
    default_tenant: str | None  # whose an event is that names none


def runtime(log: Log, db: Database, books: Books) -> Runtime:
    """The ledger reads `billing.events`, where there is Kafka."""

    async def take(session: Session, records: Sequence[RawRecord]) -> None:
        posted = [_posted(record, log) for record in records]
        await take_posted(session, posted, books, now=clock.now())

    subscription = RawSubscription(CONSUMER, BILLING, take)
    return Runtime("ledger", log.common, db, [subscription], producer_urls={})


def _posted(record: RawRecord, log: Log) -> Posted:
    item = parse_kafka(record.value, record.headers)
    origin = f"{record.topic}/{record.part}/{record.offset}"
    tenant = item.tenantid or log.default_tenant
    if tenant is not None and is_tenant(tenant) and (log.tenants is None or tenant in log.tenants):
        return Posted(tenant, item, origin)
    reason = (
        FieldError("/tenantid", "is missing")
        if tenant is None
        else FieldError("/tenantid", f"{tenant!r} does not write to this topic")
    )
    owner = log.default_tenant or (log.tenants[0] if log.tenants else "unknown")
    return Posted(owner, _refused(item, reason), origin)


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
