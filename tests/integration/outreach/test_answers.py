"""Each reaction, from the event to a message that names what it answers: with amount and day."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.outreach.channels.domain.parts import EmailParts
from services.outreach.dunning.domain.assignment_document import parse_assignments
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.store.strategies import StrategyBooks
from shared.clock import day_start
from shared.documents import BuiltIn
from shared.events import SEGMENTATION, ledger, segmentation
from tests.integration.outreach.scripted import ScriptedChannel, over
from tests.integration.outreach.story_books import BERLIN, Books
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import LINKS

# By reaction: the day it is answered on, the template.
ANSWERS = {
    "promise-made": (0, "promise-made"),
    "promise-due": (-1, "promise-due"),
    "promise-broken": (0, "promise-broken"),
    "promise-kept": (0, "thanks"),
    "plan-agreed": (0, "promise-made"),
    "plan-defaulted": (0, "instalment-missed"),
    "instalment-due": (-3, "instalment-due"),
    "instalment-missed": (0, "instalment-missed"),
    "settlement-offered": (0, "settlement-offer"),
    "settlement-due": (-3, "settlement-offer"),
    "payment-failed": (0, "payment-failed"),
    "dispute-opened": (0, "dispute-received"),
    "dispute-resolved": (0, "dispute-result"),
    "paid": (0, "thanks"),
    "corrected": (0, "apology"),
    "warning.escalating-delay": (0, "care"),
    "segment.hardship": (0, "care"),
}
LADDER = """\
name: answers
version: "1"
title: All that is answered
send: {from: "00:00", to: "23:59", days: [mon, tue, wed, thu, fri, sat, sun], holidays: true}
caps: {gap_days: 1, per_7_days: 7, per_30_days: 30}
ladder:
  - {name: reminder, from: due, days: 1, channels: [email], tone: friendly, template: reminder}
reactions:
""" + "".join(
    f"  {name}: {{steps: [{{name: {name.replace('.', '-')}, days: {days}, channels: [email],"
    f" tone: friendly, template: {template}}}]}}\n"
    for name, (days, template) in ANSWERS.items()
)
RULES = 'version: "1"\nrules: [{strategy: answers}]\n'
DAY = date(2026, 3, 11)  # a Wednesday
DUE_ON, LATER = date(2026, 3, 2), date(2026, 3, 19)
OF: dict[str, Any] = {"currency": "EUR", "invoice_ids": ("I1",)}


def instalments(*days: date) -> tuple[ledger.Instalment, ...]:
    return tuple(
        ledger.Instalment(n, day, day + timedelta(days=3), 4_000)
        for n, day in enumerate(days, start=1)
    )


async def promise_made(books: Books) -> None:
    await books.promise(DAY, LATER, LATER + timedelta(days=3), 12_000)


async def promise_due(books: Books) -> None:
    due_on = DAY + timedelta(days=1)
    await books.promise(DUE_ON, due_on, due_on + timedelta(days=3), 12_000)


async def promise_broken(books: Books) -> None:
    await books.promise(DUE_ON, date(2026, 3, 7), date(2026, 3, 10), 12_000)
    await books.judge(DAY, date(2026, 3, 7), 12_000)


async def promise_kept(books: Books) -> None:
    await books.promise(DUE_ON, date(2026, 3, 10), date(2026, 3, 12), 12_000)
    await books.pay(date(2026, 3, 10), "P1", "I1", 12_000)
    await books.judge(DAY, date(2026, 3, 10), 12_000, is_kept=True)


async def plan(books: Books, on: date, *days: date, **checked: Any) -> None:
    data = ledger.PlanAgreed(
        account_id=books.account_id, **OF, plan_id="L1", kind="equal",
        total_minor=4_000 * len(days), instalments=instalments(*days),
        freeze=ledger.Freeze(fees=True, interest=True),
    )  # fmt: skip
    books.arrangements.append(
        {"kind": "plan", "id": "L1", "state": "active", "next_due_on": days[0].isoformat(),
         "next_minor": 4_000, "arrears_minor": 0} | checked
    )  # fmt: skip
    await books.say(on, "plan-agreed", data)


async def plan_agreed(books: Books) -> None:
    await plan(books, DAY, LATER, date(2026, 4, 19), date(2026, 5, 19))


async def plan_defaulted(books: Books) -> None:
    await plan(books, date(2026, 2, 1), date(2026, 3, 6), LATER)
    books.arrangements.clear()
    data = ledger.PlanDefaulted(
        account_id=books.account_id, **OF, plan_id="L1", because="missed", paid_minor=0,
        arrears_minor=4_000,
    )  # fmt: skip
    await books.say(DAY, "plan-defaulted", data)


async def instalment_due(books: Books) -> None:
    """Of it a part has been paid already: the ledger says what is left."""
    await plan(books, date(2026, 2, 1), DAY + timedelta(days=3), next_minor=2_500)


async def instalment_missed(books: Books) -> None:
    due_on = date(2026, 3, 7)
    await plan(books, date(2026, 2, 1), due_on, LATER, arrears_minor=1_500)
    data = ledger.InstalmentMissed(
        account_id=books.account_id, **OF, plan_id="L1", n=1, due_on=due_on, amount_minor=4_000,
        short_minor=1_500, missed_count=1,
    )  # fmt: skip
    await books.say(DAY, "instalment-missed", data)


async def settlement(books: Books, type_: str, on: date, last_on: date) -> None:
    terms: dict[str, Any] = {
        "account_id": books.account_id, **OF, "settlement_id": "T1", "kind": "offer",
        "base_minor": 12_000, "amount_minor": 9_000, "conceded_minor": 3_000,
        "instalments": (ledger.Instalment(1, last_on, last_on, 9_000),),
        "valid_until_on": last_on,
    }  # fmt: skip
    is_offer = type_ == "settlement-offered"
    books.arrangements[:] = [
        {"kind": "settlement", "id": "T1", "state": "offered" if is_offer else "accepted",
         "next_due_on": last_on.isoformat(), "next_minor": 9_000, "arrears_minor": 0}
    ]  # fmt: skip
    data = (
        ledger.SettlementOffered(**terms)
        if is_offer
        else ledger.SettlementAccepted(**terms, how="debtor")
    )
    await books.say(on, type_, data)


async def settlement_offered(books: Books) -> None:
    await settlement(books, "settlement-offered", DAY, LATER)


async def settlement_due(books: Books) -> None:
    await settlement(books, "settlement-accepted", DUE_ON, DAY + timedelta(days=3))


async def payment_failed(books: Books) -> None:
    data = ledger.PaymentFailed(
        payment_id="P1", account_id=books.account_id, currency="EUR", amount_minor=7_500,
        failed_at=day_start(DAY, BERLIN), invoice_id="I1",
    )  # fmt: skip
    await books.say(DAY, "payment-failed", data)


async def dispute_opened(books: Books) -> None:
    await books.dispute(DAY, "I1")


async def dispute_resolved(books: Books) -> None:
    await books.dispute(DUE_ON, "I1")
    await books.dispute(DAY, "I1", is_over=True)


async def paid(books: Books) -> None:
    await books.pay(DAY, "P1", "I1", 12_000)


async def corrected(books: Books) -> None:
    booked = books.invoices["I1"]
    booked.stage = None
    data = ledger.OverdueCorrected(
        invoice_id="I1", account_id=books.account_id, currency="EUR", due_on=booked.due_on,
        from_stage=1, to_stage=None, since_on=DAY, because="payment", amounts=books.amounts(DAY),
    )  # fmt: skip
    await books.say(DAY, "overdue-corrected", data)


async def warning(books: Books) -> None:
    data = segmentation.EarlyWarningRaised(
        account_id=books.account_id, kind="escalating-delay", since_on=DAY, because="x",
        figures={}, segment="steady", arms={}, priority=50, policy_version="1",
    )  # fmt: skip
    await books.world.take(books.event(SEGMENTATION, DAY, "early-warning-raised", data))


async def hardship(books: Books) -> None:
    data = segmentation.SegmentChanged(
        account_id=books.account_id, from_segment=None, to_segment="hardship", arms={},
        priority=70, because="x", policy_version="1",
    )  # fmt: skip
    await books.world.take(books.event(SEGMENTATION, DAY, "segment-changed", data))


# By reaction: whether the invoice is past due before, what happens, what the message says.
Happening = Callable[[Books], Awaitable[None]]
CASES: dict[str, tuple[bool, Happening, tuple[str, ...]]] = {
    "promise-made": (False, promise_made, ("N-I1, due 19 March 2026: 120,00 €",)),
    "promise-due": (False, promise_due, ("N-I1, due 12 March 2026: 120,00 €",)),
    "promise-broken": (
        True, promise_broken, ("N-I1, due 7 March 2026: 120,00 €", "To pay: 120,00 €"),
    ),
    "promise-kept": (False, promise_kept, ("due 10 March 2026: 120,00 €",)),
    "plan-agreed": (
        False, plan_agreed,
        ("N-I1, due 19 March 2026: 40,00 €", "19 April 2026", "19 May 2026: 40,00 €"),
    ),
    "plan-defaulted": (False, plan_defaulted, ("11 March 2026: 40,00 €",)),
    "instalment-due": (False, instalment_due, ("N-I1, due 14 March 2026: 25,00 €",)),
    "instalment-missed": (False, instalment_missed, ("N-I1, due 7 March 2026: 15,00 €",)),
    "settlement-offered": (
        False, settlement_offered,
        ("N-I1, due 19 March 2026: 90,00 €", "invoice amount: 120,00 €", "discount: -30,00 €"),
    ),
    "settlement-due": (False, settlement_due, ("N-I1, due 14 March 2026: 90,00 €",)),
    "payment-failed": (
        True, payment_failed, ("Payment N-I1, 11 March 2026: 75,00 €", "To pay: 120,00 €"),
    ),
    "dispute-opened": (False, dispute_opened, ("Invoice N-I1, 11 March 2026: 120,00 €",)),
    "dispute-resolved": (
        False, dispute_resolved,
        ("Invoice N-I1, 11 March 2026: 120,00 € (the invoice stands)",),
    ),
    "paid": (True, paid, ("Payment, 11 March 2026: 120,00 €",)),
    "corrected": (True, corrected, ("Invoice N-I1, 11 March 2026: 120,00 €",)),
    "warning.escalating-delay": (False, warning, ("Can we help", "please tell us")),
    "segment.hardship": (False, hardship, ("please tell us",)),
}  # fmt: skip


@pytest.fixture
async def answering(world: World, slow_machine: None) -> tuple[World, ScriptedChannel]:
    """Its strategy answers everything, by e-mail."""
    mails = ScriptedChannel()
    strategy = parse_strategy(LADDER)
    world.context = replace(
        world.context,
        channels=over(mails),
        strategies=StrategyBooks(
            [BuiltIn(strategy.name, strategy.version, LADDER, strategy)],
            BuiltIn("strategy-assignments", "1", RULES, parse_assignments(RULES)),
        ),
    )
    return world, mails


async def test_every_reaction_names_what_it_answers(
    answering: tuple[World, ScriptedChannel],
) -> None:
    world, mails = answering
    known: dict[str, Books] = {}
    for number, (name, (is_late, _, _)) in enumerate(CASES.items()):
        books = known[name] = Books(world, f"A{number}")
        await books.open(date(2026, 2, 1), language="en")
        await books.bill("I1", DUE_ON if is_late else date(2026, 4, 15), 12_000)
        await books.begin(date(2026, 3, 3))
    await world.run(day_start(date(2026, 3, 3), BERLIN) + timedelta(hours=11))
    assert {intent.to for intent in mails.sent} == {
        f"{known[name].account_id.lower()}@example.com" for name, case in CASES.items() if case[0]
    }
    mails.sent.clear()
    mails.written.clear()
    for name, (_, happens, _) in CASES.items():
        await happens(known[name])

    await world.run(day_start(DAY, BERLIN) + timedelta(hours=11))

    texts = dict(zip((intent.to for intent in mails.sent), mails.written, strict=True))
    found = {}
    for name, (_, _, words) in CASES.items():
        parts = texts.get(f"{known[name].account_id.lower()}@example.com")
        text = f"{parts.subject}\n{parts.text}" if isinstance(parts, EmailParts) else "no message"
        text = text.replace("\N{NO-BREAK SPACE}", " ")
        found[name] = (text, [each for each in words if each not in text])
    lacking = [f"{name} lacks {left}: {text}" for name, (text, left) in found.items() if left]
    assert not lacking, "\n\n".join(lacking)


async def test_one_invoice_is_paid_where_its_biller_takes_money(
    answering: tuple[World, ScriptedChannel],
) -> None:
    world, mails = answering
    url, day = "https://pay.biller.example/i/1", date(2026, 3, 3)
    for account_id, more in (("A1", False), ("A2", True)):
        books = Books(world, account_id)
        await books.open(date(2026, 2, 1), language="en")
        await books.bill("I1", DUE_ON, 12_000, payment_url=url)
        if more:
            await books.bill("I2", DUE_ON, 5_000)
        await books.begin(day)
    await world.run(day_start(day, BERLIN) + timedelta(hours=11))
    texts = {intent.to: each for intent, each in zip(mails.sent, mails.written, strict=True)}
    one, two = texts["a1@example.com"], texts["a2@example.com"]
    assert isinstance(one, EmailParts)
    assert isinstance(two, EmailParts)
    assert f"Pay here: {url}\n" in one.text
    assert f'href="{url}"' in one.html
    assert f"Pay here: {LINKS.public_url}/portal/" in two.text
    assert url not in two.text
