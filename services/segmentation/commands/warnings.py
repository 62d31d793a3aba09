"""Keep the early warnings that a batch of events raised and ended, and say those that began."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from services.segmentation.domain.warnings import EarlyWarning
from services.segmentation.store import warnings as store
from shared.database import Session
from shared.events import SEGMENTATION, Event, Received
from shared.events.segmentation import EarlyWarningRaised
from shared.ids import event_id

TYPE = "early-warning-raised"


class Noticed(Struct, frozen=True, kw_only=True):
    """What watching one account after one event came to, and what was believed then."""

    cause: Received
    account_id: str
    raised: tuple[EarlyWarning, ...]
    ended: tuple[str, ...]  # the kinds whose episodes are over
    on: date  # the latest day of the account's events
    segment: str
    currency: str | None
    arms: dict[str, str]
    priority: int
    policy_version: str


def announce_warnings(noticed: Noticed) -> list[Event]:
    """One event for each episode that began, with the times of its cause."""
    return [_event(noticed, warning) for warning in noticed.raised]


def _event(noticed: Noticed, warning: EarlyWarning) -> Event:
    cause = noticed.cause
    return Event(
        topic=SEGMENTATION,
        tenant=cause.tenant,
        key=noticed.account_id,
        type=TYPE,
        entity=_entity(noticed, warning),
        cause=cause.id,
        time=cause.time,
        day=cause.day,
        recordedtime=cause.recordedtime,
        data=EarlyWarningRaised(
            account_id=noticed.account_id,
            kind=warning.kind,
            since_on=warning.since_on,
            because=warning.because,
            figures=warning.figures,
            currency=noticed.currency,
            segment=noticed.segment,
            arms=noticed.arms,
            priority=noticed.priority,
            policy_version=noticed.policy_version,
        ),
        correlationid=cause.correlationid,
        causationid=cause.id,
        traceparent=cause.traceparent,
    )


def _entity(noticed: Noticed, warning: EarlyWarning) -> str:
    return f"{noticed.account_id} {warning.kind}"


async def keep_warnings(session: Session, noticed: Sequence[Noticed]) -> None:
    """Write a batch's episodes, in order. The accounts are locked, and stand written."""
    raised: list[tuple[str, store.RaisedWarning]] = []
    ended: list[store.EndedWarning] = []
    open_here: dict[tuple[str, str, str], int] = {}  # begun in this batch: where in `raised`
    for one in noticed:
        tenant = one.cause.tenant
        for kind in one.ended:
            at = open_here.pop((tenant, one.account_id, kind), None)
            if at is None:
                ended.append(store.EndedWarning(tenant, one.account_id, kind, one.on))
            else:
                raised[at] = (tenant, replace(raised[at][1], ended_on=one.on))
        for warning in one.raised:
            open_here[tenant, one.account_id, warning.kind] = len(raised)
            raised.append((tenant, _raised(one, warning)))
    await store.end_warnings(session, ended)
    await store.insert_warnings(session, raised)


def _raised(noticed: Noticed, warning: EarlyWarning) -> store.RaisedWarning:
    cause = noticed.cause
    return store.RaisedWarning(
        account_id=noticed.account_id,
        warning_id=event_id(
            cause.tenant, "segmentation", TYPE, _entity(noticed, warning), cause.id
        ),
        kind=warning.kind,
        since_on=warning.since_on,
        raised_at=cause.recordedtime,
        because=warning.because,
        figures=warning.figures,
        currency=noticed.currency,
        segment=noticed.segment,
        priority=noticed.priority,
        policy_version=noticed.policy_version,
    )
