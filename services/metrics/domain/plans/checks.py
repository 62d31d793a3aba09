"""The check of a day: what is said of it, which alerts come and go, what is to be done.

One check is of a plan, or of a tenant's own rules. It is pure: what was said before, what is known
of the day, and of the days whose alerts are looked at again.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from services.metrics.domain.plans.alerts import (
    Alert,
    CheckedDay,
    clearing_days,
    corrected_row,
    corrections,
    raising_days,
)
from services.metrics.domain.plans.conditions import Condition, DayFacts, HeldFinding, findings
from services.metrics.domain.plans.contingencies import PlannedAction, triggered
from services.metrics.domain.plans.document import AlertRule, CollectionPlan, Contingency
from shared.ids import event_id

Change = Literal["raised", "cleared", "corrected"]


class RuleFinding(Struct, frozen=True, kw_only=True):
    """Whether a rule's condition held, as it was said."""

    rule: str
    is_contingency: bool = False
    finding: HeldFinding


class SaidDay(Struct, frozen=True, kw_only=True):
    """What was said of a day of a plan, or of a tenant's own rules (no version)."""

    day: date
    version: int | None = None
    is_behind: bool = False
    findings: tuple[RuleFinding, ...] = ()
    progress: msgspec.Raw = msgspec.Raw(b"null")


class Watched(Struct, frozen=True, kw_only=True):
    """A rule or a contingency: what it waits for, on how many days, and whom it tells."""

    rule: str
    when: Condition
    for_days: int
    to: tuple[str, ...]
    contingency: Contingency | None = None

    @classmethod
    def of_rule(cls, rule: AlertRule) -> "Watched":
        return cls(rule=rule.id, when=rule.when, for_days=rule.for_days, to=rule.to)

    @classmethod
    def of_contingency(cls, each: Contingency, reviewers: tuple[str, ...]) -> "Watched":
        told = each.to or (each.do.alert.to if each.do.alert is not None else ()) or reviewers
        return cls(rule=each.id, when=each.when, for_days=each.for_days, to=told, contingency=each)

    @property
    def is_contingency(self) -> bool:
        return self.contingency is not None


def watched_by(plan: CollectionPlan) -> list[Watched]:
    """All that a plan waits for: its alerts, then its contingencies."""
    reviewers = plan.reviews.people if plan.reviews is not None else ()
    rules = [Watched.of_rule(rule) for rule in plan.alerts]
    return rules + [Watched.of_contingency(each, reviewers) for each in plan.contingencies]


class ChangedAlert(Struct, frozen=True, kw_only=True):
    """An alert that a check has raised, cleared or corrected."""

    change: Change
    alert: Alert
    days: tuple[date, ...]
    figures: Mapping[str, float | None]
    words: str
    to: tuple[str, ...]


class CheckInput(Struct, frozen=True, kw_only=True):
    """All that a check is made of."""

    tenant: str
    plan_id: str | None
    version: int | None
    rules: Sequence[Watched]
    facts: DayFacts
    said: Sequence[SaidDay]  # the days before, in their order
    alerts: Sequence[Alert]  # those that are open, and the ones raised lately
    looked_at_again: Mapping[date, DayFacts]  # days of alerts, as is known by now
    armed: frozenset[str]  # contingencies that may act
    is_behind: bool = False


class CheckResult(Struct, frozen=True, kw_only=True):
    said: SaidDay
    changes: tuple[ChangedAlert, ...]
    actions: tuple[PlannedAction, ...]


def days_to_look_at_again(alerts: Sequence[Alert], day: date) -> list[date]:
    """The days of open alerts that a check of `day` looks at once more."""
    found = {each for alert in alerts if alert.may_be_corrected(day) for each in alert.days}
    return sorted(found)


def check(given: CheckInput) -> CheckResult:
    """The check of one day."""
    found = [
        RuleFinding(rule=rule.rule, is_contingency=rule.is_contingency, finding=finding)
        for rule in given.rules
        for finding in findings(rule.when, given.facts)
    ]
    said = SaidDay(
        day=given.facts.day,
        version=given.version,
        is_behind=given.is_behind,
        findings=tuple(found),
    )
    changes: list[ChangedAlert] = []
    actions: list[PlannedAction] = []
    armed = set(given.armed)
    for rule in given.rules:
        row = _Rows(given, rule, [*given.said, said])
        for subject in row.subjects():
            change = row.change_of(subject, may_raise=not rule.is_contingency or rule.rule in armed)
            if change is None:
                continue
            changes.append(change)
            if change.change == "raised" and rule.contingency is not None:
                armed.discard(rule.rule)
                actions.append(_action(given, rule.contingency, change))
    order: Sequence[Change] = ("corrected", "cleared", "raised")
    changes.sort(key=lambda each: order.index(each.change))
    return CheckResult(said=said, changes=tuple(changes), actions=tuple(actions))


class _Rows:
    """The rows of checked days of one rule, by subject."""

    def __init__(self, given: CheckInput, rule: Watched, said: Sequence[SaidDay]) -> None:
        self.given = given
        self.rule = rule
        self.mine = [
            alert
            for alert in given.alerts
            if alert.rule == rule.rule and (alert.kind == "contingency") is rule.is_contingency
        ]
        self.rows: dict[str, list[CheckedDay]] = {}
        self.latest: dict[str, HeldFinding] = {}
        for day in said:
            for each in day.findings:
                if each.rule == rule.rule and each.is_contingency is rule.is_contingency:
                    found = each.finding
                    row = self.rows.setdefault(found.subject, [])
                    row.append(CheckedDay(day.day, found.held, found.state))
                    self.latest[found.subject] = found

    def subjects(self) -> list[str]:
        return sorted(self.rows)

    def change_of(self, subject: str, *, may_raise: bool) -> ChangedAlert | None:
        alerts = [alert for alert in self.mine if alert.subject == subject]
        opened = next((alert for alert in alerts if alert.is_open), None)
        if opened is not None and (corrected := self._corrected(opened)) is not None:
            return corrected
        known = {day.day: day.now for alert in alerts for day in alert.corrections}
        row = corrected_row(self.rows[subject], known)
        if row[-1].day != self.given.facts.day:
            return None  # nothing was said of it today
        if opened is not None:
            days = clearing_days(row, self.rule.for_days, is_open=True)
            return None if days is None else self._cleared(opened, days)
        days = raising_days(row, self.rule.for_days, is_open=False)
        return None if days is None or not may_raise else self._raised(subject, days)

    def _corrected(self, alert: Alert) -> ChangedAlert | None:
        today = self.given.facts.day
        if not alert.may_be_corrected(today):
            return None
        known: dict[date, CheckedDay] = {}
        for day, facts in self.given.looked_at_again.items():
            for found in findings(self.rule.when, facts):
                if found.subject == alert.subject:
                    known[day] = CheckedDay(day, found.held, found.state)
        wrong = corrections(alert, self.rows[alert.subject], known)
        if not wrong:
            return None
        days = tuple(each.day for each in wrong)
        ended = _ended(alert, "corrected", today, corrections=wrong)
        shown = ", ".join(f"{each.day} {each.was}, is {each.now}" for each in wrong)
        words = f"{alert.subject}: the alert of {alert.raised_on} is taken back. Was {shown}."
        return self._change("corrected", ended, days, {}, words)

    def _cleared(self, alert: Alert, days: tuple[date, ...]) -> ChangedAlert:
        found = self.latest[alert.subject]
        ended = _ended(alert, "cleared", self.given.facts.day)
        words = f"{alert.subject}: over since {days[0]}; {found.state}. {found.words}".rstrip()
        if found.state in found.words:
            words = f"Over since {days[0]}: {found.words}."
        return self._change("cleared", ended, days, found.figures, words)

    def _raised(self, subject: str, days: tuple[date, ...]) -> ChangedAlert:
        given, found = self.given, self.latest[subject]
        span = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
        words = f"{subject}: {found.state} {span}. {found.words}".rstrip()
        if found.state in found.words:  # they say it all
            words = f"{found.words}, {span}."
        if given.is_behind:
            words += " Events were still to come in when this was checked."
        kind = "contingency" if self.rule.is_contingency else "rule"
        alert_id = event_id(
            given.tenant, "metrics", kind, given.plan_id or "", self.rule.rule, subject,
            given.facts.day.isoformat(),
        )  # fmt: skip
        alert = Alert(
            alert_id=alert_id,
            plan_id=given.plan_id,
            kind="contingency" if self.rule.is_contingency else "rule",
            rule=self.rule.rule,
            subject=subject,
            state="raised",
            raised_on=given.facts.day,
            days=days,
            figures=found.figures,
            words=words,
        )
        return self._change("raised", alert, days, found.figures, words)

    def _change(
        self,
        change: Change,
        alert: Alert,
        days: tuple[date, ...],
        figures: Mapping[str, float | None],
        words: str,
    ) -> ChangedAlert:
        return ChangedAlert(
            change=change, alert=alert, days=days, figures=figures, words=words, to=self.rule.to
        )


def _ended(
    alert: Alert, state: Literal["cleared", "corrected"], day: date, **changes: Any
) -> Alert:
    return replace(alert, state=state, ended_on=day, **changes)


def _action(given: CheckInput, contingency: Contingency, change: ChangedAlert) -> PlannedAction:
    """What a contingency does: asked for from the first day that has not begun, which is the second
    after the day that was checked."""
    assert given.plan_id is not None, "contingencies are a plan's"
    assert given.version is not None, "the version that holds on the day"
    return triggered(
        contingency,
        plan_id=given.plan_id,
        version=given.version,
        day=given.facts.day,
        alert_id=change.alert.alert_id,
        first_day_not_begun=given.facts.day + timedelta(days=2),
        words=change.words,
    )
