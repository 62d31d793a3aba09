"""What follows from a fact: its own event, what it moved of others, and what had no effect."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import partial

from msgspec import Struct

from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.credits import Credit, CreditKey, Reversal
from services.ledger.domain.events import View, allocations
from services.ledger.domain.facts import Fact, Ineffective
from services.ledger.domain.kinds.credit_notes import note_event
from services.ledger.domain.kinds.payments import reversed_event
from services.ledger.domain.parts import in_parts
from services.ledger.domain.registry import KINDS, cause_of, view_of
from services.ledger.domain.slices import SLICE_ENTRIES, Slices
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.errors import FieldError
from shared.events import billing, ledger

# Types of the events that follow from facts of other kinds.
_CREDIT_NOTE = "credit-note-issued"
_REVERSAL = "payment-reversed"
_MOVED = "allocation-changed"


class Former(Struct, frozen=True):
    """What days followed from before a fact: the zone, and due dates by what was touched."""

    zone: str

    @classmethod
    def of(cls, state: AccountState) -> "Former":
        return cls(state.zone)

    def due_on(self, state: AccountState, invoice_id: str) -> date:
        before = state.before_invoices.get(invoice_id)
        return (before or state.invoices[invoice_id]).due_on


def announce_fact(
    builder: DecisionBuilder,
    view: View,
    day: date,
    former: Former,
    told: Iterable[CreditKey] = (),
) -> Slices[None]:
    """Announce the fact, those that waited for it, and what it did to other credits.

    `told` are those whose histories another event carries.
    """
    fact, state = view.fact, view.state
    kind = KINDS[fact.kind]
    time = fact.time if kind.keeps_sent_time and fact.time is not None else view.at
    announce_own(builder, view, time, day)
    touched = state.before_credits
    retimed = kind.retimes and bool(state.before_invoices)
    own = set(kind.carries(view, fact.data))
    for at, waited in builder.released:
        _announce_released(builder, view_of(state, waited, at, view.begun_on), fact)
    if not retimed and not (touched.keys() - own) and not _has_reversals(state, own):
        return
    carried = own
    for _, waited in builder.released:
        carried.update(KINDS[waited.kind].carries(view, waited.data))
    _announce_reversals(builder, view)
    carried.update(_announce_own_notes(builder, view))
    carried.update(told)
    others = _retimed(state, former) if retimed else touched
    changed = [key for key in others if key not in carried]
    yield from announce_moved(builder, view, day, changed, former, retimed=retimed)


def announce_moved(
    builder: DecisionBuilder,
    view: View,
    day: date,
    changed: Iterable[CreditKey],
    former: Former,
    *,
    retimed: bool = False,
) -> Slices[None]:
    """Announce the histories of credits that read differently now."""
    state = view.state
    moved: list[CreditKey] = []
    for number, key in enumerate(changed, start=1):
        if _moved(view, former, key, retimed):
            moved.append(key)
        if not number % SLICE_ENTRIES:
            yield
    if not moved:
        return
    moved.sort(key=lambda key: _shown(state, key).order)
    event = ledger.AllocationChanged(
        account_id=state.account_id,
        because=view.cause,
        allocations=view.history(moved),
        amounts=view.touched(),
    )
    yield
    announce_in_parts(
        builder, _MOVED, state.account_id, view.cause, view.at, day, event, view.fact_if_any
    )
    yield


def _shown(state: AccountState, key: CreditKey) -> Credit:
    """A credit, or as it was before: of a relief that never came to be, by the facts now known."""
    known = state.credits.get(key) or state.before_credits[key]
    assert known is not None
    return known


def announce_own(
    builder: DecisionBuilder,
    view: View,
    time: datetime,
    day: date,
    recorded: datetime | None = None,
) -> None:
    """Announce a fact's own event."""
    fact = view.fact
    kind = KINDS[fact.kind]
    entity, event = kind.entity_of(fact, fact.data), kind.event(view, fact.data)
    if event is not None:
        announce_in_parts(builder, fact.kind, entity, view.cause, time, day, event, fact, recorded)


def announce_in_parts(
    builder: DecisionBuilder,
    kind: str,
    entity: str,
    cause: str,
    time: datetime,
    day: date,
    data: Struct,
    fact: Fact | None,
    recorded: datetime | None = None,
) -> None:
    """Announce an event, with histories that are too long for one in more of them."""
    first, *others = in_parts(data, builder.state.account_id, cause)
    builder.announce(kind, entity, cause, time, day, first, fact, recorded)
    for number, other in enumerate(others, start=2):
        part = f"{entity}, {cause}, part {number}" if kind != _MOVED else f"{cause}, part {number}"
        account_id = builder.state.account_id
        builder.announce(_MOVED, account_id, part, time, day, other, fact, recorded)


def _has_reversals(state: AccountState, keys: Iterable[CreditKey]) -> bool:
    return any(key in state.credits and state.credits[key].reversals for key in keys)


def _announce_released(builder: DecisionBuilder, view: View, trigger: Fact) -> None:
    """Announce a fact that had waited; it is known by its effect since `trigger` was recorded."""
    waited = view.fact
    day = KINDS[waited.kind].day_of(waited.data, view.at, view.state.zone)
    announce_own(builder, view, view.at, day, trigger.recordedtime)


def _retimed(state: AccountState, former: Former) -> Iterable[CreditKey]:
    """The credits whose days may be others now: all of them in a new zone."""
    if state.zone != former.zone:
        return list(state.credits)
    touched = dict.fromkeys(state.before_credits)
    for invoice_id in state.before_invoices:
        touched.update(dict.fromkeys(state.invoices[invoice_id].credit_keys))
    return touched


def _moved(view: View, former: Former, key: CreditKey, retimed: bool) -> bool:
    """Whether another credit's history reads differently now."""
    state = view.state
    now = state.credits.get(key)
    before = state.before_credits.get(key, now)
    if now is None:
        return before is not None and before.is_relief
    if before is None:
        return bool(now.allocations)
    if now.allocations != before.allocations:
        return True
    if not retimed:
        return False
    due_on = partial(former.due_on, state)
    return allocations(state, now) != allocations(state, before, former.zone, due_on)


def _announce_reversals(builder: DecisionBuilder, view: View) -> None:
    """Announce again each reversal that takes another amount now than before."""
    state = view.state
    for taken, before in _reversals(state):
        fact = state.reversals[taken.reversal_id]
        if fact is view.fact or before is None or taken.amount_minor == before.amount_minor:
            continue
        assert isinstance(fact.data, billing.PaymentReversed)
        event, cause = reversed_event(view, fact.data), f"{cause_of(fact)}, {view.cause}"
        day = local_day(taken.at, state.zone)
        announce_in_parts(builder, _REVERSAL, fact.fact_id, cause, taken.at, day, event, view.fact)


def _reversals(state: AccountState) -> list[tuple[Reversal, Reversal | None]]:
    """The touched payments' reversals, with what each took before."""
    found: list[tuple[Reversal, Reversal | None]] = []
    for key, before in state.before_credits.items():
        credit = state.credits.get(key)
        if credit is None or not credit.reversals:
            continue
        if before is not None and before.reversals is credit.reversals:
            continue
        earlier = {known.reversal_id: known for known in before.reversals} if before else {}
        found += [(taken, earlier.get(taken.reversal_id)) for taken in credit.reversals]
    return found


def _announce_own_notes(builder: DecisionBuilder, view: View) -> set[CreditKey]:
    """Announce the credit notes that resolutions posted by this fact."""
    found: set[CreditKey] = set()
    state = view.state
    own = set(KINDS[view.fact.kind].carries(view, view.fact.data))
    for key, before in state.before_credits.items():
        if before is not None or key[0] != "credit_note" or key in own:
            continue
        note = state.credits[key]
        assert note.issued_on is not None
        event, cause = note_event(view, note), f"credit note {note.credit_id}, {view.cause}"
        announce_in_parts(
            builder,
            _CREDIT_NOTE,
            note.credit_id,
            cause,
            note.at,
            note.issued_on,
            event,
            view.fact,
        )
        found.add(key)
    return found


def reject_excess(builder: DecisionBuilder) -> None:
    """Note what reversals ask for beyond what is left of their payment; it has no effect."""
    state = builder.state
    for taken, before in _reversals(state):
        if taken.excess_minor > (before.excess_minor if before is not None else 0):
            fact = state.reversals[taken.reversal_id]
            builder.rejections.append(_excess(fact, taken))


def _excess(fact: Fact, taken: Reversal) -> Ineffective:
    assert isinstance(fact.data, billing.PaymentReversed)
    detail = (
        f"only {taken.amount_minor} was left of payment {fact.data.payment_id}; "
        f"the other {taken.excess_minor} has no effect"
    )
    return Ineffective(fact, [FieldError("/data/amount_minor", detail)])
