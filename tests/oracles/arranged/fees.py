"""LEDGER-CHARGES 1: late fees, compensation, returned payments, withheld fees."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from tests.oracles.arranged import rules
from tests.oracles.arranged.policies import minor
from tests.oracles.arranged.table import Bill

if TYPE_CHECKING:
    from tests.oracles.arranged.timeline import Act
    from tests.oracles.arranged.world import World

WITHHELD = "disputed"


def charge_steps(w: "World", bill: Bill, today: date, now: datetime) -> None:
    """At 00:00 of due_on + step; never at or before the invoice's own instant."""
    step = (today - bill.due_on).days
    if step < 1 or bill.instant >= now or bill.void or w.principal(bill) == 0:
        return
    if step == 1:
        _try(w, bill, "compensation", step, today, today, now)
    _try(w, bill, "late_fee", step, today, today, now)


def _try(
    w: "World", bill: Bill, kind: str, step: int, rule_day: date, on: date, now: datetime
) -> None:
    same = {"step": step} if kind == "late_fee" else {}
    rule = rules.rule_of(w, kind, bill, bill.currency, rule_day, **same)
    charge_id = f"late-fee:{bill.id}:{step}" if kind == "late_fee" else f"compensation:{bill.id}"
    if rule is None or charge_id in w.charges:  # once, for ever
        return
    reason, amount = _amount(w, bill, kind, rule, rule_day)
    if reason is not None:
        w.skipped[charge_id] = reason
        if reason == WITHHELD:
            w.withheld_fees.setdefault(bill.id, []).append((kind, step, rule_day))
        return
    w.skipped.pop(charge_id, None)
    w.new_charge(
        charge_id, "fee" if kind == "late_fee" else "cost", bill.id, bill.currency, amount, on, now
    )


def _amount(
    w: "World", bill: Bill, kind: str, rule: rules.Rule, day: date
) -> tuple[str | None, int]:
    """The first that applies is the reason why nothing is charged, then or later."""
    currency = bill.currency
    on, _ = rules.basis(w, bill)
    if rules.is_stopped(w, "fee", bill, day):
        return "stopped", 0
    if not rules.is_disclosed(w, rule, day):
        return "not_disclosed", 0
    if on == 0:
        return WITHHELD, 0
    least = minor(rule.get("minimum_balance"), currency)
    if least is not None and on < least:
        return "below_minimum", 0
    amount = rules.amount_of(rule, bill, currency, on)
    if amount is None:
        return "no_amount_in_currency", 0
    for limit in rules.limits(w, bill, currency, day):
        most = minor(limit.get("max_fee"), currency)
        if limit.get("none"):
            amount = 0
        elif kind == "late_fee" and most is not None:
            amount = min(amount, most)
    if amount <= 0:
        return "limit", 0
    cap = rules.cap_of(rule, bill, currency)
    if kind == "late_fee" and cap is not None:
        charged = sum(
            c.amount for c in w.charges.values() if c.id.startswith(f"late-fee:{bill.id}:")
        )
        amount = min(amount, cap - charged)
        if amount <= 0:
            return "capped", 0
    return None, amount


def charge_withheld(w: "World", bill: Bill, now: datetime) -> None:
    """At the resolution: the rule of its step's day, the basis of that instant."""
    if w.principal(bill) == 0 or w.wholly_disputed(bill):
        return
    for kind, step, rule_day in w.withheld_fees.pop(bill.id, []):
        _try(w, bill, kind, step, rule_day, w.day(now), now)


def bounce(w: "World", act: "Act") -> None:
    """At the reversal's instant; belongs to no invoice."""
    data, day = act.data, w.day(act.instant)
    rule = rules.rule_of(w, "bounce_fee", None, data.currency, day)
    if rule is None or data.kind not in rule["reversals"]:
        return
    if rules.is_stopped(w, "fee", None, day) or not rules.is_disclosed(w, rule, day):
        return
    amount = rules.amount_of(rule, None, data.currency, 0)
    for limit in rules.limits(w, None, data.currency, day):
        most = minor(limit.get("max_fee"), data.currency)
        amount = 0 if limit.get("none") else amount
        if amount is not None and most is not None:
            amount = min(amount, most)
    if amount:
        name = f"bounce-fee:{data.reversal_id}"
        w.new_charge(name, "fee", None, data.currency, amount, day, act.instant)
