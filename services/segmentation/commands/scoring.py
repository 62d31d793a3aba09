"""Take events into accounts, assess after each, keep what is believed, announce what changed."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.segmentation.commands.warnings import Episodes, keep_warnings
from services.segmentation.context import Context
from services.segmentation.domain.account import known_on
from services.segmentation.domain.announcements import Cause, announce, announce_warning
from services.segmentation.domain.assess import Assessment, assess, update_commitments
from services.segmentation.domain.beliefs import (
    AccountRow,
    AssessmentRecord,
    Belief,
    Key,
    before_of,
    belief_of,
    remember,
    shadows_of,
)
from services.segmentation.domain.fold import fold, touched
from services.segmentation.domain.rules import Rules
from services.segmentation.store import accounts as store
from services.segmentation.store import assessments
from shared.database import Session
from shared.events import LEDGER, SEGMENTATION, Announcement, Event, Received
from shared.log import outbox


async def reassess_accounts(session: Session, events: Sequence[Received], context: Context) -> None:
    """Take a batch of events in order, assess after each, announce every change of segment.

    Each event is judged by itself, not the batch as a whole, so that what is announced does not
    depend on how events happened to be split into batches.
    """
    touches = [(event, touched(event)) for event in events]
    keys = {(event.tenant, account_id) for event, ids in touches for account_id in ids}
    if not keys:
        return
    rows = await store.lock_accounts(session, keys, context.accounts)
    rules = await context.rules.of(session, {tenant for tenant, _ in keys})
    batch = _Batch(rows, rules)
    for event, ids in touches:
        for account_id in ids:
            batch.take(event, account_id)
    believed = batch.believed()
    await store.update_accounts(session, rows)
    await assessments.upsert_assessments(session, believed)
    if erased := [(e.tenant, e.key) for e in events if e.type == "account-erased"]:
        await assessments.erase_tags(session, erased)
    await assessments.upsert_shadows(session, shadows_of(rows, believed, rules))
    await keep_warnings(session, batch.episodes)
    outbox.append(session, batch.events)
    store.remember_states(session, rows, context.accounts)


class _Batch:
    """What a batch of events comes to, while it is worked through."""

    def __init__(self, rows: Mapping[Key, AccountRow], rules: Mapping[str, Rules]) -> None:
        self._rows = rows
        self._rules = rules
        self._assessed: dict[Key, Assessment] = {}  # the last of each account, if it still holds
        self._days: dict[Key, dict[date, Belief]] = {}
        self.events: list[Event] = []
        self.episodes: list[Episodes] = []

    def take(self, event: Received, account_id: str) -> None:
        """One event into one account it touches."""
        key = (event.tenant, account_id)
        row, rules = self._rows[key], self._rules[event.tenant]
        has_changed = fold(row.state, account_id, event)
        after = None if has_changed else self._assessed.get(key)
        if after is None:
            after = assess(row.state, account_id, rules)
            if event.topic == LEDGER:
                self._follow(event, account_id, row, after, rules)
            # What began or ended has moved the account: the same state would be looked at anew.
            if after.watched.raised or after.watched.ended or event.topic != LEDGER:
                self._assessed.pop(key, None)
            else:
                self._assessed[key] = after
        if row.segment is not None:
            remember(row, after)
            on_day = known_on(row.state)
            assert on_day is not None, "a segment comes from a ledger event, which has a day"
            self._days.setdefault(key, {})[on_day] = belief_of(row, after)

    def believed(self) -> dict[Key, dict[date, AssessmentRecord]]:
        """What is believed of each account at the end of each day."""
        return {
            key: {on_day: belief.record(on_day) for on_day, belief in days.items()}
            for key, days in self._days.items()
        }

    def _follow(
        self, event: Received, account_id: str, row: AccountRow, after: Assessment, rules: Rules
    ) -> None:
        """Let the account move on, and announce what moved and what began to go wrong."""
        cause = Cause.of(event)
        announced = announce(account_id, before_of(row), after, cause, rules)
        update_commitments(row.state, after)
        row.segment, row.arms = after.segment, after.arms
        row.policy_version = rules.policy.version
        if after.watched.raised or after.watched.ended:
            announced += [
                announce_warning(account_id, warning, after, cause, rules)
                for warning in after.watched.raised
            ]
            assert row.state.latest_on is not None, "an event of the ledger has a day"
            self.episodes.append(
                Episodes(
                    cause=event, account_id=account_id, after=after, on=row.state.latest_on,
                    policy_version=rules.policy.version,
                )
            )  # fmt: skip
        self.events += [published(one, event, account_id) for one in announced]


def published(announced: Announcement, event: Received, account_id: str) -> Event:
    """An announcement with the recordedtime and the tracing of the event it follows from."""
    return Event.of(
        announced,
        topic=SEGMENTATION,
        tenant=event.tenant,
        key=account_id,
        recordedtime=event.recordedtime,
        correlationid=event.correlationid,
        causationid=event.id,
        traceparent=event.traceparent,
    )
