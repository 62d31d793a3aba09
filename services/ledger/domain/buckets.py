"""Ageing buckets: open balances by how long they are past due."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from msgspec import Struct

BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "121+")
_LAST_DAYS = (0, 30, 60, 90, 120)  # of each bucket but the last


class OpenBalance(Struct, frozen=True, gc=False):
    """What is open on some invoices of one currency and one bucket, and of charges in it."""

    currency: str
    bucket: str
    invoices: int
    amount_minor: int  # of principal
    charges_minor: int = 0


class BucketSum(Struct, frozen=True, gc=False):
    """A bucket of a report."""

    bucket: str
    count: int  # of invoices
    amount_minor: int
    charges_minor: int


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
    counts, minors, charges = Counter[str](), Counter[str](), Counter[str]()
    for balance in balances:
        if balance.currency != currency:
            continue
        counts[balance.bucket] += balance.invoices
        minors[balance.bucket] += balance.amount_minor
        charges[balance.bucket] += balance.charges_minor
    return [
        BucketSum(bucket, counts[bucket], minors[bucket], charges[bucket]) for bucket in BUCKETS
    ]
