"""Caps: at most so many contacts in a span of the debtor's local days, counted for the person, the
debt, the account, the creditor or the number. What isn't known of a past contact makes it count.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta

from services.outreach.compliance.facts.facts import Facts
from services.outreach.compliance.facts.history import ContactTraits
from services.outreach.compliance.facts.situation import Starts
from services.outreach.compliance.params import Params, Role, Whether
from services.outreach.compliance.question.terms import Channel, Outcome, Person, Purpose, given
from services.outreach.compliance.rule import (
    ALLOW,
    APPROVAL,
    BLOCK,
    DEFER,
    STRENGTH,
    Attempt,
    Finding,
    Guards,
    Kind,
    Rule,
    RuleDraft,
    Stage,
    ever,
    exempt,
    not_known,
)
from services.outreach.compliance.tally import (
    Excused,
    ExcusedSpan,
    Per,
    counted_channels,
    excused_spans,
    in_scope,
)
from shared.clock import day_start, local_day

_ONE_DAY = timedelta(days=1)
WEEK_DAYS = 7  # a "week" of a law that doesn't define it: rolling, so never laxer than any week


class Cap(Params, frozen=True, kw_only=True):
    """At most `most` counted contacts in a span; one more waits until the span lets it.

    {most: 7, days: 7, per: debt, channels: [voice, voicemail], but_not: [busy, not_in_service]}
    """

    most: Annotated[int, Meta(ge=1, le=10_000)]  # this contact among them
    days: Annotated[int, Meta(ge=1, le=366)] | None = None  # rolling local dates: today and before
    period: Literal["day", "week", "month"] | None = None  # week: rolling 7 days
    minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None  # rolling instants
    per: Per = "debt"
    channels: tuple[Channel, ...] | None = None  # that count; default: the rule's channels
    modes: tuple[Literal["live", "prerecorded", "ai_voice", "ringless"], ...] | None = None
    outcomes: tuple[Outcome, ...] | None = None  # only these count
    but_not: tuple[Outcome, ...] = ()  # all but these count
    persons: tuple[Person, ...] = ("debtor", "spouse")  # whose contacts count
    purposes: tuple[Purpose, ...] | None = None  # only these count
    location: Literal["home", "work", "not_work"] | None = None  # where: counts and binds there
    number_types: tuple[Literal["mobile", "landline", "voip", "toll_free"], ...] | None = None
    initiated_by: Literal["collector", "any"] = "collector"
    answers_count: bool = True  # false: answers to the debtor's own message do not count
    spread: bool = False  # binds only where the counted contacts were about several debts
    after_first: Outcome | None = None  # counting starts after the first of these
    excused: Excused | None = None
    effect: Literal["defer", "block", "require_approval"] = "defer"
    role: Role = "compliance"
    inbound: Whether = "exempt"
    reply: Whether = "bound"


@dataclass(eq=False)
class Count:
    """What counts. Few kinds of past contact differ, so each is decided once and remembered."""

    channels: frozenset[str]
    persons: frozenset[str] | None
    params: "Cap"
    decided: dict[ContactTraits, bool] = field(default_factory=dict)

    def counts(self, traits: ContactTraits) -> bool:
        counts = self.decided.get(traits)
        if counts is None:
            counts = self.decided[traits] = self._decide(traits)
        return counts

    def _decide(self, traits: ContactTraits) -> bool:
        params = self.params
        if traits.channel not in self.channels:
            return False
        if params.initiated_by == "collector" and traits.side == "debtor":
            return False
        if traits.outcome in params.but_not:
            return False
        here = params.location
        elsewhere = here is not None and traits.location == ("home" if here == "work" else "work")
        return not elsewhere and all(
            value is None or wanted is None or value in wanted
            for value, wanted in (
                (traits.outcome, params.outcomes),
                (traits.mode, params.modes),
                (traits.purpose, params.purposes),
                (traits.person, self.persons),
                (traits.number_type, params.number_types),
            )
        )


def _prepare(params: Cap, draft: RuleDraft) -> Count:
    named = [each for each in (params.days, params.period, params.minutes) if each is not None]
    if len(named) != 1:
        draft.fault("needs one of `days`, `period`, `minutes`")
    channels = counted_channels(draft.channels, params.channels)
    return Count(channels, frozenset(params.persons), params)


def _evaluate(rule: Rule, attempt: Attempt, debt: int) -> Finding | None:
    params: Cap = rule.params
    facts, at = attempt.facts, attempt.at
    reach = _reaches(facts, params, debt)
    if reach is False:
        return None
    free = exempt(rule, attempt, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    if not facts.history_known:
        return not_known(rule, ["history"])
    excuses = [] if params.excused is None else excused_spans(facts, params.excused)
    if any(span.is_open(at) for span in excuses):
        return Finding(rule, ALLOW, "the debtor consented to further contact")
    counted = _counted(rule.plan, attempt, debt, excuses)
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


def _counted(count: Count, attempt: Attempt, debt: int, excuses: list[ExcusedSpan]) -> list[int]:
    """The places in the history of the contacts that count, from the span's first day on."""
    params = count.params
    facts, history, per = attempt.facts, attempt.facts.history, params.per
    places = history.since(min(start for _, start in _starts(params, facts, attempt.at)))
    if params.after_first is not None:
        begun = next(
            (
                index
                for index, past in enumerate(history.pasts)
                if past.outcome in {params.after_first, UNSET} and in_scope(facts, per, debt, index)
            ),
            len(history.pasts),
        )
        places = range(max(places.start, begun + 1), places.stop)
    decided = count.decided
    found = []
    for index in places:
        traits = history.traits(index)
        counts = decided.get(traits)
        if counts is None:
            counts = count.counts(traits)
        if not counts or not in_scope(facts, per, debt, index):
            continue
        if excuses and any(span.excuses(history.times[index]) for span in excuses):
            continue
        if params.answers_count or not history.is_answer(index):
            found.append(index)
    return found


def _is_spread(counted: list[int], facts: Facts) -> bool:
    """Whether the contacts, this one among them, are not all about one debt (or one account)."""
    key = ("spread", *counted)  # mostly the same for all debts
    return facts.once(key, lambda: _is_over_several(counted, facts))


def _is_over_several(counted: list[int], facts: Facts) -> bool:
    accounts = facts.once("accounts", lambda: _accounts(facts))
    buckets = Counter({accounts[facts.label(debt)] for debt in facts.debts})
    for index in counted:
        about = facts.history.pasts[index].about
        if about is UNSET or not about:
            return True
        buckets.update({accounts.get(name, name) for name in about})
    return len(counted) + 1 > max(buckets.values())


def _accounts(facts: Facts) -> dict[str, str]:
    """By debt: its account, or itself."""
    return {each.id: each.account or each.id for each in facts.question.debts}


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


def _changes(rule: Rule, facts: Facts, _end: datetime, _guards: Guards) -> Iterator[datetime]:
    """When a past contact leaves a span of minutes; spans of days end at midnights."""
    params: Cap = rule.params
    if params.minutes is not None:
        for past in given(facts.question.history):
            yield past.at + timedelta(minutes=params.minutes)


KIND = Kind(
    name="cap",
    params=Cap,
    stage=Stage.FREQUENCY,
    prepare=_prepare,
    by_debt=ever,
    by_clock=ever,
    evaluate=_evaluate,
    changes=_changes,
    named_when_satisfied=True,
)
