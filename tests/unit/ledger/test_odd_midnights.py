"""Days that begin oddly: left out by a zone, or with a 00:00 that is skipped or comes twice."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from services.ledger import domain
from services.ledger.domain.slices import run
from shared import clock
from shared.clock import day_start
from shared.events.ledger import InvoiceOverdue
from tests.unit.ledger.ledger_factories import Ledger, at, invoice, registered

_DAY = timedelta(days=1)
_LOOK = timedelta(days=20)  # no zone changes its clock twice within it and comes back the same
_FROM, _UNTIL = datetime(1900, 2, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
_SECONDS = timedelta(seconds=1)


def _zones() -> list[str]:
    """Every zone once, whatever names it has."""
    root = resources.files("tzdata")
    by_content: dict[bytes, str] = {}
    for name in filter(clock.is_zone, root.joinpath("zones").read_text().split()):
        content = root.joinpath("zoneinfo", *name.split("/")).read_bytes()
        by_content.setdefault(content, name)
    return sorted(by_content.values())


@cache
def _transitions(name: str) -> tuple[datetime, ...]:
    zone = clock.zone(name)
    found: list[datetime] = []
    low = _FROM
    while low < _UNTIL:
        high = low + _LOOK
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            found.append(_between(low, high, zone))
        low = high
    return tuple(found)


def _between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    before = low.astimezone(zone).utcoffset()
    while high - low > _SECONDS:
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _odd_days(name: str) -> Iterator[date]:
    """The days whose 00:00 a change of the clock skips, repeats or touches."""
    zone = clock.zone(name)
    for change in _transitions(name):
        sides = ((change - _SECONDS).astimezone(zone), change.astimezone(zone))
        first, last = sorted(side.replace(tzinfo=None) for side in sides)
        day = first.date()
        while day <= last.date():
            midnight = datetime(day.year, day.month, day.day)
            if first - _SECONDS <= midnight <= last + _SECONDS:
                yield day
            day += _DAY


@pytest.mark.parametrize("letter", sorted({name[:2] for name in _zones()}))
def test_stages_begin_at_the_first_instant_of_every_odd_day_of_every_zone(letter: str) -> None:
    for name in _zones():
        if not name.startswith(letter):
            continue
        for day in _odd_days(name):
            for issued in (day - _DAY, day, day + _DAY):
                for due in (day - _DAY, day):
                    _check(name, issued, due)


def _check(zone: str, issued: date, due: date) -> None:
    ledger = Ledger(registered(zone), invoice(issued=str(issued), due=str(due)), begun=str(issued))
    ledger.start_day(str(due + 2 * _DAY))
    overdue = [said for said in ledger.said if said.type == "invoice-overdue"]
    since_on = max(due + _DAY, issued)
    found = [(said.day, said.time) for said in overdue]
    assert found == [(since_on, day_start(since_on, zone))], (zone, issued, due)
    assert ledger.account.invoices["I1"].stage == 1


@pytest.mark.parametrize(
    ("zone", "left_out", "instant"),
    [
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z"),
        ("Pacific/Fakaofo", "2011-12-30", "2011-12-30T11:00Z"),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00Z"),
        ("Pacific/Kiritimati", "1994-12-31", "1994-12-31T10:00Z"),
        ("Pacific/Kanton", "1994-12-31", "1994-12-31T11:00Z"),
    ],
)
@pytest.mark.parametrize("days", [1, 31, 61, 91, 121])
def test_an_invoice_of_a_day_that_was_left_out_has_its_stages(
    zone: str, left_out: str, instant: str, days: int
) -> None:
    issued = date.fromisoformat(left_out)
    due = issued + _DAY - timedelta(days=days)
    ledger = Ledger(registered(zone), invoice(issued=left_out, due=str(due)))
    ledger.start_day(str(issued + _DAY))
    overdue = [said for said in ledger.said if said.type == "invoice-overdue"]
    stages = [cast(InvoiceOverdue, said.data).stage for said in overdue]
    assert stages == [s for s in (1, 31, 61, 91, 121) if s <= days]
    assert {said.time for said in overdue} == {at(instant)}


def test_such_an_account_can_be_asked_how_it_was_on_any_day() -> None:
    facts = registered("Pacific/Apia"), invoice(issued="2011-12-30", due="2011-12-30")
    ledger = Ledger(*facts, begun="2012-02-01")
    for day in range(25, 32):
        then = run(domain.as_of_in_slices(ledger.account, date(2011, 12, day)))
        assert domain.invariants(then) == []
        assert bool(then.invoices) == (day >= 31)
