"""The live check: ask the ledger what is collectable, or tell why nobody may be contacted now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.outreach.dunning.clients import LedgerClient
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.live_check import CheckedAccount
from shared import clock
from shared.errors import Unavailable
from shared.process import telemetry

HANDOVER_SECONDS_MAX = 2.0  # from the question to the hand-over; later, it is asked again

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class LiveCheck:
    accounts: Mapping[str, CheckedAccount]
    asked_at: float  # on the monotonic clock, before the question left

    @property
    def age_seconds(self) -> float:
        return clock.monotonic() - self.asked_at


async def check(ledger: LedgerClient, tenant: str, account_ids: Collection[str]) -> LiveCheck | str:
    """The ledger's answer, or the rule under which no contact is made now."""
    asked_at = clock.monotonic()
    try:
        answer = await ledger.collectable(tenant, sorted(account_ids))
    except Unavailable as error:
        log.warning("live check failed", reason=error.detail)
        return suppressions.LIVE_CHECK_UNANSWERED
    if answer.is_behind(clock.now()):
        log.warning("the ledger is behind its intake", caught_up_at=answer.intake_caught_up_at)
        return suppressions.LIVE_CHECK_BEHIND
    return LiveCheck(answer.by_account(), asked_at)
