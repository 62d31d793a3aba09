"""From a domain decision to rows and events: what intake and days share."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from services.ledger.domain import AccountState, Decision, Entry, Fact, LedgerAnnouncement
from services.ledger.store.accounts import Change, Loaded
from services.ledger.store.journal import AccountKey
from shared.events import CONTACTS, LEDGER, Event
from shared.events.ledger import Contact


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
        account=found.account,
        entries=tuple(
            (entry, _recorded_at(entry, recorded, recorded_at)) for entry in decision.entries
        ),
        announced=tuple(decision.notices),
        changed_invoices=frozenset(decision.changed_invoices),
        is_profile_changed=decision.is_profile_changed,
    )


def _recorded_at(
    entry: Entry, recorded: Mapping[tuple[str, str], datetime], otherwise: datetime
) -> datetime:
    return recorded.get((entry.fact_kind, entry.fact_id), otherwise)


def event_of(
    key: AccountKey,
    announced: LedgerAnnouncement,
    recorded_at: datetime,
    origin: Mapping[tuple[str, str], Submission],
) -> Event:
    fact = announced.fact
    submission = origin.get((fact.kind, fact.fact_id)) if fact is not None else None
    return Event(
        topic=LEDGER,
        tenant=key[0],
        key=key[1],
        type=announced.type,
        entity=announced.entity,
        cause=announced.cause,
        time=announced.time,
        day=announced.day,
        recordedtime=announced.recordedtime or recorded_at,
        data=announced.data,
        correlationid=(submission.correlationid if submission else None)
        or (fact.event_id if fact is not None else None),
        causationid=fact.event_id if fact is not None else None,
        traceparent=submission.traceparent if submission else None,
    )


def contact_of(key: AccountKey, account: AccountState, recorded_at: datetime) -> Event:
    """The account's personal data as it holds now, for `ledger.contacts`."""
    fact, profile = account.profile_fact, account.profile
    assert fact is not None
    assert profile is not None
    return Event(
        topic=CONTACTS,
        tenant=key[0],
        key=key[1],
        type="contact-details",
        entity=key[1],
        cause=f"{fact.source} {fact.event_id} {account.zone}",
        time=fact.time or fact.recordedtime,
        recordedtime=recorded_at,
        data=Contact(
            account_id=key[1],
            name=profile.name,
            kind=profile.kind,
            email=profile.email,
            phones=profile.phones,
            addresses=profile.addresses,
            timezone=account.zone,
            language=profile.language,
        ),
        causationid=fact.event_id,
    )
