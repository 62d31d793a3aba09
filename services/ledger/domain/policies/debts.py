"""`when` of rules about charges and allocation: conditions on one debt, not on a command."""

from collections.abc import Collection
from typing import Any

from msgspec import Struct

from services.ledger.domain.policies import reader
from services.ledger.domain.policies.conditions import Situation, When
from services.ledger.domain.policies.reader import Members, ReadFaults
from shared.countries import country_code

DAYS_MAX = 36_500


class Debt(Struct, frozen=True, kw_only=True):
    """What is known of a debt. None: it is not known."""

    currency: str
    kind: str | None = None  # of the account
    purpose: str | None = None  # of the invoice
    country: str | None = None  # of the account, as it was written
    product: str | None = None
    tags: Collection[str] = ()
    owed_minor: int | None = None
    age_days: int | None = None  # past due

    @property
    def situation(self) -> Situation:
        """Business or consumer is what the invoice says, else the account."""
        return Situation(
            currency=self.currency,
            amount_minor=self.owed_minor,
            age_days=self.age_days,
            kind=self.purpose or self.kind,
            country=country_code(self.country),
            purpose=self.purpose,
            tags=tuple(self.tags),
        )


class DebtWhen(Struct, frozen=True, kw_only=True):
    """All that is named must hold; a list holds by one of its entries."""

    when: When = When()
    currency: tuple[str, ...] | None = None
    product: tuple[str, ...] | None = None

    def fits(self, debt: Debt) -> bool:
        """What is unknown, or has no amount for the currency, does not fit."""
        if self.currency is not None and debt.currency not in self.currency:
            return False
        if self.product is not None and debt.product not in self.product:
            return False
        return self.when == _ALWAYS or self.when.fits(debt.situation)


_ALWAYS = When()
ALWAYS = DebtWhen()


def read_when(rule: Members) -> DebtWhen:
    """The conditions of a rule. Segments are not taken: what is owed must not follow a score."""
    if not rule.has("when"):
        return ALWAYS
    given = Members(rule.raw("when"), rule.at("when"), rule.faults)
    texts = reader.list_of(reader.text, single=True)
    kinds = reader.list_of(reader.one_of("consumer", "business"), single=True)
    found: dict[str, Any] = {
        "kind": given.take("kind", kinds),
        "country": given.take("country", reader.list_of(_country, single=True)),
        "purpose": given.take("purpose", kinds),
        "tags_any": given.take("tags_any", texts),
        "amount_from": given.take("amount_from", reader.amounts()),
        "amount_below": given.take("amount_below", reader.amounts()),
        "age_from": given.take("age_from", reader.whole(-DAYS_MAX, DAYS_MAX)),
        "age_below": given.take("age_below", reader.whole(-DAYS_MAX, DAYS_MAX)),
    }
    currency = given.take("currency", reader.list_of(reader.currency, single=True))
    product = given.take("product", texts)
    if given.stands("segment"):
        given.fault("segment", "is not taken here: what is owed must not follow a score")
    given.end()
    return DebtWhen(when=When(**found), currency=currency, product=product)


def _country(value: Any, pointer: str, faults: ReadFaults) -> str | None:
    if not isinstance(value, str) or len(value) != 2 or country_code(value) != value:
        faults.add(pointer, "must be a code of ISO 3166-1 like DE")
        return None
    return str(value)
