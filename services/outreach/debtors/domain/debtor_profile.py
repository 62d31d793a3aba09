"""A debtor as a person or company: what is known of them over all their accounts."""

from dataclasses import dataclass

from services.outreach.activity.domain.contacts import AccountKind
from services.outreach.compliance import ReferenceRate
from services.outreach.consents.domain import AccountWishes
from services.outreach.history.domain import PastContact
from shared.events import ledger


@dataclass(frozen=True)
class AccountProfile:
    account_id: str
    kind: AccountKind
    timezone: str
    country: str | None = None
    details: ledger.Contact | None = None
    wishes: AccountWishes | None = None


@dataclass(frozen=True)
class DebtorProfile:
    """One person or company, over all their accounts."""

    party: str | None
    accounts: tuple[AccountProfile, ...]
    history: tuple[PastContact, ...] = ()  # newest first
    residence_default: str | None = None  # a country, for whom no place at all is known
    reference_rates: tuple[ReferenceRate, ...] = ()  # that the tenant has loaded

    @property
    def account_language(self) -> str | None:
        """That of the first account for which one is known."""
        named = (a.details.language for a in self.accounts if a.details and a.details.language)
        return next(named, None)
