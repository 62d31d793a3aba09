"""Promises: made, judged, judged again. Readers keep the last judgement by `promise_id`."""

from datetime import date

from shared.events.ledger.common import OfAccount, Rejudged


class PromiseMade(OfAccount, frozen=True, kw_only=True):
    promise_id: str
    amount_minor: int
    due_on: date
    grace_until_on: date  # judged at 00:00 of the day after
    supersedes: tuple[str, ...] = ()


class _Judged(OfAccount, frozen=True, kw_only=True):
    promise_id: str
    amount_minor: int
    asked_minor: int | None = None  # by the judgement; None before it
    received_minor: int
    due_on: date


class PromiseKept(_Judged, frozen=True, kw_only=True):
    pass


class PromisePartlyKept(_Judged, frozen=True, kw_only=True):
    pass


class PromiseBroken(_Judged, frozen=True, kw_only=True):
    pass


class PromiseCancelled(OfAccount, frozen=True, kw_only=True):
    promise_id: str
    received_minor: int
    because: str


class PromiseRejudged(Rejudged, frozen=True, kw_only=True):
    promise_id: str
    amount_minor: int
    asked_minor: int | None = None
    received_minor: int
    due_on: date
