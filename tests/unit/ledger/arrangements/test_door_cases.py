"""The table of what the door must answer, held against the naive rules."""

import pytest

from tests.oracles.arranged import doors
from tests.unit.ledger.arrangements import door_cases as cases
from tests.unit.ledger.arrangements.told import business_days_after


@pytest.mark.parametrize("case", cases.SPLITS)
def test_equal_instalments(case: cases.Split) -> None:
    if case.parts is None:
        with pytest.raises(doors.Refused, match="/equal/count"):
            doors.equal_parts(case.rest, case.count, case.round_to, case.least)
        return
    assert doors.equal_parts(case.rest, case.count, case.round_to, case.least) == case.parts
    assert sum(case.parts) == case.rest


@pytest.mark.parametrize("case", cases.DUES)
def test_due_days(case: cases.Dues) -> None:
    assert doors.due_days(case.first, case.count, case.every) == case.days


def test_ends_of_grace() -> None:
    for due_on, count, until in cases.GRACES:
        assert business_days_after(due_on, count) == until


@pytest.mark.parametrize("case", cases.BIDS)
def test_offers_and_bids(case: cases.Bid) -> None:
    answer = doors.settlement(case.kind, case.base, case.amount, case.instalments, case.shares)
    assert answer == case.answer


@pytest.mark.parametrize("case", cases.MOSTS)
def test_the_most_that_may_be_promised(case: cases.Most) -> None:
    most = doors.promise_most(case.undisputed, case.invoices, case.open_promises, case.superseded)
    assert most == case.most
