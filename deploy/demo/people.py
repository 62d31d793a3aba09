"""Who the generated customers are: names, places, currencies, and how they pay."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Literal

Kind = Literal["consumer", "business"]
# What is owed for. A business's is trade.
Sector = Literal["retail", "credit", "health", "arts", "collected", "telephone", "trade"]
# prompt: before the due day. forgetful: once reminded. slow: weeks late, whoever writes.
# struggling: in parts, when asked. silent: hardly ever.
Habit = Literal["prompt", "forgetful", "slow", "struggling", "silent"]


@dataclass(frozen=True)
class Place:
    timezone: str
    country: str
    region: str | None
    city: str
    currency: str
    language: str


PLACES = (
    Place("Europe/Berlin", "DE", None, "Berlin", "EUR", "de"),
    Place("America/New_York", "US", "NY", "New York", "USD", "en"),
    Place("America/Los_Angeles", "US", "CA", "Los Angeles", "USD", "en"),
    Place("Pacific/Auckland", "NZ", None, "Auckland", "USD", "en"),
    Place("America/Sao_Paulo", "BR", None, "Sao Paulo", "EUR", "pt"),
    Place("Asia/Tokyo", "JP", None, "Tokyo", "JPY", "ja"),
)
_PLACE_WEIGHTS = (34, 22, 14, 8, 8, 14)

_HABITS: tuple[Habit, ...] = ("prompt", "forgetful", "slow", "struggling", "silent")
_HABIT_WEIGHTS: dict[Kind, tuple[int, ...]] = {
    "consumer": (52, 26, 9, 9, 4),
    "business": (44, 24, 24, 5, 3),
}

_FIRST = (
    "Ada", "Ben", "Carla", "David", "Elena", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Kira",
    "Leon", "Maria", "Noah", "Olga", "Paul", "Rosa", "Sven", "Tara", "Yuki",
)  # fmt: skip
_LAST = (
    "Almeida", "Baker", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jansen",
    "Keller", "Lima", "Moreau", "Nakamura", "Okafor", "Parker", "Reid", "Sato", "Tanaka", "Weber",
)  # fmt: skip
_TRADES = ("Bakery", "Design", "Electric", "Freight", "Garage", "Labs", "Print", "Studio", "Tools")

_SECTORS: tuple[Sector, ...] = ("retail", "credit", "health", "arts", "collected", "telephone")
_SECTOR_WEIGHTS = (46, 16, 14, 10, 6, 8)
# Where somebody lives says little about what he speaks at home.
_OTHER_LANGUAGES = {"DE": ("fr", "es"), "US": ("es",), "BR": ("es",), "NZ": ("fr",)}
_OTHER_LANGUAGE_SHARE = 0.25
# By country: the code, how a mobile number begins, how many digits follow, a street, a postal code.
_NUMBERS = {
    "DE": ("+49151", 8, "Lindenweg {}", "10115"),
    "US": ("+1646555", 4, "{} Elm Street", "10001"),
    "NZ": ("+6421", 7, "{} Queen Street", "1010"),
    "BR": ("+55119", 8, "Rua Augusta {}", "01305-000"),
    "JP": ("+8190", 8, "Ginza {}", "104-0061"),
}
_NO_PHONE_SHARE, _NO_STREET_SHARE = 0.15, 0.1
_DEAD_EMAIL_SHARE, _DEAD_PHONE_SHARE = 0.04, 0.03
_NO_EMAIL_SHARE = 0.05
_SECOND_ACCOUNT_SHARE = 0.06
_BUSINESS_SHARE = 0.35
_JOINS_LATER_SHARE = 0.25
_OLDEST_DAYS = 3000

# What one unit of each currency is worth, so that everybody's bills are of a like size.
_MINOR_PER_UNIT = {"EUR": 100, "USD": 108, "JPY": 160}


@dataclass(frozen=True)
class Customer:
    """One account."""

    account_id: str
    debtor_id: str | None
    name: str
    email: str | None
    kind: Kind
    place: Place
    habit: Habit
    terms_days: int
    billing_day: int
    typical_minor: int
    customer_since: date
    joins_on: date
    sector: Sector
    language: str
    phone: str | None
    street: str | None
    postal_code: str | None
    is_email_dead: bool  # it is registered, and every mail to it comes back
    is_phone_dead: bool

    def registered(self) -> dict[str, Any]:
        """The data of its `account-registered`."""
        place = self.place
        address = {
            "line1": self.street,
            "postal_code": self.postal_code if self.street else None,
            "city": place.city,
            "country": place.country,
            "region": place.region,
        }
        data: dict[str, Any] = {
            "account_id": self.account_id,
            "name": self.name,
            "kind": self.kind,
            "addresses": [{name: value for name, value in address.items() if value}],
            "timezone": place.timezone,
            "language": self.language,
            "tags": [self.sector],
            "customer_since": self.customer_since.isoformat(),
            "payment_terms_days": self.terms_days,
            "currency": place.currency,
        }
        if self.email:
            data["email"] = self.email
        if self.phone:
            # Asked for at the conclusion of the contract, in writing.
            data["phones"] = [{"number": self.phone, "type": "mobile", "consent": "express"}]
        if self.debtor_id:
            data["debtor_id"] = self.debtor_id
        return data


def customers(seed: int, count: int, first_day: date, days: int) -> list[Customer]:
    """So many accounts; the same for the same arguments."""
    rng = Random(f"{seed}:customers")  # noqa: S311 - a portfolio that repeats, no secret
    made: list[Customer] = []
    while len(made) < count:
        number = len(made) + 1
        # Now and then a customer has a second contract: same person, another account.
        twin = made[-1] if made and rng.random() < _SECOND_ACCOUNT_SHARE else None
        if twin is not None and twin.debtor_id is None:
            debtor = f"D{number - 1:05d}"
            made[-1] = _with_debtor(twin, debtor)
            made.append(_customer(rng, seed, number, first_day, days, made[-1]))
        else:
            made.append(_customer(rng, seed, number, first_day, days, None))
    return made


def _with_debtor(customer: Customer, debtor_id: str) -> Customer:
    return Customer(**{**vars(customer), "debtor_id": debtor_id})


def _customer(
    rng: Random, seed: int, number: int, first_day: date, days: int, twin: Customer | None
) -> Customer:
    kind: Kind = "business" if rng.random() < _BUSINESS_SHARE else "consumer"
    place = rng.choices(PLACES, _PLACE_WEIGHTS)[0]
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    if kind == "business":
        name, units = f"{last} {rng.choice(_TRADES)}", rng.lognormvariate(6.6, 0.8)
    else:
        name, units = f"{first} {last}", rng.lognormvariate(4.3, 0.6)
    email: str | None = f"{first}.{last}.{number:05d}@mail.example".lower()
    if rng.random() < _NO_EMAIL_SHARE:
        email = None
    habit = rng.choices(_HABITS, _HABIT_WEIGHTS[kind])[0]
    since = first_day - timedelta(days=rng.randrange(_OLDEST_DAYS))
    joins_on = first_day
    if rng.random() < _JOINS_LATER_SHARE:
        joins_on = since = first_day + timedelta(days=rng.randrange(max(1, days * 3 // 4)))
    if twin is not None:
        name, email, kind, place, habit = (
            twin.name, twin.email, twin.kind, twin.place, twin.habit,
        )  # fmt: skip
    reached = _reached(Random(f"{seed}:{number}:reached"), place, kind)  # noqa: S311 - likewise
    if twin is not None:
        reached = {name: getattr(twin, name) for name in reached}
    return Customer(
        **reached,
        account_id=f"C{number:05d}",
        debtor_id=twin.debtor_id if twin else None,
        name=name,
        email=email,
        kind=kind,
        place=place,
        habit=habit,
        terms_days=30 if kind == "business" else 14,
        billing_day=rng.randint(1, 28),
        typical_minor=max(1, round(units * _MINOR_PER_UNIT[place.currency])),
        customer_since=since,
        joins_on=joins_on,
    )


def _reached(rng: Random, place: Place, kind: Kind) -> dict[str, Any]:
    """How somebody can be reached besides by mail, in which language, and about what."""
    sector = rng.choices(_SECTORS, _SECTOR_WEIGHTS)[0]
    begins, digits, street, postal_code = _NUMBERS[place.country]
    number = begins + str(rng.randrange(2 * 10 ** (digits - 1), 10**digits))
    language = place.language
    others = _OTHER_LANGUAGES.get(place.country)
    if others and rng.random() < _OTHER_LANGUAGE_SHARE:
        language = rng.choice(others)
    return {
        "sector": "trade" if kind == "business" else sector,
        "language": language,
        "phone": None if rng.random() < _NO_PHONE_SHARE else number,
        "street": None if rng.random() < _NO_STREET_SHARE else street.format(rng.randint(1, 99)),
        "postal_code": postal_code,
        "is_email_dead": rng.random() < _DEAD_EMAIL_SHARE,
        "is_phone_dead": rng.random() < _DEAD_PHONE_SHARE,
    }
