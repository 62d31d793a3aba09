"""Random stories: few ids and few days, so that facts meet; every fact is one that was accepted.

What a door resolves (totals, thresholds, ends of grace) is free here within what the classes
allow: the rules must hold for whatever was agreed.
"""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from services.ledger.domain.agreements import Approval, DefaultRule, Freeze
from shared.events.billing import EarlyDiscount
from tests.unit.ledger.arrangements import told
from tests.unit.ledger.arrangements.told import Told, on

DAYS = ["03-01", "03-02", "03-05", "03-09", "03-29", "03-30", "04-06", "04-30"]
INSTANTS = [f"{day} {clock}" for day in DAYS for clock in ("00:00", "12:00", "21:59:59", "23:00")]
INVOICES = ["I1", "I2", "I3"]

days, instants = st.sampled_from(DAYS), st.sampled_from(INSTANTS)
invoice_ids = st.sampled_from(INVOICES)
invoice_lists = st.lists(invoice_ids, min_size=1, max_size=3, unique=True).map(
    lambda names: tuple(sorted(names))
)
minor = st.integers(1, 12)
currencies = st.sampled_from(["EUR"] * 7 + ["USD"])
approvals = st.none() | days.map(lambda day: Approval("finance", on(day)))
plan_ids, settlement_ids = st.sampled_from(["L1", "L2"]), st.sampled_from(["T1", "T2"])
approval_ids = st.sampled_from(["plan:L1", "settlement:T1", "write-off:W1", "placement:G1"])


def not_before(instant: str) -> st.SearchStrategy[str]:
    """A day that a door lets through: none before the day of the command."""
    return st.sampled_from([day for day in DAYS if day >= instant[:5]])


@st.composite
def some_instalments(draw: Any, instant: str) -> tuple[tuple[str, int], ...]:
    due = sorted(draw(st.lists(not_before(instant), min_size=1, max_size=3, unique=True)))
    return tuple((day, draw(st.integers(1, 6))) for day in due)


@st.composite
def plans(draw: Any) -> Told:
    asked = draw(instants)
    rule = DefaultRule(
        missed=draw(st.sampled_from([None, 1, 2])),
        days=draw(st.sampled_from([3, 10])),
        new_invoice_stage=draw(st.sampled_from([None, 1, 31])),
    )
    return told.plan(
        draw(plan_ids),
        asked,
        draw(invoice_lists),
        *draw(some_instalments(asked)),
        default=rule,
        approval=draw(st.none() | not_before(asked).map(lambda day: Approval("finance", on(day)))),
        freeze=Freeze(draw(st.booleans()), draw(st.booleans())),
        has_down_payment=draw(st.booleans()),
        currency=draw(currencies),
        after_hold_days=draw(st.sampled_from([0, 3])),
    )


@st.composite
def settlements(draw: Any) -> Told:
    verdict = draw(st.sampled_from(["offered", "accepted", "pending_approval", "declined"]))
    asked = draw(instants)
    parts = draw(some_instalments(asked))
    waits = verdict == "pending_approval"
    return told.settlement(
        draw(settlement_ids),
        asked,
        sum(amount for _, amount in parts) + draw(minor),
        *parts,
        kind="offer" if verdict == "offered" else draw(st.sampled_from(["offer", "bid"])),
        verdict=verdict,
        invoices=draw(invoice_lists),
        approval=Approval("finance", on(draw(not_before(asked)))) if waits else None,
        valid_until=draw(not_before(asked)),
        currency=draw(currencies),
        after_hold_days=draw(st.sampled_from([0, 3])),
    )


@st.composite
def holds(draw: Any) -> Told:
    first = on(draw(days))
    last: date | None = draw(st.none() | st.integers(0, 20).map(lambda n: first + timedelta(n)))
    return told.hold(
        draw(st.sampled_from(["H1", "H2"])),
        draw(st.sampled_from(["deceased", "breathing-space", "hardship", "complaint", "manual"])),
        first.isoformat(),
        last.isoformat() if last else None,
        draw(st.none() | invoice_lists),
    )


@st.composite
def promises(draw: Any) -> Told:
    made = draw(instants)
    return told.promise(
        draw(st.sampled_from(["R1", "R2", "R3"])),
        draw(minor),
        draw(not_before(made)),
        made,
        draw(st.none() | invoice_lists),
        currency=draw(currencies),
        supersedes=draw(st.sampled_from([(), (), ("R1",)])),
    )


targets = st.lists(st.tuples(invoice_ids, st.integers(1, 4)), max_size=2)

billing_facts = st.one_of(
    st.builds(told.invoice, invoice_ids, st.integers(0, 12), days, days, currencies),
    st.builds(
        lambda name, amount, when, aims, currency: told.paid(
            name, amount + sum(part for _, part in aims), when, *aims, currency=currency
        ),
        st.sampled_from(["P1", "P2", "P3", "P4"]),
        minor,
        instants,
        targets,
        currencies,
    ),
    st.builds(
        told.taken_back,
        st.sampled_from(["X1", "X2"]),
        st.sampled_from(["P1", "P2", "P3"]),
        instants,
        st.none() | minor,
    ),
    st.builds(
        told.credited,
        st.sampled_from(["K1", "K2"]),
        minor,
        days,
        st.none() | invoice_ids,
        currencies,
    ),
    st.builds(
        told.disputed, st.sampled_from(["D1", "D2"]), invoice_ids, instants, st.none() | minor
    ),
    st.builds(
        told.resolved,
        st.sampled_from(["D1", "D2"]),
        invoice_ids,
        instants,
        st.sampled_from(["upheld", "partly"]),
        st.none() | minor,
    ),
    st.builds(told.voided, invoice_ids, instants),
    st.builds(told.amended, invoice_ids, instants, days),
    st.builds(
        told.charged,
        st.sampled_from(["B1", "B2"]),
        st.integers(1, 5),
        days,
        st.none() | invoice_ids,
        st.sampled_from(["fee", "cost"]),
    ),
    st.builds(
        told.waived,
        st.sampled_from(["V1", "V2"]),
        st.sampled_from(["B1", "B2"]),
        instants,
        st.none() | st.integers(1, 5),
    ),
)
command_facts = st.one_of(
    promises(),
    promises(),
    plans(),
    plans(),
    settlements(),
    settlements(),
    holds(),
    st.builds(told.promise_cancelled, st.sampled_from(["R1", "R2"]), instants),
    st.builds(told.plan_cancelled, plan_ids, instants),
    st.builds(told.settlement_accepted, settlement_ids, instants),
    st.builds(told.settlement_declined, settlement_ids, instants),
    st.builds(told.hold_released, st.sampled_from(["H1", "H2"]), days),
    st.builds(
        told.written_off,
        st.sampled_from(["W1", "W2"]),
        instants,
        st.sampled_from(["uncollectable", "goodwill", "sold"]),
        st.none() | minor,
        st.none() | invoice_lists,
        approvals,
    ),
    st.builds(told.write_off_reversed, st.sampled_from(["W1", "W2"]), instants),
    st.builds(
        told.placed,
        st.sampled_from(["G1", "G2"]),
        instants,
        invoice_lists,
        st.sampled_from(["18", "12.5"]),
        approvals,
    ),
    st.builds(told.recalled, st.sampled_from(["G1", "G2"]), instants),
    st.builds(
        told.decided, approval_ids, instants, st.sampled_from(["approve", "approve", "refuse"])
    ),
)


def _distinct(facts: list[Told]) -> list[Told]:
    """As they are let through: one fact per identity."""
    return list({(fact.kind, fact.fact_id): fact for fact in facts}.values())


def with_account(facts: list[Told]) -> list[Told]:
    return [told.registered(time="01-01", currency="EUR", credit_limit_minor=10), *facts]


only_billing = st.lists(billing_facts, max_size=14).map(_distinct).map(with_account)
# Three invoices are there early, most of them in one currency, so that agreements find debts.
_invoices = st.tuples(
    *[
        st.builds(
            told.invoice,
            st.just(name),
            st.integers(3, 12),
            days,
            st.sampled_from(DAYS[:3]),
            st.sampled_from(["EUR"] * 6 + ["USD"]),
        )
        for name in INVOICES
    ]
)


@st.composite
def some_facts(draw: Any) -> list[Told]:
    facts = [
        *draw(_invoices),
        *draw(st.lists(billing_facts, min_size=2, max_size=9)),
        *draw(st.lists(command_facts, min_size=2, max_size=8)),
    ]
    return with_account(_distinct(facts))


begun_days = st.sampled_from([None, *(on(d) for d in ("03-01", "03-10", "04-01", "05-05"))])


# ── Charges ─────────────────────────────────────────────────────────────────────────────────────
# A cent or two a day on a few cents: "365" percent of 12 is 12 hundredths of a cent a day.
_amounts = st.sampled_from(
    [
        {"fixed": {"EUR": "0.02"}},
        {"percent": 25, "of": "balance", "min": {"EUR": "0.01"}, "max": {"EUR": "0.03"}},
        {
            "bands": [
                {"below": {"EUR": "0.06"}, "fixed": {"EUR": "0.01"}},
                {"fixed": {"EUR": "0.02"}},
            ]
        },
    ]
)
_disclosures = st.sampled_from([None, None, {"texts": ["fee"], "days_before": 2}])
charge_rules = st.one_of(
    st.builds(
        lambda step, amount, disclosure, cap: {
            "id": f"fee-{step}",
            "kind": "late_fee",
            "step": step,
            "amount": amount,
            "disclosure": disclosure,
            **cap,
        },
        st.sampled_from([1, 2, 31]),
        _amounts,
        _disclosures,
        st.sampled_from([{}, {"cap": {"per_invoice": {"EUR": "0.03"}}}]),
    ),
    st.builds(
        lambda amount: {"id": "cost", "kind": "compensation", "step": 1, "amount": amount}, _amounts
    ),
    st.builds(
        lambda percent, after, disclosure, post, day_count: {
            "id": "interest",
            "kind": "interest",
            "rate": {"percent": percent},
            "after_days": after,
            "disclosure": disclosure,
            "post": post,
            "day_count": day_count,
        },
        st.sampled_from(["365", "1000", "77.7"]),
        st.sampled_from([0, 0, 3]),
        _disclosures,
        st.sampled_from(["stage", "month", "none"]),
        st.sampled_from(["act/365", "act/360", "30/360"]),
    ),
    st.builds(
        lambda disclosure: {
            "id": "bounce",
            "kind": "bounce_fee",
            "reversals": ["chargeback"],
            "amount": {"fixed": {"EUR": "0.01"}},
            "disclosure": disclosure,
        },
        _disclosures,
    ),
)
allocation_orders = st.sampled_from(
    [
        {},
        {"scope": "invoice", "targets": "order", "order": ["cost", "interest", "fee", "principal"]},
        {"scope": "account", "targets": "order", "order": ["principal", "fee", "cost", "interest"]},
        {
            "scope": "invoice",
            "targets": "principal",
            "order": ["principal", "interest", "cost", "fee"],
        },
    ]
)
ALWAYS = date(2020, 1, 1)


@st.composite
def some_policies(draw: Any) -> dict[str, Any]:
    rules = draw(st.lists(charge_rules, min_size=1, max_size=4))
    charges = [(draw(st.sampled_from([ALWAYS, on("03-09")])), {"rules": rules})]
    small = {"small_balance": {"EUR": "0.02"}, "small_after_days": 3}
    return {
        "charges": charges,
        "allocation": [(ALWAYS, draw(allocation_orders))],
        "recovery": [(ALWAYS, draw(st.sampled_from([{}, small])))],
    }


@st.composite
def facts_with_charges(draw: Any) -> list[Told]:
    """Random stories, some with disclosures, a discount and waivers of what a policy charges."""
    facts = draw(some_facts())
    facts += draw(
        st.lists(
            st.one_of(
                st.builds(told.disclosed, st.sampled_from(["K1", "K2"]), instants, st.just("fee")),
                st.builds(told.undisclosed, st.just("K1"), instants),
                st.builds(
                    told.waived,
                    st.sampled_from(["V1", "V2"]),
                    st.sampled_from(["interest:I1", "late-fee:I1:1", "compensation:I2"]),
                    instants,
                    st.none() | st.integers(1, 3),
                ),
                st.builds(
                    lambda amount, due, issued, percent: told.invoice(
                        "I4",
                        amount,
                        due,
                        issued,
                        early_discount=EarlyDiscount(percent, on("03-09")),
                    ),
                    st.integers(3, 12),
                    days,
                    days,
                    st.sampled_from([10, 25]),
                ),
            ),
            max_size=4,
        )
    )
    return _distinct(facts)
