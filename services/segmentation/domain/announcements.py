"""What is said of an account after it was assessed.

An event of the ledger gives what follows from it its own time, day and recordedtime: a segment
holds from when the fact held. A re-score has no fact: what it changes holds from the instant at
which model or policy came into force, and never before what was said of the account already.
"""

from datetime import date, datetime

from msgspec import Struct

from services.segmentation.domain.assess import Assessment, score_of
from services.segmentation.domain.rules import Rules
from shared.events import SEGMENTATION, Event, Received
from shared.events.segmentation import AccountScored, SegmentChanged


class Cause(Struct, frozen=True, kw_only=True):
    """Why something is said, and when it holds."""

    tenant: str
    id: str  # makes the event's own id
    because: str
    time: datetime
    day: date | None
    recordedtime: datetime
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None

    @classmethod
    def of(cls, event: Received) -> "Cause":
        return cls(
            tenant=event.tenant,
            id=event.id,
            because=event.type,
            time=event.time,
            day=event.day,
            recordedtime=event.recordedtime,
            correlationid=event.correlationid,
            causationid=event.id,
            traceparent=event.traceparent,
        )


class Before(Struct, frozen=True):
    """What was last said of an account."""

    segment: str | None
    arms: dict[str, str]
    probability: float | None  # of `pays_within`
    model_version: str | None


def announce(
    account_id: str, before: Before, after: Assessment, cause: Cause, rules: Rules
) -> list[Event]:
    """A score and a segment, where the segment or an arm has changed."""
    if after.segment == before.segment and after.arms == before.arms:
        return []
    changed = SegmentChanged(
        account_id=account_id,
        from_segment=before.segment,
        to_segment=after.segment,
        arms=after.arms,
        priority=after.priority,
        because=cause.because,
        policy_version=rules.policy.version,
    )
    said: list[tuple[str, Struct]] = [
        ("account-scored", _scored(account_id, after, rules)),
        ("segment-changed", changed),
    ]
    return [_event(account_id, type_, data, cause) for type_, data in said]


def announce_rescored(
    account_id: str, before: Before, after: Assessment, cause: Cause, rules: Rules
) -> list[Event]:
    """What a re-score has changed: the segment or an arm, or the score alone."""
    said = announce(account_id, before, after, cause, rules)
    pays = after.asked["pays_within"]
    if not said and (pays.probability, pays.version) != (before.probability, before.model_version):
        said = [_event(account_id, "account-scored", _scored(account_id, after, rules), cause)]
    return said


def _scored(account_id: str, after: Assessment, rules: Rules) -> AccountScored:
    scorer = rules.scorers.get("pays_within")
    asked = after.asked["pays_within"]
    pays = score_of("pays_within", after.features, asked.row, scorer)
    assert pays.probability == asked.probability, "the reasons explain the score"
    return AccountScored(
        account_id=account_id,
        target=pays.target,
        probability=pays.probability,
        horizon_days=pays.horizon_days,
        expected_recovery_minor=after.expected_recovery_minor,
        currency=after.features.currency,
        priority=after.priority,
        reasons=pays.reasons,
        model_version=asked.version,
        policy_version=rules.policy.version,
    )


def _event(account_id: str, type_: str, data: Struct, cause: Cause) -> Event:
    return Event(
        topic=SEGMENTATION,
        tenant=cause.tenant,
        key=account_id,
        type=type_,
        entity=account_id,
        cause=cause.id,
        time=cause.time,
        day=cause.day,
        recordedtime=cause.recordedtime,
        data=data,
        correlationid=cause.correlationid,
        causationid=cause.causationid,
        traceparent=cause.traceparent,
    )
