"""What each kind of rule may be told: the `params` of a record, strictly checked.

A new state is a new record with other parameters; only a new *kind* of rule is code.
"""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from services.outreach.compliance.question import Channel, Clock, Outcome, Person, Purpose

Days = Annotated[int, Meta(ge=0, le=3660)]
Word = Annotated[str, Meta(min_length=1, max_length=128)]
Role = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Conditions = dict[str, Any]  # see conditions.py
Whether = Literal["exempt", "bound"]
Hours = tuple[Clock, ...] | None  # opens, closes, opens, closes …; null: closed all day
Effect = Literal["block", "require_approval"]


class _Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`inbound`: whether a contact that the debtor began is exempt. `reply`: whether one answer to
    the debtor's last message, in the medium they used, is exempt."""


class Gate(_Params, frozen=True, kw_only=True):
    """Extends other rules to whom they do not reach by themselves: California makes the federal
    hours bind a creditor of its own. The rules keep their conditions; scope and date come from
    the gate. A gate only ever adds.

    {extends: [US-REGF-TIME, US-REGF-CEASE]}
    """

    extends: Annotated[tuple[Word, ...], Meta(min_length=1)]  # ids, or US-REGF-* for a family
    but_not: tuple[Word, ...] = ()


class Window(_Params, frozen=True, kw_only=True):
    """Hours of the debtor's local clock, half-open, open in every plausible zone at once.

    {hours: {mon-sat: ["07:00", "21:00"], sun: ["13:00", "17:00"]}, calendar: ca-on}
    """

    hours: dict[str, Hours] | None = None  # by day: all, mon-fri, sat …; a day not named is closed
    calendar: Word | None = None  # of statutory holidays
    holidays: Literal["closed"] | tuple[str, ...] | None = "closed"  # only with a calendar
    inconvenient: bool = False  # also closed at the times the debtor ruled out
    zones: Literal["any", "several"] = "any"  # several: speaks where the place is ambiguous
    consent: bool = False  # lifted by a lawful consent that covers `time`
    inbound: Whether = "exempt"
    reply: Whether = "bound"


class Excused(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consent that excuses calls: they neither count nor are stopped while it is valid."""

    kind: Literal["extra_calls", "voice", "sms", "email"] = "extra_calls"
    days: Annotated[int, Meta(ge=1, le=366)] = 7  # the day of the consent is the first
    given_to: tuple[Literal["collector", "creditor"], ...] = ("collector",)
    until_conversation: bool = True


class Cap(_Params, frozen=True, kw_only=True):
    """At most `most` counted contacts in a span; one more waits until the span lets it.

    {most: 7, days: 7, per: debt, channels: [voice, voicemail], but_not: [busy, not_in_service]}
    """

    most: Annotated[int, Meta(ge=1, le=10_000)]  # this contact among them
    days: Annotated[int, Meta(ge=1, le=366)] | None = None  # rolling local dates: today and before
    period: Literal["day", "week", "month"] | None = None  # week: rolling 7 days
    minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None  # rolling instants
    per: Literal["person", "debt", "account", "creditor", "address"] = "debt"
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
    spread: bool = False  # speaks only where the counted contacts were about several debts
    after_first: Outcome | None = None  # counting starts after the first of these
    excused: Excused | None = None
    effect: Literal["defer", "block", "require_approval"] = "defer"
    role: Role = "compliance"
    inbound: Whether = "exempt"
    reply: Whether = "bound"


class CoolingOff(_Params, frozen=True, kw_only=True):
    """No contact for some days after one that got through; its own day is the first.

    {after: [conversation], days: 7, per: debt, channels: [voice]}
    """

    after: tuple[Outcome, ...] = ("conversation",)
    days: Annotated[int, Meta(ge=1, le=366)]
    per: Literal["person", "debt", "account", "creditor", "address"] = "debt"
    channels: tuple[Channel, ...] | None = None  # of what went before; default: the rule's
    persons: tuple[Person, ...] = ("debtor", "spouse")
    initiated_by: Literal["collector", "any"] = "any"
    excused: Excused | None = None
    inbound: Whether = "exempt"
    reply: Whether = "bound"


class Bar(_Params, frozen=True, kw_only=True):
    """Stops the contact while the rule's conditions hold. One that ends (`days`) may also be a
    pause: `defer`.

    {since: debtor.breathing_space_from, days: 61}
    {role: legal, approval_when: {contact.purpose: [remedy_notice, notice]}}
    """

    effect: Literal["defer", "block", "require_approval"] = "block"
    role: Role = "compliance"
    stage: Literal["person", "channel"] = "person"  # the order of the explanation
    since: Word | None = None  # a fact, instant or day, from which it holds
    first_day: Annotated[int, Meta(ge=0, le=30)] = 0  # 1: from the day after
    days: Days | None = None  # and for how many days; absent: until it is lifted
    approval_when: Conditions | None = None  # then a person may release it
    inbound: Whether = "bound"
    reply: Whether = "bound"


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Word
    when: Conditions


class Consents(_Params, frozen=True, kw_only=True):
    """Stops the contact unless one of the routes is in evidence.

    {routes: [{name: "they texted us", when: {number.last_debtor_text_at: {within_days: 60}}}]}
    """

    routes: Annotated[tuple[Route, ...], Meta(min_length=1)]
    effect: Effect = "block"
    role: Role = "compliance"
    inbound: Whether = "exempt"
    reply: Whether = "bound"


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text_id: Word
    when: Conditions | None = None  # where it is not known, the text is added


class Disclosures(_Params, frozen=True, kw_only=True):
    """Texts that the message must carry.

    {texts: [{text_id: mini-miranda, when: {debt.first_communication: true}}]}
    """

    texts: Annotated[tuple[Said, ...], Meta(min_length=1)]


class Waiting(_Params, frozen=True, kw_only=True):
    """A notice must go first (`wait_days`), or must follow in time (`deadline_days`).

    {notice: medical, by: [letter], wait_days: 60}
    {sent_on: debt.validation_notice_sent_on, deadline_days: 5, period_days: 30,
     receipt_days: 5, receipt_calendar: us-federal}
    """

    notice: str | tuple[str, ...] | None = None  # the kinds of debts[].notices that are it …
    sent_on: Word | None = None  # … or a fact that holds the day
    by: tuple[Channel, ...] | None = None  # the notice counts only if sent so
    wait_days: Annotated[int, Meta(ge=1, le=366)] | None = None  # contact from that day on
    deadline_days: Annotated[int, Meta(ge=1, le=366)] | None = None  # after the first communication
    deadline_calendar: Word | None = None  # then the deadline counts business days
    period_days: Annotated[int, Meta(ge=1, le=366)] | None = None  # evidence: the period that runs
    receipt_days: Days = 0  # business days until it counts as received
    receipt_calendar: Word | None = None
    missing: Effect = "block"
    role: Role = "compliance"
    inbound: Whether = "exempt"
    reply: Whether = "bound"


class Contents(_Params, frozen=True, kw_only=True):
    """What a message must not hold, or must not lack.

    {forbids: [threatens_suit], requires: [identifies_caller]}
    """

    forbids: tuple[Word, ...] = ()  # opt_out_line, threatens_suit …: members of contact.content
    requires: tuple[Word, ...] = ()
    effect: Effect = "block"
    role: Role = "compliance"


class Approval(_Params, frozen=True, kw_only=True):
    """A person of this role must agree first.

    {role: legal}
    """

    role: Role
    inbound: Whether = "exempt"


class Base(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published rate, in force from a day on until the next; unknown from `until` on."""

    percent: Annotated[str, Meta(pattern=r"^-?\d{1,2}(\.\d{1,4})?$")]
    since: date = msgspec.field(name="from")
    until: date | None = None


class Rate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    margin_percent: Annotated[str, Meta(pattern=r"^\d{1,2}(\.\d{1,4})?$")]
    base: tuple[Base, ...] = ()
    # The base rate is the one of the last such day (MM-DD) before interest starts, or on that day
    # itself if it rules from its own day on.
    reference_days: tuple[Annotated[str, Meta(pattern=r"^\d\d-\d\d$")], ...] = ()
    rules_same_day: bool = False
    days_of_year: Literal[360, 365] = 365


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    below_minor: Annotated[int, Meta(ge=1)] | None = None  # the last has none
    sum_minor: Annotated[int, Meta(ge=0)]


class Interest(_Params, frozen=True, kw_only=True):
    """What the law adds to a late debt: simple interest, fixed sums. Goes to the record.

    {currency: GBP, rate: {margin_percent: "8", base: [{from: 2025-12-18, percent: "3.75"}],
     reference_days: ["06-30", "12-31"]}}
    {currency: GBP, fixed: [{below_minor: 100000, sum_minor: 4000}, {sum_minor: 10000}]}
    """

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None  # only debts in it
    rate: Rate | None = None
    fixed: tuple[Band, ...] | None = None
    role: Role = "finance"  # who must agree where the rate is not in the table


class Retention(_Params, frozen=True, kw_only=True):
    """How long the evidence of a contact that is made must be kept.

    {years: 3}
    """

    years: Annotated[int, Meta(ge=1, le=100)]


PARAMS: dict[str, type[_Params]] = {
    "gate": Gate,
    "window": Window,
    "cap": Cap,
    "cooling_off": CoolingOff,
    "bar": Bar,
    "consent": Consents,
    "disclosure": Disclosures,
    "waiting": Waiting,
    "content": Contents,
    "approval": Approval,
    "interest": Interest,
    "retention": Retention,
}
