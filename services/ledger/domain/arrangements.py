"""What plans and settlements have in common (docs/ledger/plans.md).

One of an account and currency is in force at most. Cash of payments that came after it was asked
for counts for it where it lies on its invoices; as far as such cash is aimed at nothing, it goes
there first.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

from msgspec import Struct, structs

from services.ledger.domain.agreements import Instalment, PlanAgreed, SettlementOffered
from services.ledger.domain.approvals import ask, close
from services.ledger.domain.charges import charges_of
from services.ledger.domain.credits import Credit
from services.ledger.domain.facts import Position
from services.ledger.domain.holds import judgement_day
from services.ledger.domain.objects import AccountObject, Step, boundary
from services.ledger.domain.owed import owed_on, undisputed_on
from services.ledger.domain.ranks import Turn
from services.ledger.domain.state import AccountState
from shared.clock import local_day

PLAN, SETTLEMENT = "plan", "settlement"
PENDING = "pending_approval"
IN_FORCE = ("active", "accepted")
Agreement = PlanAgreed | SettlementOffered
InstalmentState = Literal["open", "paid", "missed"]


class AgreedInstalment(Struct, frozen=True, gc=False):
    """An instalment, and what came of it."""

    n: int
    due_on: date
    grace_until_on: date
    amount_minor: int
    up_to_minor: int  # it and all before it
    state: InstalmentState = "open"
    is_judged: bool = False  # its judgement has happened
    short_minor: int = 0  # of one that is missed: what was missing when it came to be
    history: tuple[Step, ...] = ()  # since it was open first


class Arrangement(AccountObject, frozen=True, kw_only=True):
    """A plan or a settlement by all facts known."""

    noun: str
    arrangement_id: str
    place: Position  # of the request
    invoice_ids: tuple[str, ...]
    after_hold_days: int
    instalments: tuple[AgreedInstalment, ...]
    state: str
    began: Position | None = None  # when it came into force
    cash_minor: int = 0  # what counts for it now; of one that has ended: there
    paid_minor: int = 0  # the same while it is in force; else when it was completed or ended
    undisputed_minor: int = 0  # on its invoices, while it is in force
    history: tuple[Step, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.noun} {self.arrangement_id}"

    @property
    def key(self) -> tuple[str, str]:
        return (self.noun, self.arrangement_id)

    @property
    def in_force(self) -> bool:
        return self.state in IN_FORCE

    @property
    def takes(self) -> tuple[str, ...]:
        return self.invoice_ids if self.in_force else ()

    @property
    def amount_minor(self) -> int:
        """The sum of its instalments."""
        return self.instalments[-1].up_to_minor

    @property
    def missed(self) -> list[AgreedInstalment]:
        return [each for each in self.instalments if each.state == "missed"]

    @property
    def freezes(self) -> tuple[bool, bool]:
        """Whether fees and interest stand still."""
        return (True, True)

    def arrears_minor(self, day: date) -> int:
        return self.arrears_on(day) if self.in_force else 0

    def arrears_on(self, day: date) -> int:
        """What is due before a day and not paid, by what counts for it."""
        due = [each for each in self.instalments if each.due_on < day]
        if not due:
            return 0
        return max(0, min(due[-1].up_to_minor - self.cash_minor, self.undisputed_minor))


A = TypeVar("A", bound=Arrangement)


def agreed(instalments: tuple[Instalment, ...]) -> tuple[AgreedInstalment, ...]:
    found: list[AgreedInstalment] = []
    total = 0
    for each in instalments:
        total += each.amount_minor
        found.append(
            AgreedInstalment(each.n, each.due_on, each.grace_until_on, each.amount_minor, total)
        )
    return tuple(found)


def arrangements(state: AccountState, currency: str | None = None) -> Iterator[Arrangement]:
    """All of a currency (None: of every one), whatever came of them."""
    for noun in (PLAN, SETTLEMENT):
        for known in state.objects.of(noun).values():
            if isinstance(known, Arrangement) and currency in (None, known.currency):
                yield known


def in_force(state: AccountState, currency: str) -> Arrangement | None:
    return next((known for known in arrangements(state, currency) if known.in_force), None)


def began_after(state: AccountState, arrangement: Arrangement) -> Arrangement | None:
    """Another of its currency that came into force later."""
    began = arrangement.began
    for known in arrangements(state, arrangement.currency):
        if known.began is not None and began is not None and known.began > began:
            return known
    return None


# ── Money ───────────────────────────────────────────────────────────────────────────────────────


def counts_for(arrangement: Arrangement, credit: Credit) -> bool:
    """Whether its money counts: of a payment that came after the request."""
    return credit.kind == "payment" and credit.order[1:] > arrangement.place


def cash_on(state: AccountState, arrangement: Arrangement) -> int:
    """What counts: the cash on its invoices, charges included, of payments that came after the
    request."""
    return sum(
        [
            holding.amount_minor
            for invoice_id in arrangement.invoice_ids
            for holding in (
                *state.invoices[invoice_id].holdings,
                *(held for charge in charges_of(state, invoice_id) for held in charge.holdings),
            )
            if holding.kind == "payment"
            and counts_for(arrangement, state.credits[holding.kind, holding.credit_id])
        ]
    )


def first_call(
    state: AccountState, credit: Credit, at: datetime
) -> tuple[tuple[str, ...], int] | None:
    """The invoices that free money of a credit serves first, and how far: until the instalment is
    paid that is due next on or after the day on which it is put (none: the last)."""
    if credit.kind != "payment":
        return None
    arrangement = in_force(state, credit.currency)
    if arrangement is None or not counts_for(arrangement, credit):
        return None
    day = local_day(at, state.zone)
    parts = arrangement.instalments
    due = next((each for each in parts if each.due_on >= day), parts[-1])
    room = due.up_to_minor - cash_on(state, arrangement)
    return (arrangement.invoice_ids, room) if room > 0 else None


def most_for(state: AccountState, credit: Credit, invoice_id: str) -> int | None:
    """How much more of a credit's cash an invoice may take (None: no limit).

    A settlement's invoices take no more than its amount: what comes above finds it completed.
    """
    if credit.kind != "payment" or not state.objects.of(SETTLEMENT):
        return None
    rooms = [
        known.amount_minor - cash_on(state, known)
        for known in arrangements(state, credit.currency)
        if known.state in ("offered", "accepted")
        and invoice_id in known.invoice_ids
        and counts_for(known, credit)
    ]
    return max(0, min(rooms)) if rooms else None


def with_figures(state: AccountState, arrangement: A) -> A:
    """The same with what counts for it now, and what is undisputed.

    Disputes change nothing in a settlement: who pays settles them too.
    """
    cash, ids = cash_on(state, arrangement), arrangement.invoice_ids
    free = undisputed_on(state, ids) if arrangement.noun == PLAN else owed_on(state, ids)
    return structs.replace(arrangement, cash_minor=cash, paid_minor=cash, undisputed_minor=free)


# ── Beginning and ending ────────────────────────────────────────────────────────────────────────


def in_state(arrangement: A, to: str, at: datetime, because: str) -> A:
    step = Step(to, at, because)
    return structs.replace(arrangement, state=to, history=(*arrangement.history, step))


def ended(arrangement: A, at: datetime, because: str) -> A:
    """It ends as a whole: another takes its place, or nothing is left of it."""
    to = "cancelled" if arrangement.noun == PLAN else "lapsed"
    return in_state(arrangement, to, at, because)


def begin(state: AccountState, arrangement: A, at: datetime, because: str) -> A:
    """Let it come into force: the one before ends, and none waits any more.

    Not over what is placed: no debt is both arranged and placed.
    """
    placement = placed_by(state, arrangement)
    if placement is not None:
        after = ended(arrangement, at, placement)
        state.objects.set(after.key, after)
        return after
    older = in_force(state, arrangement.currency)
    if older is not None:
        state.objects.set(older.key, ended(older, at, arrangement.name))
    _withdraw_waiting(state, arrangement, at)
    to = "active" if arrangement.noun == PLAN else "accepted"
    after = in_state(arrangement, to, at, because)
    after = with_figures(state, structs.replace(after, began=state.position))
    state.objects.set(after.key, after)
    return after


def wait(
    state: AccountState, arrangement: Arrangement, data: Agreement, amount_minor: int, at: datetime
) -> None:
    """Let it wait for its approval, and no other of its currency."""
    assert data.approval is not None
    _withdraw_waiting(state, arrangement, at)
    state.objects.set(arrangement.key, in_state(arrangement, PENDING, at, arrangement.name))
    ask(
        state,
        arrangement.noun,
        arrangement.arrangement_id,
        data.approval,
        currency=arrangement.currency,
        invoice_ids=arrangement.invoice_ids,
        amount_minor=amount_minor,
        by=data.by,
        at=at,
    )


def _withdraw_waiting(state: AccountState, arrangement: Arrangement, at: datetime) -> None:
    """One waits per currency: others that wait for an approval are withdrawn."""
    for known in arrangements(state, arrangement.currency):
        if known.state == PENDING and known.key != arrangement.key:
            close(state, f"{known.noun}:{known.arrangement_id}", "withdrawn", at, arrangement.name)


def placed_by(state: AccountState, arrangement: Arrangement) -> str | None:
    """The placement that has one of its invoices."""
    for placement_id, placement in state.objects.of("placement").items():
        if any(invoice_id in placement.takes for invoice_id in arrangement.invoice_ids):
            return f"placement {placement_id}"
    return None


def written_off_by(state: AccountState, arrangement: Arrangement) -> str | None:
    """The last write-off that lies on one of its invoices."""
    found = [
        (holding.applied_at, holding.credit_id)
        for invoice_id in arrangement.invoice_ids
        for holding in state.invoices[invoice_id].holdings
        if holding.kind == "write_off"
    ]
    return f"write-off {max(found)[1]}" if found else None


# ── Judgements ──────────────────────────────────────────────────────────────────────────────────


def judged_at(
    state: AccountState, arrangement: Arrangement, last_on: date, turn: Turn
) -> Position | None:
    """Where is judged what could be done until the end of a day; None: held for ever."""
    since = arrangement.began if arrangement.began is not None else arrangement.place
    day = judgement_day(
        state,
        arrangement.invoice_ids,
        last_on,
        arrangement.after_hold_days,
        since=local_day(since[0], state.zone),
    )
    return boundary(day, state.zone, turn, arrangement.name) if day is not None else None


def has_happened(state: AccountState, place: Position | None) -> bool:
    """Whether a judgement has happened at the present place: its day has begun by now.

    One at an earlier place may not have: of an arrangement that has only just come into force.
    """
    if place is None or state.horizon is None:
        return False
    assert state.position is not None
    return place <= state.position and place[0] <= state.horizon


def judge_instalments(state: AccountState, arrangement: A, at: datetime, cause: str) -> A:
    """Each by what counts, and by what is owed at the present place."""
    nothing_owed = not owed_on(state, arrangement.invoice_ids)
    found: list[AgreedInstalment] = []
    for each in arrangement.instalments:
        if not each.is_judged and has_happened(state, _judged_at(state, arrangement, each)):
            each = structs.replace(each, is_judged=True)
        missing = each.up_to_minor - arrangement.cash_minor
        short = min(missing, arrangement.undisputed_minor)
        to: InstalmentState = "open"
        if missing <= 0 or nothing_owed:
            to = "paid"
        elif short > 0 and each.is_judged:
            to = "missed"
        if to != each.state:
            each = structs.replace(
                each,
                state=to,
                short_minor=short if to == "missed" else 0,
                history=(*each.history, Step(to, at, cause)),
            )
        found.append(each)
    return structs.replace(arrangement, instalments=tuple(found))


def _judged_at(
    state: AccountState, arrangement: Arrangement, each: AgreedInstalment
) -> Position | None:
    return judged_at(state, arrangement, each.grace_until_on, Turn.INSTALMENT)


def next_judgements(state: AccountState, arrangement: Arrangement) -> Iterator[Position]:
    """Where its instalments are judged that are not yet."""
    for each in arrangement.instalments:
        place = _judged_at(state, arrangement, each) if not each.is_judged else None
        if place is not None:
            yield place


# ── What stands still ───────────────────────────────────────────────────────────────────────────


class FrozenSpan(Struct, frozen=True, gc=False):
    """Days on which nothing is charged on invoices: both included, None: without end so far."""

    invoice_ids: tuple[str, ...]
    from_on: date
    until_on: date | None
    fees: bool
    interest: bool


def frozen_spans(state: AccountState) -> Iterator[FrozenSpan]:
    """From the day after each was asked for, if it came into force, to the day before it ended.

    By the facts up to the present place: one that waits for its approval freezes nothing yet, and
    the days before the decision once it is approved.
    """
    for known in arrangements(state):
        if known.began is None:
            continue
        fees, interest = known.freezes
        from_on = local_day(known.place[0], state.zone) + timedelta(days=1)
        until_on = None
        if not known.in_force:
            until_on = local_day(known.history[-1].at, state.zone) - timedelta(days=1)
        if until_on is None or until_on >= from_on:
            yield FrozenSpan(known.invoice_ids, from_on, until_on, fees, interest)


def frozen(
    state: AccountState, invoice_id: str, day: date, what: Literal["fees", "interest"]
) -> bool:
    """Whether an arrangement stops fees on a day, or interest for it."""
    return any(
        invoice_id in span.invoice_ids
        and (span.fees if what == "fees" else span.interest)
        and span.from_on <= day
        and (span.until_on is None or day <= span.until_on)
        for span in frozen_spans(state)
    )
