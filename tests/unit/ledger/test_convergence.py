"""Facts converge: for any facts, in any order, split and days between, the same account.

Small ids and few days, so that facts meet: waiting ones, back-dated ones, several of one instant.
"""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import domain
from services.ledger.domain import AccountState, Fact
from shared.business_time import Begun
from tests.unit.ledger.folding import Reader
from tests.unit.ledger.ledger_factories import (
    BERLIN,
    amended,
    credited,
    disputed,
    failed,
    invoice,
    on,
    paid,
    registered,
    resolved,
    reversed_,
    updated,
    voided,
)

DAYS = [f"2026-03-{day:02}" for day in (1, 2, 5, 29, 30)] + ["2026-04-01", "2026-04-30"]
INSTANTS = [f"{day}T{time}Z" for day in DAYS for time in ("00:00", "12:00", "23:00", "22:00")]
ZONES = [None, "Europe/Berlin", "America/New_York", "Asia/Kolkata"]

days, instants = st.sampled_from(DAYS), st.sampled_from(INSTANTS)
invoice_ids, payment_ids = st.sampled_from(["I1", "I2", "I3"]), st.sampled_from(["P1", "P2", "P3"])
dispute_ids, currencies = st.sampled_from(["D1", "D2"]), st.sampled_from(["EUR", "EUR", "JPY"])
minor = st.integers(1, 12)

targets = st.lists(st.tuples(invoice_ids, st.integers(1, 4)), max_size=2)
a_fact = st.one_of(
    st.builds(invoice, invoice_ids, st.integers(0, 12), days, days, currencies),
    st.builds(
        lambda pid, amount, when, aims, currency: paid(
            pid, amount + sum(aim for _, aim in aims), when, *aims, currency=currency
        ),
        payment_ids,
        minor,
        instants,
        targets,
        currencies,
    ),
    st.builds(
        reversed_, st.sampled_from(["R1", "R2", "R3"]), payment_ids, instants, st.none() | minor
    ),
    st.builds(
        credited,
        st.sampled_from(["K1", "K2", "dispute:D2"]),
        minor,
        days,
        st.none() | invoice_ids,
        st.none() | dispute_ids,
        currencies,
    ),
    st.builds(disputed, dispute_ids, invoice_ids, instants, st.none() | minor),
    st.builds(resolved, dispute_ids, invoice_ids, instants, st.none() | minor),
    st.builds(voided, invoice_ids, instants),
    st.builds(
        lambda i, t, n, due: amended(i, t, n, due_on=on(due)),
        invoice_ids,
        instants,
        st.sampled_from(["a1", "a2"]),
        days,
    ),
    st.builds(failed, payment_ids, minor, instants),
    st.builds(updated, st.sampled_from(ZONES), instants, st.sampled_from(["u1", "u2"])),
)


def _distinct(facts: list[Fact]) -> list[Fact]:
    """As the intake lets them through: one fact per identity."""
    return list({(fact.kind, fact.fact_id): fact for fact in facts}.values())


some_facts = st.lists(a_fact, max_size=14).map(_distinct)
begun_days = st.sampled_from([None, "2026-03-01", "2026-03-31", "2026-05-05", "2026-07-01"])


def state(account: AccountState, begun: Begun) -> dict[str, Any]:
    """All that is so now, whatever way led to it."""
    return {
        "invoices": {key: account.invoices[key] for key in sorted(account.invoices)},
        "sources": {key: account.credits[key] for key in sorted(account.credits)},
        "amounts": domain.amounts(account, begun),
        "zone": (account.zone, account.registered),
        "queues": (
            {k: c.open for k, c in account.currencies.items() if c.open},
            {k: c.loose for k, c in account.currencies.items() if c.loose},
        ),
    }


def _begun(day: str | None) -> Begun:
    return Begun(day=on(day) if day else None)


def _take(account: AccountState, facts: list[Fact], begun: Begun) -> domain.Decision:
    decision = domain.record(account, facts, begun)
    assert domain.invariants(account) == []
    return decision


@settings(max_examples=150)
@given(some_facts, st.data(), begun_days)
def test_any_order_any_split_and_any_days_between_give_the_same(
    facts: list[Fact], data: Any, last: str | None
) -> None:
    facts = [*facts, registered()]
    one = domain.new_account("C1", BERLIN)
    _take(one, facts, _begun(None))
    domain.begin(one, _begun(last))
    other = domain.new_account("C1", BERLIN)
    passed = sorted(data.draw(st.lists(st.sampled_from(DAYS), max_size=3)))
    begun = _begun(None)
    for index, fact in enumerate(data.draw(st.permutations(facts))):
        if passed and index % 3 == 0 and (last is not None and passed[0] <= last):
            begun = _begun(passed.pop(0))
            domain.begin(other, begun)
        _take(other, [fact], begun)
    domain.begin(other, _begun(last))
    assert state(one, _begun(last)) == state(other, _begun(last))


@settings(max_examples=150)
@given(some_facts, st.integers(0, 14), begun_days)
def test_on_top_and_computed_again_give_the_same(
    facts: list[Fact], registered_after: int, last: str | None
) -> None:
    facts.insert(min(registered_after, len(facts)), registered())
    account, begun = domain.new_account("C1", BERLIN), _begun(last)
    stored: dict[tuple[str, str], domain.StageNotice] = {}
    for index, fact in enumerate(facts):
        decision = _take(account, [fact], begun)
        stored |= {(said.invoice_id, said.key): said for said in decision.notices}
        known = facts[: index + 1]
        loaded = domain.load_account(
            "C1", BERLIN, reversed(known), stored.values(), begun_on=account.aged_on
        )
        assert state(loaded, begun) == state(account, begun)
        assert domain.next_on(loaded) == domain.next_on(account)


@settings(max_examples=100)
@given(some_facts, begun_days)
def test_a_batch_of_n_says_what_n_batches_of_one_say(facts: list[Fact], last: str | None) -> None:
    begun = _begun(last)
    facts = [*facts[:3], registered(), *facts[3:]]
    one = domain.new_account("C1", BERLIN)
    together = _take(one, facts, begun)
    account = domain.new_account("C1", BERLIN)
    said, entries = [], []
    for fact in facts:
        decision = _take(account, [fact], begun)
        said += decision.announcements
        entries += decision.entries
    assert together.announcements == said
    assert together.entries == entries
    assert state(one, begun) == state(account, begun)


@settings(max_examples=200)
@given(some_facts, st.integers(0, 14), st.lists(begun_days, max_size=3))
def test_events_in_sequence_give_what_is_so_and_no_id_comes_twice(
    facts: list[Fact], registered_after: int, passed: list[str | None]
) -> None:
    facts.insert(min(registered_after, len(facts)), registered())
    account, begun, reader = domain.new_account("C1", BERLIN), _begun(None), Reader()
    ids: Counter[tuple[str, str, str]] = Counter()
    ledger: Counter[tuple[str, str]] = Counter()
    starts = sorted(day for day in passed if day)
    for fact in facts:
        steps = [domain.record(account, [fact], begun)]
        if starts:
            begun = _begun(starts.pop(0))
            steps.append(domain.begin(account, begun))
        for decision in steps:
            reader.read(decision.announcements)
            ids.update((event.type, event.entity, event.cause) for event in decision.announcements)
            for entry in decision.entries:
                assert sum(amount for _, amount in entry.postings) == 0
                for name, amount in entry.postings:
                    ledger[entry.currency, name] += amount
        if account.registered:
            _reads_right(reader, account, begun)
    assert [key for key, count in ids.items() if count > 1] == []
    for amounts in domain.amounts(account, begun):
        assert ledger[amounts.currency, "receivable"] == amounts.balance_minor
        unapplied = (
            ledger[amounts.currency, "unapplied-cash"]
            + (ledger[amounts.currency, "unapplied-credit"])
        )
        assert -unapplied == amounts.unapplied_minor
        (window,) = (
            known
            for known in domain.statement(account, on("2026-01-01"), on("2026-12-31"))
            if known.currency == amounts.currency
        )
        assert window.closing_minor == amounts.balance_minor - amounts.unapplied_minor


def _reads_right(reader: Reader, account: AccountState, begun: Begun) -> None:
    for invoice_id, known in account.invoices.items():
        assert reader.balance(invoice_id) == known.balance_minor, invoice_id
        assert reader.status[invoice_id] == known.status, invoice_id
        assert reader.stage[invoice_id] == known.stage, invoice_id
        assert reader.due_on[invoice_id] == known.due_on
    money = {key[1]: s.amount_minor for key, s in account.credits.items() if key[0] == "payment"}
    assert reader.cash == money
    notes = {key[1]: s.amount_minor for key, s in account.credits.items() if key[0] != "payment"}
    assert reader.credit == notes
    taken = {t.reversal_id: t.amount_minor for s in account.credits.values() for t in s.reversals}
    assert {key: amount for key, amount in reader.taken.items() if amount} == {
        key: amount for key, amount in taken.items() if amount
    }
    for amounts in domain.amounts(account, begun):
        read = reader.amounts.get(amounts.currency)
        assert read is not None
        assert (read.balance_minor, read.disputed_minor, read.unapplied_minor) == (
            amounts.balance_minor,
            amounts.disputed_minor,
            amounts.unapplied_minor,
        )
