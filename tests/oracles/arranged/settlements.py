"""LEDGER-ARRANGEMENTS 4: settlements."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from tests.oracles.arranged import arrangements
from tests.oracles.arranged.table import Arrangement
from tests.oracles.ledger_table import days

if TYPE_CHECKING:
    from tests.oracles.arranged.timeline import Act
    from tests.oracles.arranged.world import World


def offer(w: "World", act: "Act") -> None:
    data = act.data
    settlement = arrangements.new("settlement", data.settlement_id, data, act.order)
    w.arrangements["settlement", settlement.id] = settlement
    match data.verdict:
        case "offered":
            become_offered(w, settlement, act.instant)
        case "accepted":
            arrangements.begin(w, settlement, act.instant, "policy")
        case "pending_approval":
            arrangements.wait(w, settlement, act.instant)
        case "declined":
            settlement.become("declined", act.instant, "policy")


def become_offered(w: "World", settlement: Arrangement, now: datetime) -> None:
    """A newer offer in the currency ends it (`lapsed`, `superseded`)."""
    for other in w.arrangements.values():
        same = other is not settlement and other.currency == settlement.currency
        if same and other.state == "offered":
            other.become("lapsed", now, "superseded")
    settlement.become("offered", now, w.cause)


def approve(w: "World", settlement: Arrangement, now: datetime) -> None:
    """It begins at the decision: an offer as offered, a bid as accepted."""
    if settlement.data.kind == "offer":
        become_offered(w, settlement, now)
    else:
        arrangements.begin(w, settlement, now, "approval")


def accept(w: "World", act: "Act") -> None:
    settlement = w.arrangements["settlement", act.data.settlement_id]
    if settlement.state == "offered":
        arrangements.begin(w, settlement, act.instant, "debtor")


def decline(w: "World", act: "Act") -> None:
    settlement = w.arrangements["settlement", act.data.settlement_id]
    if settlement.state in ("offered", "pending_approval"):
        settlement.become("declined", act.instant, act.data.because)


# ── Concession ──────────────────────────────────────────────────────────────────────────────────
def conceded(w: "World", settlement: Arrangement) -> int:
    """What lies as concession now: principal, and the charges that it waived."""
    principal = sum(
        put.amount
        for put in w.standing()
        if (put.kind, put.source) == ("concession", settlement.id)
    )
    return principal + sum(c.waivers.get(_waiver(settlement), 0) for c in w.charges.values())


def _waiver(settlement: Arrangement) -> str:
    return f"settlement:{settlement.id}"


def _concede(w: "World", settlement: Arrangement, now: datetime) -> None:
    for invoice in settlement.invoices:
        bill = w.bills[invoice]
        w.post_interest(invoice, now)
        w.put_other("concession", settlement.id, invoice, w.principal(bill), now)
        for charge in w.charges_of(invoice):
            if w.open_of(charge) > 0:
                w.set_waiver(charge, _waiver(settlement), w.open_of(charge), now)


def _take_concession_back(w: "World", settlement: Arrangement, now: datetime) -> None:
    for put in w.standing():
        if (put.kind, put.source) == ("concession", settlement.id):
            w.release(put, put.amount, now)
    for charge in w.charges.values():
        w.drop_waiver(charge, _waiver(settlement), now)


# ── What it is ──────────────────────────────────────────────────────────────────────────────────
def _is_done(w: "World", settlement: Arrangement) -> bool:
    """P ≥ amount; or nothing owed even without the concession and P > 0."""
    p = arrangements.paid(w, settlement)
    without = arrangements.owed(w, settlement) + conceded(w, settlement)
    return p >= settlement.data.amount_minor or (without == 0 and p > 0)


def judge_offer(w: "World", settlement: Arrangement, now: datetime) -> None:
    if settlement.state != "offered":
        return
    settlement.paid = arrangements.paid(w, settlement)
    if settlement.paid >= settlement.data.amount_minor:
        arrangements.begin(w, settlement, now, "payment")  # paying is accepting
        return
    last: date | None = settlement.data.valid_until_on
    if last is not None and w.passed(last + days(1)):
        settlement.become("lapsed", now, "not-accepted")


def look_again(w: "World", settlement: Arrangement, now: datetime) -> None:
    """Right after a fact's own effect: does the concession still hold?

    If not, it is taken back and the money that the fact freed may fill the amount again.
    """
    if settlement.state != "completed":
        return
    p = arrangements.paid(w, settlement)
    if p < settlement.paid and not _is_done(w, settlement):
        _take_concession_back(w, settlement, now)
        w.reopened.add(settlement.id)
    settlement.paid = p


def judge(w: "World", settlement: Arrangement, now: datetime) -> None:
    if settlement.id in w.reopened:
        w.reopened.discard(settlement.id)
        _judge_again(w, settlement, now)
    if settlement.state != "accepted":
        return
    settlement.paid = arrangements.paid(w, settlement)
    if _is_done(w, settlement):
        _concede(w, settlement, now)
        settlement.become("completed", now, w.cause)
        arrangements.judge_instalments(w, settlement, now)
    elif arrangements.owed(w, settlement) == 0:
        settlement.become("lapsed", now, "nothing-left")
    else:
        _judge_instalment_days(w, settlement, now)


def _judge_again(w: "World", settlement: Arrangement, now: datetime) -> None:
    """`accepted` again before the judgement of the last instalment, else `lapsed`."""
    settlement.paid = arrangements.paid(w, settlement)
    if _is_done(w, settlement):
        _concede(w, settlement, now)
        return
    newer = arrangements.began_later(w, settlement)
    last = arrangements.judged_on(w, settlement, settlement.parts[-1].grace_until_on)
    if newer is not None:
        settlement.become("lapsed", now, newer.name)
    elif last is None or not w.passed(last):
        settlement.become("accepted", now, w.cause)
    else:
        settlement.become("lapsed", now, "not-paid")
        for part in settlement.parts:
            short = max(0, part.up_to - settlement.paid)
            part.become("missed" if short else "paid", now, w.cause)


def _judge_instalment_days(w: "World", settlement: Arrangement, now: datetime) -> None:
    """P < c_k and something owed at 00:00 after its grace."""
    for part in settlement.parts:
        judged = arrangements.judged_on(w, settlement, part.grace_until_on)
        if judged is None or not w.passed(judged) or part.n in settlement.judged:
            continue
        settlement.judged.add(part.n)
        if settlement.paid < part.up_to:
            settlement.become("lapsed", now, "not-paid")
            return
