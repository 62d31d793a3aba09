"""From facts to the next contact of a debtor: which steps, when, about which invoices.

Every open invoice climbs its account's strategy, step by step from its due day. All steps that have
come by the instant of contact are covered by one contact, the firmest of them giving the words.
When a message may leave is decided by the governor; work for a person appears in office hours. The
answer depends on nothing but the facts, the rules and the instant.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from services.outreach.activity.domain.contacts import AccountKind, Item
from services.outreach.activity.domain.decisions import Decision
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.stops import Stop, resumed_on, stopped_by, without_end
from services.outreach.dunning.domain.cancellations import Because, first_reason
from services.outreach.dunning.domain.strategies import KindStep as Step
from services.outreach.dunning.domain.strategies import KindStrategy as Strategy
from services.outreach.dunning.domain.strategies import Strategies
from services.outreach.dunning.domain.workdays import first_in_office
from shared.clock import day_start, local_day

DAYS_BETWEEN_CONTACTS_MIN = 1  # a debtor is contacted at most once on a calendar day
ASKED_MAX = 8  # times that the governor is asked for one plan; steps that come by move the instant


@dataclass(frozen=True)
class Account:
    account_id: str
    kind: AccountKind
    timezone: str
    is_contacted: bool = False  # a message has reached, or may have reached, this account
    is_erased: bool = False  # nobody is left to be contacted
    arms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DebtorFacts:
    """One person or company: the accounts joined by `debtor_id`, and their open invoices."""

    key: str
    debtor_id: str | None
    contact_from: date | None  # the tenant's; None: nobody is contacted
    accounts: tuple[Account, ...]
    invoices: tuple[Invoice, ...]  # the open ones, and those of a contact under way
    made: Mapping[tuple[str, str, date], frozenset[str]]  # steps made, by account, invoice, due day
    last_contact_at: datetime | None = None
    refused_since: datetime | None = None  # the mailbox refuses the message under way for now
    paused_until: datetime | None = None  # so that it is not tried before then
    stops: tuple[Stop, ...] = ()  # of all its accounts; those that have ended too

    @cached_property
    def _by_id(self) -> Mapping[tuple[str, str], Invoice]:
        return {(i.account_id, i.invoice_id): i for i in self.invoices}

    @cached_property
    def endless_stops(self) -> tuple[Stop, ...]:
        return without_end(self.stops)

    def invoice(self, account_id: str, invoice_id: str) -> Invoice | None:
        return self._by_id.get((account_id, invoice_id))


# What the governor decides of a message about these items at that instant.
Govern = Callable[[datetime, tuple[Item, ...]], Decision]


@dataclass(frozen=True)
class Plan:
    """The next contact of a debtor, and what the governor decides of it; None: it is no message."""

    due_at: datetime
    items: tuple[Item, ...]
    anchors: Mapping[tuple[str, str], date]  # by account and invoice: where a ladder starts now
    decision: Decision | None = None


@dataclass(frozen=True)
class _Option:
    ready_at: datetime
    until_on: date | None  # a reminder's last day
    timezone: str
    item: Item


def plan(debtor: DebtorFacts, strategies: Strategies, at: datetime, govern: Govern) -> Plan | None:
    """The debtor's next contact as known at an instant of business time; None: there is none."""
    if debtor.contact_from is None:
        return None
    accounts = {account.account_id: account for account in debtor.accounts}
    earliest = max(at, _quiet_until(debtor, at))
    anchors: dict[tuple[str, str], date] = {}
    options: list[_Option] = []
    for known in debtor.invoices:
        account = accounts.get(known.account_id)
        if account is None or account.is_erased:
            continue
        if known.state != "open" or known.is_disputed:
            continue
        if stopped_by(debtor.endless_stops, known, local_day(at, account.timezone)) is not None:
            continue
        invoice = replace(known, resumed_on=resumed_on(debtor.stops, known))
        strategy = strategies[account.kind]
        # A ladder whose first message is being refused has begun all the same.
        begun = min(earliest, debtor.refused_since or earliest)
        anchor = anchored(invoice, account, strategy, debtor, local_day(begun, account.timezone))
        if anchor != (invoice.anchor_on or invoice.due_on) or known.resumed_on is not None:
            anchors[invoice.account_id, invoice.invoice_id] = anchor
        options += _options(invoice, account, strategy, debtor, anchor)
    return _timed(options, debtor, strategies, earliest, anchors, govern)


def _timed(
    options: list[_Option],
    debtor: DebtorFacts,
    strategies: Strategies,
    earliest: datetime,
    anchors: Mapping[tuple[str, str], date],
    govern: Govern,
) -> Plan | None:
    """The first instant at which what has come by then may be made: a later instant brings further
    steps in, and puts reminders past their due day out."""
    moment = earliest
    found: Plan | None = None
    for _ in range(ASKED_MAX):
        options = [
            option for option in options if _is_in_time(option, max(moment, option.ready_at))
        ]
        if not options:
            return None
        moment = max(moment, min(option.ready_at for option in options))
        items = _covered(options, moment)
        if found is not None and found.items == items:
            return found
        leading, _, step = lead(items, strategies)
        pause = _pause(options, debtor, strategies, moment) if step.channel != "person" else None
        if pause is not None:
            moment = pause
            continue
        if step.channel == "person":
            zone = next(a.timezone for a in debtor.accounts if a.account_id == leading.account_id)
            due_at, decision = first_in_office(moment, zone), None
        else:
            decision = govern(moment, items)
            due_at = moment
            if decision.verdict == "defer" and decision.until:
                due_at = decision.until
        found = Plan(due_at, items, anchors, decision)
        if due_at == moment:
            return found
        moment = due_at
    return found


def _pause(
    options: list[_Option], debtor: DebtorFacts, strategies: Strategies, moment: datetime
) -> datetime | None:
    """When to look again while the debtor's mailbox refuses: no person waits for it."""
    if debtor.paused_until is None or moment >= debtor.paused_until:
        return None
    persons = [
        option.ready_at
        for option in options
        if option.ready_at > moment and lead([option.item], strategies)[2].channel == "person"
    ]
    return min([debtor.paused_until, *persons])


def reason_to_cancel(item: Item, debtor: DebtorFacts, at: datetime) -> Because | None:
    """Why a planned step is not to be made any more; None: it stands."""
    account = next((a for a in debtor.accounts if a.account_id == item.account_id), None)
    if debtor.contact_from is None:
        return "hold"
    if account is None:
        return "superseded"  # the account belongs to another debtor now
    if account.is_erased:
        return "erased"
    invoice = debtor.invoice(*item.invoice[:2])
    if invoice is None or invoice.state == "void" or invoice.due_on != item.due_on:
        return "corrected"
    if invoice.state == "paid":
        return "paid"
    if invoice.state == "written_off":
        return "written-off"
    reason = stopped(debtor.endless_stops, invoice, local_day(at, account.timezone))
    if reason is not None:
        return reason
    if invoice.stage is None and not invoice.is_due_soon:
        return "corrected"
    return None


def stopped(stops: Iterable[Stop], invoice: Invoice, day: date) -> Because | None:
    """Why an open invoice is not to be asked for on a day; None: it may be."""
    found: list[Because] = []
    if invoice.is_disputed:
        found.append("disputed")
    if (stop := stopped_by(stops, invoice, day)) is not None:
        found.append(stop)
    return first_reason(found) if found else None


def lead(items: Iterable[Item], strategies: Strategies) -> tuple[Item, Strategy, Step]:
    """The firmest item: it gives a contact its strategy, its channel and its words."""

    def resolved() -> Iterator[tuple[tuple[tuple[int, int, int], str, str], Item, Strategy, Step]]:
        for item in items:
            strategy = strategies[item.kind]
            step = strategy.step(item.words)
            assert step is not None, "items are made from the same strategies"
            yield (step.firmness, item.account_id, item.invoice_id), item, strategy, step

    _, item, strategy, step = max(resolved(), key=lambda found: found[0])
    return item, strategy, step


def anchored(
    invoice: Invoice, account: Account, strategy: Strategy, debtor: DebtorFacts, today: date
) -> date:
    """The day from which the invoice's steps are counted: its due day, unless its ladder starts
    late (an account never contacted starts at the first overdue step) or goes on after a pause."""
    base = invoice.anchor_on or invoice.due_on
    assert debtor.contact_from is not None
    if invoice.stage is None:
        return base
    steps, made = strategy.overdue, _made_until(invoice, strategy, debtor)
    rest = [step for step in steps if step.offset_days > made]
    if invoice.resumed_on is not None and rest:
        base = max(base, invoice.resumed_on - timedelta(days=rest[0].offset_days))
    if account.is_contacted or not rest or rest[0] is not steps[0]:
        return base
    start_on = max(today, debtor.contact_from)
    first_on = base + timedelta(days=steps[0].offset_days)
    too_late = len(steps) > 1 and base + timedelta(days=steps[1].offset_days) <= start_on
    if first_on < debtor.contact_from or too_late:
        return start_on - timedelta(days=steps[0].offset_days)
    return base


def _options(
    invoice: Invoice,
    account: Account,
    strategy: Strategy,
    debtor: DebtorFacts,
    anchor: date,
) -> Iterator[_Option]:
    """The invoice's steps still to be made, each with the instant at which it is ready."""
    assert debtor.contact_from is not None
    made = _made_until(invoice, strategy, debtor)
    for step in strategy.steps:
        if step.offset_days <= made or not _is_announced(invoice, step):
            continue
        day = (invoice.due_on if step.is_reminder else anchor) + timedelta(days=step.offset_days)
        if day < debtor.contact_from:  # its own day; where a weekend moves it to does not count
            continue
        if invoice.resumed_on is not None and step.is_reminder:
            day = max(day, invoice.resumed_on)
        yield _Option(
            day_start(day, account.timezone),
            invoice.due_on if step.is_reminder else None,
            account.timezone,
            Item(
                invoice.account_id,
                invoice.invoice_id,
                invoice.due_on,
                strategy.name,
                step.name,
                _words(step, account, strategy).name,
                n=step.offset_days,
                kind=account.kind,
            ),
        )


def _words(step: Step, account: Account, strategy: Strategy) -> Step:
    """Nobody's first message is a firm one, even if earlier ones were suppressed."""
    if account.is_contacted or step.is_reminder or step.channel == "person":
        return step
    return strategy.overdue[0]


def _is_announced(invoice: Invoice, step: Step) -> bool:
    """Steps act on what the ledger last announced: due-soon, or a stage that holds."""
    return invoice.is_due_soon if step.is_reminder else invoice.stage is not None


def _is_in_time(option: _Option, moment: datetime) -> bool:
    """A reminder that can only be made after the due day is not made at all."""
    return option.until_on is None or local_day(moment, option.timezone) <= option.until_on


def _covered(options: Iterable[_Option], moment: datetime) -> tuple[Item, ...]:
    """Per invoice the last step that has come by the moment; those before it are covered by it."""
    latest: dict[tuple[str, str], _Option] = {}
    for option in options:
        if option.ready_at <= moment:
            latest[option.item.account_id, option.item.invoice_id] = option
    return tuple(sorted(option.item for option in latest.values()))


def _made_until(invoice: Invoice, strategy: Strategy, debtor: DebtorFacts) -> int:
    """The offset of the last step made for this due day; below every offset if none was."""
    names = debtor.made.get((invoice.account_id, invoice.invoice_id, invoice.due_on), frozenset())
    offsets = [step.offset_days for step in strategy.steps if step.name in names]
    return max(offsets, default=strategy.steps[0].offset_days - 1)


def _quiet_until(debtor: DebtorFacts, at: datetime) -> datetime:
    """The start of the calendar day on which the debtor may be contacted again."""
    if debtor.last_contact_at is None or not debtor.accounts:
        return at
    zone = min(debtor.accounts, key=lambda account: account.account_id).timezone
    day = local_day(debtor.last_contact_at, zone) + timedelta(days=DAYS_BETWEEN_CONTACTS_MIN)
    return day_start(day, zone)
