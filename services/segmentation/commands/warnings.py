"""Keep the early warnings that a batch of events raised and ended."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from services.segmentation.domain.announcements import EARLY_WARNING, warning_entity
from services.segmentation.domain.assess import Assessment
from services.segmentation.domain.warnings import EarlyWarning
from services.segmentation.store import warnings as store
from shared.database import Session
from shared.events import Received
from shared.ids import event_id


class Episodes(Struct, frozen=True, kw_only=True):
    """The episodes of one account that began and ended with one event, and what was believed."""

    cause: Received
    account_id: str
    after: Assessment
    on: date  # the latest day of the account's events
    policy_version: str


async def keep_warnings(session: Session, batch: Sequence[Episodes]) -> None:
    """Write a batch's episodes, in order. The accounts are locked, and stand written."""
    raised: list[tuple[str, store.RaisedWarning]] = []
    ended: list[store.EndedWarning] = []
    open_here: dict[tuple[str, str, str], int] = {}  # begun in this batch: where in `raised`
    for one in batch:
        tenant = one.cause.tenant
        for kind in one.after.watched.ended:
            at = open_here.pop((tenant, one.account_id, kind), None)
            if at is None:
                ended.append(store.EndedWarning(tenant, one.account_id, kind, one.on))
            else:
                raised[at] = (tenant, replace(raised[at][1], ended_on=one.on))
        for warning in one.after.watched.raised:
            open_here[tenant, one.account_id, warning.kind] = len(raised)
            raised.append((tenant, _raised(one, warning)))
    await store.end_warnings(session, ended)
    await store.insert_warnings(session, raised)


def _raised(one: Episodes, warning: EarlyWarning) -> store.RaisedWarning:
    cause, after = one.cause, one.after
    entity = warning_entity(one.account_id, warning)
    return store.RaisedWarning(
        account_id=one.account_id,
        warning_id=event_id(cause.tenant, "segmentation", EARLY_WARNING, entity, cause.id),
        kind=warning.kind,
        since_on=warning.since_on,
        raised_at=cause.recordedtime,
        because=warning.because,
        figures=warning.figures,
        currency=after.features.currency,
        segment=after.segment,
        priority=after.priority,
        policy_version=one.policy_version,
    )
