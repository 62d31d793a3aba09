"""Expected recovery: what will come of what can be collected.

    expected = probability of paying within the horizon × collectable × (1 − expected loss)

The expected loss is the share of the money received that was taken back again (charged back,
bounced; refunds are the creditor's own doing), with five usual invoices' worth of good payments
added: one bounce of a new account is not a loss of everything. Contacting costs money too: what
the policy gives for it (`priority.contact_cost`) is not in the figure, but taken off what a contact
is worth (`priority.py`). All in whole minor units of one currency, rounded down; amounts of
several currencies are only ever added through dated rates.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal

from msgspec import Struct

from services.segmentation.domain.account import Account
from services.segmentation.domain.features import Features
from shared.money import DECIMALS

DOUBT_INVOICES = 5
TEN_THOUSAND = 10_000  # losses are in hundredths of a percent
MILLION = 1_000_000  # probabilities have six decimals


class Rate(Struct, frozen=True):
    """What one unit of a currency is worth in another, from a day on."""

    on: date
    rate: Decimal


Rates = Mapping[tuple[str, str], Sequence[Rate]]  # (from, to): sorted by day


class Recovery(Struct, frozen=True, kw_only=True):
    """What is expected of an account in one currency."""

    currency: str
    collectable_minor: int
    expected_minor: int
    expected_loss: float
    cost_minor: int  # of one contact


class Converted(Struct, frozen=True, kw_only=True):
    """The whole of it in the reporting currency, through the rates of these days."""

    currency: str
    expected_minor: int
    rates: dict[str, Rate]


def expected_loss_of(bounced_minor: int, received_minor: int, usual_minor: int) -> int:
    """The expected loss, in hundredths of a percent."""
    if bounced_minor <= 0:
        return 0
    received = received_minor + DOUBT_INVOICES * usual_minor
    return min(TEN_THOUSAND, TEN_THOUSAND * bounced_minor // max(received, 1))


def expected_loss(features: Features) -> int:
    """The same of an account's features."""
    return expected_loss_of(features.bounced_minor, features.received_minor, features.usual_minor)


def expected_recovery(collectable_minor: int, pays_within: float, loss: int) -> int:
    """What will come: whole minor units, rounded down."""
    kept = collectable_minor * round(pays_within * MILLION) * (TEN_THOUSAND - loss)
    return kept // (MILLION * TEN_THOUSAND)


def recoveries(account: Account, pays_within: float, costs: Mapping[str, int]) -> list[Recovery]:
    """What is expected in each currency the account owes in."""
    found = []
    for currency, owed in sorted(account.owed.items()):
        if owed.collectable_minor == 0:
            continue
        cash = account.cash.get(currency)
        count, total = account.issued.get(currency, (0, 0))
        loss = expected_loss_of(
            cash.bounced_minor if cash else 0,
            cash.received_minor if cash else 0,
            total // count if count else 0,
        )
        found.append(
            Recovery(
                currency=currency,
                collectable_minor=owed.collectable_minor,
                expected_minor=expected_recovery(owed.collectable_minor, pays_within, loss),
                expected_loss=loss / TEN_THOUSAND,
                cost_minor=costs.get(currency, 0),
            )
        )
    return found


def convert(found: Sequence[Recovery], to: str, rates: Rates, on: date) -> Converted | None:
    """All of it in one currency; None where a rate of that day or before is missing."""
    total, used = Decimal(0), {}
    for one in found:
        rate = Rate(on, Decimal(1)) if one.currency == to else rate_on(rates, one.currency, to, on)
        if rate is None:
            return None
        if one.currency != to:
            used[one.currency] = rate
        units = Decimal(one.expected_minor).scaleb(-DECIMALS[one.currency])
        total += (units * rate.rate).scaleb(DECIMALS[to])
    minor = int(total.to_integral_value(rounding=ROUND_DOWN))
    return Converted(currency=to, expected_minor=minor, rates=used)


def rate_on(rates: Rates, currency: str, to: str, on: date) -> Rate | None:
    """The latest rate that is not after a day."""
    latest = None
    for rate in rates.get((currency, to), ()):
        if rate.on > on:
            break
        latest = rate
    return latest
