"""How an address works, by what providers say of it: dead, full too often, alive again."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

DEAD = "dead"
WRONG_PARTY = "wrong-party"


class AddressState(Struct, frozen=True):
    """What is known of an address of an account. `state`: dead, wrong-party; None: it works."""

    account_id: str
    channel: str
    address: str
    state: str | None = None
    because: str | None = None  # the provider's code
    changed_at: datetime | None = None  # business time
    soft_at: tuple[datetime, ...] = ()  # soft bounces that count
    paused_until: datetime | None = None  # too many of them

    def is_usable(self, at: datetime) -> bool:
        is_paused = self.paused_until is not None and at < self.paused_until
        return self.state is None and not is_paused

    def died(self, code: str, at: datetime) -> "AddressState":
        """Nothing reaches it any more. What a person found of it stays."""
        if self.state is not None:
            return self
        return replace(self, state=DEAD, because=code, changed_at=at)

    def revived(self, at: datetime) -> "AddressState":
        """Something has reached it. An address of somebody else's stays one."""
        soft_at = tuple(each for each in self.soft_at if each > at)
        after = replace(self, soft_at=soft_at, paused_until=None)
        if self.state == DEAD:
            after = replace(after, state=None, because=None, changed_at=at)
        return after

    def bounced_softly(
        self, soft_at: Sequence[datetime], paused_until: datetime | None
    ) -> "AddressState":
        return replace(self, soft_at=tuple(soft_at), paused_until=paused_until)
