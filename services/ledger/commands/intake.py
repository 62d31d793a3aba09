"""What doors bring, on the way to facts: checked, or refused with reasons."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from services.ledger.commands.facts import record_facts
from services.ledger.commands.new_facts import NewFact, Outcome
from services.ledger.context import Context
from services.ledger.domain import Fact, check, fact_id_of, kept
from services.ledger.store.rejections import Rejection, insert_rejections
from shared import clock
from shared.cloudevents import Incoming, Refused
from shared.database import Session
from shared.errors import AppError, FieldError


class ReceivedEvent(Struct, frozen=True, gc=False):
    """One event as a door got it, and whose it is."""

    tenant: str
    item: Incoming | Refused
    origin: str  # for the list of rejections: "http", or topic/partition/offset

    @property
    def account_id(self) -> str | None:
        item = self.item
        return item.account_id if isinstance(item, Refused) else item.data.account_id


async def take_events(
    session: Session, received: Sequence[ReceivedEvent], context: Context
) -> list[Outcome]:
    """Record events as facts; bad ones become rejections, their neighbours go on."""
    now = clock.now()
    outcomes: list[Outcome | None] = []
    new: list[NewFact] = []
    refused: list[Rejection] = []
    for event in received:
        made = _fact_of(event, now)
        if isinstance(made, NewFact):
            new.append(made)
            outcomes.append(None)
        else:
            outcomes.append(Outcome("rejected", made))
            refused.append(_rejection(event, made, now))
    taken = iter(await record_facts(session, new, context, now=now) if new else ())
    await insert_rejections(session, refused)
    return [outcome or next(taken) for outcome in outcomes]


async def refuse_event(
    session: Session, event: ReceivedEvent, error: Exception, *, now: datetime
) -> Outcome:
    """List an event that its account can't take, although nothing is wrong with it by itself."""
    detail = error.detail if isinstance(error, AppError) else type(error).__name__
    errors = (FieldError("", f"it can't be taken: {detail}. Send it again when that is mended"),)
    await insert_rejections(session, [_rejection(event, errors, now)])
    return Outcome("rejected", errors)


def _fact_of(event: ReceivedEvent, now: datetime) -> NewFact | tuple[FieldError, ...]:
    item = event.item
    if isinstance(item, Refused):
        return item.errors
    if errors := check(item.type, item.time, item.data):
        return tuple(errors)
    return NewFact(
        tenant=event.tenant,
        fact=Fact(
            kind=item.type,
            fact_id=fact_id_of(item.type, item.source, item.id, item.data),
            account_id=item.data.account_id,
            source=item.source,
            event_id=item.id,
            time=item.time,
            recordedtime=now,
            data=kept(item.type, item.data),
        ),
        origin=event.origin,
        correlationid=item.correlationid,
        traceparent=item.traceparent,
    )


def _rejection(event: ReceivedEvent, errors: tuple[FieldError, ...], now: datetime) -> Rejection:
    item = event.item
    return Rejection(
        tenant_id=event.tenant,
        account_id=event.account_id,
        rejected_at=now,
        origin=event.origin,
        source=item.source,
        event_id=item.id,
        type=item.type,
        errors=errors,
    )
