"""Exchange rates as they are announced: in order, and in parts where they are many."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from msgspec import UNSET

from services.segmentation.domain.announcements import RATES_PER_PART, Cause, announce_rates
from shared.events.segmentation import DatedRate, RatesChanged

CAUSE = Cause(id="rates x", because="rates", time=datetime(2026, 3, 1, tzinfo=UTC), day=None)


def test_many_rates_come_in_parts_that_make_up_the_whole() -> None:
    first = date(2000, 1, 1)
    rates = [("USD", first + timedelta(n), Decimal("0.9")) for n in range(RATES_PER_PART * 2 + 1)]
    announced = list(announce_rates("EUR", list(reversed(rates)), CAUSE))
    told = [part.data for part in announced if isinstance(part.data, RatesChanged)]
    assert [(data.part, data.parts, len(data.rates)) for data in told] == [
        (1, 3, RATES_PER_PART),
        (2, 3, RATES_PER_PART),
        (3, 3, 1),
    ]
    whole = [rate for data in told for rate in data.rates]
    assert whole == [DatedRate("USD", on, "0.9") for _, on, _ in rates]
    assert len({part.cause for part in announced}) == 3


def test_few_rates_are_one_event_and_none_are_said_too() -> None:
    for rates in ([], [("USD", date(2026, 1, 1), Decimal("1E+2"))]):
        (announced,) = announce_rates("EUR", rates, CAUSE)
        assert isinstance(announced.data, RatesChanged)
        assert announced.data.part is UNSET
        assert [rate.rate for rate in announced.data.rates] == ["100"][: len(rates)]
