"""A day begins: what is said of the one before is kept, alerts come and go, plans start.

Everything of one plan and day is one transaction, so that a day that was begun half goes on where
it stopped, and nothing is said twice.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct, structs

from services.metrics.commands.own_events import announce
from services.metrics.domain.plans import news
from services.metrics.domain.plans.checks import ChangedAlert, CheckInput, CheckResult, check
from services.metrics.domain.plans.document import Recipient
from services.metrics.domain.plans.news import AlertMail, When
from services.metrics.store import alerts as alert_store
from services.metrics.store import deliveries as delivery_store
from services.metrics.store import plan_actions as action_store
from services.metrics.store import plan_days as store
from services.metrics.store import plans as plan_store
from services.metrics.store.changes import LiveChange, insert_changes
from services.metrics.store.deliveries import Delivery, DeliveryState
from shared import clock
from shared.database import Session
from shared.events import Announcement
from shared.ids import event_id


class Beginning(Struct, frozen=True, kw_only=True):
    """The day that begins, and how its news go out."""

    tenant: str
    when: When
    recorded_at: datetime
    has_mailer: bool


class CheckedPlan(Struct, frozen=True, kw_only=True):
    """What a check needs to be kept: its input, whom it tells, and what it is called."""

    given: CheckInput
    people: Mapping[str, Recipient]
    title: str
    progress: bytes = b"null"


async def keep_check(session: Session, beginning: Beginning, checked: CheckedPlan) -> CheckResult:
    """Keep what a check says, and say what is new. Of a day that was checked: nothing again."""
    tenant, given = beginning.tenant, checked.given
    result = check(given)
    said = structs.replace(result.said, progress=msgspec.Raw(checked.progress))
    if not await store.insert_said(session, tenant, given.plan_id or "", said):
        return CheckResult(said=said, changes=(), actions=())
    announced: list[Announcement] = []
    by_alert = {action.alert_id: action for action in result.actions}
    for changed in result.changes:
        await alert_store.upsert_alert(session, tenant, changed.alert)
        action = by_alert.get(changed.alert.alert_id)
        if action is not None:
            announced.append(news.contingency_triggered(action, changed.words, beginning.when))
        else:
            announced.append(
                news.alert_changed(changed, is_behind=given.is_behind, when=beginning.when)
            )
    now = clock.now()
    for action in result.actions:
        is_alert = action.action == "alert"
        kept = structs.replace(action, state="acted") if is_alert else action
        next_at = None if is_alert else now
        await action_store.insert_action(session, tenant, kept, now=now, next_at=next_at)
        if is_alert:
            announced.append(news.contingency_ended(kept, beginning.when))
    await _queue_mails(session, beginning, checked, result.changes, now)
    announce(session, beginning.tenant, beginning.recorded_at, announced)
    await _tell(session, tenant, given, result)
    return result


async def _tell(session: Session, tenant: str, given: CheckInput, result: CheckResult) -> None:
    """The live stream, last of all: each alert that changed, and that the plan was checked."""
    changes = [
        LiveChange(
            tenant,
            "alert",
            {
                "alert_id": changed.alert.alert_id,
                "plan_id": given.plan_id,
                "rule": changed.alert.rule,
                "subject": changed.alert.subject,
                "state": changed.alert.state,
            },
        )
        for changed in result.changes
    ]
    if given.plan_id is not None:
        checked = {"plan_id": given.plan_id, "day": given.facts.day}
        changes.append(LiveChange(tenant, "plan", checked))
    await insert_changes(session, changes)


async def _queue_mails(
    session: Session,
    beginning: Beginning,
    checked: CheckedPlan,
    changes: Sequence[ChangedAlert],
    now: datetime,
) -> None:
    given = checked.given
    for mail in news.mails(changes, title=checked.title, day=given.facts.day):
        person = checked.people.get(mail.person)
        if person is None:
            continue  # the rules of a day before knew them
        await _queue(session, beginning, given.plan_id or "", given.facts.day, mail, person, now)


async def _queue(
    session: Session,
    beginning: Beginning,
    plan_id: str,
    day: date,
    mail: AlertMail,
    person: Recipient,
    now: datetime,
) -> None:
    state: DeliveryState = "queued" if beginning.has_mailer else "not-configured"
    if person.email is None:
        state = "no-address"
    delivery = Delivery(
        tenant=beginning.tenant,
        delivery_id=event_id(beginning.tenant, "delivery", plan_id, day.isoformat(), person.id),
        plan_id=plan_id,
        day=day,
        person=person.id,
        email=person.email,
        subject=mail.subject,
        body=mail.body,
        alert_ids=mail.alert_ids,
        state=state,
        made_at=now,
    )
    await delivery_store.insert_delivery(
        session, delivery, next_at=now if state == "queued" else None
    )


async def begin_plans(session: Session, beginning: Beginning) -> int:
    """Approved plans whose first day has begun; how many started."""
    started: list[Announcement] = []
    changes: list[LiveChange] = []
    day = beginning.when.day
    for waiting in await plan_store.list_plans(session, beginning.tenant, states=("approved",)):
        if waiting.starts_on is None or waiting.starts_on > day:
            continue
        record = await plan_store.lock_plan(session, beginning.tenant, waiting.plan_id)
        if record.starts_on is None or record.starts_on > day:
            continue  # withdrawn meanwhile
        running = structs.replace(record, state="running", started_on=day, reason=None)
        await plan_store.update_plan(session, beginning.tenant, running)
        started.append(news.plan_started(running, beginning.when))
        changes.append(
            LiveChange(beginning.tenant, "plan", {"plan_id": record.plan_id, "state": "running"})
        )
    announce(session, beginning.tenant, beginning.recorded_at, started)
    await insert_changes(session, changes)
    return len(started)
