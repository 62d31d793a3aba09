"""A fact: one thing a billing platform sent, accepted (docs/ledger.md, facts and who they are).

What each kind of fact is and does stands in `kinds/`.
"""

from datetime import UTC, datetime

from msgspec import Struct

from shared.errors import FieldError

Position = tuple[datetime, int, str]  # instant, rank, fact id: the one order of an account's facts
Need = tuple[str, ...]  # what a fact waits for, and what another provides: ("invoice", "I1")


class Fact(Struct, frozen=True, gc=False):
    """One accepted fact of one account."""

    kind: str  # the event's type: "payment-received"
    fact_id: str  # the business id (`fact_id_of`)
    account_id: str
    source: str
    event_id: str
    time: datetime | None  # the sender's event time
    recordedtime: datetime  # business instant of recording
    data: Struct  # of its kind's class


class Ineffective(Struct, frozen=True, gc=False):
    """A part of an accepted fact that has no effect; listed under rejections."""

    fact: Fact
    errors: list[FieldError]


def instant_text(instant: datetime) -> str:
    """An instant as text that is the same for every way of writing the same instant."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def newest(fact: Fact) -> tuple[datetime, str, str]:
    """The order of records and amendments: newest `time` wins, ties by id."""
    return ((fact.time or fact.recordedtime).astimezone(UTC), fact.event_id, fact.source)


def named_amount(data: Struct) -> tuple[str, int]:
    """The amount that a fact names, and its currency ("" where it names none).

    What a resolution credits is one too: it becomes a credit note.
    """
    amount = getattr(data, "amount_minor", None) or getattr(data, "credited_minor", None) or 0
    return (getattr(data, "currency", None) or "", amount)
