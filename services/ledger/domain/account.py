"""An account by all facts known: the value that callers hold, and how it is computed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import cast

from msgspec import structs

from services.ledger.domain import steps
from services.ledger.domain.amounts import all_figures
from services.ledger.domain.facts import (
    AMENDED,
    CREDIT_NOTE,
    REGISTERED,
    UPDATED,
    Fact,
)
from services.ledger.domain.slices import Slices, run
from services.ledger.domain.stages import (
    StageNotice,
    holding_stage,
    next_day,
    reached,
    reopenings,
)
from services.ledger.domain.state import AccountState, newest
from services.ledger.domain.timeline import arrange
from shared.business_time import Begun
from shared.clock import day_start
from shared.events import billing
from shared.events.ledger import Amounts

_OWN_NOTE = steps.own_note_of("")


def new_account(account_id: str, tenant_zone: str) -> AccountState:
    """An account of which nothing is known."""
    return AccountState(account_id, tenant_zone)


def load_account(
    account_id: str,
    tenant_zone: str,
    facts: Iterable[Fact],
    notices: Iterable[StageNotice] = (),
) -> AccountState:
    """The account computed from all its facts, given in any order."""
    return run(load_account_in_slices(account_id, tenant_zone, facts, notices))


def load_account_in_slices(
    account_id: str,
    tenant_zone: str,
    facts: Iterable[Fact],
    notices: Iterable[StageNotice] = (),
) -> Slices[AccountState]:
    """The same, giving way."""
    state = AccountState(account_id, tenant_zone)
    state.facts = list(facts)
    for said in notices:
        known = state.notices.get(said.invoice_id, ())
        state.notices[said.invoice_id] = (*known, said)
    yield
    return compute(state)


def state_notices(state: AccountState) -> list[StageNotice]:
    """What was announced of its invoices and is announced once."""
    return [said for known in state.notices.values() for said in known]


def compute(state: AccountState, until: datetime | None = None) -> AccountState:
    """The same account computed again from its facts; with `until`, from those that act before.

    Accounts, zones and due dates are timeless: their newest value holds for the whole history.
    """
    again = prepared(state)
    arranged = arrange(again.facts, again.zone, again.registered, until)
    again.acts, again.waiting = arranged.acts, arranged.waiting
    for position, fact in arranged.ordered:
        steps.apply(again, fact, position[0])
    again.forget()
    again.notices = state.notices.copy()
    if again.registered:
        for invoice_id in again.invoices:
            refresh(again, invoice_id)
    return again


def prepared(state: AccountState) -> AccountState:
    """Empty state that know what is timeless: record, zone, amendments, settled disputes."""
    again = AccountState(state.account_id, state.tenant_zone)
    again.facts = state.facts
    settled: set[str] = set()
    amendments = []
    for fact in state.facts:
        kind = fact.kind
        if kind in (REGISTERED, UPDATED):
            again.registered = again.registered or kind == REGISTERED
            take_profile(again, fact)
        elif kind == AMENDED:
            amendments.append(fact)
        elif kind == CREDIT_NOTE:
            settled.update(settles(fact))
    again.zone = zone_of(again)
    for fact in amendments:
        again.add_amendment(fact)
    again.settled = frozenset(settled)
    return again


def take_profile(state: AccountState, fact: Fact) -> None:
    """Keep the record with the newest `time`, ties by id."""
    known = state.profile_fact
    zone = state.tenant_zone
    if known is None or newest(fact, zone) > newest(known, zone):
        state.profile_fact = fact


def zone_of(state: AccountState) -> str:
    """The account's own zone once it is registered, else the tenant's."""
    if not state.registered or state.profile_fact is None:
        return state.tenant_zone
    profile = cast(billing.AccountRegistered, state.profile_fact.data)
    return profile.timezone or state.tenant_zone


def settles(fact: Fact) -> tuple[str, ...]:
    """The dispute, if any, for which a platform's credit note replaces the resolution's own."""
    note = cast(billing.CreditNoteIssued, fact.data)
    if note.dispute_id is not None:
        return (note.dispute_id,)
    if note.credit_note_id.startswith(_OWN_NOTE):
        return (note.credit_note_id.removeprefix(_OWN_NOTE),)
    return ()


def refresh(state: AccountState, invoice_id: str) -> None:
    """Set an invoice's stage and its next day by what was announced of it."""
    invoice = state.invoices.get(invoice_id)
    if invoice is None:
        return
    said = state.notices.get(invoice_id, ())
    stage = holding_stage(invoice, said) if said else None
    if stage != invoice.stage:
        state.invoices[invoice_id] = invoice = structs.replace(invoice, stage=stage)
    following = next_day(invoice, said, state.zone)
    if following is not None:
        state.next_days[invoice_id] = following
    else:
        state.next_days.pop(invoice_id, None)


# ── Reads ───────────────────────────────────────────────────────────────────────────────────────


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
    """The account by the facts effective by the end of `day` in its zone, stages by that day."""
    return run(as_of_in_slices(state, day))


def as_of_in_slices(state: AccountState, day: date) -> Slices[AccountState]:
    """The same, giving way."""
    yield
    zone, registered = state.zone, state.registered
    state = compute(state, day_start(day + timedelta(days=1), zone))
    state.notices, state.next_days = {}, {}
    for invoice_id, invoice in state.invoices.items():
        shown = [
            *(now for now in reached(invoice, zone) if now.since_on <= day),
            *reopenings(invoice, zone),
        ]
        stage = holding_stage(invoice, shown) if registered else None
        state.invoices[invoice_id] = structs.replace(invoice, stage=stage)
    return state


def next_on(state: AccountState) -> date | None:
    """The earliest day on which `begin` could say something that it has not said."""
    return min(state.next_days.values()) if state.next_days else None
