"""The credit limit: exceeded, and no longer exceeded."""

from shared.events.ledger.common import OfAccount


class _Exposure(OfAccount, frozen=True, kw_only=True):
    limit_minor: int | None
    exposure_minor: int
    because: str


class CreditLimitExceeded(_Exposure, frozen=True, kw_only=True):
    pass


class CreditLimitCleared(_Exposure, frozen=True, kw_only=True):
    pass
