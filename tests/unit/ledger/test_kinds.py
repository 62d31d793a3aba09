"""Everything about a kind of fact stands in one `Kind`: proved with one that the ledger has not."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Struct, structs

from services.ledger import domain
from services.ledger.domain import agreements, chart, registry
from services.ledger.domain.events import View
from services.ledger.domain.kinds import Kind
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.state import AccountState
from shared.errors import FieldError
from shared.events import billing
from shared.events.ledger import Amounts
from tests.unit.ledger.ledger_factories import Ledger, a_fact, at, invoice, on, paid, registered


class InvoiceRaised(Struct, frozen=True):
    """More is owed on an invoice: what a billing platform might send one day."""

    raise_id: str
    account_id: str
    invoice_id: str
    raised_at: datetime
    amount_minor: int


class LedgerInvoiceRaised(Struct, frozen=True, kw_only=True):
    """The ledger's event about it."""

    raise_id: str
    account_id: str
    amount_minor: int
    balance_minor: int
    amounts: tuple[Amounts, ...]


def _raise(state: AccountState, data: InvoiceRaised, at: datetime) -> None:
    invoice = state.invoices[data.invoice_id]
    state.set_invoice(
        structs.replace(
            invoice,
            amount_minor=invoice.amount_minor + data.amount_minor,
            balance_minor=invoice.balance_minor + data.amount_minor,
        )
    )


def _check(data: InvoiceRaised) -> list[FieldError]:
    return [] if data.amount_minor > 0 else [FieldError("/data/amount_minor", "must be above 0")]


def _event(view: View, data: InvoiceRaised) -> LedgerInvoiceRaised:
    invoice = view.state.invoices[data.invoice_id]
    return LedgerInvoiceRaised(
        raise_id=data.raise_id,
        account_id=data.account_id,
        amount_minor=data.amount_minor,
        balance_minor=invoice.balance_minor,
        amounts=view.touched(invoice.currency),
    )


RAISED = Kind(
    type="invoice-raised",
    data=InvoiceRaised,
    word="raise",
    rank=100,
    identity=lambda data: data.raise_id,
    instant=lambda data, zone: data.raised_at.astimezone(UTC),
    check=_check,
    needs=lambda data: invoice_need(data.invoice_id),
    apply=_raise,
    event=_event,
    movement=lambda state, data: (state.invoices[data.invoice_id].currency, data.amount_minor),
)


@pytest.fixture(autouse=True)
def _one_more_kind() -> Iterator[None]:
    assert isinstance(registry.KINDS, dict)
    assert isinstance(chart.JOURNAL, dict)
    registry.KINDS[RAISED.type] = RAISED
    chart.JOURNAL[RAISED.type] = chart.JOURNAL["invoice-issued"]
    yield
    del registry.KINDS[RAISED.type]
    del chart.JOURNAL[RAISED.type]


def _raised(raise_id: str, amount_minor: int, when: str) -> domain.Fact:
    return a_fact(RAISED.type, InvoiceRaised(raise_id, "C1", "I1", at(when), amount_minor))


def test_a_new_kind_of_fact_is_checked() -> None:
    (error,) = domain.check(RAISED.type, None, InvoiceRaised("X1", "C1", "I1", at("2026-03-02"), 0))
    assert error.pointer == "/data/amount_minor"
    first, other = _raised("X1", 10, "2026-03-02"), _raised("X1", 11, "2026-03-02")
    assert domain.difference(RAISED.type, (None, first.data), (None, first.data)) == []
    assert domain.difference(RAISED.type, (None, first.data), (None, other.data)) != []
    assert domain.cause_of(first) == "raise X1"


def test_a_new_kind_of_fact_acts_is_announced_and_stands_in_the_statement() -> None:
    ledger = Ledger(registered(), invoice("I1", 100))
    (event,) = ledger.record(_raised("X1", 30, "2026-03-05T12:00Z"))
    data: Any = event.data
    assert (event.type, event.entity, event.cause) == ("invoice-raised", "X1", "raise X1")
    assert (event.time, event.day) == (at("2026-03-05T12:00Z"), on("2026-03-05"))
    assert (data.balance_minor, data.amounts[0].balance_minor) == (130, 130)
    (statement,) = domain.statement(ledger.account, on("2026-03-01"), on("2026-03-31"))
    assert [(line.kind, line.amount_minor) for line in statement.lines] == [
        ("invoice-issued", 100),
        ("invoice-raised", 30),
    ]
    assert statement.closing_minor == ledger.amounts.balance_minor


def test_a_new_kind_of_fact_may_come_late_and_waits_for_what_it_needs() -> None:
    early = Ledger(registered(), _raised("X1", 30, "2026-03-05T12:00Z"))
    assert (early.said[1:], domain.amounts(early.account, early.begun)) == ([], ())
    late = Ledger(registered(), invoice("I1", 100), paid("P1", 120, "2026-03-10"))
    assert late.amounts.unapplied_minor == 20
    told = [event.type for event in late.record(_raised("X1", 30, "2026-03-05T12:00Z"))]
    assert told == ["invoice-raised", "allocation-changed", "invoice-reopened"]
    told = [event.type for event in early.record(invoice("I1", 100), paid("P1", 120, "2026-03-10"))]
    assert told == ["invoice-issued", "invoice-raised", "payment-received"]
    assert early.account.invoices == late.account.invoices
    assert early.balance() == late.balance() == 10


def test_every_type_of_billing_event_has_exactly_one_kind() -> None:
    kinds = {name: kind for name, kind in registry.KINDS.items() if kind is not RAISED}
    assert all(kind.type == name for name, kind in kinds.items())
    for name, data in billing.TYPES.items():
        assert issubclass(kinds[name].data, data), "a fact may say more than its event"
    others = [kind.data for name, kind in kinds.items() if name not in billing.TYPES]
    assert {data.__module__ for data in others} == {agreements.__name__}
    assert len(set(others)) == len(others)


def test_ranks_and_words_tell_kinds_apart() -> None:
    kinds = registry.KINDS.values()
    for values in ([kind.rank for kind in kinds], [kind.word for kind in kinds]):
        assert [value for value, count in Counter(values).items() if count > 1] == []
    assert min(kind.rank for kind in kinds) > 0  # 0 is the stage boundary
