"""LEDGER-CHARGES 1, the policy `charges`: which rule fits, what limits it, was it disclosed."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from tests.oracles.arranged.policies import minor
from tests.oracles.arranged.table import Bill
from tests.oracles.ledger_table import days

if TYPE_CHECKING:
    from tests.oracles.arranged.world import World

Rule = Mapping[str, Any]


def half_up(number: Any) -> int:
    """Of a fraction or decimal, to the whole minor unit."""
    if isinstance(number, Decimal):
        return int(number.quantize(Decimal(1), ROUND_HALF_UP))
    doubled = 2 * number + 1
    return int(doubled // 2)


def is_business(w: "World", bill: Bill | None) -> str:
    """The invoice's `purpose`, else the account's `kind`."""
    if bill is not None and bill.invoice.purpose is not None:
        return str(bill.invoice.purpose)
    return str(w.timeline.profile.kind) if w.timeline.profile else "consumer"


def fits(w: "World", when: Rule | None, bill: Bill | None, currency: str, day: date) -> bool:
    """All of it must hold; what is unknown, or has no amount for the currency, does not fit."""
    profile = w.timeline.profile
    addresses = profile.addresses if profile else ()
    known = {
        "kind": is_business(w, bill),
        "purpose": bill.invoice.purpose if bill else None,
        "country": next((a.country for a in addresses if a.country), None),
        "currency": currency,
        "product": bill.invoice.product if bill else None,
    }
    owed = w.owed(bill.id) if bill else None
    age = (day - bill.due_on).days if bill else None
    for member, wanted in (when or {}).items():
        if member in known:
            values = wanted if isinstance(wanted, list) else [wanted]
            ok = known[member] in values
        elif member == "tags_any":
            ok = bool(profile and set(wanted) & set(profile.tags))
        elif member in ("amount_from", "amount_below"):
            bound = minor(wanted, currency)
            ok = owed is not None and bound is not None
            ok = ok and (owed >= bound if member == "amount_from" else owed < bound)
        else:
            ok = age is not None
            ok = ok and (age >= wanted if member == "age_from" else age < wanted)
        if not ok:
            return False
    return True


def rule_of(
    w: "World", kind: str, bill: Bill | None, currency: str, day: date, **same: Any
) -> Rule | None:
    """The first of a kind that fits, own rules before packs."""
    policy = w.policy("charges", day)
    for rule in [*policy["rules"], *policy.get("pack_rules", [])]:
        alike = rule["kind"] == kind and all(rule.get(k) == v for k, v in same.items())
        if alike and fits(w, rule.get("when"), bill, currency, day):
            return rule  # type: ignore[no-any-return]
    return None


def limits(w: "World", bill: Bill | None, currency: str, day: date) -> list[Rule]:
    """All that fit hold."""
    found = w.policy("charges", day).get("limits", [])
    return [limit for limit in found if fits(w, limit.get("when"), bill, currency, day)]


def is_disclosed(w: "World", rule: Rule, day: date) -> bool:
    """One of the texts was disclosed on a local day ≤ day − `days_before`."""
    disclosure = rule.get("disclosure")
    if disclosure is None:
        return True
    failed = {f.data.contact_id for f in w.timeline.of("disclosure-failed")}
    latest = day - days(disclosure.get("days_before", 1))
    return any(
        set(disclosure["texts"]) & set(f.data.text_ids)
        and f.data.contact_id not in failed
        and f.time is not None
        and w.day(f.time) <= latest
        for f in w.timeline.of("disclosure-made")
    )


# ── Basis ───────────────────────────────────────────────────────────────────────────────────────
def basis(w: "World", bill: Bill) -> tuple[int, dict[str, int]]:
    """What is really owed less what open disputes hold of it; and what each of them holds.

    Really owed: principal less all that credit notes for disputes, known by now, will still take.
    """
    to_come = w.credits_to_come(bill)
    owed = max(0, w.principal(bill) - sum(to_come.values()))
    held: dict[str, int] = {}
    for name, amount in bill.disputes.items():  # in order of opening
        part = owed if amount is None else min(owed, max(0, amount - to_come.get(name, 0)))
        held[name] = part
        owed -= part
    return owed, held


def is_stopped(w: "World", kind: str, bill: Bill | None, day: date) -> bool:
    """By a hold (ARR 6), an arrangement (3, 4), a placement (fees; 7)."""
    invoice = bill.invoice if bill else None
    for span in w.spans:
        if not span.never_was and span.on(day) and span.stops_charge(kind, invoice):
            return True
    if bill is None:
        return False
    if kind == "fee" and w.placed_by(bill.id) is not None:
        return True
    return w.foreseen.is_frozen(kind, bill.id, day)


# ── Amounts ─────────────────────────────────────────────────────────────────────────────────────
def amount_of(rule: Rule, bill: Bill | None, currency: str, on: int) -> int | None:
    """`fixed`, a percentage half up, then `min`, then `max`; or bands by the balance."""
    amount = rule["amount"]
    if "bands" in amount:
        for band in amount["bands"]:
            below = band.get("below")
            bound = minor(below, currency) if below is not None else None
            if below is None or (bound is not None and on < bound):
                return minor(band["fixed"], currency)
        return None
    if "fixed" in amount:
        return minor(amount["fixed"], currency)
    of = bill.invoice.amount_minor if amount.get("of") == "amount" and bill else on
    found = half_up(Decimal(of) * Decimal(str(amount["percent"])) / 100)
    if "min" in amount and (least := minor(amount["min"], currency)) is not None:
        found = max(found, least)
    if "max" in amount and (most := minor(amount["max"], currency)) is not None:
        found = min(found, most)
    return found


def cap_of(rule: Rule, bill: Bill, currency: str) -> int | None:
    """The strictest of `per_invoice` and `percent_of_invoice`."""
    cap = rule.get("cap") or {}
    found = [minor(cap.get("per_invoice"), currency)]
    if "percent_of_invoice" in cap:
        percent = Decimal(str(cap["percent_of_invoice"]))
        found.append(half_up(Decimal(bill.invoice.amount_minor) * percent / 100))
    return min((f for f in found if f is not None), default=None)
