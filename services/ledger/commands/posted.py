"""What doors bring, on the way to facts: checked, or refused with reasons."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from services.ledger.commands.changes import Submission
from services.ledger.commands.intake import Outcome, record_facts
from services.ledger.commands.tenants import Books
from services.ledger.domain import Fact, check, fact_id_of
from services.ledger.store.rejections import Rejection, insert_rejections
from shared.cloudevents import Incoming, Refused
from shared.database import Session
from shared.errors import FieldError


class Posted(Struct, frozen=True, gc=False):
    """One event as a door got it, and whose it is."""

    tenant: str
    item: Incoming | Refused
    origin: str  # for the list of rejections: "http", or topic/partition/offset


async def take_posted(
    session: Session, posted: Sequence[Posted], books: Books, *, now: datetime
) -> list[Outcome]:
    """Take events into the books; bad ones become rejections, their neighbours go on."""
    outcomes: list[Outcome | None] = []
    submissions: list[Submission] = []
    refused: list[Rejection] = []
    for entry in posted:
        made = _submission(entry, now)
        if isinstance(made, Submission):
            submissions.append(made)
            outcomes.append(None)
        else:
            outcomes.append(Outcome("rejected", made))
            refused.append(_rejection(entry, made, now))
    taken = iter(await record_facts(session, submissions, books, now=now) if submissions else ())
    await insert_rejections(session, refused)
    return [outcome or next(taken) for outcome in outcomes]


def _submission(entry: Posted, now: datetime) -> Submission | tuple[FieldError, ...]:
    item = entry.item
    if isinstance(item, Refused):
        return item.errors
    if errors := check(item.type, item.time, item.data):
        return tuple(errors)
    return Submission(
        tenant=entry.tenant,
        fact=Fact(
            kind=item.type,
            fact_id=fact_id_of(item.type, item.source, item.id, item.data),
            account_id=item.data.account_id,
            source=item.source,
            event_id=item.id,
            time=item.time,
            recordedtime=now,
            data=item.data,
        ),
        origin=entry.origin,
        correlationid=item.correlationid,
        traceparent=item.traceparent,
    )


def _rejection(entry: Posted, errors: tuple[FieldError, ...], now: datetime) -> Rejection:
    item = entry.item
    return Rejection(
        tenant_id=entry.tenant,
        account_id=(item.account_id if isinstance(item, Refused) else item.data.account_id),
        rejected_at=now,
        origin=entry.origin,
        source=item.source,
        event_id=item.id,
        type=item.type,
        errors=errors,
    )
