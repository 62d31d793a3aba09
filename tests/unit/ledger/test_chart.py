"""Which kind of fact may post where."""

import re
from datetime import date

import pytest

from services.ledger.domain import Entry, agreements, chart
from services.ledger.domain.registry import KINDS

# Facts of commands that have no class of their own, and classes that are no facts.
_NO_FACTS = {
    "OpenedDispute",
    "ResolvedDispute",
    "By",
    "PolicyRef",
    "Approval",
    "Instalment",
    "Command",
    "Freeze",
    "DefaultRule",
}


def facts_of_commands() -> list[str]:
    names = [
        name
        for name, found in vars(agreements).items()
        if isinstance(found, type) and found.__module__ == agreements.__name__
    ]
    return [
        re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower() for name in names if name not in _NO_FACTS
    ]


def entry(kind: str, *postings: tuple[str, int]) -> Entry:
    return Entry(kind, "X1", "fact X1", "EUR", date(2026, 3, 1), postings)


def test_every_kind_of_fact_has_its_line() -> None:
    assert {*KINDS, *facts_of_commands()} <= chart.JOURNAL.keys()


@pytest.mark.parametrize(
    ("kind", "postings", "complaint"),
    [
        ("promise-made", [("receivable", 5), ("cash", -5)], "does not move receivable"),
        ("hold-placed", [("revenue-clearing", 5), ("receivable", -5)], "move revenue-clearing"),
        ("fee-charged", [("charges-receivable", 5), ("suspense", -5)], "move suspense"),
        ("payment-received", [("cash", 5), ("receivable", -4)], "sum to 1"),
        ("invoice-amended", [("cash", 5), ("receivable", -5)], "moves cash by 5"),
        ("invented", [("cash", 5), ("receivable", -5)], "no line of JOURNAL"),
        ("invoice-issued", [("receivable", 5), ("elsewhere", -5)], "does not move elsewhere"),
    ],
)
def test_an_entry_that_posts_elsewhere_is_a_failed_assertion(
    kind: str, postings: list[tuple[str, int]], complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint):
        entry(kind, *postings)


@pytest.mark.parametrize(
    ("kind", "postings"),
    [
        ("payment-received", [("cash", 9), ("receivable", -4), ("charges-receivable", -5)]),
        # Its money moved where no agency has a share in it: what was withheld comes after all.
        ("invoice-issued", [("cash", 18), ("agency-commission", -18)]),
        ("charge-added", [("charges-receivable", 5), ("fee-income", -5)]),
        ("fee-charged", [("charges-receivable", 5), ("fee-income", -5)]),
        ("account-written-off", [("suspense", 3), ("bad-debt", 7), ("receivable", -10)]),
        ("sale-paid", [("cash", 3), ("suspense", -3)]),
        ("settlement-completed", [("settlement-concession", 5), ("receivable", -5)]),
    ],
)
def test_an_entry_of_the_page_s_table_is_one(kind: str, postings: list[tuple[str, int]]) -> None:
    assert entry(kind, *postings).postings == tuple(postings)
