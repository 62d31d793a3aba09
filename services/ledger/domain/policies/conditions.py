"""The conditions of a rule: for whom, and for which debts, it holds."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.clashes import Clash, Clashes
from shared.texts import matching

Kind = Literal["consumer", "business"]
Country = Annotated[str, matching("[A-Z]{2}", 2)]
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Days = Annotated[int, Meta(ge=-36_500, le=36_500)]


class Situation(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a command knows of its account and its debts. None: it is not known."""

    currency: str
    amount_minor: int | None = None  # owed on the debts
    age_days: int | None = None  # past due, of the oldest at the begun day; below 0: not yet due
    segment: str | None = None  # as last heard
    kind: str | None = None
    country: str | None = None
    purpose: str | None = None  # of the debts, where all have the same
    tags: tuple[str, ...] = ()


class When(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that is named must hold; a list holds by one of its entries."""

    segment: Word | Annotated[tuple[Word, ...], Meta(min_length=1, max_length=100)] | None = None
    kind: Kind | Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=2)] | None = None
    country: Country | Annotated[tuple[Country, ...], Meta(min_length=1, max_length=300)] | None = (
        None
    )
    purpose: Kind | Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=2)] | None = None
    tags_any: Word | Annotated[tuple[Word, ...], Meta(min_length=1, max_length=100)] | None = None
    amount_from: AmountByCurrency | None = None
    amount_below: AmountByCurrency | None = None
    age_from: Days | None = None
    age_below: Days | None = None

    def clashes(self) -> Clashes:
        low, high = self.age_from, self.age_below
        if low is not None and high is not None and low >= high:
            words = f"must be above age_from ({low}): nothing lies between them"
            yield Clash(("age_below", "age_from"), words)
        if self.amount_from is not None and self.amount_below is not None:
            above, below = self.amount_from, self.amount_below
            for code in sorted(above.named.keys() | below.named.keys()):
                least, limit = above.minor(code), below.minor(code)
                if least is not None and limit is not None and least >= limit:
                    words = f"must be above amount_from in {code}: nothing lies between them"
                    yield Clash(("amount_below", "amount_from"), words)

    def fits(self, situation: Situation) -> bool:
        """What is unknown, or has no amount for the currency, does not fit."""
        return (
            _one_of(self.segment, situation.segment)
            and _one_of(self.kind, situation.kind)
            and _one_of(self.country, situation.country)
            and _one_of(self.purpose, situation.purpose)
            and (
                self.tags_any is None or not set(_listed(self.tags_any)).isdisjoint(situation.tags)
            )
            and self._fits_amount(situation)
            and self._fits_age(situation.age_days)
        )

    def _fits_amount(self, situation: Situation) -> bool:
        owed = situation.amount_minor
        for limit, is_floor in ((self.amount_from, True), (self.amount_below, False)):
            if limit is None:
                continue
            minor = limit.minor(situation.currency)
            if owed is None or minor is None or (owed >= minor) is not is_floor:
                return False
        return True

    def _fits_age(self, age: int | None) -> bool:
        if self.age_from is not None and (age is None or age < self.age_from):
            return False
        return self.age_below is None or (age is not None and age < self.age_below)


def _one_of(wanted: str | tuple[str, ...] | None, known: str | None) -> bool:
    return wanted is None or known in _listed(wanted)


def _listed(wanted: str | tuple[str, ...]) -> tuple[str, ...]:
    return (wanted,) if isinstance(wanted, str) else wanted
