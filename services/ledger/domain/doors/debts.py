"""The debts that a plan or a settlement is asked for: which invoices, and what is owed on them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.ledger.domain.accruals import post_interest
from services.ledger.domain.agreements import Instalment
from services.ledger.domain.arrangements import Arrangement, arrangements, in_force
from services.ledger.domain.doors import Asking, RequestFaults, in_the_way
from services.ledger.domain.fork import fork
from services.ledger.domain.holds import clock_stops
from services.ledger.domain.owed import owed_on, undisputed
from services.ledger.domain.ranks import Rank
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken
from shared.clock import local_day
from shared.errors import Conflict, NotFound

APPROVAL_BUSINESS_DAYS = 5


@dataclass(frozen=True)
class DueAmount:
    due_on: date
    amount_minor: int


def arranged_ids(
    state: AccountState,
    currency: str,
    named: tuple[str, ...] | None,
    on: date,
    *,
    with_disputed: bool,
) -> tuple[str, ...]:
    """The invoices named, or those past due and not placed, oldest due first."""
    if named is not None:
        return named
    sums, placed = state.currencies.get(currency), _placed(state)
    if sums is None:
        return ()
    queue = sums.open if with_disputed else sums.clear
    return tuple([i for due_on, _, i in queue if due_on < on and i not in placed])


def _placed(state: AccountState) -> set[str]:
    return {
        invoice_id
        for placement in state.objects.of("placement").values()
        for invoice_id in placement.takes
    }


def check_invoices(
    state: AccountState,
    currency: str,
    named: tuple[str, ...] | None,
    ids: Sequence[str],
    faults: RequestFaults,
    *,
    with_disputed: bool,
) -> None:
    """Each must be there and open, and not wholly disputed."""
    if named is None and not ids:
        faults.add("/invoice_ids", f"nothing is past due in {currency}")
    for number, invoice_id in enumerate(named or ()):
        pointer, invoice = f"/invoice_ids/{number}", state.invoices.get(invoice_id)
        if invoice is None or invoice.currency != currency:
            faults.add(pointer, f"is no invoice of the account in {currency}")
        elif not owed_on(state, [invoice_id]):
            faults.add(pointer, f"is not open: it is {invoice.status}")
        elif not with_disputed and undisputed(state, invoice_id) <= 0:
            faults.add(pointer, "is wholly disputed")


def check_named(
    state: AccountState,
    currency: str,
    named: Sequence[str],
    faults: RequestFaults,
    *,
    is_owed: Callable[[str], bool],
) -> None:
    """Each must be there, and something owed on it."""
    for number, invoice_id in enumerate(named):
        pointer, invoice = f"/invoice_ids/{number}", state.invoices.get(invoice_id)
        if invoice is None or invoice.currency != currency:
            faults.add(pointer, f"is no invoice of the account in {currency}")
        elif not is_owed(invoice_id):
            faults.add(pointer, f"has nothing owed on it: it is {invoice.status}")


def with_interest(state: AccountState, ids: Sequence[str], asking: Asking) -> AccountState:
    """The account with the interest that a request posts at its instant."""
    if not state.rules.has_interest:
        return state
    then = fork(state)
    then.position = (asking.at, Rank.PLAN_AGREED, "")
    for invoice_id in ids:
        if invoice_id in then.invoices:
            post_interest(then, invoice_id, asking.at)
    return then


def check_free(state: AccountState, ids: Sequence[str], asking: Asking) -> None:
    """Raises `Conflict` where one is placed, or a hold stops what is agreed over them."""
    out = taken(state)
    for invoice_id in ids:
        if out.get(invoice_id, "").startswith("placement"):
            raise in_the_way(f"{invoice_id} is in {out[invoice_id]}", "placed")
    for span in clock_stops(state, ids):
        if span.holds_on(asking.on):
            raise in_the_way(f"hold {span.hold_id} ({span.kind}) stops it", "hold")


def replaced(
    state: AccountState, currency: str, replaces: str | None, faults: RequestFaults
) -> Conflict | None:
    """What stands in the way of a plan: an arrangement in force that it does not name."""
    running = in_force(state, currency)
    if replaces is not None:
        known = [each for each in arrangements(state) if each.arrangement_id == replaces]
        if not known:
            faults.add("/replaces", "is no plan or settlement of the account")
            return None
        if running is None or running.arrangement_id != replaces:
            ended = known[-1]
            return in_the_way(f"{ended.name} is {ended.state}", ended.state, state=ended.state)
        return None
    if running is None:
        return None
    detail = f"{running.name} is in force: a new plan must say that it replaces it"
    return in_the_way(detail, running.name)


def asked_since(state: AccountState, known: Arrangement, on: date, days: int) -> bool:
    """Whether it was asked for in the so many days that end with a day."""
    return local_day(known.place[0], state.zone) > on - timedelta(days=days)


def resolved_instalments(
    dues: Iterable[DueAmount], grace_business_days: int, asking: Asking
) -> tuple[Instalment, ...]:
    """Numbered from 1, each with the end of its grace."""
    return tuple(
        [
            Instalment(
                n, due.due_on, asking.grace(due.due_on, grace_business_days), due.amount_minor
            )
            for n, due in enumerate(dues, 1)
        ]
    )


def approval_until(asking: Asking, first_due_on: date) -> date:
    """Five business days, and not after the first due day."""
    return min(asking.grace(asking.on, APPROVAL_BUSINESS_DAYS), first_due_on)


def not_found(noun: str, known_id: str) -> NotFound:
    return NotFound(f"there is no {noun} {known_id!r} of the account")
