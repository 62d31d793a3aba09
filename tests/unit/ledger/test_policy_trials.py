"""Which small balances a policy lets go, and why an account's data is still needed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec import structs

from services.ledger.domain.agreements import By
from services.ledger.domain.erasures import still_needed
from services.ledger.domain.holds import Hold
from services.ledger.domain.invoices import Dispute, Holding, Invoice
from services.ledger.domain.objects import AccountObject
from services.ledger.domain.policies import read_policy
from services.ledger.domain.policy_trials import let_go
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeless import HoldSpan
from shared.events import billing

POLICY = read_policy(
    "{name: recovery, version: '1', small_balance: {EUR: 3}, small_after_days: 14}"
)
PAID_AT = datetime(2027, 2, 1, 22, 30, tzinfo=UTC)  # 1 February in UTC, the 2nd in Kyiv
DUE_ON = date(2027, 1, 31)


class Taking(AccountObject, frozen=True, kw_only=True):
    """What has taken I1."""

    @property
    def takes(self) -> tuple[str, ...]:
        return ("I1",)


def an_invoice(balance_minor: int = 300, **changes: object) -> Invoice:
    data = billing.InvoiceIssued(
        invoice_id="I1",
        account_id="C1",
        currency="EUR",
        amount_minor=9000,
        issued_on=date(2027, 1, 1),
        due_on=DUE_ON,
    )
    known = Invoice(
        "I1",
        "EUR",
        9000,
        data.issued_on,
        DUE_ON,
        None,
        datetime(2027, 1, 1, tzinfo=UTC),
        data,
        balance_minor=balance_minor,
        holdings=(Holding("payment", "P1", 9000 - balance_minor, PAID_AT),),
    )
    return structs.replace(known, **changes)


def account(invoice: Invoice, zone: str = "UTC") -> AccountState:
    state = AccountState("C1", zone)
    state.set_invoice(invoice)
    return state


@pytest.mark.parametrize(
    ("invoice", "zone", "day", "goes"),
    [
        (an_invoice(), "UTC", date(2027, 2, 14), False),
        (an_invoice(), "UTC", date(2027, 2, 15), True),
        (an_invoice(), "Europe/Kyiv", date(2027, 2, 15), False),
        (an_invoice(), "Europe/Kyiv", date(2027, 2, 16), True),
        (an_invoice(301), "UTC", date(2027, 3, 1), False),
        (an_invoice(0), "UTC", date(2027, 3, 1), False),
        (an_invoice(currency="USD"), "UTC", date(2027, 3, 1), False),
        (an_invoice(due_on=date(2027, 3, 1)), "UTC", date(2027, 3, 1), False),
        (an_invoice(due_on=date(2027, 3, 1)), "UTC", date(2027, 3, 2), True),
        (an_invoice(disputes=(Dispute("D1", 1),)), "UTC", date(2027, 3, 1), False),
        (an_invoice(holdings=()), "UTC", date(2027, 3, 1), False),  # no cash ever came
        (
            an_invoice(holdings=(Holding("credit_note", "N1", 8700, PAID_AT),)),
            "UTC",
            date(2027, 3, 1),
            False,
        ),
    ],
)
def test_what_is_let_go(invoice: Invoice, zone: str, day: date, goes: bool) -> None:
    assert [each.invoice_id for each in let_go(account(invoice, zone), POLICY, day)] == (
        ["I1"] if goes else []
    )


@pytest.mark.parametrize("noun", ["plan", "settlement", "placement"])
def test_what_is_arranged_or_placed_is_not_let_go(noun: str) -> None:
    state = account(an_invoice())
    state.objects.set((noun, "X1"), Taking(currency="EUR"))
    assert list(let_go(state, POLICY, date(2027, 3, 1))) == []


def test_why_data_is_needed() -> None:
    state = AccountState("C1", "UTC")
    assert still_needed(state) == []
    state.objects.set(("plan", "L1"), Taking(currency="EUR"))
    assert still_needed(state) == ["arrangement"]
    state.objects.remove(("plan", "L1"))
    state.objects.set(("placement", "G1"), Taking(currency="EUR"))
    assert still_needed(state) == ["placement"]
    state.objects.remove(("placement", "G1"))
    from_on = PAID_AT.date()
    hold = Hold(
        currency="",
        hold_id="H1",
        span=HoldSpan("H1", "complaint", None, from_on, from_on + timedelta(days=55)),
        state="placed",
        history=(),
        by=By(),
    )
    state.objects.set(("hold", "H1"), hold)
    assert still_needed(state) == ["hold"]
    state.objects.set(("hold", "H1"), structs.replace(hold, state="released"))
    assert still_needed(state) == []
    sums = state.currency("EUR")
    sums.balance_minor, sums.unapplied_cash_minor = 1, 1
    assert still_needed(state) == ["owed", "unapplied"]
