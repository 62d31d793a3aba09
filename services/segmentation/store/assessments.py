"""SQL of assessments: what was believed of an account, day by day, and what challengers said."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from msgspec import Struct

from services.segmentation.domain.contacts import Engagement
from services.segmentation.domain.features import Features
from services.segmentation.domain.scorer import Row, pack, unpack
from services.segmentation.learning.cases import Target
from services.segmentation.store.account_memory import Key
from shared.database import Record, Session

_FEATURES = msgspec.json.Decoder(Features)
_ENGAGEMENT = msgspec.json.Decoder(Engagement)
_ARMS = msgspec.json.Decoder(dict[str, str])
RECORDED_SHADOWS_MAX = 100_000  # read at once for a comparison: the latest


class ScoreRecord(Struct, frozen=True):
    """One target's score as it was recorded."""

    version: str
    probability: float | None  # None: recorded before probabilities were
    row: Row | None = None  # None: the rule card looked at the features


class AssessmentRecord(Struct, frozen=True, kw_only=True):
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


class ShadowScore(Struct, frozen=True, kw_only=True):
    """What a challenger said of an account, beside what was in force."""

    on_day: date
    target: Target
    model_version: str
    probability: float
    row: Row | None
    beside_version: str
    beside_probability: float


async def upsert_assessments(
    session: Session, believed: Mapping[Key, Mapping[date, AssessmentRecord]]
) -> None:
    """Keep what is believed at the end of each day; the last word of a day stands."""
    rows = [(key, item) for key in sorted(believed) for item in believed[key].values()]
    if not rows:
        return
    late = [item.scores["late_payment"] for _, item in rows]
    pays = [item.scores["pays_within"] for _, item in rows]
    await session.execute(
        """insert into assessments
             (tenant_id, account_id, on_day, by_rescore, revision, features, engagement,
              late_version, late_probability, late_row, pays_version, pays_probability, pays_row,
              expected_recovery_minor, priority, arms, segment, policy_version)
           select * from unnest($1::text[], $2::text[], $3::date[], $4::bool[], $5::bigint[],
             $6::bytea[], $7::bytea[], $8::text[], $9::float8[], $10::bytea[], $11::text[],
             $12::float8[], $13::bytea[], $14::bigint[], $15::bigint[], $16::bytea[], $17::text[],
             $18::text[])
           on conflict (tenant_id, account_id, on_day, by_rescore) do update set
             revision = excluded.revision, features = excluded.features,
             engagement = excluded.engagement, late_version = excluded.late_version,
             late_probability = excluded.late_probability, late_row = excluded.late_row,
             pays_version = excluded.pays_version, pays_probability = excluded.pays_probability,
             pays_row = excluded.pays_row,
             expected_recovery_minor = excluded.expected_recovery_minor,
             priority = excluded.priority, arms = excluded.arms, segment = excluded.segment,
             policy_version = excluded.policy_version""",
        [key[0] for key, _ in rows],
        [key[1] for key, _ in rows],
        [item.on_day for _, item in rows],
        [item.by_rescore for _, item in rows],
        [item.revision for _, item in rows],
        [msgspec.json.encode(item.features) for _, item in rows],
        [msgspec.json.encode(item.engagement) for _, item in rows],
        [one.version for one in late],
        [one.probability for one in late],
        [_packed(one) for one in late],
        [one.version for one in pays],
        [one.probability for one in pays],
        [_packed(one) for one in pays],
        [item.expected_recovery_minor for _, item in rows],
        [item.priority for _, item in rows],
        [msgspec.json.encode(item.arms) for _, item in rows],
        [item.segment for _, item in rows],
        [item.policy_version for _, item in rows],
    )


async def find_assessment(
    session: Session, key: Key, as_of: date | None = None
) -> AssessmentRecord | None:
    """What is believed now, or was at the end of a day.

    A re-score counts from the next day on: what is asked of a day is what its events had said.
    """
    row = await session.fetchrow(
        """select * from assessments
           where tenant_id = $1 and account_id = $2
             and ($3::date is null or on_day < $3 or (on_day = $3 and not by_rescore))
           order by on_day desc, revision desc limit 1""",
        *key,
        as_of,
    )
    return None if row is None else _record(row)


def _record(row: Record) -> AssessmentRecord:
    return AssessmentRecord(
        on_day=row["on_day"],
        features=_FEATURES.decode(row["features"]),
        engagement=_ENGAGEMENT.decode(row["engagement"]),
        scores={
            "late_payment": ScoreRecord(
                row["late_version"], row["late_probability"], _unpacked(row["late_row"])
            ),
            "pays_within": ScoreRecord(
                row["pays_version"], row["pays_probability"], _unpacked(row["pays_row"])
            ),
        },
        segment=row["segment"],
        arms=_ARMS.decode(row["arms"]),
        policy_version=row["policy_version"],
        expected_recovery_minor=row["expected_recovery_minor"],
        priority=row["priority"],
        revision=row["revision"],
        by_rescore=row["by_rescore"],
    )


def _packed(one: ScoreRecord) -> bytes | None:
    return None if one.row is None else pack(one.row)


def _unpacked(recorded: bytes | None) -> Row | None:
    return None if recorded is None else unpack(recorded)


async def upsert_shadows(session: Session, said: Mapping[Key, Sequence[ShadowScore]]) -> None:
    """Keep what challengers said at the end of each day."""
    rows = [(key, item) for key in sorted(said) for item in said[key]]
    if not rows:
        return
    await session.execute(
        """insert into shadow_scores
             (tenant_id, account_id, on_day, model_version, target, probability, row,
              beside_version, beside_probability)
           select * from unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[],
             $6::float8[], $7::bytea[], $8::text[], $9::float8[])
           on conflict (tenant_id, account_id, on_day, model_version) do update set
             probability = excluded.probability, row = excluded.row,
             beside_version = excluded.beside_version,
             beside_probability = excluded.beside_probability""",
        [key[0] for key, _ in rows],
        [key[1] for key, _ in rows],
        [item.on_day for _, item in rows],
        [item.model_version for _, item in rows],
        [item.target for _, item in rows],
        [item.probability for _, item in rows],
        [None if item.row is None else pack(item.row) for _, item in rows],
        [item.beside_version for _, item in rows],
        [item.beside_probability for _, item in rows],
    )


async def shadow_pairs(session: Session, tenant: str, version: str) -> list[tuple[float, float]]:
    """What a challenger said and what was in force said of the same, latest days first."""
    rows = await session.fetch(
        """select probability, beside_probability from shadow_scores
           where tenant_id = $1 and model_version = $2
           order by on_day desc, account_id limit $3""",
        tenant,
        version,
        RECORDED_SHADOWS_MAX,
    )
    return [(row["probability"], row["beside_probability"]) for row in rows]
