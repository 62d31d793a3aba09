"""Door 2: `billing.events`. No heads, no parking: facts converge, bad ones are rejections."""

from collections.abc import Sequence

from services.ledger.commands.posted import Posted, take_posted
from services.ledger.commands.tenants import Books
from shared import clock
from shared.cloudevents import Incoming, Refused, parse_kafka
from shared.consume import RawRecord, RawSubscription
from shared.db import Session
from shared.errors import FieldError
from shared.events import BILLING
from shared.ids import is_tenant

CONSUMER = "ledger"


def subscription(
    books: Books, *, tenants: tuple[str, ...] | None, default_tenant: str | None
) -> RawSubscription:
    """`tenants` may write to the topic (None: any); an event that names none is the default's."""

    async def take(session: Session, records: Sequence[RawRecord]) -> None:
        posted = [_posted(record, tenants, default_tenant) for record in records]
        await take_posted(session, posted, books, now=clock.now())

    return RawSubscription(CONSUMER, BILLING, take)


def _posted(
    record: RawRecord, tenants: tuple[str, ...] | None, default_tenant: str | None
) -> Posted:
    item = parse_kafka(record.value, record.headers)
    origin = f"{record.topic}/{record.part}/{record.offset}"
    tenant = item.tenantid or default_tenant
    if tenant is not None and is_tenant(tenant) and (tenants is None or tenant in tenants):
        return Posted(tenant, item, origin)
    reason = (
        FieldError("/tenantid", "is missing")
        if tenant is None
        else FieldError("/tenantid", f"{tenant!r} does not write to this topic")
    )
    owner = default_tenant or (tenants[0] if tenants else "unknown")
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
