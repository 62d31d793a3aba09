"""What a service asks of `consume.run_consumer`: which topics, and what to do with events."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.database import Session
from shared.events import Received
from shared.log.wire import RawRecord

Take = Callable[[Session, Sequence[Received]], Awaitable[None]]
TenantOf = Callable[[RawRecord], str | None]
TakeRaw = Callable[[Session, Sequence[RawRecord]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """A consumer of our own topics. `take` applies one ordered batch of new events."""

    consumer: str
    topics: tuple[str, ...]
    types: frozenset[str]  # others are counted and skipped
    take: Take


@dataclass(frozen=True)
class RawSubscription:
    """A consumer of facts from outside: no heads, because facts converge."""

    consumer: str
    topic: str
    take: TakeRaw
    tenant_of: TenantOf  # whose a fact is, as far as it can be told: for those that fail
