"""All that was known of a tenant's things at some time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from tests.oracles.metrics.people import (
    Contact,
    Cost,
    Feedback,
    Promise,
    Revocation,
    RightParty,
)
from tests.oracles.metrics.things import (
    Account,
    Charge,
    Invoice,
    Note,
    Payment,
    Placement,
    Put,
    Reversal,
)


@dataclass(frozen=True)
class Run:
    """One run of an experiment."""

    name: str
    run: int
    champion: str
    shares: Mapping[str, float]
    at: datetime


@dataclass
class Book:
    """All that was known of a tenant's things at some time."""

    zone: str
    business_day: int
    accounts: dict[str, Account] = field(default_factory=dict)
    invoices: list[Invoice] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    loose_credit: list[tuple[Account, Put]] = field(default_factory=list)  # on charges, on voids
    payments: list[Payment] = field(default_factory=list)
    reversals: list[Reversal] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    right_parties: list[RightParty] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    rates: dict[str, list[tuple[str, int, Fraction]]] = field(default_factory=dict)

    @property
    def standing(self) -> list[Invoice]:
        """Invoices that are not void."""
        return [each for each in self.invoices if not each.is_void]

    @property
    def debts(self) -> list[Invoice]:
        """Those that have entered collections."""
        return [each for each in self.standing if each.entry is not None]

    def of(self, account: Account) -> list[Invoice]:
        return [each for each in self.standing if each.account is account]

    @cached_property
    def payment_of(self) -> dict[tuple[str, str], Payment]:
        return {(each.account.name, each.payment_id): each for each in self.payments}

    def covering(self, account: Account) -> list[Contact]:
        """Attempts that speak of an account, whoever they stand under."""
        return [
            each
            for each in self.contacts
            if each.attempt is not None and account.name in each.covers
        ]

    def first_day(self, currency: str) -> int | None:
        """The day of a currency's first invoice."""
        return min(
            (each.issued for each in self.standing if each.currency == currency), default=None
        )
