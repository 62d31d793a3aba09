"""An account as a whole: made, loaded from its facts, and read."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from msgspec import structs

from services.ledger.domain.amounts import all_figures
from services.ledger.domain.facts import Fact
from services.ledger.domain.reminders import next_reminder_on
from services.ledger.domain.replay import compute
from services.ledger.domain.rules import NO_RULES, Rules
from services.ledger.domain.slices import SLICE_ENTRIES, Slices, run
from services.ledger.domain.stages import StageNotice, holding_stage, reached, reopenings
from services.ledger.domain.state import AccountState
from services.ledger.domain.undo import UNDO_FACTS
from shared.business_time import Begun
from shared.clock import day_start, local_day
from shared.events.ledger import Amounts


def new_account(
    account_id: str,
    tenant_zone: str,
    undo_facts: int | None = UNDO_FACTS,
    rules: Rules = NO_RULES,
) -> AccountState:
    """An account of which nothing is known.

    It keeps undo entries of its last facts (None: of all); a fact before them costs a computation.
    """
    return AccountState(account_id, tenant_zone, undo_facts, rules)


def load_account(
    account_id: str,
    tenant_zone: str,
    facts: Iterable[Fact],
    notices: Iterable[StageNotice] = (),
    undo_facts: int | None = UNDO_FACTS,
    *,
    rules: Rules = NO_RULES,
    begun_on: date | None = None,
) -> AccountState:
    """The account computed from all its facts, given in any order, judged up to a begun day."""
    return run(
        load_account_in_slices(
            account_id,
            tenant_zone,
            facts,
            notices,
            undo_facts,
            rules=rules,
            begun_on=begun_on,
        )
    )


def load_account_in_slices(
    account_id: str,
    tenant_zone: str,
    facts: Iterable[Fact],
    notices: Iterable[StageNotice] = (),
    undo_facts: int | None = UNDO_FACTS,
    *,
    rules: Rules = NO_RULES,
    begun_on: date | None = None,
) -> Slices[AccountState]:
    """The same, giving way."""
    state = AccountState(account_id, tenant_zone, undo_facts, rules)
    state.aged_on = begun_on
    for fact in facts:
        state.keep(fact)
    for notice in notices:
        known = state.notices.get(notice.invoice_id, ())
        state.notices[notice.invoice_id] = (*known, notice)
    return (yield from compute(state))


def amounts(
    state: AccountState, begun: Begun, currencies: Iterable[str] | None = None
) -> tuple[Amounts, ...]:
    """The present figures: all accepted facts count, days past due at the begun day."""
    return all_figures(state, begun.on(state.zone), currencies)


def amounts_at(
    state: AccountState, day: date, currencies: Iterable[str] | None = None
) -> tuple[Amounts, ...]:
    """The figures with days past due at `day`; of an account `as_of` that day."""
    return all_figures(state, day, currencies)


def as_of(state: AccountState, day: date) -> AccountState:
    """Another state: by the facts effective by the end of `day` in its zone, stages by that day."""
    return run(as_of_in_slices(state, day))


def as_of_in_slices(state: AccountState, day: date) -> Slices[AccountState]:
    """The same, giving way."""
    zone = state.zone
    then = yield from compute(state, day_start(day + timedelta(days=1), zone), day)
    then.notices = {}
    for number, (invoice_id, invoice) in enumerate(list(then.invoices.items()), start=1):
        shown = [
            *(now for now in reached(invoice, zone) if now.since_on <= day),
            *reopenings(invoice, zone),
        ]
        stage = holding_stage(invoice, shown) if state.registered else None
        then.invoices[invoice_id] = structs.replace(invoice, stage=stage)
        if not number % SLICE_ENTRIES:
            yield
    return then


def before_in_slices(state: AccountState, at: datetime) -> Slices[AccountState]:
    """The account as it was at an instant, by the facts known: for what is agreed then. It is the
    account itself where nothing happened later."""
    last = state.last
    if last is None or last[0] <= at:
        return state
    begun_on = min(local_day(at, state.zone), state.aged_on) if state.aged_on is not None else None
    return (yield from compute(state, at + timedelta(microseconds=1), begun_on))


def next_on(state: AccountState) -> date | None:
    """The earliest day on which `begin` could announce something that it has not announced."""
    days = [state.next_queue[0][0]] if state.next_queue else []
    if state.objects.agenda:
        days.append(local_day(state.objects.agenda[0][0][0], state.zone))
    if state.objects.values and state.last is not None and state.aged_on is not None:
        tomorrow = state.aged_on + timedelta(days=1)
        if state.last[0] >= day_start(tomorrow, state.zone):
            days.append(tomorrow)  # what is dated later acts again behind what that day brings
    reminder_on = next_reminder_on(state) if state.objects.values else None
    if reminder_on is not None:
        days.append(reminder_on)
    return min(days, default=None)
