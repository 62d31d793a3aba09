"""Builders of outreach's facts: valid by default, taking only what a test is about."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from services.outreach.activity.domain.contacts import Item, MessageChannel
from services.outreach.activity.domain.decisions import Decision, Reason
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.templates import Templates
from services.outreach.channels.domain.tokens import LinkKey, LinkKeys
from services.outreach.compliance import read_book
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.stops import Stop, StopKind
from services.outreach.dunning.domain.assignment_document import parse_assignments
from services.outreach.dunning.domain.debtor_facts import (
    Account,
    DebtorFacts,
    StepMade,
    SubjectKey,
)
from services.outreach.dunning.domain.live_check import (
    CheckedAccount,
    CheckedAmounts,
    CheckedInvoice,
)
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.domain.workdays import first_in_office
from services.outreach.portal.domain.words import read_words
from services.outreach.rulebooks.domain.versions import built_in
from shared.documents import BuiltIn

FOLDER = Path(__file__).resolve().parents[3] / "services" / "outreach"
_STRATEGIES = Path(__file__).resolve().parent / "strategies"
PACKS = tuple(
    BuiltIn(found.name, found.version, text, found)
    for name in ("business", "consumer")
    for text in ((_STRATEGIES / f"{name}.yaml").read_text(encoding="utf-8"),)
    for found in (parse_strategy(text),)
)
STRATEGIES = {pack.name: pack.content for pack in PACKS}
_ASSIGNING = (_STRATEGIES / "strategy-assignments.yaml").read_text(encoding="utf-8")
ASSIGNED = parse_assignments(_ASSIGNING)
ASSIGNMENTS = BuiltIn("strategy-assignments", ASSIGNED.version, _ASSIGNING, ASSIGNED)
# Those that come with the platform.
_SHIPPED = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted((FOLDER / "dunning" / "strategies").glob("*.yaml"))
}
_RULES = _SHIPPED.pop("strategy-assignments.yaml")
SHIPPED_PACKS = tuple(
    BuiltIn(pack.name, pack.version, text, pack)
    for text in _SHIPPED.values()
    for pack in (parse_strategy(text),)
)
SHIPPED_ASSIGNMENTS = BuiltIn(
    "strategy-assignments", "2026-12-01", _RULES, parse_assignments(_RULES)
)
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
PORTAL_WORDS = read_words(
    {path.name: path.read_text("utf-8") for path in (FOLDER / "portal" / "words").glob("*.yaml")}
)

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
    base = Account(account_id, "consumer", "UTC", is_contacted=True)
    base = replace(base, strategy=STRATEGIES[fields.get("kind", "consumer")])
    return replace(base, **fields)


def made_steps(
    *names: str,
    invoice_id: str = "I1",
    account_id: str = "C1",
    due_on: date = MONDAY,
    strategy: str = "consumer",
) -> dict[SubjectKey, tuple[StepMade, ...]]:
    """Steps of an invoice that were made, each on its own day."""
    steps = tuple(
        StepMade(step.ladder_day, step.name, due_on + timedelta(days=step.ladder_day))
        for step in STRATEGIES[strategy].ladder
        if step.name in names
    )
    return {(account_id, "invoice", invoice_id, due_on, ""): steps}


def a_debtor(*invoices: Invoice, accounts: tuple[Account, ...] = (), **fields: Any) -> DebtorFacts:
    base = DebtorFacts(
        key="account/C1",
        debtor_id=None,
        contact_from=date(2026, 1, 1),
        accounts=accounts or (an_account(),),
        invoices=invoices,
    )
    return replace(base, **fields)


Govern = Callable[[datetime], Decision]


def weekdays(*zones: str) -> Govern:
    """A governor with one rule: 08:00 to 21:00 from Monday to Friday, in each of the zones."""

    def govern(instant: datetime) -> Decision:
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


@dataclass
class Post:
    """Every channel is configured and addressed, and nothing is forbidden, but for what is said."""

    decide: Govern | None = None
    unreachable: set[str] = field(default_factory=set)
    has_no_data: bool = False

    def rule_against(
        self, channel: MessageChannel, account_ids: tuple[str, ...], template: str | None
    ) -> str | None:
        return "no-address" if channel in self.unreachable else None

    def after_organisation(
        self, at: datetime, channel: MessageChannel, account_ids: tuple[str, ...]
    ) -> datetime:
        return at

    def govern(
        self,
        at: datetime,
        items: tuple[Item, ...],
        channel: MessageChannel,
        *,
        claims_interest: bool | None = None,
    ) -> Decision:
        return self.decide(at) if self.decide else Decision("allow", at)

    def cut_off(self) -> time:
        return time(16)


def an_item(
    step: str = "reminder",
    invoice_id: str = "I1",
    account_id: str = "C1",
    due_on: date = MONDAY,
) -> Item:
    found = STRATEGIES["consumer"].step(step)
    assert found is not None
    return Item(
        account_id=account_id,
        subject_id=invoice_id,
        anchor_on=due_on,
        strategy="consumer",
        step=step,
        words=step,
        version=STRATEGIES["consumer"].version,
        n=found.ladder_day,
        tone=found.tone,
        template=found.template,
        channels=found.channels,
    )


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
