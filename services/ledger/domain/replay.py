"""Facts act, are taken back and act again: one way for the last fact, for late ones, and for all.

A fact that sorts last acts on top. A late one takes back what lies behind its place, acts, and lets
what was behind act again by the same rules: only what has to do with the same objects, where nobody
looked at the queues, else all of it. `compute` is the same from nothing. What a fact did is the
difference between before and after it, object by object.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import merge

from msgspec import structs

from services.ledger.domain.credits import Credit, CreditKey, CreditOrder
from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.journal import NO_TOTALS, Totals
from services.ledger.domain.kinds import ANEW
from services.ledger.domain.ordering import arrange
from services.ledger.domain.registry import KINDS
from services.ledger.domain.slices import SLICE_ENTRIES, Slices
from services.ledger.domain.state import AccountState, Undo

Act = tuple[Position, Fact]


def apply(state: AccountState, position: Position, fact: Fact) -> None:
    """Let one fact act at its place. It must come after all that acted before."""
    _apply(state, position, fact)
    state.trim()


def _apply(state: AccountState, position: Position, fact: Fact) -> Undo:
    state.forget()
    kind = KINDS[fact.kind]
    brings = kind.brings(fact.data)
    if brings is not None:
        state.acts[brings] = position[0]
    assert kind.apply is not None
    kind.apply(state, fact.data, position[0])
    state.settle(fact, kind.cause(fact), position)
    return state.undo[-1]


def take_back(state: AccountState, entry: Undo) -> None:
    """Undo the fact that acted last, or one that those after it have nothing to do with."""
    state.undo_entry(entry)
    brings = KINDS[entry.fact.kind].brings(entry.fact.data)
    if brings is not None:
        del state.acts[brings]


def act(state: AccountState, acts: Sequence[Act], since: Position | None = None) -> Slices[int]:
    """Let facts act, wherever their places are, and all again from a place on.

    Afterwards `before_…` show each object that is different as it was. Gives how many facts
    acted again; all do where the place is too far back, or unknown (`ANEW`).
    """
    first = min([position for position, _ in acts], default=since)
    if first is None:
        return 0
    if since is not None and since < first:
        first = since
    last = state.last
    if (last is None or first > last) and first != ANEW and len(acts) == 1:
        apply(state, *acts[0])
        return 0
    if since is None and len(acts) == 1:
        redone = yield from _act_among(state, *acts[0])
        if redone is not None:
            return redone
    if first == ANEW or (state.forgotten is not None and first <= state.forgotten):
        return (yield from _act_anew(state))
    return (yield from _act_behind(state, acts, first))


def _act_among(state: AccountState, position: Position, fact: Fact) -> Slices[int | None]:
    """Let a late fact act at its place, and again only those behind it that it has to do with.

    That is the same as taking back all where nobody behind looked at the queues: then no money was
    free for others, before the fact or after it, and who changes no common object is not concerned.
    Gives how many acted again; None: it cannot be told, and nothing has changed.
    """
    if state.forgotten is not None and position <= state.forgotten:
        return None
    if state.registered and (
        _money_is_free(state) or (state.looked is not None and state.looked > position)
    ):
        return None
    mine = _apply(state, position, fact)
    is_quiet = _is_quiet(state, mine)
    if is_quiet and state.is_disjoint(mine):
        state.sort_in_last()
        state.trim()
        return 0
    take_back(state, mine)
    related = state.related(mine, state.entries_behind(position) // 2) if is_quiet else None
    if related is None:
        return None
    return (yield from _redo(state, (position, fact), related))


def _is_quiet(state: AccountState, entry: Undo) -> bool:
    """Whether the fact that acted last left the queues alone."""
    return not state.registered or not (entry.spread or _money_is_free(state))


def _redo(state: AccountState, act: Act, related: Sequence[Undo]) -> Slices[int | None]:
    """Let a fact act at its place among those that have to do with it; None: it concerns others
    too, and all is as it was."""
    before = _Before()
    for entry in reversed(related):
        before.note_undo(state, entry)
        take_back(state, entry)
    done: list[Undo] = []
    acts = sorted([act, *((entry.position, entry.fact) for entry in related)], key=_place)
    for position, fact in acts:
        acted = _apply(state, position, fact)
        before.note_applied(state)
        if not (_is_quiet(state, acted) and state.is_disjoint(acted)):
            take_back(state, acted)
            for entry in reversed(done):
                take_back(state, entry)
            for entry in related:
                _apply(state, entry.position, entry.fact)
                state.sort_in_last()
            before.restore_stages(state)
            return None
        state.sort_in_last()
        done.append(acted)
        if not len(done) % SLICE_ENTRIES:
            yield
    state.trim()
    before.restore_stages(state)
    yield from before.show(state)
    return len(related)


def _money_is_free(state: AccountState) -> bool:
    return any(sums.loose for sums in state.currencies.values())


def _act_behind(state: AccountState, acts: Sequence[Act], first: Position) -> Slices[int]:
    before = _Before()
    again: list[Act] = []
    while state.undo and state.undo[-1].position >= first:
        entry = state.undo[-1]
        before.note_undo(state, entry)
        take_back(state, entry)
        again.append((entry.position, entry.fact))
        if not len(again) % SLICE_ENTRIES:
            yield
    again.reverse()
    for number, (position, fact) in enumerate(merge(sorted(acts), again, key=_place), start=1):
        apply(state, position, fact)
        before.note_applied(state)
        if not number % SLICE_ENTRIES:
            yield
    before.restore_stages(state)
    yield from before.show(state)
    return len(again)


def _place(item: Act) -> Position:
    return item[0]


def _act_anew(state: AccountState) -> Slices[int]:
    fresh = yield from compute(state)
    before = _Before()
    before.note_all(state, fresh)
    state.become(fresh)
    yield from before.show(state)
    return len(state.facts)


class _Before:
    """Objects and sums as they were before several facts were taken back and acted."""

    def __init__(self) -> None:
        self.invoices: dict[str, Invoice | None] = {}
        self.credits: dict[CreditKey, Credit | None] = {}
        self.totals: dict[str, Totals] = {}

    def note_undo(self, state: AccountState, entry: Undo) -> None:
        for invoice_id in entry.invoices:
            now = state.invoices[invoice_id]
            self.invoices.setdefault(invoice_id, now)
            self._note_totals(state, now.currency)
        for key in entry.credits:
            credit = state.credits[key]
            self.credits.setdefault(key, credit)
            self._note_totals(state, credit.currency)

    def _note_totals(self, state: AccountState, code: str) -> None:
        if code not in self.totals:
            self.totals[code] = state.currencies[code].totals

    def note_applied(self, state: AccountState) -> None:
        for invoice_id, before in state.before_invoices.items():
            self.invoices.setdefault(invoice_id, before)
        for key, earlier in state.before_credits.items():
            self.credits.setdefault(key, earlier)
        for code, totals in state.before_totals.items():
            self.totals.setdefault(code, totals)

    def note_all(self, state: AccountState, fresh: AccountState) -> None:
        """Every object, for a state that another takes the place of."""
        self.invoices = {key: state.invoices.get(key) for key in fresh.invoices}
        self.credits = {key: state.credits.get(key) for key in fresh.credits} | dict(state.credits)
        self.totals = {code: sums.totals for code, sums in state.currencies.items()}

    def restore_stages(self, state: AccountState) -> None:
        """Stages follow from what was announced; undo entries do not know the newest."""
        for invoice_id, before in self.invoices.items():
            invoice = state.invoices.get(invoice_id)
            if invoice is None:
                continue  # of a fact that was taken back again
            if before is not None:
                if invoice.stage != before.stage:
                    invoice = structs.replace(invoice, stage=before.stage)
                if invoice == before:
                    state.invoices[invoice_id] = before
                    continue
            if state.registered:
                state.refresh(invoice_id)

    def show(self, state: AccountState) -> Slices[None]:
        """Set what was touched to what is different now, in fact order."""
        state.forget()
        moved: set[str] = set()
        invoices: list[tuple[datetime, str]] = []
        for number, (invoice_id, before) in enumerate(self.invoices.items(), start=1):
            invoice = state.invoices[invoice_id]
            if invoice != before:
                invoices.append((invoice.at, invoice_id))
                moved.add(invoice.currency)
            if not number % SLICE_ENTRIES:
                yield
        moved_credits: list[tuple[bool, CreditOrder, CreditKey]] = []
        for number, (key, earlier) in enumerate(self.credits.items(), start=1):
            credit = state.credits.get(key)
            shown = credit or earlier
            if credit != earlier and shown is not None:
                # Those that are no more come last.
                moved_credits.append((credit is None, (0, *shown.order[1:]), key))
                moved.add(shown.currency)
                if earlier is not None:
                    moved.add(earlier.currency)  # another note may have come to have its id
            if not number % SLICE_ENTRIES:
                yield
        state.before_invoices = {key: self.invoices[key] for _, key in sorted(invoices)}
        state.before_credits = {key: self.credits[key] for _, _, key in sorted(moved_credits)}
        state.before_totals = {code: self.totals.get(code, NO_TOTALS) for code in sorted(moved)}


def compute(state: AccountState, until: datetime | None = None) -> Slices[AccountState]:
    """The same account from nothing by its facts; with `until`, by those that act before.

    Accounts, zones and due dates are timeless: their newest value holds for the whole history.
    """
    again = yield from prepared(state)
    arranged = yield from arrange(again.facts, again.zone, again.registered, until)
    again.waiting = arranged.waiting
    yield from apply_all(again, arranged.ordered)
    again.acts = arranged.acts
    again.forget()
    again.notices = state.notices
    if again.registered and until is None:
        for number, invoice_id in enumerate(list(again.invoices), start=1):
            again.refresh(invoice_id)
            if not number % SLICE_ENTRIES:
                yield
    return again


def apply_all(state: AccountState, ordered: Iterable[Act]) -> Slices[None]:
    for number, (position, fact) in enumerate(ordered, start=1):
        apply(state, position, fact)
        if not number % SLICE_ENTRIES:
            yield


def prepared(state: AccountState, undo_facts: int | None = None) -> Slices[AccountState]:
    """An empty account that knows what is timeless: record, zone, amendments, settled disputes."""
    depth = state.undo_facts if undo_facts is None else undo_facts
    again = AccountState(state.account_id, state.tenant_zone, depth)
    again.facts, again.named_minor = state.facts, state.named_minor
    for number, fact in enumerate(state.facts, start=1):
        kind = KINDS[fact.kind]
        if kind.learn is not None:
            kind.learn(again, fact, fact.data)
        if not number % SLICE_ENTRIES:
            yield
    again.zone = again.own_zone()
    again.aged_on = state.aged_on
    return again
