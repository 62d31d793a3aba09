"""What is announced of an account after it was assessed, of experiments, and of exchange rates.

An event of the ledger gives what follows from it its own time, day and recordedtime: a segment
holds from when the fact held. A re-score has no fact: what it changes holds from the instant at
which model or policy came into force, and never before what was announced of the account already.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from services.segmentation.domain.assess import Assessment, score_of
from services.segmentation.domain.experiments import Design
from services.segmentation.domain.rules import Rules
from services.segmentation.domain.warnings import EarlyWarning
from shared.events import SEGMENTATION, Announcement, Event, Received
from shared.events.segmentation import (
    AccountScored,
    ArmShare,
    DatedRate,
    EarlyWarningRaised,
    ExperimentStarted,
    ExperimentStopped,
    RatesChanged,
    SegmentChanged,
)

EARLY_WARNING = "early-warning-raised"
RATES_PER_PART = 5_000  # some 300 kB


class Cause(Struct, frozen=True, kw_only=True, gc=False):
    """Why something is announced, and when it holds."""

    id: str  # makes the event's own id
    because: str
    time: datetime
    day: date | None

    @classmethod
    def of(cls, event: Received) -> "Cause":
        return cls(id=event.id, because=event.type, time=event.time, day=event.day)


class Before(Struct, frozen=True, gc=False):
    """What was last announced of an account."""

    segment: str | None
    arms: dict[str, str]
    probability: float | None  # of `pays_within`
    model_version: str | None


def announce(
    account_id: str, before: Before, after: Assessment, cause: Cause, rules: Rules
) -> list[Announcement]:
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
    return [
        _score_announcement(account_id, after, cause, rules),
        _announcement("segment-changed", account_id, cause, changed),
    ]


def announce_rescored(
    account_id: str, before: Before, after: Assessment, cause: Cause, rules: Rules
) -> list[Announcement]:
    """What a re-score has changed: the segment or an arm, or the score alone."""
    announced = announce(account_id, before, after, cause, rules)
    pays = after.answers["pays_within"]
    if not announced and (pays.probability, pays.version) != (
        before.probability,
        before.model_version,
    ):
        announced = [_score_announcement(account_id, after, cause, rules)]
    return announced


def announce_warning(
    account_id: str, warning: EarlyWarning, after: Assessment, cause: Cause, rules: Rules
) -> Announcement:
    """An episode that began."""
    raised = EarlyWarningRaised(
        account_id=account_id,
        kind=warning.kind,
        since_on=warning.since_on,
        because=warning.because,
        figures=warning.figures,
        currency=after.features.currency,
        segment=after.segment,
        arms=after.arms,
        priority=after.priority,
        policy_version=rules.policy.version,
    )
    return _announcement(EARLY_WARNING, warning_entity(account_id, warning), cause, raised)


def warning_entity(account_id: str, warning: EarlyWarning) -> str:
    """What an episode's event is about."""
    return f"{account_id} {warning.kind}"


def _score_announcement(
    account_id: str, after: Assessment, cause: Cause, rules: Rules
) -> Announcement:
    scorer = rules.scorers.get("pays_within")
    answer = after.answers["pays_within"]
    pays = score_of("pays_within", after.features, answer.row, scorer)
    assert pays.probability == answer.probability, "the reasons explain the score"
    scored = AccountScored(
        account_id=account_id,
        target=pays.target,
        probability=pays.probability,
        horizon_days=pays.horizon_days,
        expected_recovery_minor=after.expected_recovery_minor,
        currency=after.features.currency,
        priority=after.priority,
        reasons=pays.reasons,
        model_version=answer.version,
        policy_version=rules.policy.version,
    )
    return _announcement("account-scored", account_id, cause, scored)


def _announcement(type_: str, entity: str, cause: Cause, data: Struct) -> Announcement:
    return Announcement(
        type=type_, entity=entity, cause=cause.id, time=cause.time, day=cause.day, data=data
    )


# ── Tenant-wide ─────────────────────────────────────────────────────────────────────────────────


def tenant_wide(tenant: str, announced: Announcement) -> Event:
    """Everybody's: a model, an experiment or rates have no account."""
    return Event.of(
        announced, topic=SEGMENTATION, tenant=tenant, key="", recordedtime=announced.time
    )


def announce_started(name: str, run: int, design: Design, cause: Cause) -> Announcement:
    """An experiment begins, or goes on after a stop."""
    started = ExperimentStarted(
        name=name,
        run=run,
        champion=design.champion,
        arms=tuple(ArmShare(arm.name, arm.share) for arm in design.arms),
    )
    return _announcement("experiment-started", name, cause, started)


def announce_stopped(name: str, run: int, cause: Cause) -> Announcement:
    """An experiment ended, by a person or by a guardrail."""
    stopped = ExperimentStopped(name=name, run=run, because=cause.because)
    return _announcement("experiment-stopped", name, cause, stopped)


def announce_rates(
    to: str, rates: Sequence[tuple[str, date, Decimal]], cause: Cause
) -> Iterator[Announcement]:
    """The rates that hold now, in the order of currency and day; many of them in parts."""
    dated = [DatedRate(currency, on, f"{rate:f}") for currency, on, rate in sorted(rates)]
    pieces = [dated[at : at + RATES_PER_PART] for at in range(0, len(dated), RATES_PER_PART)]
    if len(pieces) < 2:
        changed = RatesChanged(to=to, rates=tuple(dated))
        yield _announcement("rates-changed", to, cause, changed)
        return
    for number, piece in enumerate(pieces, 1):
        changed = RatesChanged(to=to, rates=tuple(piece), part=number, parts=len(pieces))
        of_part = replace(cause, id=f"{cause.id} {number}")
        yield _announcement("rates-changed", to, of_part, changed)
