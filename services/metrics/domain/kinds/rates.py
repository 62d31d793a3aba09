"""Dated exchange rates into a currency, by which figures are converted when they are asked for.

They add to no measure: a figure of any day follows the rates that are known when it is asked.
Announced as a whole, kept as what changed, so that a year of daily rates stays small.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from msgspec import UNSET, Struct

from services.metrics.domain.accounts import TENANT_ACCOUNT, AccountItems
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.rates import Rate, Rates
from services.metrics.domain.slots import recorded_slot
from shared.events import Received, segmentation

Dated = dict[tuple[str, date], str]


class RatesMoved(Struct, frozen=True, array_like=True, tag="r"):
    """What became of the rates: new and other ones, and those that went."""

    recorded_slot: int
    put: tuple[tuple[str, date, str], ...]
    gone: tuple[tuple[str, date], ...] = ()


def on_rates_changed(items: AccountItems, event: Received, data: segmentation.RatesChanged) -> None:
    """In place of all before; the later parts of several add to the first."""
    facts = items.item("rates", data.to).facts
    known = _together(facts)
    said = {(each.currency, each.on): each.rate for each in data.rates}
    put = tuple((*key, rate) for key, rate in sorted(said.items()) if known.get(key) != rate)
    is_later_part = data.part is not UNSET and data.part > 1
    gone = () if is_later_part else tuple(sorted(known.keys() - said.keys()))
    if put or gone:
        facts.append(RatesMoved(recorded_slot(facts, event), put, gone))


def account_of(_: segmentation.RatesChanged) -> tuple[str, ...]:
    """They are the tenant's own, whatever the key that they are announced under."""
    return (TENANT_ACCOUNT,)


def _together(facts: Sequence[RatesMoved]) -> Dated:
    found: Dated = {}
    for fact in facts:
        for key in fact.gone:
            found.pop(key, None)
        found |= {(currency, on): rate for currency, on, rate in fact.put}
    return found


def rates_known(to: str, facts: Sequence[RatesMoved], before: int) -> Rates:
    """The rates by what was recorded before a moment."""
    dated = _together([fact for fact in facts if fact.recorded_slot < before])
    return Rates.of(
        to, (Rate(currency, on, Decimal(rate)) for (currency, on), rate in dated.items())
    )


KIND = Kind(
    name="rates",
    facts=(RatesMoved,),
    handlers={"rates-changed": Handler(on_rates_changed, account_of)},
)
