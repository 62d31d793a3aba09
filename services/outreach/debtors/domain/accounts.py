"""What the ledger announced of an account, folded from its events. No personal data.

An account's arms come from segmentation: they are stored apart, never folded with it."""

from dataclasses import dataclass, replace

from services.outreach.activity.domain.contacts import AccountKind
from shared.events import ledger


@dataclass(frozen=True)
class AccountFacts:
    account_id: str
    debtor_key: str
    debtor_id: str | None = None
    kind: AccountKind = "consumer"
    timezone: str = "UTC"
    country: str | None = None
    tags: tuple[str, ...] = ()
    sequence: int = 0  # the last of the ledger's that was taken in
    is_registered: bool = False
    is_erased: bool = False


def debtor_key(account_id: str, debtor_id: str | None) -> str:
    """Who owes: the person or company behind several accounts, else the account by itself."""
    return f"account/{account_id}" if debtor_id is None else f"debtor/{debtor_id}"


def unknown(account_id: str) -> AccountFacts:
    """An account that the ledger has not announced yet."""
    return AccountFacts(account_id, debtor_key(account_id, None))


def registered(
    account: AccountFacts, data: ledger.AccountRegistered | ledger.AccountUpdated
) -> AccountFacts:
    """The whole record is replaced; an erased account stays erased."""
    return replace(
        account,
        debtor_key=debtor_key(data.account_id, data.debtor_id),
        debtor_id=data.debtor_id,
        kind=data.kind,
        timezone=data.timezone,
        country=data.country,
        tags=() if account.is_erased else data.tags,
        is_registered=True,
    )


def erased(account: AccountFacts) -> AccountFacts:
    return replace(account, tags=(), is_erased=True)
