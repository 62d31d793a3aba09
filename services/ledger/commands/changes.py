"""From a domain decision to rows and events: what intake and days share."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from services.ledger.domain import Decision, Entry, Fact, Said
from services.ledger.store.accounts import Change, Loaded
from services.ledger.store.journal import AccountKey
from shared.events import LEDGER, Event


class Submission(Struct, frozen=True, gc=False):
    """A valid event of a billing platform, not yet known to be new."""

    tenant: str
    fact: Fact  # its `recordedtime` is set when it is accepted
    origin: str = "http"
    correlationid: str | None = None
    traceparent: str | None = None


def change_of(
    key: AccountKey,
    found: Loaded,
    decision: Decision,
    recorded_at: datetime,
    facts: Sequence[Fact] = (),
) -> Change:
    recorded = {(fact.kind, fact.fact_id): fact.recordedtime for fact in facts}
    return Change(
        key=key,
        row=found.row,
        account=decision.account,
        entries=tuple(
            (entry, _recorded_at(entry, recorded, recorded_at)) for entry in decision.entries
        ),
        announced=tuple(decision.announced),
        changed_invoices=frozenset(decision.changed_invoices),
        is_profile_changed=decision.account.profile is not found.account.profile,
    )


def _recorded_at(
    entry: Entry, recorded: Mapping[tuple[str, str], datetime], otherwise: datetime
) -> datetime:
    return recorded.get((entry.fact_kind, entry.fact_id), otherwise)


def event_of(
    key: AccountKey,
    said: Said,
    recorded_at: datetime,
    origin: Mapping[tuple[str, str], Submission],
) -> Event:
    fact = said.fact
    submission = origin.get((fact.kind, fact.fact_id)) if fact is not None else None
    return Event(
        topic=LEDGER,
        tenant=key[0],
        key=key[1],
        type=said.type,
        entity=said.entity,
        cause=said.cause,
        time=said.time,
        day=said.day,
        recordedtime=said.recordedtime or recorded_at,
        data=said.data,
        correlationid=(submission.correlationid if submission else None)
        or (fact.event_id if fact is not None else None),
        causationid=fact.event_id if fact is not None else None,
        traceparent=submission.traceparent if submission else None,
    )
