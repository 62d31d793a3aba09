"""SQL of assessments: what was believed of an account by day, and what challengers answered."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import msgspec

from services.segmentation.domain.beliefs import (
    AssessmentRecord,
    EncodedRecord,
    Key,
    ScoreRecord,
    ShadowScore,
    encode_record,
)
from services.segmentation.domain.contacts import Engagement
from services.segmentation.domain.features import Features
from services.segmentation.domain.scorer import Row, pack, unpack
from shared.database import Record, Session
from shared.database.columns import joined, joined_json, joined_or_null, texts, values_of

_FEATURES = msgspec.json.Decoder(Features)
_ENGAGEMENT = msgspec.json.Decoder(Engagement)
_ARMS = msgspec.json.Decoder(dict[str, str])
RECORDED_SHADOWS_MAX = 100_000  # read at once for a comparison: the latest


async def upsert_assessments(
    session: Session, believed: Mapping[Key, Mapping[date, AssessmentRecord]]
) -> None:
    """Keep what is believed at the end of each day; the last word of a day stands."""
    await upsert_encoded(
        session,
        [(key, encode_record(item)) for key in sorted(believed) for item in believed[key].values()],
    )


async def erase_tags(session: Session, keys: Collection[Key]) -> None:
    """Take the labels that people gave an account out of what was believed of it."""
    await session.execute(
        """
        update assessments
        set features = convert_to(
          jsonb_set(convert_from(features, 'UTF8')::jsonb, '{tags}', '[]')::text, 'UTF8')
        from unnest($1::text[], $2::text[]) as k (t, a)
        where tenant_id = t and account_id = a
        """,
        [key[0] for key in keys],
        [key[1] for key in keys],
    )


async def upsert_encoded(session: Session, rows: Sequence[tuple[Key, EncodedRecord]]) -> None:
    """The same, in the order of their keys."""
    if not rows:
        return
    items = [item for _, item in rows]
    await session.execute(
        _UPSERT_ASSESSMENTS,
        joined([key[0] for key, _ in rows]),
        joined([key[1] for key, _ in rows]),
        joined_or_null([item.on_day for item in items]),
        joined_or_null([item.by_rescore for item in items]),
        joined_or_null([item.revision for item in items]),
        joined_json([item.features for item in items]),
        joined_json([item.engagement for item in items]),
        joined([item.late_version for item in items]),
        joined_or_null([item.late_probability for item in items]),
        [item.late_row for item in items],
        joined([item.pays_version for item in items]),
        joined_or_null([item.pays_probability for item in items]),
        [item.pays_row for item in items],
        joined_or_null([item.expected_recovery_minor for item in items]),
        joined_or_null([item.priority for item in items]),
        joined_json([item.arms for item in items]),
        joined([item.segment for item in items]),
        joined([item.policy_version for item in items]),
    )


_UPSERT_ASSESSMENTS = f"""
insert into assessments
  (tenant_id, account_id, on_day, by_rescore, revision, features, engagement,
   late_version, late_probability, late_row, pays_version, pays_probability, pays_row,
   expected_recovery_minor, priority, arms, segment, policy_version)
select n.tenant_id, n.account_id, n.on_day, n.by_rescore, n.revision,
  convert_to(n.features, 'UTF8'), convert_to(n.engagement, 'UTF8'),
  n.late_version, n.late_probability, n.late_row, n.pays_version, n.pays_probability, n.pays_row,
  n.expected, n.priority, convert_to(n.arms, 'UTF8'), n.segment, n.policy_version
from unnest({texts(1)}, {texts(2)}, {values_of(3, "date")}, {values_of(4, "bool")},
  {values_of(5, "bigint")}, {texts(6)}, {texts(7)}, {texts(8)}, {values_of(9, "float8")},
  $10::bytea[], {texts(11)}, {values_of(12, "float8")}, $13::bytea[], {values_of(14, "numeric")},
  {values_of(15, "numeric")}, {texts(16)}, {texts(17)}, {texts(18)})
as n(tenant_id, account_id, on_day, by_rescore, revision, features, engagement,
  late_version, late_probability, late_row, pays_version, pays_probability, pays_row,
  expected, priority, arms, segment, policy_version)
on conflict (tenant_id, account_id, on_day, by_rescore) do update set
  revision = excluded.revision, features = excluded.features,
  engagement = excluded.engagement, late_version = excluded.late_version,
  late_probability = excluded.late_probability, late_row = excluded.late_row,
  pays_version = excluded.pays_version, pays_probability = excluded.pays_probability,
  pays_row = excluded.pays_row, expected_recovery_minor = excluded.expected_recovery_minor,
  priority = excluded.priority, arms = excluded.arms, segment = excluded.segment,
  policy_version = excluded.policy_version
"""


async def find_assessment(
    session: Session, key: Key, as_of: date | None = None
) -> AssessmentRecord | None:
    """What is believed now, or was at the end of a day.

    A re-score counts from the next day on: what is asked of a day is what its events had come to.
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
        expected_recovery_minor=int(row["expected_recovery_minor"]),
        priority=int(row["priority"]),
        revision=row["revision"],
        by_rescore=row["by_rescore"],
    )


def _unpacked(recorded: bytes | None) -> Row | None:
    return None if recorded is None else unpack(recorded)


async def upsert_shadows(session: Session, scores: Mapping[Key, Sequence[ShadowScore]]) -> None:
    """Keep what challengers answered at the end of each day."""
    rows = [(key, item) for key in sorted(scores) for item in scores[key]]
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
    """What a challenger and what was in force answered for the same, latest days first."""
    rows = await session.fetch(
        """select probability, beside_probability from shadow_scores
           where tenant_id = $1 and model_version = $2
           order by on_day desc, account_id limit $3""",
        tenant,
        version,
        RECORDED_SHADOWS_MAX,
    )
    return [(row["probability"], row["beside_probability"]) for row in rows]
