"""Builders of outreach's facts: valid by default, taking only what a test is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from services.outreach.activity.domain.contacts import Item
from services.outreach.activity.domain.decisions import Decision, Reason
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.templates import Templates
from services.outreach.channels.domain.tokens import LinkKey, LinkKeys
from services.outreach.compliance import read_book
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.stops import Stop, StopKind
from services.outreach.dunning.domain.assignment_document import ASSIGNMENTS as ASSIGNMENTS_NAME
from services.outreach.dunning.domain.assignment_document import parse_assignments
from services.outreach.dunning.domain.live_check import (
    CheckedAccount,
    CheckedAmounts,
    CheckedInvoice,
)
from services.outreach.dunning.domain.planning import Account, DebtorFacts, Govern
from services.outreach.dunning.domain.strategies import Strategies, by_kind, parse
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.domain.workdays import first_in_office
from services.outreach.rulebooks.domain.versions import built_in
from shared.documents import BuiltIn

FOLDER = Path(__file__).resolve().parents[3] / "services" / "outreach"
STRATEGIES: Strategies = by_kind(
    parse(path.read_text(encoding="utf-8"))
    for path in sorted((FOLDER / "dunning" / "kind_strategies").glob("*"))
)
_SHIPPED = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted((FOLDER / "dunning" / "strategies").glob("*.yaml"))
}
_RULES = _SHIPPED.pop("strategy-assignments.yaml")
PACKS = tuple(
    BuiltIn(pack.name, pack.version, text, pack)
    for text in _SHIPPED.values()
    for pack in (parse_strategy(text),)
)
ASSIGNMENTS = BuiltIn(ASSIGNMENTS_NAME, "2026-12-01", _RULES, parse_assignments(_RULES))
RULEBOOKS = tuple(
    built_in(read_book(text), text)
    for path in sorted((FOLDER / "rulebooks" / "shipped").glob("*.yaml"))
    for text in (path.read_text(encoding="utf-8"),)
)
_TEMPLATES = FOLDER / "channels" / "templates"
TEMPLATES = {
    path.relative_to(_TEMPLATES).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(_TEMPLATES.rglob("*.*"))
}
WORDS = Templates(TEMPLATES)

LINKS = Links(LinkKeys(LinkKey(1, b"\x01" * 32)), "https://pay.creditor.example")

MONDAY = date(2026, 3, 2)  # the 2nd of March 2026


def at(text: str) -> datetime:
    """`at("2026-03-02 08:00")`: an instant, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def an_invoice(invoice_id: str = "I1", account_id: str = "C1", **fields: Any) -> Invoice:
    """Overdue at its first stage, due on Monday, 2 March 2026."""
    base = Invoice(account_id, invoice_id, "EUR", MONDAY, balance_minor=10_000, stage=1)
    return replace(base, **fields)


def a_stop(kind: StopKind = "promise", **fields: Any) -> Stop:
    """Of all invoices of C1, since Monday, 2 March 2026."""
    return replace(Stop("C1", f"{kind} X1", kind, None, None, MONDAY), **fields)


def upcoming(invoice_id: str = "I1", due_on: date = MONDAY, **fields: Any) -> Invoice:
    """Not past due, announced as due soon."""
    return an_invoice(invoice_id, stage=None, due_on=due_on, due_soon_on=due_on, **fields)


def an_account(account_id: str = "C1", **fields: Any) -> Account:
    return replace(Account(account_id, "consumer", "UTC", is_contacted=True), **fields)


def a_debtor(*invoices: Invoice, accounts: tuple[Account, ...] = (), **fields: Any) -> DebtorFacts:
    base = DebtorFacts(
        key="account/C1",
        debtor_id=None,
        contact_from=date(2026, 1, 1),
        accounts=accounts or (an_account(),),
        invoices=invoices,
        made={},
    )
    return replace(base, **fields)


def weekdays(*zones: str) -> Govern:
    """A governor with one rule: 08:00 to 21:00 from Monday to Friday, in each of the zones."""

    def govern(instant: datetime, _items: tuple[Item, ...]) -> Decision:
        moment = instant
        while (later := max(first_in_office(moment, name) for name in zones)) > moment:
            moment = later
            if moment - instant > timedelta(days=14):
                rule = Reason("HOURS", "require_approval", None, role="compliance")
                return Decision("require_approval", instant, (rule,), role="compliance")
        if moment == instant:
            return Decision("allow", instant)
        return Decision("defer", instant, (Reason("HOURS", "defer", moment),), until=moment)

    return govern


def an_item(
    step: str = "reminder",
    invoice_id: str = "I1",
    account_id: str = "C1",
    due_on: date = MONDAY,
) -> Item:
    return Item(account_id, invoice_id, due_on, "consumer", step, step)


def checked_invoice(invoice_id: str = "I1", **fields: Any) -> CheckedInvoice:
    base: dict[str, Any] = {
        "invoice_id": invoice_id,
        "number": f"N-{invoice_id}",
        "due_on": MONDAY,
        "currency": "EUR",
        "balance_minor": 10_000,
        "disputed_minor": 0,
        "stage": 1,
    }
    return CheckedInvoice(**(base | fields))


def a_check(
    *invoices: CheckedInvoice,
    account_id: str = "C1",
    sequence: int = 5,
    unapplied_minor: int = 0,
    collectable_minor: int | None = None,
    **more: Any,
) -> CheckedAccount:
    """What the ledger answers of one account, its amounts following from its invoices."""
    overdue = sum(i.balance_minor for i in invoices if i.stage is not None)
    owed = sum(i.balance_minor - i.disputed_minor for i in invoices if i.stage is not None)
    amounts = CheckedAmounts(
        currency="EUR",
        collectable_minor=(
            max(0, owed - unapplied_minor) if collectable_minor is None else collectable_minor
        ),
        overdue_minor=overdue,
        disputed_minor=sum(i.disputed_minor for i in invoices),
        unapplied_minor=unapplied_minor,
    )
    return CheckedAccount(account_id, sequence, (amounts,), invoices, **more)
