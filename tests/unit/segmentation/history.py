"""A small creditor's history as the ledger says it: payers who differ, so that there is something
to learn. The same every time."""

import random
from collections.abc import Iterator

from shared.events import Received
from tests.unit.segmentation.builders import Story, day

INVOICES = 12
EVERY_DAYS = 30
TERMS_DAYS = 14
LAST_DAY = INVOICES * EVERY_DAYS + 40


def payer(account_id: str, seed: int, *, tenant: str = "demo") -> Story:
    """One account: an invoice a month, paid early or late as its kind does."""
    chance = random.Random(f"{account_id} {seed}")
    usual, spread = chance.choice([(-6, 4), (-3, 4), (2, 5), (12, 9), (35, 20)])
    story = Story(tenant, account_id).registered(0)
    steps: list[tuple[int, int, str]] = []
    for number in range(INVOICES):
        issued = 1 + number * EVERY_DAYS + chance.randrange(5)
        due = issued + TERMS_DAYS
        paid = max(issued + 1, due + usual + chance.randrange(-spread, spread + 1))
        steps += [(issued, 0, f"I{number}"), (paid, 1, f"I{number}")]
    due_on: dict[str, int] = {}
    open_minor: dict[str, int] = {}
    for at, kind, invoice_id in sorted(steps):
        if kind == 0:
            due_on[invoice_id] = at + TERMS_DAYS
            open_minor[invoice_id] = 5_000 + 100 * chance.randrange(50)
        minor = open_minor[invoice_id]
        if kind == 1:
            del open_minor[invoice_id]
        owed = {
            "balance": sum(open_minor.values()),
            "overdue": sum(m for i, m in open_minor.items() if due_on[i] < at),
        }
        if kind == 0:
            story.issued(invoice_id, at, due=due_on[invoice_id], minor=minor, **owed)
        else:
            story.paid(f"P{invoice_id}", at, {invoice_id: minor}, **owed)
    return story


def portfolio(accounts: int = 60, *, seed: int = 7, tenant: str = "demo") -> list[Received]:
    """Everything the ledger says of so many payers, in the order of its recording."""
    stories = [payer(f"C{number:03d}", seed, tenant=tenant) for number in range(accounts)]
    return sorted(_all(stories), key=lambda event: (event.recordedtime, event.key, event.sequence))


def _all(stories: list[Story]) -> Iterator[Received]:
    for story in stories:
        yield from story.events


UNTIL = day(250).isoformat()
