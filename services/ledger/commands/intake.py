"""Facts into the books, a batch at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from services.ledger.commands.changes import Submission, change_of, contact_of, event_of
from services.ledger.commands.tenants import Books, lock_tenants, recorded_floor
from services.ledger.domain import Fact, Ineffective, difference, record
from services.ledger.store import accounts as account_store
from services.ledger.store import facts as fact_store
from services.ledger.store import rejections as rejection_store
from services.ledger.store import tenants as tenant_store
from services.ledger.store.accounts import Change, Loaded
from services.ledger.store.facts import FactKey
from services.ledger.store.journal import AccountKey
from services.ledger.store.rejections import Rejection
from services.ledger.store.tenants import LockedTenant
from shared.clock import monotonic
from shared.database import Session
from shared.errors import FieldError
from shared.events import Event
from shared.log import outbox
from shared.process.crash import crash_point


class Outcome(Struct, frozen=True, gc=False):
    """What became of a submission."""

    status: Literal["accepted", "duplicate", "rejected"]
    errors: tuple[FieldError, ...] = ()


# The server ends a transaction that is silent for 5 s; many back-dated facts can take longer.
SILENCE_SECONDS_MAX = 1.0

_ACCEPTED = Outcome("accepted")
_DUPLICATE = Outcome("duplicate")


async def record_facts(
    session: Session, submissions: Sequence[Submission], books: Books, *, now: datetime
) -> list[Outcome]:
    """Take facts into the books: one outcome per submission, in their order.

    A batch of n says what n batches of one say. `now` is machine time; with the manual clock it
    only dates rejections.
    """
    tenants = await lock_tenants(session, {s.tenant for s in submissions}, books, now=now)
    outcomes = [unknown_tenant(s.tenant) if s.tenant not in tenants else None for s in submissions]
    keys = {
        (s.tenant, s.fact.account_id)
        for s, refused in zip(submissions, outcomes, strict=True)
        if refused is None
    }
    if unseen := [key for key in keys if not books.memory.knows(key)]:
        await account_store.insert_accounts(session, unseen)
    rows = await account_store.lock_accounts(session, keys)
    zones = {tenant_id: tenant.settings.timezone for tenant_id, tenant in tenants.items()}
    loaded = await account_store.load_accounts(session, rows, zones, books.memory)

    recorder = _RecordedTimes(tenants, books, now)
    accepted = await _insert_new(session, submissions, outcomes, recorder)
    changes, notices, events = await _decide(session, submissions, accepted, loaded, tenants)
    outbox.append(session, events)
    await account_store.save_changes(session, changes, books.memory)
    await _reject(session, submissions, outcomes, notices, now)
    await recorder.keep(session)
    crash_point("ledger.intake.before_commit")
    session.after_commit(_after_intake)
    return [outcome or _ACCEPTED for outcome in outcomes]


def _after_intake() -> None:
    crash_point("ledger.intake.after_commit")


class _RecordedTimes:
    """`recordedtime` of each accepted fact (LEDGER: Days). It never goes back."""

    def __init__(self, tenants: Mapping[str, LockedTenant], books: Books, now: datetime) -> None:
        self._latest: dict[str, datetime | None] = {}
        self._growing: set[str] = set()
        for tenant_id, tenant in tenants.items():
            latest, grows = recorded_floor(tenant, books, now)
            self._latest[tenant_id] = latest
            if grows:
                self._growing.add(tenant_id)
        self._now = now

    @property
    def is_growing(self) -> bool:
        return bool(self._growing)

    def next(self, submission: Submission) -> datetime:
        """The recorded time of the next accepted fact of a tenant."""
        tenant_id = submission.tenant
        latest = self._latest[tenant_id]
        if tenant_id in self._growing:
            time = submission.fact.time
            if time is not None and (latest is None or time > latest):
                latest = self._latest[tenant_id] = time
        return latest if latest is not None else self._now

    async def keep(self, session: Session) -> None:
        for tenant_id in sorted(self._growing):
            latest = self._latest[tenant_id]
            if latest is not None:
                await tenant_store.update_recorded_at(session, tenant_id, latest)


async def _insert_new(
    session: Session,
    submissions: Sequence[Submission],
    outcomes: list[Outcome | None],
    recorder: _RecordedTimes,
) -> dict[int, Fact]:
    """Insert what is new and give it by index; set the outcome of repeats and conflicts."""
    first: dict[FactKey, int] = {}
    repeats: list[int] = []
    for index, submission in enumerate(submissions):
        if outcomes[index] is None:
            key = (submission.tenant, submission.fact.kind, submission.fact.fact_id)
            if key in first:
                repeats.append(index)
            else:
                first[key] = index
    known: dict[FactKey, Fact] = {}
    if recorder.is_growing:  # a repeat must not move recorded time: look before inserting
        known = await fact_store.find_facts(session, first)
    new = {
        index: replace(submissions[index].fact, recordedtime=recorder.next(submissions[index]))
        for key, index in first.items()
        if key not in known
    }
    if new:
        inserted = await fact_store.insert_facts(
            session, [(submissions[index].tenant, fact) for index, fact in new.items()]
        )
        if len(inserted) < len(new):
            missed = [key for key, index in first.items() if index in new and key not in inserted]
            known |= await fact_store.find_facts(session, missed)
            for key in missed:
                del new[first[key]]
    for key, fact in known.items():
        outcomes[first[key]] = _again(fact, submissions[first[key]].fact)
    for index in repeats:
        submission = submissions[index]
        key = (submission.tenant, submission.fact.kind, submission.fact.fact_id)
        stands = known.get(key) or submissions[first[key]].fact
        outcomes[index] = _again(stands, submission.fact)
    return new


def _again(known: Fact, again: Fact) -> Outcome:
    """The same fact a second time: a duplicate, or a conflict that names what differs."""
    errors = difference(known.kind, (known.time, known.data), (again.time, again.data))
    return Outcome("rejected", tuple(errors)) if errors else _DUPLICATE


async def _decide(
    session: Session,
    submissions: Sequence[Submission],
    accepted: Mapping[int, Fact],
    loaded: Mapping[AccountKey, Loaded],
    tenants: Mapping[str, LockedTenant],
) -> tuple[list[Change], list[tuple[Submission, Ineffective]], list[Event]]:
    """Let every touched account apply its facts in the order of arrival; collect what it says."""
    by_account: dict[AccountKey, list[int]] = {}
    for index, fact in sorted(accepted.items()):
        by_account.setdefault((submissions[index].tenant, fact.account_id), []).append(index)
    changes: list[Change] = []
    notices: list[tuple[Submission, Ineffective]] = []
    events: list[Event] = []
    spoken_at = monotonic()
    for key, indexes in by_account.items():
        if monotonic() - spoken_at > SILENCE_SECONDS_MAX:
            await session.execute("select 1")
            spoken_at = monotonic()
        found = loaded[key]
        facts = [accepted[index] for index in indexes]
        decision = record(found.account, facts, tenants[key[0]].begun)
        change = change_of(key, found, decision, facts[-1].recordedtime, facts)
        changes.append(change)
        notices += [(submissions[indexes[-1]], notice) for notice in decision.rejections]
        origin = {
            (accepted[index].kind, accepted[index].fact_id): submissions[index] for index in indexes
        }
        events += [
            event_of(key, said, facts[-1].recordedtime, origin) for said in decision.announcements
        ]
        if change.is_profile_changed:
            events.append(contact_of(key, found.account, facts[-1].recordedtime))
    return changes, notices, events


async def _reject(
    session: Session,
    submissions: Sequence[Submission],
    outcomes: Sequence[Outcome | None],
    notices: Sequence[tuple[Submission, Ineffective]],
    now: datetime,
) -> None:
    """List conflicts (and the parts of facts that can have no effect) under rejections."""
    refused = [
        _rejection(submission, submission.fact, outcome.errors, now)
        for submission, outcome in zip(submissions, outcomes, strict=True)
        if outcome is not None and outcome.status == "rejected"
    ]
    refused += [
        _rejection(submission, notice.fact, tuple(notice.errors), now)
        for submission, notice in notices
    ]
    await rejection_store.insert_rejections(session, refused)


def _rejection(
    submission: Submission, fact: Fact, errors: tuple[FieldError, ...], now: datetime
) -> Rejection:
    return Rejection(
        tenant_id=submission.tenant,
        account_id=fact.account_id,
        rejected_at=now,
        origin=submission.origin,
        source=fact.source,
        event_id=fact.event_id,
        type=fact.kind,
        errors=errors,
    )


def unknown_tenant(tenant_id: str) -> Outcome:
    return Outcome(
        "rejected", (FieldError("/tenantid", f"there is no tenant {tenant_id!r}; PUT it first"),)
    )
