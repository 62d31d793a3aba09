"""Settlements: offered or bid, accepted, completed or lapsed. Readers keep the last state by id."""

from datetime import date
from typing import Literal

from shared.events.ledger.common import Allocated, OfAccount, Rejudged
from shared.events.ledger.plans import Instalment


class _Terms(OfAccount, frozen=True, kw_only=True):
    settlement_id: str
    kind: Literal["offer", "bid"]
    base_minor: int  # what was owed
    amount_minor: int  # what settles it
    conceded_minor: int  # the difference
    instalments: tuple[Instalment, ...]
    valid_until_on: date | None = None  # of an offer


class SettlementOffered(_Terms, frozen=True, kw_only=True):
    pass


class SettlementAccepted(_Terms, frozen=True, kw_only=True):
    how: Literal["debtor", "policy", "approval", "payment"]


class SettlementDeclined(OfAccount, frozen=True, kw_only=True):
    settlement_id: str
    because: Literal["debtor", "policy", "approval", "withdrawn"]
    counter_minor: int | None = None


class SettlementCompleted(Allocated, frozen=True, kw_only=True):
    settlement_id: str
    paid_minor: int
    conceded_minor: int


class SettlementLapsed(OfAccount, frozen=True, kw_only=True):
    settlement_id: str
    because: str
    paid_minor: int


class SettlementRejudged(Rejudged, frozen=True, kw_only=True):
    settlement_id: str
    paid_minor: int
    conceded_minor: int = 0
