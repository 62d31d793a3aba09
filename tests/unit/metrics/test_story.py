"""What single facts do to the figures: entering collections, taking back, voids, segments."""

from datetime import date, timedelta
from typing import Any

from msgspec import structs

from shared.events import Received, ledger
from tests.metrics_figures import Memory, a_segment_changed, an_event, at

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def an_account(zone: str = "UTC") -> Received:
    data = ledger.AccountRegistered(account_id="C1", kind="consumer", country="DE", timezone=zone)
    return an_event("account-registered", data, time=at("2026-01-01"))


def an_invoice(
    invoice_id: str = "I1", amount: int = 100, issued: str = "2026-03-01", due: str = "2026-03-15"
) -> Received:
    data = ledger.InvoiceIssued(
        invoice_id=invoice_id,
        account_id="C1",
        currency="EUR",
        amount_minor=amount,
        issued_on=date.fromisoformat(issued),
        due_on=date.fromisoformat(due),
        balance_minor=amount,
        amounts=(),
    )
    return an_event("invoice-issued", data, time=at(issued))


def put(
    source: str,
    amount: int,
    when: str,
    hour: int = 0,
    *,
    invoice_id: str = "I1",
    released: str | None = None,
    kind: Any = "payment",
) -> ledger.Allocation:
    applied = at(when, hour)
    back = at(released, 12) if released else None
    return ledger.Allocation(
        source, invoice_id, amount, applied, applied.date(), 0, back, back and back.date(), kind
    )


def a_payment(
    payment_id: str, amount: int, when: str, *puts: ledger.Allocation, hour: int = 0
) -> Received:
    data = ledger.PaymentReceived(
        payment_id=payment_id,
        account_id="C1",
        currency="EUR",
        amount_minor=amount,
        received_at=at(when, hour),
        allocations=puts,
        amounts=(),
    )
    return an_event("payment-received", data, time=at(when, hour))


def overdue(stage: Any = 1, *, due: str = "2026-03-15", issued: str = "2026-03-01") -> Received:
    due_on = date.fromisoformat(due)
    since = max(due_on + timedelta(days=stage), date.fromisoformat(issued))
    data = ledger.InvoiceOverdue(
        invoice_id="I1",
        account_id="C1",
        currency="EUR",
        due_on=due_on,
        stage=stage,
        days_past_due=stage,
        since_on=since,
        balance_minor=100,
        disputed_minor=0,
        amounts=(),
    )
    return an_event("invoice-overdue", data, time=at(str(since)))


def figures(*events: Received) -> Memory:
    memory = Memory()
    memory.take([an_account(), *events])
    return memory


def recovery(memory: Memory, start: date = YEAR[0], end: date = YEAR[1]) -> tuple[Any, Any]:
    found = memory.ask("recovery_rate", start, end)
    return found["numerator"], found["denominator"]


def test_cash_at_the_stages_own_instant_is_recovered() -> None:
    paid = a_payment("P1", 40, "2026-03-16", put("P1", 40, "2026-03-16"))
    assert recovery(figures(an_invoice(), overdue(), paid)) == (40, 100)


def test_cash_before_the_stage_lowers_what_enters() -> None:
    paid = a_payment("P1", 40, "2026-03-15", put("P1", 40, "2026-03-15", 23), hour=23)
    assert recovery(figures(an_invoice(), overdue(), paid)) == (0, 60)


def test_an_invoice_issued_overdue_enters_with_what_is_open_after_its_instant() -> None:
    issued = an_invoice(issued="2026-04-01")
    stage = overdue(issued="2026-04-01")
    first = a_payment("P1", 30, "2026-03-20", put("P1", 30, "2026-04-01"))
    later = a_payment("P2", 20, "2026-04-01", put("P2", 20, "2026-04-01", 1), hour=1)
    memory = figures(first, issued, stage, later)
    assert recovery(memory) == (20, 70)
    assert recovery(memory, date(2026, 4, 2)) == (0, 50)  # its balance at the opening


def test_a_stage_that_did_not_hold_is_no_entry() -> None:
    paid = a_payment("P1", 100, "2026-03-10", put("P1", 100, "2026-03-10"))
    assert recovery(figures(an_invoice(), overdue(), paid)) == (0, 0)


def test_cash_taken_back_is_subtracted_only_if_it_had_counted() -> None:
    early = put("P1", 100, "2026-03-10", released="2026-04-20")
    paid = a_payment("P1", 100, "2026-03-10", early)
    again = ledger.InvoiceReopened(
        invoice_id="I1",
        account_id="C1",
        currency="EUR",
        due_on=date(2026, 3, 15),
        stage=31,
        days_past_due=36,
        balance_minor=100,
        because="reversal R1",
        amounts=(),
    )
    reopened = an_event("invoice-reopened", again, time=at("2026-04-20", 12))
    rest = a_payment("P2", 100, "2026-05-01", put("P2", 100, "2026-05-01"))
    assert recovery(figures(an_invoice(), paid, reopened, rest)) == (100, 100)


def test_money_from_before_that_bounces_later_enters_when_it_bounces() -> None:
    early = put("P1", 60, "2026-03-10", released="2026-04-20")
    paid = a_payment("P1", 60, "2026-03-10", early)
    rest = a_payment("P2", 100, "2026-05-01", put("P2", 100, "2026-05-01"))
    memory = figures(an_invoice(), overdue(), paid, rest)
    assert recovery(memory) == (100, 40 + 60)
    assert recovery(memory, date(2026, 4, 1)) == (100, 40 + 60)  # its balance, and what bounced


def test_recovery_stands_under_the_segment_that_held_before_the_debt_entered() -> None:
    memory = figures(an_invoice(), overdue())
    for number, (segment, day) in enumerate(
        (("current", "2026-03-02"), ("late", "2026-03-16"), ("legal", "2026-04-10")), start=1
    ):
        memory.take([a_segment_changed(segment, time=at(day), sequence=number)])
    memory.take([a_payment("P1", 70, "2026-04-20", put("P1", 70, "2026-04-20"))])
    for start, end in (YEAR, (date(2026, 4, 1), date(2026, 4, 30))):
        found = memory.ask("recovery_rate", start, end, group_by=("segment",))
        groups = [(g["key"]["segment"], g["numerator"], g["denominator"]) for g in found["groups"]]
        assert groups == [("current", 70, 100)]


def test_a_part_of_dso_looks_back_over_the_days_that_end_with_it() -> None:
    memory = figures(an_invoice(amount=900, issued="2026-02-20"), an_invoice("I2", 30))
    found = memory.ask("dso", date(2026, 3, 1), date(2026, 6, 30), interval="month")
    assert [(p["numerator"], p["denominator"]) for p in found["series"]] == [
        (930, 930),
        (930, 930),
        (930, 0),  # of March 3rd to May 31st
        (930, 0),
    ]
    # Never more days than the currency has been sold in.
    assert [p["value"] for p in found["series"][:2]] == [40, 70]
    short = memory.ask(
        "dso", date(2026, 3, 1), date(2026, 3, 31), interval="month", trailing_days=10
    )
    assert short["series"][0]["value"] is None


def test_a_window_from_before_the_first_invoice_begins_with_it() -> None:
    memory = figures(an_invoice())
    assert memory.ask("dso", date(2020, 1, 1), date(2026, 3, 30))["value"] == 30


def test_a_part_that_is_cut_or_not_over_is_not_complete() -> None:
    found = figures(an_invoice()).ask(
        "invoiced",
        date(2026, 1, 15),
        date(2026, 4, 30),
        interval="month",
        today=date(2026, 4, 30),
    )
    assert [part["is_complete"] for part in found["series"]] == [False, True, True, False]


def test_a_void_removes_invoice_and_cash_from_every_window() -> None:
    paid = a_payment("P1", 40, "2026-03-20", put("P1", 40, "2026-03-20", released="2026-05-01"))
    void = ledger.InvoiceVoided(invoice_id="I1", account_id="C1", currency="EUR")
    memory = figures(an_invoice(), overdue(), paid)
    memory.take([an_event("invoice-voided", void, time=at("2026-05-01"))])
    assert recovery(memory) == (0, 0)
    assert memory.ask("invoiced", *YEAR)["value"] == 0
    assert memory.ask("aging", YEAR[0], date(2026, 4, 1))["value"] == 0
    assert memory.ask("received", *YEAR)["value"] == 40  # the money came all the same
    assert memory.ask("invoiced", *YEAR, as_of=date(2026, 4, 30))["value"] == 100


def test_a_source_that_went_nowhere_after_all_frees_its_invoice() -> None:
    paid = a_payment("P2", 100, "2026-03-20", put("P2", 100, "2026-03-20"))
    memory = figures(an_invoice(), paid)
    moved = ledger.AllocationChanged(
        account_id="C1",
        because="payment P1",
        allocations=(put("P2", 0, "2026-03-20"),),
        amounts=(),
    )
    memory.take([an_event("allocation-changed", moved, time=at("2026-03-10"))])
    assert memory.ask("aging", *YEAR)["value"] == 100


def test_a_history_in_parts_is_put_together() -> None:
    memory = figures(an_invoice(), an_invoice("I2"))
    first = ledger.AllocationChanged(
        account_id="C1",
        because="payment P2",
        allocations=(put("P2", 60, "2026-03-20"),),
        amounts=(),
        part=1,
        parts=2,
    )
    more = structs.replace(
        first, part=2, allocations=(structs.replace(put("P2", 30, "2026-03-21"), invoice_id="I2"),)
    )
    for _ in range(2):  # all parts again replace what they made
        for part in (first, more):
            memory.take([an_event("allocation-changed", part, time=at("2026-03-21"))])
        assert memory.ask("aging", *YEAR)["value"] == 200 - 90


def test_a_replaced_credit_note_counts_no_more() -> None:
    def note(note_id: str, replaces: str | None = None) -> Received:
        data = ledger.CreditNoteIssued(
            credit_note_id=note_id,
            account_id="C1",
            currency="EUR",
            amount_minor=30,
            issued_on=date(2026, 3, 20),
            invoice_id="I1",
            replaces=replaces,
            allocations=(put(note_id, 30, "2026-03-20", kind="credit_note"),),
            amounts=(),
        )
        return an_event("credit-note-issued", data, time=at("2026-03-20"))

    memory = figures(an_invoice(), note("dispute:D1"), note("N1", replaces="dispute:D1"))
    found = memory.ask("dso", *YEAR)
    assert (found["numerator"], found["denominator"]) == (70, 70)


def test_a_late_segment_restates_flows_and_stocks_from_its_instant() -> None:
    memory = figures(an_invoice(), an_invoice("I2", 50, "2026-04-01", "2026-06-01"))
    memory.take([a_segment_changed("at-risk", time=at("2026-04-01"))])
    invoiced = memory.ask("invoiced", *YEAR, group_by=("segment",))
    assert [(g["key"]["segment"], g["value"]) for g in invoiced["groups"]] == [
        (None, 100),
        ("at-risk", 50),
    ]
    ageing = memory.ask("aging", *YEAR, group_by=("segment",), interval="month")
    held = {g["key"]["segment"]: [p["value"] for p in g["series"]] for g in ageing["groups"]}
    assert held[None] == [0, 0, 100, *[0] * 9]
    assert held["at-risk"] == [0, 0, 0, *[150] * 9]


def test_ageing_counts_invoices_and_moves_on_by_itself() -> None:
    memory = figures(an_invoice())
    for end, bucket in (("2026-03-15", "current"), ("2026-03-16", "1-30"), ("2026-04-15", "31-60")):
        found = memory.ask(
            "aging", YEAR[0], date.fromisoformat(end), group_by=("bucket",), by="count"
        )
        assert [g["key"]["bucket"] for g in found["groups"] if g["value"]] == [bucket]


def test_cash_that_was_taken_back_does_not_count_as_paid() -> None:
    early = a_payment("P1", 100, "2026-03-10", put("P1", 100, "2026-03-10"))
    late = put("P2", 50, "2026-03-17", invoice_id="I3", released="2026-03-20")
    memory = figures(
        an_invoice("I1"),
        early,
        an_invoice("I3", 50, due="2026-03-15"),
        a_payment("P2", 50, "2026-03-17", late),
    )
    standing = memory.ask("average_days_late", YEAR[0], date(2026, 3, 19))
    assert (standing["numerator"], standing["denominator"]) == (50 * 2, 150)
    gone = memory.ask("average_days_late", YEAR[0], date(2026, 3, 20))
    assert (gone["numerator"], gone["denominator"]) == (50 * 5, 150)  # open, five days past due
