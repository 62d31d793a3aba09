"""Periods of validation notices, in the business days of the shared calendars."""

from datetime import date, timedelta
from functools import lru_cache

from shared.calendars import calendar

ASSUMED_RECEIPT_DAYS = 5  # 12 CFR 1006.34(b)(5)
VALIDATION_DAYS = 30


@lru_cache(maxsize=4096)
def assumed_receipt(sent_on: date, *, observed: bool = True) -> date | None:
    """When a validation notice counts as received: 5 days after it was sent, without Saturdays,
    Sundays and the holidays of 5 USC 6103(a).

    The statute doesn't list observed days. Leaving them out as well gives the later date, which is
    the one to take for "the period is over"; `observed=False` gives the one for our own deadlines.
    """
    named = calendar("us-federal" if observed else "us-federal-6103")
    return named.add_business_days(sent_on, ASSUMED_RECEIPT_DAYS)


def validation_period_end(sent_on: date, *, observed: bool = True) -> date | None:
    """The last day of the validation period of a notice: 30 days after its assumed receipt."""
    received = assumed_receipt(sent_on, observed=observed)
    return None if received is None else received + timedelta(days=VALIDATION_DAYS)
