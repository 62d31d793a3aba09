"""A real year of traffic fines through the ledger's domain: totals of every kind equal pandas.

Invoices, charges by hand, part payments, appeals as disputes, hand-over to an agency. The data set
is looked for next to the project (tests/datasets/traffic_fines.py).
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest

from services.ledger import domain
from services.ledger.domain import AccountState, Decision, Fact, agreements
from services.ledger.domain.charges import all_charges
from shared.business_time import Begun
from shared.events import billing
from tests.datasets.traffic_fines import (
    DAYS_TO_PAY,
    ZONE,
    Case,
    Happening,
    cases,
    figures,
    skip_without_data,
)

YEAR = 2007
LAST = date(2012, 4, 1)
SAMPLE, SHUFFLES = 60, 3
NOW = datetime(2012, 4, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _has_data() -> None:
    skip_without_data()


# ── From what happened to facts ─────────────────────────────────────────────────────────────────


def facts_of(case: Case) -> list[Fact]:
    data = billing.AccountRegistered(account_id=case.case_id, name="A Driver", timezone=ZONE)
    found = [_fact(case, "account-registered", data, case.fine)]
    for each in case.happenings:
        found += [_fact(case, kind, told, each) for kind, told in _told(case, each)]
    return found


def _fact(case: Case, kind: str, data: Any, happening: Happening) -> Fact:
    fact_id = domain.fact_id_of(kind, "/office", "e", data)
    return Fact(kind, fact_id, case.case_id, "/office", "e", happening.at, NOW, data)


def _told(case: Case, it: Happening) -> Iterator[tuple[str, Any]]:
    account = case.case_id
    match it.kind:
        case "fine":
            due = it.day + DAYS_TO_PAY
            yield (
                "invoice-issued",
                billing.InvoiceIssued(it.id, account, "EUR", it.minor, it.day, due),
            )
        case "postage" | "penalty":
            yield (
                "charge-added",
                agreements.ChargeAdded(
                    account_id=account,
                    charge_id=it.id,
                    kind="cost" if it.kind == "postage" else "fee",
                    invoice_id=account,
                    currency="EUR",
                    amount_minor=it.minor,
                    charged_on=it.day,
                ),
            )
        case "payment":
            yield (
                "payment-received",
                billing.PaymentReceived(it.id, account, "EUR", it.minor, it.at),
            )
        case "appeal":
            yield (
                "dispute-opened",
                billing.DisputeOpened(dispute_id=it.id, account_id=account, invoice_id=account),
            )
        case "upheld" | "rejected":
            yield from _decided(case, it)
        case "placed":
            yield (
                "account-placed",
                agreements.AccountPlaced(
                    account_id=account,
                    placement_id=it.id,
                    kind="agency",
                    to="Collectors",
                    currency="EUR",
                    invoice_ids=(account,),
                    commission_percent="9",
                ),
            )


def _decided(case: Case, it: Happening) -> Iterator[tuple[str, Any]]:
    is_upheld = it.kind == "upheld"
    yield (
        "dispute-resolved",
        billing.DisputeResolved(
            dispute_id=it.id,
            account_id=case.case_id,
            invoice_id=case.case_id,
            outcome="upheld" if is_upheld else "rejected",
            credited_minor=it.minor if is_upheld else None,
        ),
    )
    for charge in case.charges if is_upheld else ():
        yield (
            "charge-waived",
            agreements.ChargeWaived(
                account_id=case.case_id,
                waiver_id=f"{it.id}-{charge.kind}",
                charge_id=charge.id,
                amount_minor=charge.minor,
            ),
        )


# ── The replay ──────────────────────────────────────────────────────────────────────────────────


class Book:
    """What the accounts of many fines add up to."""

    def __init__(self) -> None:
        self.journal: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.rows: dict[str, dict[str, int]] = {}

    def replay(self, case: Case) -> None:
        account = domain.new_account(case.case_id, ZONE)
        placed = 0
        for decision in (
            domain.record(account, facts_of(case), Begun(day=None)),
            domain.begin(account, Begun(day=LAST)),
        ):
            self._post(decision)
            for event in decision.announcements:
                self.said[event.type] += 1
                placed += getattr(event.data, "placed_minor", 0)
        assert domain.invariants(account) == [], case.case_id
        self.rows[case.case_id] = {**row_of(account), "placed_minor": placed}

    def _post(self, decision: Decision) -> None:
        assert decision.rejections == []
        for entry in decision.entries:
            assert sum(amount for _, amount in entry.postings) == 0
            for name, amount in entry.postings:
                self.journal[name] += amount


def row_of(account: AccountState) -> dict[str, int]:
    """The figures of an account as its state has them."""
    (amounts,) = domain.amounts(account, Begun(day=LAST))
    charges = all_charges(account)
    money = account.credits.values()

    def charged(kind: str) -> int:
        return sum(known.amount_minor for known in charges if known.kind == kind)

    return {
        "fine": sum(known.amount_minor for known in account.invoices.values()),
        "postage": charged("cost"),
        "penalty": charged("fee"),
        "paid": sum(known.amount_minor for known in money if known.kind == "payment"),
        "credited": sum(known.amount_minor for known in money if known.kind == "credit_note"),
        "waived": sum(known.waived_minor for known in charges),
        "open": amounts.balance_minor + amounts.charges_minor,
        "principal": amounts.balance_minor,
        "disputed": amounts.disputed_minor,
        "unapplied": amounts.unapplied_minor,
    }


@cache
def the_year() -> list[Case]:
    return cases(YEAR)


def test_the_year_is_all_there() -> None:
    assert len(the_year()) == 7680
    kinds = Counter(each.kind for case in the_year() for each in case.happenings)
    assert set(kinds) == {
        "fine", "postage", "penalty", "payment", "appeal", "upheld", "rejected", "placed",
    }  # fmt: skip


def test_totals_of_every_kind_equal_pandas_to_the_cent() -> None:
    """Billed, postage, penalties, paid, credited by appeals, placed, still open: fine by fine."""
    book = Book()
    for case in the_year():
        book.replay(case)
    expected = figures(list(book.rows))
    names = list(next(iter(book.rows.values())))
    wanted: Any = expected[names].to_dict("index")
    for case_id, row in book.rows.items():
        assert row == wanted[case_id], case_id
    total = {name: int(expected[name].sum()) for name in expected.columns}
    assert +book.journal == +Counter(
        {
            "receivable": total["principal"],
            "charges-receivable": total["open"] - total["principal"],
            "cash": total["paid"],
            "charges-waived": total["waived"],
        }
    )
    assert -book.journal == -Counter(
        {
            "unapplied-cash": -total["unapplied"],
            "revenue-clearing": total["credited"] - total["fine"],
            "cost-recovery": -total["postage"],
            "fee-income": -total["penalty"],
        }
    )
    assert book.said["account-placed"] == total["placed"]
    assert book.said["invoice-issued"] == len(book.rows)


def test_fines_in_random_order_of_arrival_end_the_same() -> None:
    """A sample of the longest histories, shuffled, with days that begin between the facts."""
    chance = random.Random(2007)
    longest = sorted(the_year(), key=lambda case: -len(case.happenings))[: SAMPLE * 8]
    for case in chance.sample(longest, SAMPLE):
        facts = facts_of(case)
        in_order = _ended(case, facts, [])
        for _ in range(SHUFFLES):
            shuffled = [*facts, *chance.sample(facts, 2)]  # some come twice
            chance.shuffle(shuffled)
            days = sorted(chance.sample(facts, 2), key=lambda fact: fact.time or NOW)
            between = [fact.time.date() for fact in days if fact.time is not None]
            assert _ended(case, shuffled, between) == in_order, case.case_id


def _ended(case: Case, facts: list[Fact], days: list[date]) -> dict[str, Any]:
    account, begun = domain.new_account(case.case_id, ZONE, 4), Begun(day=None)
    known: set[tuple[str, str]] = set()
    for n, fact in enumerate(facts):
        if days and n % 4 == 3:
            begun = Begun(day=days.pop(0))
            domain.begin(account, begun)
        if (fact.kind, fact.fact_id) not in known:
            known.add((fact.kind, fact.fact_id))
            domain.record(account, [fact], begun)
            assert domain.invariants(account) == []
    domain.begin(account, Begun(day=LAST))
    return {
        **row_of(account),
        "objects": sorted(account.objects.values.items()),
        "invoices": account.invoices,
        "money": account.credits,
    }
