"""Take events into accounts, assess after each, keep what is believed, announce what changed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.segmentation.commands.warnings import Episodes, keep_warnings
from services.segmentation.context import Context
from services.segmentation.domain.account import Account, known_on
from services.segmentation.domain.announcements import (
    Before,
    Cause,
    announce,
    announce_warning,
)
from services.segmentation.domain.assess import Assessment, assess, shadow_rows, update_commitments
from services.segmentation.domain.fold import fold, touched
from services.segmentation.domain.rules import Rules
from services.segmentation.domain.scorer import Row, Shadow
from services.segmentation.learning.cases import Target
from services.segmentation.store import accounts as store
from services.segmentation.store import assessments
from services.segmentation.store.account_memory import Key
from services.segmentation.store.accounts import AccountRow
from services.segmentation.store.assessments import AssessmentRecord, ScoreRecord, ShadowScore
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
    await assessments.upsert_shadows(session, shadows_of(rows, believed, rules))
    await keep_warnings(session, batch.episodes)
    outbox.append(session, batch.events)
    store.remember_states(session, rows, context.accounts)


class Belief(NamedTuple):
    """An assessment, and how the account stood after it."""

    after: Assessment
    segment: str | None
    arms: dict[str, str]
    policy_version: str | None
    revision: int

    def record(self, on_day: date, *, by_rescore: bool = False) -> AssessmentRecord:
        """What to record of it: all that is needed to work it out again."""
        after = self.after
        assert self.segment is not None
        assert self.policy_version is not None
        return AssessmentRecord(
            on_day=on_day,
            features=after.features,
            engagement=after.engagement,
            scores={
                target: ScoreRecord(answer.version, answer.probability, answer.row)
                for target, answer in after.answers.items()
            },
            segment=self.segment,
            arms=self.arms,
            policy_version=self.policy_version,
            expected_recovery_minor=after.expected_recovery_minor,
            priority=after.priority,
            revision=self.revision,
            by_rescore=by_rescore,
        )


def belief_of(row: AccountRow, after: Assessment) -> Belief:
    """What is believed of an account whose row holds the assessment's figures."""
    return Belief(after, row.segment, row.arms, row.policy_version, row.revision)


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


def before_of(row: AccountRow) -> Before:
    return Before(row.segment, row.arms, row.probability, row.model_version)


def remember(row: AccountRow, after: Assessment) -> None:
    """The figures of an assessment. The segment is not among them: only ledger events move it."""
    pays, late = after.answers["pays_within"], after.answers["late_payment"]
    row.probability, row.model_version = pays.probability, pays.version
    row.late_probability, row.late_model_version = late.probability, late.version
    row.expected_recovery_minor = after.expected_recovery_minor
    row.currency = after.features.currency
    row.priority = after.priority
    row.revision += 1


def shadows_of(
    rows: Mapping[Key, AccountRow],
    believed: Mapping[Key, Mapping[date, AssessmentRecord]],
    rules: Mapping[str, Rules],
) -> dict[Key, list[ShadowScore]]:
    """What the challengers answer about accounts as they are after a batch, on their latest day."""
    asked: dict[Shadow, list[tuple[Key, AssessmentRecord, Row]]] = {}
    for key, items in believed.items():
        own = rules[key[0]]
        if not own.shadows or not items:
            continue
        latest = max(items.values(), key=lambda item: item.revision)
        for target, row in _rows_for(rows[key].state, key[1], latest, own).items():
            asked.setdefault(own.shadows[target], []).append((key, latest, row))
    scores: dict[Key, list[ShadowScore]] = {}
    for shadow, questions in asked.items():
        found = shadow.probabilities([row for _, _, row in questions])
        for (key, latest, row), probability in zip(questions, found, strict=True):
            in_force = latest.scores[shadow.target]
            scores.setdefault(key, []).append(
                ShadowScore(
                    on_day=latest.on_day,
                    target=shadow.target,
                    model_version=shadow.version,
                    probability=probability,
                    row=row,
                    beside_version=in_force.version,
                    beside_probability=in_force.probability or 0.0,
                )
            )
    return scores


def _rows_for(
    state: Account, account_id: str, latest: AssessmentRecord, rules: Rules
) -> dict[Target, Row]:
    """What the challengers look at: mostly what the model in force has just looked at."""
    rows: dict[Target, Row] = {}
    for target, shadow in rules.shadows.items():
        in_force = latest.scores[target]
        if in_force.row is not None and in_force.version == shadow.scorer.version:
            rows[target] = in_force.row
    if len(rows) < len(rules.shadows):
        rows = {**shadow_rows(state, account_id, latest.features, rules), **rows}
    return rows
