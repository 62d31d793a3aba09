"""Facts on their way in, and what becomes of them."""

from typing import Literal

from msgspec import Struct

from services.ledger.domain import Fact
from services.ledger.store.facts import FactKey, key_of
from services.ledger.store.journal import AccountKey
from shared.errors import FieldError


class NewFact(Struct, frozen=True, gc=False):
    """A valid fact of a billing platform, not yet known to be new."""

    tenant: str
    fact: Fact  # its `recordedtime` is set when it is accepted
    origin: str = "http"
    correlationid: str | None = None
    traceparent: str | None = None

    @property
    def account_key(self) -> AccountKey:
        return (self.tenant, self.fact.account_id)

    @property
    def key(self) -> FactKey:
        return key_of(self.tenant, self.fact)


class Outcome(Struct, frozen=True, gc=False):
    """What became of an event."""

    status: Literal["accepted", "duplicate", "rejected"]
    errors: tuple[FieldError, ...] = ()
