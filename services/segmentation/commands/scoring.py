"""Take events into accounts, assess after each, keep what is believed, announce what changed."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.segmentation.store.active_rules import ActiveRules
from services.segmentation.commands.warnings import Noticed, announce_warnings, keep_warnings
from services.segmentation.domain.account import Account, known_on
from services.segmentation.domain.announcements import Before, Cause, announce
from services.segmentation.domain.assess import Assessment, assess, settle, shadow_rows
from services.segmentation.domain.fold import fold, touched
from services.segmentation.domain.rules import Rules
from services.segmentation.domain.scorer import Row, Shadow
from services.segmentation.learning.cases import Target
from services.segmentation.store import accounts as store
from services.segmentation.store import assessments
from services.segmentation.store.assessments import AssessmentRecord, ScoreRecord, ShadowScore
from shared.database import Session
from shared.events import LEDGER, Event, Received
from shared.log import outbox


async def reassess_accounts(session: Session, events: Sequence[Received], force: ActiveRules) -> None:
    """Take a batch of events in order, assess after each, announce every change of segment.

    Each event is judged by itself, not the batch as a whole, so that what is announced does not
    depend on how events happened to be split into batches.
    """
    touches = [(event, touched(event)) for event in events]
    keys = {(event.tenant, account_id) for event, ids in touches for account_id in ids}
    if not keys:
        return
    standings = await store.lock_accounts(session, keys)
    rules = await force.of(session, {tenant for tenant, _ in keys})
    believed: dict[store.Key, dict[date, AssessmentRecord]] = {key: {} for key in keys}
    announcements: list[Event] = []
    noticed: list[Noticed] = []
    for event, ids in touches:
        for account_id in ids:
            key = (event.tenant, account_id)
            standing = standings[key]
            fold(standing.state, account_id, event)
            after = assess(standing.state, account_id, rules[event.tenant])
            if event.topic == LEDGER:
                announcements += _follow(event, account_id, standing, after, rules[event.tenant])
                seen = _notice(event, account_id, standing, after, rules[event.tenant])
                if seen.raised or seen.ended:
                    noticed.append(seen)
                    announcements += announce_warnings(seen)
            if standing.segment is not None:
                remember(standing, after)
                item = assessment_record(standing, after)
                believed[key][item.on_day] = item
    await store.update_accounts(session, standings)
    await assessments.upsert_assessments(
        session, {key: list(items.values()) for key, items in believed.items()}
    )
    await assessments.upsert_shadows(session, shadows_of(standings, believed, rules))
    await keep_warnings(session, noticed)
    outbox.append(session, announcements)


def _follow(
    event: Received, account_id: str, standing: store.AccountRow, after: Assessment, rules: Rules
) -> list[Event]:
    """Let the account move on, and say what moved."""
    said = announce(account_id, before_of(standing), after, Cause.of(event), rules)
    settle(standing.state, after)
    standing.segment, standing.arms = after.segment, after.arms
    standing.policy_version = rules.policy.version
    return said


def before_of(standing: store.AccountRow) -> Before:
    return Before(standing.segment, standing.arms, standing.probability, standing.model_version)


def _notice(
    event: Received,
    account_id: str,
    standing: store.AccountRow,
    after: Assessment,
    rules: Rules,
) -> Noticed:
    assert standing.state.latest_on is not None, "an event of the ledger has a day"
    return Noticed(
        cause=event,
        account_id=account_id,
        raised=after.watched.raised,
        ended=after.watched.ended,
        on=standing.state.latest_on,
        segment=after.segment,
        currency=after.features.currency,
        arms=after.arms,
        priority=after.priority,
        policy_version=rules.policy.version,
    )


def remember(standing: store.AccountRow, after: Assessment) -> None:
    """The figures of an assessment. The segment is not among them: only ledger events move it."""
    pays, late = after.asked["pays_within"], after.asked["late_payment"]
    standing.probability, standing.model_version = pays.probability, pays.version
    standing.late_probability, standing.late_model_version = late.probability, late.version
    standing.expected_recovery_minor = after.expected_recovery_minor
    standing.currency = after.features.currency
    standing.priority = after.priority
    standing.revision += 1


def assessment_record(
    standing: store.AccountRow,
    after: Assessment,
    *,
    on_day: date | None = None,
    by_rescore: bool = False,
) -> AssessmentRecord:
    """What to record of an assessment: all that is needed to work it out again."""
    on_day = on_day or known_on(standing.state)
    assert on_day is not None, "a segment comes from a ledger event, which has a day"
    assert standing.segment is not None
    assert standing.policy_version is not None
    return AssessmentRecord(
        on_day=on_day,
        features=after.features,
        engagement=after.engagement,
        scores={
            target: ScoreRecord(asked.version, asked.probability, asked.row)
            for target, asked in after.asked.items()
        },
        segment=standing.segment,
        arms=standing.arms,
        policy_version=standing.policy_version,
        expected_recovery_minor=after.expected_recovery_minor,
        priority=after.priority,
        revision=standing.revision,
        by_rescore=by_rescore,
    )


def shadows_of(
    standings: Mapping[store.Key, store.AccountRow],
    believed: Mapping[store.Key, Mapping[date, AssessmentRecord]],
    rules: Mapping[str, Rules],
) -> dict[store.Key, list[ShadowScore]]:
    """What the challengers say of accounts as they stand after a batch, on their latest day."""
    asked: dict[Shadow, list[tuple[store.Key, AssessmentRecord, Row]]] = {}
    for key, items in believed.items():
        own = rules[key[0]]
        if not own.shadows or not items:
            continue
        latest = max(items.values(), key=lambda item: item.revision)
        for target, row in _rows_for(standings[key].state, key[1], latest, own).items():
            asked.setdefault(own.shadows[target], []).append((key, latest, row))
    said: dict[store.Key, list[ShadowScore]] = {}
    for shadow, questions in asked.items():
        found = shadow.probabilities([row for _, _, row in questions])
        for (key, latest, row), probability in zip(questions, found, strict=True):
            beside = latest.scores[shadow.target]
            said.setdefault(key, []).append(
                ShadowScore(
                    on_day=latest.on_day,
                    target=shadow.target,
                    model_version=shadow.version,
                    probability=probability,
                    row=row,
                    beside_version=beside.version,
                    beside_probability=beside.probability or 0.0,
                )
            )
    return said


def _rows_for(state: Account, account_id: str, latest: AssessmentRecord, rules: Rules) -> dict[Target, Row]:
    """What the challengers look at: mostly what the model in force has just looked at."""
    rows: dict[Target, Row] = {}
    for target, shadow in rules.shadows.items():
        beside = latest.scores[target]
        if beside.row is not None and beside.version == shadow.scorer.version:
            rows[target] = beside.row
    if len(rows) < len(rules.shadows):
        rows = {**shadow_rows(state, account_id, latest.features, rules), **rows}
    return rows
