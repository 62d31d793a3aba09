"""Caps: at most so many contacts in a span of the debtor's local days, counted for the person, the
debt, the account, the creditor or the number. What isn't known of a past contact makes it count.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

from msgspec import UNSET

from services.outreach.compliance.facts import Facts
from services.outreach.compliance.ground import Starts
from services.outreach.compliance.history import Key, Span, spans
from services.outreach.compliance.params import Cap, Excused
from services.outreach.compliance.question import Channel, Past, given
from services.outreach.compliance.rules import (
    ALLOW,
    APPROVAL,
    BLOCK,
    DEFER,
    STRENGTH,
    Case,
    Finding,
    Rule,
    exempt,
    not_known,
)
from shared.clock import day_start, local_day
from shared.errors import FieldError

_ONE_DAY = timedelta(days=1)
WEEK_DAYS = 7  # a "week" of a law that doesn't define it: rolling, so never laxer than any week


@dataclass(eq=False)
class Count:
    """What counts. Few kinds of past contact differ, so each is decided once and remembered."""

    channels: frozenset[str]
    persons: frozenset[str] | None
    params: Any
    decided: dict[Key, bool] = field(default_factory=dict)

    def counts(self, key: Key) -> bool:
        found = self.decided.get(key)
        if found is None:
            found = self.decided[key] = self._decide(key)
        return found

    def _decide(self, key: Key) -> bool:
        params: Cap = self.params
        if key.channel not in self.channels:
            return False
        if params.initiated_by == "collector" and key.side == "debtor":
            return False
        if key.outcome in params.but_not:
            return False
        here = params.location
        elsewhere = here is not None and key.location == ("home" if here == "work" else "work")
        return not elsewhere and all(
            value is None or wanted is None or value in wanted
            for value, wanted in (
                (key.outcome, params.outcomes),
                (key.mode, params.modes),
                (key.purpose, params.purposes),
                (key.person, self.persons),
                (key.number_type, params.number_types),
            )
        )


def counted_channels(channels: frozenset[str] | None, own: Any) -> frozenset[str]:
    """The channels that count: those named, else the rule's."""
    return frozenset(own) if own is not None else channels or frozenset(get_args(Channel))


def prepare(
    params: Cap, channels: frozenset[str] | None, pointer: str, errors: list[FieldError]
) -> Count:
    named = [each for each in (params.days, params.period, params.minutes) if each is not None]
    if len(named) != 1:
        errors.append(FieldError(pointer, "needs one of `days`, `period`, `minutes`"))
    return Count(counted_channels(channels, params.channels), frozenset(params.persons), params)


def judge(rule: Rule, case: Case, debt: int) -> Finding | None:
    params: Cap = rule.params
    facts, at = case.facts, case.at
    reach = _reaches(facts, params, debt)
    if reach is False:
        return None
    free = exempt(rule, case, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    if not facts.history_known:
        return not_known(rule, ["history"])
    excuses = [] if params.excused is None else excused_spans(facts, params.excused)
    if any(span.is_open(at) for span in excuses):
        return Finding(rule, ALLOW, "the debtor consented to further contact")
    counted = _counted(rule.plan, case, debt, excuses)
    times = [facts.history.times[index] for index in counted]
    most, count, until = params.most, 0, at
    for name, start in _starts(params, facts, at):
        found = len(times) - bisect_left(times, start)
        count = max(count, found)
        if found >= most:
            until = max(until, _free_from(params, times[len(times) - most], at, name))
    if params.spread and (count < most or not _is_spread(counted, facts)):
        return None
    if count < most:
        return Finding(rule, ALLOW, lambda: f"{count} of {most} {_span_text(params)}")
    effect = STRENGTH[params.effect]
    if effect == BLOCK and reach is UNSET:
        effect = APPROVAL
    role = params.role if effect == APPROVAL else None
    return Finding(
        rule,
        effect,
        lambda: f"{count} of at most {most} {_span_text(params)}",
        until if effect == DEFER else None,
        role,
    )


def _reaches(facts: Facts, params: Cap, debt: int) -> Any:
    """Whether the cap is about this contact at all; UNSET where that isn't known."""
    truth: Any = True
    contact = facts.question.contact
    tests = (
        (facts.value("contact.person", debt, facts.at), params.persons),
        (contact.purpose, params.purposes),
        (contact.mode, params.modes),
        (
            facts.value("number.type", debt, facts.at) if params.number_types else None,
            params.number_types,
        ),
    )
    for value, wanted in tests:
        if wanted is None:
            continue
        if value is UNSET:
            truth = UNSET
        elif value not in wanted:
            return False
    if params.location is not None:
        place = facts.value("contact.location", debt, facts.at)
        if place is UNSET:
            return UNSET
        if (place == "work") is not (params.location == "work"):
            return False
    return truth


def excused_spans(facts: Facts, excused: Excused) -> list[Span]:
    """The spans of consents that excuse contacts. Where consents aren't known, none does."""
    consents = given(facts.question.debtor.consents)
    if not consents:
        return []

    def day_after(at: datetime, days: int) -> datetime:
        return min(
            day_start(local_day(at, name) + timedelta(days=days), name) for name in facts.zones
        )

    return spans(consents, facts.history, excused, day_after)


def same(facts: Facts, per: str, debt: int, past: Past) -> bool:
    """Whether a past contact counts in the scope of this one."""
    if per == "person":
        return True
    if per == "address":
        to = facts.question.contact.to
        return to is UNSET or past.to is UNSET or past.to == to
    if past.about is UNSET or not past.about:
        return True
    debts = facts.question.debts
    own = debts[debt]
    if own.id in past.about:
        return True
    if per == "debt":
        return False
    listed = {each.id: each for each in debts}
    for name in past.about:
        other = listed.get(name)
        if per == "account":
            if own.account is not UNSET and (other is None or other.account == own.account):
                return True
        elif other is None or own.creditor in {UNSET, other.creditor} or other.creditor is UNSET:
            return True
    return False


def _counted(count: Count, case: Case, debt: int, excuses: list[Span]) -> list[int]:
    """The places in the history of the contacts that count, from the span's first day on."""
    params: Cap = count.params
    facts, history, per = case.facts, case.facts.history, params.per
    places = history.since(min(start for _, start in _starts(params, facts, case.at)))
    if params.after_first is not None:
        begun = next(
            (
                index
                for index, past in enumerate(history.pasts)
                if past.outcome in {params.after_first, UNSET} and same(facts, per, debt, past)
            ),
            len(history.pasts),
        )
        places = range(max(places.start, begun + 1), places.stop)
    decided = count.decided
    found = []
    for index in places:
        key = history.key(index)
        counts = decided.get(key)
        if counts is None:
            counts = count.counts(key)
        if not counts or not same(facts, per, debt, history.pasts[index]):
            continue
        if excuses and any(span.excuses(history.times[index]) for span in excuses):
            continue
        if params.answers_count or not history.is_answer(index):
            found.append(index)
    return found


def _is_spread(counted: list[int], facts: Facts) -> bool:
    """Whether the contacts, this one among them, are not all about one debt (or one account)."""
    accounts = {each.id: each.account or each.id for each in facts.question.debts}
    buckets = Counter({accounts[facts.label(debt)] for debt in facts.debts})
    for index in counted:
        about = facts.history.pasts[index].about
        if about is UNSET or not about:
            return True
        buckets.update({accounts.get(name, name) for name in about})
    return len(counted) + 1 > max(buckets.values())


def _starts(params: Cap, facts: Facts, at: datetime) -> Starts:
    span = (params.days, params.period, params.minutes)
    return facts.starts(span, at, lambda name: _start(params, at, name))


def _start(params: Cap, at: datetime, zone_name: str) -> datetime:
    """Since when contacts count."""
    if params.minutes is not None:
        return at - timedelta(minutes=params.minutes) + timedelta(microseconds=1)
    today = local_day(at, zone_name)
    if params.period == "month":
        return day_start(today.replace(day=1), zone_name)
    return day_start(today - timedelta(days=_days(params) - 1), zone_name)


def _free_from(params: Cap, oldest: datetime, at: datetime, zone_name: str) -> datetime:
    """When the oldest of the newest `most` has left the span."""
    if params.minutes is not None:
        return oldest.astimezone(UTC) + timedelta(minutes=params.minutes)
    if params.period == "month":
        return day_start(_next_month(local_day(at, zone_name)), zone_name)
    return day_start(local_day(oldest, zone_name) + _ONE_DAY * _days(params), zone_name)


def _days(params: Cap) -> int:
    if params.days is not None:
        return params.days
    return 1 if params.period == "day" else WEEK_DAYS


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _span_text(params: Cap) -> str:
    what = {
        "person": "for this person",
        "debt": "for this debt",
        "account": "for this account",
        "creditor": "for this creditor",
        "address": "at this number or address",
    }[params.per]
    if params.minutes is not None:
        return f"contacts {what} in {params.minutes} minutes"
    if params.period == "month":
        return f"contacts {what} in this month"
    days = _days(params)
    return f"contacts {what} in {days} days" if days > 1 else f"contacts {what} today"
