"""From facts to the next contact of a debtor: which steps, when, over what, about which subjects.

Every open invoice climbs its account's strategy; promises, plans, payments and warnings are
answered once each. All that has come by the instant of contact is covered by one contact, and the
firmest of it speaks for it. The answer depends on nothing but the facts, the rules and the instant.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from services.outreach.activity.domain.contacts import Channel, DebtorContact, Item, PassedOver
from services.outreach.activity.domain.decisions import Decision, Effect
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.channel_choice import HORIZON, ChannelChoice, Chooser, Reach
from services.outreach.dunning.domain.debtor_facts import Account, DebtorFacts
from services.outreach.dunning.domain.ladder import LadderOf
from services.outreach.dunning.domain.options import Option, leading
from services.outreach.dunning.domain.pauses import pauses_of
from services.outreach.dunning.domain.reactions import ReactionsOf
from services.outreach.dunning.domain.strategy import Step, Strategy
from services.outreach.dunning.domain.timing import Timing
from services.outreach.dunning.domain.workdays import first_in_office
from shared.clock import day_start, local_day

_DAY = timedelta(days=1)
MOVED_MAX = 60  # times that steps which come by, or go by, move the instant of one plan


@dataclass(frozen=True)
class Plan:
    """A contact to be made: of what, when, over what, and what the rules decide of it."""

    due_at: datetime
    items: tuple[Item, ...]
    lead: Item
    strategy: Strategy
    step: Step  # the leading item's
    channel: Channel
    verdict: Effect = "allow"
    decision: Decision | None = None  # the governor's; None: it is not asked about this
    rule: str | None = None  # under which it is not made, or not now
    passed_over: tuple[PassedOver, ...] = ()
    tried: tuple[Channel, ...] = ()  # over which the leading step has failed
    put_off: Decision | None = None  # the governor's, by which it comes later than it could


@dataclass(frozen=True)
class Plans:
    """All that is to be made of a debtor next."""

    contact: Plan | None
    hand_overs: tuple[Plan, ...] = ()  # to agencies and to court, each of one invoice
    anchors: Mapping[tuple[str, str], date] = field(default_factory=dict)  # late starts


@dataclass(frozen=True)
class _Climbs:
    """Every subject's options, those of hand-overs apart."""

    messages: list[list[Option]] = field(default_factory=list)
    hand_overs: list[Option] = field(default_factory=list)
    anchors: dict[tuple[str, str], date] = field(default_factory=dict)


def plan(
    debtor: DebtorFacts,
    at: datetime,
    reach: Reach,
    contact: DebtorContact | None = None,
) -> Plans:
    """The debtor's next contact as known at an instant of business time; `contact`: the one that
    is under way, with what has come of it."""
    if debtor.contact_from is None:
        return Plans(None)
    climbs = _climbs(debtor, at, _begun(contact, at))
    planner = _Instant(debtor, at, Chooser(debtor, reach, contact, at))
    found = planner.find(climbs.messages)
    hand_overs = tuple(_handed_over(debtor, option, at) for option in climbs.hand_overs)
    return Plans(found, hand_overs, climbs.anchors)


def _begun(contact: DebtorContact | None, at: datetime) -> frozenset[tuple[str, str]]:
    """The invoices whose ladders have begun, though nothing has left yet: a contact about them has
    been due, and was put off."""
    if contact is None or not (contact.rules or contact.due_at <= at):
        return frozenset()
    items = [item for item in contact.items if item.is_ladder and not item.is_reminder]
    return frozenset((item.account_id, item.subject_id) for item in items)


def _climbs(debtor: DebtorFacts, at: datetime, begun: frozenset[tuple[str, str]]) -> _Climbs:
    found = _Climbs()
    for account in debtor.accounts:
        strategy = account.strategy
        if account.is_erased or strategy is None:
            continue
        today = local_day(at, account.timezone)
        pauses = pauses_of(account, strategy, debtor)
        reactions = ReactionsOf(account, strategy, debtor, pauses, today)
        ladder = LadderOf(account, strategy, debtor, pauses, today, begun)
        for invoice in debtor.invoices_of.get(account.account_id, ()):
            options, late_on = ladder.climb(invoice)
            _sort(found, options, at)
            if late_on is not None and late_on != invoice.anchor_on:
                found.anchors[invoice.account_id, invoice.invoice_id] = late_on
        if strategy.reactions:
            for occasion in debtor.occasions:
                if occasion.account_id == account.account_id:
                    _sort(found, reactions.climb(occasion), at)
    return found


def _sort(found: _Climbs, options: list[Option], at: datetime) -> None:
    """Messages and persons share a contact; a hand-over has one of its own. The last step that has
    come covers those before it."""
    rest = options
    if any(option.step.hand_over is not None for option in options):
        ready = [o for o in options if o.ready_at <= at and _is_in_time(o, at)]
        last = ready[-1] if ready else options[0]
        handing = [
            option
            for option in options
            if option.step.hand_over is not None and option.step.ladder_day >= last.step.ladder_day
        ]
        rest = [option for option in options if option.step.hand_over is None]
        if handing:
            is_now = bool(ready) and last.step.hand_over is not None
            found.hand_overs.append(last if is_now else min(handing, key=lambda o: o.ready_at))
            if is_now:
                rest = [o for o in rest if o.step.ladder_day > last.step.ladder_day]
    if rest:
        found.messages.append(rest)


class _Instant:
    """Finds the first instant at which what has come by then may be made."""

    def __init__(self, debtor: DebtorFacts, at: datetime, chooser: Chooser) -> None:
        self._debtor = debtor
        self._at = at
        self._chooser = chooser
        self._timings: dict[str, Timing] = {}

    def find(self, climbs: Sequence[list[Option]]) -> Plan | None:
        """A later instant brings further steps in, and puts reminders past their day out."""
        moment = self._first(climbs, self._at)
        if moment is None:
            return None
        limit = moment + HORIZON
        found: Plan | None = None
        for _ in range(MOVED_MAX):
            options = _covered(climbs, moment)
            if not options:
                later = self._first(climbs, moment)
                if later is None:
                    return None
                moment, limit = later, later + HORIZON
                continue
            made = self._made(options, moment)
            if made.due_at > moment:  # what comes or goes meanwhile may lead, and wait for less
                change = _next_change(climbs, moment, min(made.due_at, limit))
                if change is not None:
                    moment = change
                    continue
            if made.due_at > limit:
                return self._at_the_limit(made, limit)
            if found is not None and found.put_off is not None and made.put_off is None:
                made = replace(made, put_off=found.put_off)
            if made.due_at == moment or (
                found is not None and (found.due_at, found.items) == (made.due_at, made.items)
            ):
                return made
            found, moment = made, made.due_at
        return found

    def _first(self, climbs: Sequence[list[Option]], after: datetime) -> datetime | None:
        """The first instant, not before the given one, at which something can be made."""
        found: datetime | None = None
        for options in climbs:
            for option in options:
                moment = max(after, option.ready_at)
                if (found is None or moment < found) and _is_in_time(option, moment):
                    found = moment  # a later step of a ladder can come before an earlier one
        return found

    def _made(self, options: Sequence[Option], moment: datetime) -> Plan:
        """The contact about these, at the first instant from then on that all allow."""
        lead = leading(options)
        if lead.step.is_person:
            zone = lead.account.timezone
            due_at = first_in_office(moment, zone, self._debtor.calendar)
            return _plan(options, lead, ChannelChoice("person", due_at, "allow"))
        timing = self._timing(min(options, key=lambda o: o.key[0]).account)
        by_day = timing.after_message(moment)
        earliest = max(by_day, timing.after_caps(moment, lead.strategy.caps))
        courtesies = [option for option in options if option.is_courtesy]
        if courtesies and (len(courtesies) == len(options) or earliest > by_day):
            # What asks for nothing waits for no gap: then the rest comes another day.
            options, lead, earliest = courtesies, leading(courtesies), by_day
        if self._chooser.reach.has_no_data:
            rule = suppressions.NO_CONTACT_DATA
            channel = lead.step.channels[0]
            return _plan(
                options, lead, ChannelChoice(channel, earliest + HORIZON, "defer", rule=rule)
            )
        items: list[tuple[Item, ...]] = []

        def covered() -> tuple[Item, ...]:
            if not items:
                items.append(tuple(sorted(option.item() for option in options)))
            return items[0]

        account_ids = tuple(sorted({option.key[0] for option in options}))
        choice = self._chooser.choose(lead, covered, account_ids, earliest, timing)
        return _plan(options, lead, choice, items[0] if items else None)

    def _at_the_limit(self, made: Plan, limit: datetime) -> Plan:
        """Beyond it nothing is looked for: then it is planned again."""
        verdict: Effect = "defer" if made.verdict == "allow" else made.verdict
        rule = made.rule or suppressions.TOO_SOON
        return replace(made, due_at=limit, verdict=verdict, rule=rule)

    def _timing(self, account: Account) -> Timing:
        zone = account.timezone
        if zone not in self._timings:
            debtor = self._debtor
            self._timings[zone] = Timing.of(
                zone, debtor.calendar, debtor.attempts, debtor.last_message_at
            )
        return self._timings[zone]


def _plan(
    options: Sequence[Option],
    lead: Option,
    choice: ChannelChoice,
    items: tuple[Item, ...] | None = None,
) -> Plan:
    return Plan(
        choice.due_at,
        items or tuple(sorted(option.item() for option in options)),
        lead.item(),
        lead.strategy,
        lead.step,
        choice.channel,
        choice.verdict,
        choice.decision,
        choice.rule,
        choice.passed_over,
        lead.tried,
        choice.put_off,
    )


def _handed_over(debtor: DebtorFacts, lead: Option, at: datetime) -> Plan:
    """In office hours of its day somebody is asked whether the invoice is to be handed over."""
    due_at = first_in_office(max(at, lead.ready_at), lead.account.timezone, debtor.calendar)
    item = lead.item()
    return Plan(due_at, (item,), item, lead.strategy, lead.step, "hand-over")


def _covered(climbs: Sequence[list[Option]], moment: datetime) -> list[Option]:
    """Of each subject the last step that has come by the moment; those before are covered by it."""
    found: list[Option] = []
    for options in climbs:
        for option in reversed(options):
            if option.ready_at <= moment and _is_in_time(option, moment):
                found.append(option)
                break
    return found


def _is_in_time(option: Option, moment: datetime) -> bool:
    """A reminder that can only be made after the due day is not made at all."""
    if option.until_on is None:
        return True
    return local_day(max(moment, option.ready_at), option.account.timezone) <= option.until_on


def _next_change(
    climbs: Sequence[list[Option]], after: datetime, before: datetime
) -> datetime | None:
    """When, while a message waits, a step comes, or goes by with its day: so the plan is the same,
    whether somebody plans again on that day or not."""

    def instants() -> Iterator[datetime]:
        for options in climbs:
            for option in options:
                if after < option.ready_at < before:
                    yield option.ready_at
                if option.until_on is not None:
                    gone_at = day_start(option.until_on + _DAY, option.account.timezone)
                    if after < gone_at < before:
                        yield gone_at

    return min(instants(), default=None)
