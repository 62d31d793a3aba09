"""LEDGER-ARRANGEMENTS 5: disputes and their deadlines."""

from datetime import date
from typing import TYPE_CHECKING

from tests.oracles.arranged.table import Dispute
from tests.oracles.ledger_table import days

if TYPE_CHECKING:
    from tests.oracles.arranged.timeline import Act
    from tests.oracles.arranged.world import World


def open_(w: "World", act: "Act") -> None:
    data = act.data
    dispute = Dispute(data.dispute_id, data=data, opened_on=w.day(act.instant))
    w.disputes[dispute.id] = dispute
    dispute.become("open", act.instant, w.cause)
    charge_id = getattr(data, "charge_id", None)
    if charge_id is not None:
        if charge_id in w.charges:
            w.charges[charge_id].disputes[dispute.id] = data.amount_minor
        else:
            w.waiting_disputes.append((charge_id, dispute.id, data.amount_minor))
        return
    bill = w.bills[data.invoice_id]
    amount = data.amount_minor
    lines = getattr(data, "lines", ())
    if amount is None and lines:  # counted from 1; below 0: 0
        named = [bill.invoice.lines[n - 1].amount_minor or 0 for n in lines]
        amount = max(0, sum(named))
    bill.disputes[dispute.id] = amount


def resolve(w: "World", act: "Act") -> None:
    data = act.data
    dispute = w.disputes[data.dispute_id]
    if dispute.state != "open":
        return
    w.before_resolution(dispute, act)
    dispute.become("resolved", act.instant, data.outcome)
    charge_id = getattr(dispute.data, "charge_id", None)
    if charge_id is not None:
        w.resolve_of_charge(charge_id, act)
        return
    bill = w.bills[data.invoice_id]
    bill.disputes.pop(data.dispute_id, None)
    replaced = any(
        f.data.dispute_id == data.dispute_id for f in w.timeline.of("credit-note-issued")
    )
    if data.credited_minor is not None and not replaced:
        aims = [(bill.id, data.credited_minor)]
        name = f"dispute:{data.dispute_id}"
        w._post_credit(name, act, bill.currency, data.credited_minor, aims)
    w.after_resolution(dispute, act)


def pass_deadlines(w: "World", today: date) -> None:
    """At 00:00 of the day after, unmet; once each."""
    for dispute in w.disputes.values():
        if dispute.state != "open":
            continue
        evidence = getattr(dispute.data, "evidence_by_on", None)
        answer = getattr(dispute.data, "answer_by_on", None)
        if evidence is not None and evidence + days(1) == today and not dispute.evidence:
            w.deadlines.append((dispute.id, "evidence", evidence))
        if answer is not None and answer + days(1) == today:
            w.deadlines.append((dispute.id, "answer", answer))
