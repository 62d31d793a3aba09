"""The credit limit: what an account owes in its currency, and whether that is more than it may.

It is looked at by all facts known, so a crossing is announced once, and none that only a fact of
the past uncovers (docs/ledger/credit.md).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from services.ledger.domain.amounts import all_figures
from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.credits import Credit
from services.ledger.domain.currency_state import CurrencyState
from services.ledger.domain.events import View
from services.ledger.domain.holds import spans
from services.ledger.domain.movements import LINE_KINDS
from services.ledger.domain.owed import owed_on
from services.ledger.domain.placements import placements
from services.ledger.domain.registry import NOUNS
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.events import ledger

Reason = Literal["limit", "overdue", "hold", "placed", "written-off"]


class Exposure(Struct, frozen=True, gc=False):
    currency: str
    exposure_minor: int


class CreditPosition(Struct, frozen=True):
    """How much credit an account has used. Without a currency or a limit none is watched."""

    currency: str | None
    limit_minor: int | None
    exposure_minor: int
    available_minor: int | None  # below 0: exceeded
    exceeded_since_on: date | None
    payment_terms_days: int | None
    others: tuple[Exposure, ...]

    @property
    def is_exceeded(self) -> bool:
        return self.available_minor is not None and self.available_minor < 0


class CreditCheck(Struct, frozen=True):
    """Whether a sale on credit is advised, and what speaks against it."""

    allowed: bool
    available_minor: int | None
    because: tuple[Reason, ...]


def watched_currency(state: AccountState) -> str | None:
    """The account's currency, else the tenant's reporting currency."""
    own = state.profile.currency if state.profile is not None else None
    return own or state.rules.reporting_currency


def exposure_minor(state: AccountState, currency: str) -> int:
    """What is owed on its invoices, due or not, less what is unapplied."""
    sums = state.currencies.get(currency, CurrencyState())
    owed = sums.balance_minor
    if sums.counted.get("charges_minor"):
        mine = [known for known in state.invoices.values() if known.currency == currency]
        owed = owed_on(state, [known.invoice_id for known in mine])
    return owed - sums.unapplied_cash_minor - sums.unapplied_credit_minor


def is_exceeded(state: AccountState) -> bool:
    """Whether more is owed than the limit (none: never; 0: anything is more)."""
    profile = state.profile
    if profile is None or profile.credit_limit_minor is None or not state.registered:
        return False
    currency = watched_currency(state)
    return currency is not None and exposure_minor(state, currency) > profile.credit_limit_minor


def credit_position(state: AccountState) -> CreditPosition:
    """The account's credit by all facts known."""
    profile, currency = state.profile, watched_currency(state)
    limit = profile.credit_limit_minor if profile is not None and currency is not None else None
    exposure = exposure_minor(state, currency) if currency is not None else 0
    since = _exceeded_since(state, currency, limit) if currency and limit is not None else None
    return CreditPosition(
        currency,
        limit,
        exposure,
        limit - exposure if limit is not None else None,
        since,
        profile.payment_terms_days if profile is not None else None,
        tuple(
            [
                Exposure(code, exposure_minor(state, code))
                for code in sorted(state.currencies)
                if code != currency
            ]
        ),
    )


def _exceeded_since(state: AccountState, currency: str, limit_minor: int) -> date | None:
    """The day since which more than the present limit is owed, by all facts known."""
    moved: Counter[datetime] = Counter()
    for at, minor in moves(state, currency):
        moved[at] += minor
    total, since = 0, None
    for at in sorted(moved):
        total += moved[at]
        since = None if total <= limit_minor else since or local_day(at, state.zone)
    return since


def moves(state: AccountState, currency: str) -> Iterator[tuple[datetime, int]]:
    """What raised and lowered the exposure, and when."""
    for invoice in state.invoices.values():
        if invoice.currency == currency:
            balance = 0
            for level in invoice.levels:
                yield level.at, level.balance_minor - balance
                balance = level.balance_minor
    for credit in state.credits.values():
        if credit.currency == currency and not credit.is_relief:
            yield from _moves_of(credit)
    for noun in NOUNS.values():
        if noun.movements is not None:
            for value in state.objects.of(noun.name).values():
                for movement in noun.movements(state, value):
                    is_charge = LINE_KINDS.get(movement.kind) in ("charged", "waived")
                    if is_charge and movement.currency == currency and movement.invoice_id:
                        yield movement.position[0], movement.amount_minor


def _moves_of(credit: Credit) -> Iterator[tuple[datetime, int]]:
    """Money lowers it from when it comes; where it lies, what is owed is lower already, and what
    lies on a charge of an invoice counts once."""
    yield credit.at, -credit.amount_minor
    for taken in credit.reversals:
        yield taken.at, taken.amount_minor
    for known in credit.allocations:
        if known.charge_id is not None and known.invoice_id is not None:
            continue
        yield known.applied_at, known.amount_minor
        if known.released_at is not None:
            yield known.released_at, -known.amount_minor


def check_credit(
    state: AccountState, currency: str, amount_minor: int, day: date | None
) -> CreditCheck:
    """Advise on a sale on credit, by the begun day; nothing changes."""
    known = credit_position(state)
    available = known.available_minor if currency == known.currency else None
    found: list[Reason] = []
    if available is not None and amount_minor > available:
        found.append("limit")
    if day is not None:
        most = state.rules.recovery.at(day).credit_overdue_days
        if any(each.days_past_due > most for each in all_figures(state, day)):
            found.append("overdue")
        if any(span.holds_on(day) for span in spans(state)):
            found.append("hold")
    if any(placement.is_placed for placement in placements(state)):
        found.append("placed")
    if any(invoice.status == "written_off" for invoice in state.invoices.values()):
        found.append("written-off")
    return CreditCheck(not found, available, tuple(found))


# ── Announced ───────────────────────────────────────────────────────────────────────────────────


def announce_crossing(builder: DecisionBuilder, view: View, was_exceeded: bool) -> None:
    """Announce that the limit is exceeded, or no longer is, where that is not as it was."""
    state = view.state
    if is_exceeded(state) == was_exceeded:
        return
    currency = watched_currency(state)
    profile = state.profile
    shape = ledger.CreditLimitCleared if was_exceeded else ledger.CreditLimitExceeded
    data = shape(
        account_id=state.account_id,
        currency=currency,
        invoice_ids=None,
        limit_minor=profile.credit_limit_minor if profile is not None else None,
        exposure_minor=exposure_minor(state, currency) if currency is not None else 0,
        because=view.cause,
        amounts=(view.amounts(currency),) if currency is not None else (),
    )
    name = "credit-limit-cleared" if was_exceeded else "credit-limit-exceeded"
    day = local_day(view.at, state.zone)
    builder.announce(name, state.account_id, view.cause, view.at, day, data, view.fact_if_any)
