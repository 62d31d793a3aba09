"""What is announced of plans, alerts and contingencies, and the mails that tell of alerts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.plans.checks import ChangedAlert
from services.metrics.domain.plans.contingencies import PlannedAction
from services.metrics.domain.plans.objectives import JudgedObjective
from services.metrics.domain.plans.reviews import PlanReview
from services.metrics.domain.plans.states import PlanRecord, PlanVersion
from shared.clock import day_start
from shared.events import Announcement
from shared.events.metrics import (
    AlertCleared,
    AlertCorrected,
    AlertRaised,
    ContingencyActed,
    ContingencyFailed,
    ContingencyTriggered,
    CorrectedDay,
    PlanApproved,
    PlanClosed,
    PlanOutcome,
    PlanReviewed,
    PlanStarted,
)


class When(Struct, frozen=True):
    """The begun day on which something is announced, in the tenant's zone."""

    day: date
    zone: str

    @property
    def time(self) -> datetime:
        return day_start(self.day, self.zone)


def plan_approved(record: PlanRecord, version: PlanVersion, when: When) -> Announcement:
    plan = version.plan
    assert plan.currency is not None, "an approved plan is whole"
    assert plan.from_on is not None, "an approved plan is whole"
    assert plan.to_on is not None, "an approved plan is whole"
    assert version.holds_from is not None, "it was approved"
    assert version.approved_by is not None, "it was approved"
    data = PlanApproved(
        plan_id=record.plan_id,
        version=version.version,
        title=plan.title,
        currency=plan.currency,
        from_on=plan.from_on,
        to_on=plan.to_on,
        holds_from=version.holds_from,
        approved_by=version.approved_by,
    )
    cause = f"version {version.version} edit {version.edit} {version.approved_on}"
    return Announcement("plan-approved", record.plan_id, cause, when.time, when.day, data)


def plan_started(record: PlanRecord, when: When) -> Announcement:
    assert record.approved is not None, "it was approved"
    data = PlanStarted(plan_id=record.plan_id, version=record.approved.version)
    return Announcement("plan-started", record.plan_id, "start", when.time, when.day, data)


def plan_reviewed(
    record: PlanRecord, review: PlanReview, objectives: Sequence[JudgedObjective], when: When
) -> Announcement:
    assert record.approved is not None, "it ran"
    data = PlanReviewed(
        plan_id=record.plan_id,
        version=record.approved.version,
        for_day=review.for_day,
        outcomes=tuple(
            PlanOutcome(
                objective=each.id, verdict=each.verdict, value=each.value, target=each.target
            )
            for each in objectives
        ),
        reviewed_by=review.reviewed_by,
    )
    return Announcement("plan-reviewed", record.plan_id, "final", when.time, when.day, data)


def plan_closed(record: PlanRecord, reason: str | None, by: str, when: When) -> Announcement:
    version = record.approved or record.newest
    data = PlanClosed(
        plan_id=record.plan_id,
        version=version.version,
        from_state=record.state,
        reason=reason,
        closed_by=by,
    )
    return Announcement("plan-closed", record.plan_id, "close", when.time, when.day, data)


def alert_changed(changed: ChangedAlert, *, is_behind: bool, when: When) -> Announcement:
    """Raised, cleared or corrected."""
    alert = changed.alert
    about: dict[str, Any] = {
        "alert_id": alert.alert_id,
        "plan_id": alert.plan_id,
        "rule": alert.rule,
        "subject": alert.subject,
    }
    data: AlertRaised | AlertCleared | AlertCorrected
    if changed.change == "corrected":
        days = tuple(CorrectedDay(day=each.day, was=True, now=False) for each in alert.corrections)
        data = AlertCorrected(**about, days=days, words=changed.words, behind=is_behind)
    else:
        cls = AlertRaised if changed.change == "raised" else AlertCleared
        data = cls(
            **about,
            days=changed.days,
            figures=dict(changed.figures),
            words=changed.words,
            behind=is_behind,
        )
    return Announcement(
        f"alert-{changed.change}", alert.alert_id, changed.change, when.time, when.day, data
    )


def contingency_triggered(action: PlannedAction, words: str, when: When) -> Announcement:
    data = ContingencyTriggered(**_about(action), alert_id=action.alert_id, words=words)
    return _of_action("contingency-triggered", action, data, when)


def contingency_ended(action: PlannedAction, when: When) -> Announcement:
    """Acted, or failed."""
    if action.state == "acted":
        acted = ContingencyActed(
            **_about(action), from_on=action.from_on if _is_dated(action) else None,
            tries=action.tries,
        )  # fmt: skip
        return _of_action("contingency-acted", action, acted, when)
    failed = ContingencyFailed(
        **_about(action), because=action.because or "no reason given", tries=action.tries
    )
    return _of_action("contingency-failed", action, failed, when)


def _is_dated(action: PlannedAction) -> bool:
    return action.action in ("activate_strategy", "activate_assignments")


def _about(action: PlannedAction) -> dict[str, Any]:
    return {
        "plan_id": action.plan_id,
        "version": action.version,
        "contingency": action.contingency,
        "triggered_on": action.triggered_on,
        "action": action.action,
        "subject": action.subject,
    }


def _of_action(
    type_: str,
    action: PlannedAction,
    data: ContingencyTriggered | ContingencyActed | ContingencyFailed,
    when: When,
) -> Announcement:
    entity = f"{action.plan_id} {action.contingency}"
    cause = action.triggered_on.isoformat()
    return Announcement(type_, entity, cause, when.time, when.day, data)


# ---------------------------------------------------------------------------------------- mails


class AlertMail(Struct, frozen=True, kw_only=True):
    """What one person is told of one check."""

    person: str
    subject: str
    body: str
    alert_ids: tuple[str, ...]


def mails(changes: Sequence[ChangedAlert], *, title: str, day: date) -> list[AlertMail]:
    """One for each person whom any of the changes is for."""
    people = dict.fromkeys(person for change in changes for person in change.to)
    found = []
    for person in people:
        mine = [change for change in changes if person in change.to]
        head = mine[0] if len(mine) == 1 else None
        subject = (
            f"{title}: {head.alert.rule} {head.change} ({head.alert.subject})"
            if head is not None
            else f"{title}: {len(mine)} alerts"
        )
        lines = [f"{title}, as of the end of {day}", ""]
        for change in mine:
            lines += [f"{change.change.capitalize()}: {change.alert.rule}", change.words, ""]
        found.append(
            AlertMail(
                person=person,
                subject=subject,
                body="\n".join(lines),
                alert_ids=tuple(change.alert.alert_id for change in mine),
            )
        )
    return found
