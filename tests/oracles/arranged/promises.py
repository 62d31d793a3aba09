"""LEDGER-ARRANGEMENTS 2: promises."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from tests.oracles.arranged.table import Money, Promise
from tests.oracles.ledger_table import days

if TYPE_CHECKING:
    from tests.oracles.arranged.timeline import Act
    from tests.oracles.arranged.world import World


def judged_on(promise: Promise) -> date:
    """J = 00:00 of the day after `grace_until_on`."""
    return promise.data.grace_until_on + days(1)  # type: ignore[no-any-return]


def in_turn(w: "World") -> list[Promise]:
    """By due_on, then instant, then id."""
    return sorted(w.promises.values(), key=lambda p: (p.data.due_on, p.order))


def make(w: "World", act: "Act") -> None:
    data = act.data
    promise = Promise(data.promise_id, data=data, order=act.order)
    if data.invoice_ids is not None:
        promise.invoices = tuple(data.invoice_ids)
    else:  # the invoices open at its instant, in its currency, not arranged and not placed
        promise.invoices = tuple(
            bill.id
            for bill in w.bills.values()
            if bill.currency == data.currency
            and w.principal(bill) > 0
            and w.taken_by(bill.id) is None
        )
    for superseded in data.supersedes:  # an open one is cancelled at the new one's instant
        older = w.promises.get(superseded)
        if older is not None and older.state == "open":
            older.become("cancelled", act.instant, f"promise {promise.id}")
    w.promises[promise.id] = promise
    promise.become("open", act.instant, w.cause)


def cancel(w: "World", act: "Act") -> None:
    promise = w.promises[act.data.promise_id]
    if promise.state == "open":
        promise.become("cancelled", act.instant, "cancelled")


# ── What counts ─────────────────────────────────────────────────────────────────────────────────
def share_out(w: "World", money: Money, now: datetime) -> None:
    """Every payment is shared out once, at its instant, among those whose window it falls in."""
    arrangement = w.in_force(money.currency)
    arranged = arrangement.invoices if arrangement else ()
    mine = [p for p in w.standing() if (p.kind, p.source) == ("payment", money.name)]
    aimed: dict[str, int] = {}
    for put in mine:
        if put.by_aim:
            aimed[put.invoice or ""] = aimed.get(put.invoice or "", 0) + put.amount
    for invoice, _, amount in money.aims:  # waits for its invoice, or is the buyer's
        aimed[invoice or ""] = aimed.get(invoice or "", 0) + amount
    # Free: aimed at nothing or does not fit its aim, less what of it went to the arrangement.
    free = money.amount - sum(aimed.values())
    free -= sum(p.amount for p in mine if not p.by_aim and p.invoice in arranged)
    for promise in in_turn(w):
        in_window = now < w.start_of(judged_on(promise)) and promise.state in ("open", "kept")
        if not in_window or promise.data.currency != money.currency:
            continue
        room = promise.data.amount_minor - promise.received
        own = promise.data.invoice_ids
        if own is None:  # over the account: free money first
            taken = min(room, max(0, free))
            free -= taken
            count(promise, money, taken)
            room -= taken
        for invoice in sorted(aimed):
            if invoice not in arranged and (own is None or invoice in own):
                taken = min(room, aimed[invoice])
                aimed[invoice] -= taken
                count(promise, money, taken)
                room -= taken
        if own is not None:  # what the payment aims at them, then its free money
            taken = min(room, max(0, free))
            free -= taken
            count(promise, money, taken)


def count(promise: Promise, money: Money, amount: int) -> None:
    if amount > 0:
        promise.received += amount
        money.counted[promise.id] = money.counted.get(promise.id, 0) + amount


def take_back(w: "World", money: Money, taken: int) -> set[str]:
    """First what was counted for no promise, then from the promise due latest.

    `money.left` is still what was left before; the promises whose R it lowers.
    """
    rest = max(0, taken - (money.left - sum(money.counted.values())))
    lowered = set()
    for promise in reversed(in_turn(w)):
        part = min(rest, money.counted.get(promise.id, 0))
        if part:
            money.counted[promise.id] -= part
            promise.received -= part
            rest -= part
            lowered.add(promise.id)
    return lowered


# ── What it is ──────────────────────────────────────────────────────────────────────────────────
def nothing_owed(w: "World", promise: Promise) -> bool:
    return not any(w.owed(invoice) for invoice in promise.invoices)


def lowered(w: "World", ids: set[str], now: datetime) -> None:
    """Only a fact that lowers R judges again: before J back to `open`, from J on by the same A."""
    for promise in in_turn(w):
        if promise.id not in ids:
            continue
        if promise.asked is not None and promise.state != "cancelled":
            promise.become(verdict(promise), now, w.cause)
        elif promise.state == "kept" and not kept_early(w, promise):
            promise.become("open", now, w.cause)


def kept_early(w: "World", promise: Promise) -> bool:
    data, r = promise.data, promise.received
    if 100 * r >= data.kept_from_percent * data.amount_minor:
        return True
    return nothing_owed(w, promise) and r > 0


def verdict(promise: Promise) -> str:
    data, r, asked = promise.data, promise.received, promise.asked
    assert asked is not None
    if asked == 0:
        return "cancelled"
    if 100 * r >= data.kept_from_percent * asked:
        return "kept"
    if r > 0 and 100 * r >= data.partly_from_percent * asked:
        return "partly_kept"
    return "broken"


def judge(w: "World", promise: Promise, now: datetime) -> None:
    if promise.state == "open":
        _judge_open(w, promise, now)
    if promise.state in ("open", "kept") and promise.asked is None and w.passed(judged_on(promise)):
        undisputed = sum(w.undisputed(invoice) for invoice in promise.invoices)
        promise.asked = min(promise.data.amount_minor, promise.received + undisputed)
        if promise.state == "open":
            promise.become(verdict(promise), now, "nothing-left" if not promise.asked else "judged")


def _judge_open(w: "World", promise: Promise, now: datetime) -> None:
    because = next((t for i in promise.invoices if (t := w.taken_by(i)) is not None), None)
    for span in w.acted_holds():
        if (
            span.stops_clocks_of(promise.invoices)
            and span.on(w.today)
            and (w.today < judged_on(promise))
        ):
            because = because or f"hold {span.id}"
    if because is not None:
        promise.become("cancelled", now, because)
    elif kept_early(w, promise):
        promise.become("kept", now, w.cause)
    elif nothing_owed(w, promise):
        promise.become("cancelled", now, "nothing-left")
