"""Ageing buckets: open balances by how long they are past due."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "121+")
_LAST_DAYS = (0, 30, 60, 90, 120)  # of each bucket but the last


class OpenBalance(Struct, frozen=True, gc=False):
    """What is open on some invoices of one currency and one bucket."""

    currency: str
    bucket: str
    invoices: int
    amount_minor: int


class BucketSum(Struct, frozen=True, gc=False):
    """A bucket of a report."""

    bucket: str
    count: int
    amount_minor: int


def days_past_due(due_on: date, day: date | None) -> int:
    """0 where it is not past due, and before any day has begun."""
    return max(0, (day - due_on).days) if day is not None else 0


def bucket_of(due_on: date, day: date | None) -> str:
    """The bucket of a balance on a day; before any day has begun all is current."""
    late = days_past_due(due_on, day)
    for bucket, last in zip(BUCKETS, _LAST_DAYS, strict=False):
        if late <= last:
            return bucket
    return BUCKETS[-1]


def sums(balances: Iterable[OpenBalance], currency: str) -> list[BucketSum]:
    """All buckets of one currency, in order; never summed over currencies."""
    counts, minors = dict.fromkeys(BUCKETS, 0), dict.fromkeys(BUCKETS, 0)
    for balance in balances:
        if balance.currency == currency:
            counts[balance.bucket] += balance.invoices
            minors[balance.bucket] += balance.amount_minor
    return [BucketSum(bucket, counts[bucket], minors[bucket]) for bucket in BUCKETS]
