"""What is believed of an account: as it stands in its row, and as it is recorded day by day.

An assessment (`assess.py`) becomes figures in the account's row and a record of the day. The
encoded forms are what the tables take; a compute process makes them, so that the event loop, which
all tenants share, need not.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import msgspec
from msgspec import Struct

from services.segmentation.domain.account import Account
from services.segmentation.domain.announcements import Before
from services.segmentation.domain.assess import Assessment, shadow_rows
from services.segmentation.domain.contacts import Engagement
from services.segmentation.domain.features import Features
from services.segmentation.domain.rules import Rules
from services.segmentation.domain.scorer import Row, Shadow, pack
from services.segmentation.learning.cases import Target

Key = tuple[str, str]  # tenant, account

_encode = msgspec.json.Encoder().encode


class AccountRow(Struct):
    """An account as it is stored: its state, and what was last believed and announced of it."""

    state: Account
    segment: str | None = None
    policy_version: str | None = None
    probability: float | None = None
    late_probability: float | None = None
    model_version: str | None = None
    late_model_version: str | None = None
    arms: dict[str, str] = {}
    expected_recovery_minor: int = 0
    currency: str | None = None
    priority: int = 0
    revision: int = 0  # how often it was assessed


class AccountFigures(NamedTuple):
    """The same without its state, as the table takes it."""

    segment: str | None
    policy_version: str | None
    probability: float | None
    late_probability: float | None
    model_version: str | None
    late_model_version: str | None
    arms: bytes
    expected_recovery_minor: int
    currency: str | None
    priority: int
    revision: int


class ScoreRecord(Struct, frozen=True, gc=False):
    """One target's score as it was recorded."""

    version: str
    probability: float | None  # None: recorded before probabilities were
    row: Row | None = None  # None: the rule card looked at the features


class AssessmentRecord(Struct, frozen=True, kw_only=True, gc=False):
    """What was believed of an account at the end of a day."""

    on_day: date
    features: Features
    engagement: Engagement
    scores: dict[Target, ScoreRecord]
    segment: str
    arms: dict[str, str]
    policy_version: str
    expected_recovery_minor: int
    priority: int
    revision: int
    by_rescore: bool = False


class EncodedRecord(NamedTuple):
    """The same as the table takes it."""

    on_day: date
    by_rescore: bool
    revision: int
    features: bytes
    engagement: bytes
    late_version: str
    late_probability: float | None
    late_row: bytes | None
    pays_version: str
    pays_probability: float | None
    pays_row: bytes | None
    expected_recovery_minor: int
    priority: int
    arms: bytes
    segment: str
    policy_version: str


class ShadowScore(Struct, frozen=True, kw_only=True, gc=False):
    """What a challenger answered for an account, and what was in force."""

    on_day: date
    target: Target
    model_version: str
    probability: float
    row: Row | None
    beside_version: str
    beside_probability: float


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


def figures_of(row: AccountRow) -> AccountFigures:
    return AccountFigures(
        row.segment,
        row.policy_version,
        row.probability,
        row.late_probability,
        row.model_version,
        row.late_model_version,
        _encode(row.arms),
        row.expected_recovery_minor,
        row.currency,
        row.priority,
        row.revision,
    )


def encode_record(record: AssessmentRecord) -> EncodedRecord:
    late, pays = record.scores["late_payment"], record.scores["pays_within"]
    return EncodedRecord(
        record.on_day,
        record.by_rescore,
        record.revision,
        _encode(record.features),
        _encode(record.engagement),
        late.version,
        late.probability,
        None if late.row is None else pack(late.row),
        pays.version,
        pays.probability,
        None if pays.row is None else pack(pays.row),
        record.expected_recovery_minor,
        record.priority,
        _encode(record.arms),
        record.segment,
        record.policy_version,
    )


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
