"""From a decision of the rules to rows and events: what all commands share."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from services.ledger.commands.accounts import LockedAccount
from services.ledger.domain import AccountState, Decision, Entry, Fact, LedgerAnnouncement
from services.ledger.store.accounts import AccountUpdate
from services.ledger.store.journal import AccountKey
from shared.events import CONTACTS, LEDGER, Event
from shared.events.ledger import Contact


class Tracing(Struct, frozen=True, gc=False):
    """Where a billing platform's event belongs, as it says itself."""

    correlationid: str | None = None
    traceparent: str | None = None


NO_TRACING = Tracing()
FactName = tuple[str, str]  # kind and id, within an account


def update_of(
    key: AccountKey,
    account: LockedAccount,
    decision: Decision,
    recorded_at: datetime,
    facts: Sequence[Fact] = (),
) -> AccountUpdate:
    """What is to be written; an entry is recorded when its fact is, else at `recorded_at`."""
    recorded = {(fact.kind, fact.fact_id): fact.recordedtime for fact in facts}
    return AccountUpdate(
        key=key,
        head=account.head,
        state=account.state,
        entries=tuple(
            (entry, _recorded_at(entry, recorded, recorded_at)) for entry in decision.entries
        ),
        notices=tuple(decision.notices),
        changed_invoices=frozenset(decision.changed_invoices),
        is_profile_changed=decision.is_profile_changed,
        changed_objects=frozenset(decision.changed_objects),
    )


def _recorded_at(
    entry: Entry, recorded: Mapping[FactName, datetime], otherwise: datetime
) -> datetime:
    return recorded.get((entry.fact_kind, entry.fact_id), otherwise)


def events_of(
    key: AccountKey,
    announcements: Sequence[LedgerAnnouncement],
    recorded_at: datetime,
    tracing: Mapping[FactName, Tracing],
) -> list[Event]:
    """The events that publish what was decided about an account."""
    return [_event(key, announced, recorded_at, tracing) for announced in announcements]


def _event(
    key: AccountKey,
    announced: LedgerAnnouncement,
    recorded_at: datetime,
    tracing: Mapping[FactName, Tracing],
) -> Event:
    fact = announced.fact
    traced = NO_TRACING
    if fact is not None:
        traced = tracing.get((fact.kind, fact.fact_id), NO_TRACING)
    return Event.of(
        announced,
        topic=LEDGER,
        tenant=key[0],
        key=key[1],
        recordedtime=announced.recordedtime or recorded_at,
        correlationid=traced.correlationid or (fact.event_id if fact is not None else None),
        causationid=fact.event_id if fact is not None else None,
        traceparent=traced.traceparent,
    )


def contact_of(key: AccountKey, state: AccountState, recorded_at: datetime) -> Event:
    """The account's personal data as it holds now, for `ledger.contacts`."""
    fact, profile = state.profile_fact, state.profile
    assert fact is not None
    assert profile is not None
    return Event(
        topic=CONTACTS,
        tenant=key[0],
        key=key[1],
        type="contact-details",
        entity=key[1],
        cause=f"{fact.source} {fact.event_id} {state.zone}",
        time=fact.time or fact.recordedtime,
        recordedtime=recorded_at,
        data=Contact(
            account_id=key[1],
            name=profile.name,
            kind=profile.kind,
            email=profile.email,
            phones=profile.phones,
            addresses=profile.addresses,
            timezone=state.zone,
            language=profile.language,
        ),
        causationid=fact.event_id,
    )
