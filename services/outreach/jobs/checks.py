"""The live check: ask the ledger what is collectable, or say why nobody may be contacted now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.outreach.clients import LedgerClient
from services.outreach.domain import contacts as rules
from services.outreach.domain.collectable import CheckedAccount
from shared import clock
from shared.errors import Unavailable
from shared.process import telemetry

HANDOVER_SECONDS_MAX = 2.0  # from the question to the hand-over; later, it is asked again

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class Checked:
    accounts: Mapping[str, CheckedAccount]
    asked_at: float  # on the monotonic clock, before the question left

    @property
    def age_seconds(self) -> float:
        return clock.monotonic() - self.asked_at

    def covers(self, account_ids: Collection[str], sequences: Mapping[str, int]) -> bool:
        """Whether it tells of all these accounts, and of none as it was before what we know."""
        return all(
            account_id in self.accounts
            and self.accounts[account_id].sequence >= sequences.get(account_id, 0)
            for account_id in account_ids
        )

    def is_ahead(self, account_ids: Collection[str], sequences: Mapping[str, int]) -> bool:
        """Whether the ledger knows more of any of these accounts than was known by then."""
        return any(
            self.accounts[account_id].sequence > sequences.get(account_id, 0)
            for account_id in account_ids
        )


async def check(ledger: LedgerClient, tenant: str, account_ids: Collection[str]) -> Checked | str:
    """The ledger's answer, or the rule under which no contact is made now."""
    asked_at = clock.monotonic()
    try:
        answer = await ledger.collectable(tenant, sorted(account_ids))
    except Unavailable as error:
        log.warning("live check failed", reason=error.detail)
        return rules.LIVE_CHECK_UNANSWERED
    if answer.is_behind(clock.now()):
        log.warning("the ledger is behind its intake", caught_up_at=answer.intake_caught_up_at)
        return rules.LIVE_CHECK_BEHIND
    return Checked(answer.by_account(), asked_at)
