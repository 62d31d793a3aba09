"""Periods of limitation, state by state: the day from which a debt counts as time-barred.

The years are those of the rule collection's own column (oral, written, open account), which nobody
verified: they may stop a threat, never permit one.
"""

from datetime import date, timedelta

import pytest

from services.outreach.compliance import RuleSet, read_book
from tests.unit.outreach.compliance.case_files import ask, objecting, via
from tests.unit.outreach.compliance.questions import Json, override, question
from tests.unit.outreach.compliance.shipped import shipped_texts

_DAY = date(2026, 11, 24)

# Where the answer turns on more than the type of contract, the shortest period counts.
YEARS = {
    "AL": (6, 6, 3),
    "AK": (3, 3, 3),
    "AZ": (3, 6, 3),
    "AR": (3, 5, 3),
    "CA": (2, 4, 4),
    "CO": (3, 3, 3),
    "CT": (3, 6, 6),
    "DE": (3, 3, 3),
    "DC": (3, 3, 3),
    "FL": (4, 5, 4),
    "GA": (4, 6, 4),
    "HI": (6, 6, 6),
    "ID": (4, 5, 4),
    "IL": (5, 10, 5),
    "IN": (6, 6, 6),
    "IA": (5, 10, 5),
    "KS": (3, 5, 3),
    "KY": (5, 10, 5),
    "LA": (10, 10, 3),
    "ME": (6, 6, 6),
    "MD": (3, 3, 3),
    "MA": (6, 6, 6),
    "MI": (6, 6, 6),
    "MN": (6, 6, 6),
    "MS": (3, 3, 3),
    "MO": (5, 10, 5),
    "MT": (5, 8, 5),
    "NE": (4, 5, 4),
    "NV": (4, 6, 4),
    "NH": (3, 3, 3),
    "NJ": (6, 6, 6),
    "NM": (4, 6, 4),
    "NY": (3, 3, 3),
    "NC": (3, 3, 3),
    "ND": (6, 6, 6),
    "OH": (4, 6, 6),
    "OK": (3, 5, 3),
    "OR": (6, 6, 6),
    "PA": (4, 4, 4),
    "RI": (10, 10, 10),
    "SC": (3, 3, 3),
    "SD": (6, 6, 6),
    "TN": (6, 6, 6),
    "TX": (4, 4, 4),
    "UT": (4, 6, 4),
    "VT": (6, 6, 6),
    "VA": (3, 5, 3),
    "WA": (3, 6, 6),
    "WV": (5, 10, 5),
    "WI": (6, 6, 6),
    "WY": (8, 10, 8),
}
_TYPES = ("oral", "written", "open")

# One record that says whether a period is over; the periods are those that are shipped.
_PROBE = """
name: probe
class: law
title: Tells a period that is over from one that runs
version: "2026-11-22"
rules:
  - id: PROBE
    kind: disclosure
    jurisdiction: US
    binds: both
    debts: both
    channels: all
    effective: {from: null, to: null}
    confidence: D
    citation: none
    when: {debt.limitation: passed}
    params: {texts: [{text_id: passed}]}
"""


@pytest.fixture(scope="module")
def probe() -> RuleSet:
    return RuleSet.of([read_book(_PROBE), read_book(shipped_texts()["us-limitation"])])


def _asked(state: str, contract: str, default_on: date) -> Json:
    """An agency's letter about a debt of a kind to a debtor in a state."""
    changes: Json = {
        "at": f"{_DAY}T18:00:00Z",
        "debtor.addresses": [{"country": "US", "region": state}],
        "debtor.phones": [],
        "debts.0.contract_type": contract,
        "debts.0.default_on": str(default_on),
        "debts.0.entered_on": str(default_on - timedelta(days=365)),
    }
    return override(via(question("us-ny"), "letter"), changes)


def _is_over(books: RuleSet, asked: Json) -> bool:
    return bool(ask(books, asked)["disclosures"])


@pytest.mark.parametrize("state", YEARS)
@pytest.mark.parametrize("contract", _TYPES)
def test_a_period_is_over_from_its_day_on(state: str, contract: str, probe: RuleSet) -> None:
    begun = _DAY.replace(year=_DAY.year - YEARS[state][_TYPES.index(contract)])
    assert _is_over(probe, _asked(state, contract, begun - timedelta(days=1)))
    assert not _is_over(probe, _asked(state, contract, begun + timedelta(days=1)))


@pytest.mark.parametrize("state", YEARS)
def test_of_an_unknown_contract_the_shortest_period_counts(state: str, probe: RuleSet) -> None:
    begun = _DAY.replace(year=_DAY.year - min(YEARS[state]))
    asked = override(
        _asked(state, "oral", begun - timedelta(days=1)), {"debts.0.contract_type": "__drop__"}
    )
    assert _is_over(probe, asked)


@pytest.mark.parametrize("state", YEARS)
def test_a_sale_of_goods_has_four_years(state: str, probe: RuleSet) -> None:
    begun = _DAY.replace(year=_DAY.year - 4)
    assert _is_over(probe, _asked(state, "goods", begun - timedelta(days=1)))


def test_a_threat_over_a_debt_that_may_be_barred_is_stopped(books: RuleSet) -> None:
    """Nobody verified a row, so none permits a threat, however young the debt is."""
    threat = {"contact.content.threatens_suit": True}
    for days in (3, 1_000, 10_000):
        asked = override(_asked("GA", "written", _DAY - timedelta(days=days)), threat)
        answer = ask(books, asked)
        assert answer["verdict"] == "block", answer
        assert "US-REGF-TB" in objecting(answer)
