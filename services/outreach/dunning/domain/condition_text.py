"""Conditions as people write them: `when` of a step, of an assignment."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, cast, get_args

from services.outreach.dunning.domain.conditions import (
    DEFAULT_CURRENCY,
    AmountBound,
    AmountFact,
    Case,
    NumberBound,
    NumberFact,
    Side,
    When,
    WordFact,
)
from services.outreach.dunning.domain.text_reading import TextReading, near
from shared.countries import iso_code
from shared.field_errors import escape
from shared.money import DECIMALS
from shared.texts import id_fault, name_fault, shown

CASES_MAX: Final = 20
WORDS_MAX: Final = 200
WORD_LENGTH_MAX: Final = 200

_WORDS: Final[tuple[WordFact, ...]] = get_args(WordFact)
_AMOUNTS: Final[tuple[AmountFact, ...]] = get_args(AmountFact)
_NUMBERS: Final[tuple[NumberFact, ...]] = get_args(NumberFact)
_SIDES: Final[tuple[Side, ...]] = get_args(Side)
_SHARES: Final = frozenset({"pays_within", "late_payment"})
_KINDS: Final = ("consumer", "business")
_PARTIES: Final = ("first", "third")
_TAGS: Final = ("tags_any", "tags_all", "tags_none")
_BOUNDS: Final = tuple(f"{fact}_{side}" for fact in (*_AMOUNTS, *_NUMBERS) for side in _SIDES)
_OF_INVOICES: Final = frozenset(
    {"product", "purpose", "payer"}
    | {f"{fact}_{side}" for fact in ("amount", "days_past_due", "stage") for side in _SIDES}
)
# By place, the words that may stand there.
STEP_WORDS: Final = tuple(
    word for word in (*_WORDS, "arm", *_TAGS, *_BOUNDS, "answered") if word != "party"
)
REACTION_WORDS: Final = tuple(word for word in STEP_WORDS if word not in _OF_INVOICES)
ASSIGNMENT_WORDS: Final = ("kind", "country", "segment", "party", "arm", *_TAGS)

_MEANINGS: Final[Mapping[str, str]] = {
    "kind": "kind of the account",
    "country": "country of the account, ISO 3166",
    "language": "language of the account; `de` takes `de-AT` too",
    "segment": "segment of the account",
    "party": "whose debts the tenant collects: its own (first) or others' (third)",
    "product": "product of the invoice",
    "purpose": "purpose of the invoice",
    "payer": "who pays the invoice",
    "arm": "by experiment, the arms that the account may be in",
    "tags_any": "the account has one of these tags",
    "tags_all": "the account has all of these tags",
    "tags_none": "the account has none of these tags",
    "amount": "balance of the invoice less what is disputed",
    "balance": "balance of the account in the currency of the invoice",
    "overdue": "what is overdue of the account in the currency of the invoice",
    "collectable": "what may be asked of the account in the currency of the invoice",
    "days_past_due": "days since the due day of the invoice",
    "stage": "stage of the invoice",
    "pays_within": "probability that the account pays within its horizon, as scored last",
    "late_payment": "probability that the account pays late, as scored last",
    "priority": "priority of the account, as scored last",
    "contacts": "attempts on the account since its last payment",
    "promises_broken": "promises of the account broken in 180 days",
    "answered": "a reply, right party or visit since the last step made",
}


def read_when(reading: TextReading, raw: Any, at: str, words: tuple[str, ...]) -> When:
    """The cases of a `when`: an object is one case, a list is one of several."""
    if isinstance(raw, list):
        if not 1 <= len(raw) <= CASES_MAX:
            reading.fault(at, f"must have between 1 and {CASES_MAX} cases")
        return tuple(
            _case(reading, one, f"{at}/{index}", words) for index, one in enumerate(raw[:CASES_MAX])
        )
    return (_case(reading, raw, at, words),)


def _case(reading: TextReading, raw: Any, at: str, words: tuple[str, ...]) -> Case:
    if not isinstance(raw, Mapping):
        reading.fault(at, "must be an object of conditions")
        return Case()
    amounts: list[AmountBound] = []
    numbers: list[NumberBound] = []
    found: dict[str, Any] = {"words": {}}
    for name, wanted in list(raw.items())[:WORDS_MAX]:
        here = f"{at}/{escape(shown(str(name)))}"
        fact, _, side = str(name).rpartition("_")
        if name not in words:
            reading.fault(here, _unknown(str(name), words))
        elif name in _WORDS:
            found["words"][cast(WordFact, name)] = _listed(reading, wanted, here, _word_fault(name))
        elif name in _TAGS:
            found[name] = _listed(reading, wanted, here, name_fault)
        elif name == "arm":
            found["arms"] = _arms(reading, wanted, here)
        elif name == "answered":
            found["answered"] = _flag(reading, wanted, here)
        elif fact in _AMOUNTS:
            amount = _amounts(reading, wanted, here)
            amounts.append(AmountBound(fact=fact, side=cast(Side, side), amounts=amount))
        else:
            limit = _number(reading, wanted, here, 1 if fact in _SHARES else None)
            if limit is not None:
                bound = NumberBound(fact=cast(NumberFact, fact), side=cast(Side, side), limit=limit)
                numbers.append(bound)
    _check_pairs(reading, numbers, at)
    return Case(amounts=tuple(amounts), numbers=tuple(numbers), **found)


def _unknown(name: str, words: tuple[str, ...]) -> str:
    if name in _OF_INVOICES and "answered" in words:
        return "is of an invoice: a reaction knows the account only"
    if name in STEP_WORDS:
        return "is no word of assignments: amounts and scores belong in segments"
    if name in (*_AMOUNTS, *_NUMBERS):
        return f"needs a side: {name}_from (at least) or {name}_below (less than)"
    return f"is no condition{near(name, words)}"


def _check_pairs(reading: TextReading, numbers: list[NumberBound], at: str) -> None:
    least = {bound.fact: bound.limit for bound in numbers if bound.side == "from"}
    for bound in numbers:
        if bound.side == "below" and bound.limit <= least.get(bound.fact, bound.limit - 1):
            reading.fault(f"{at}/{bound.fact}_below", f"must be above {bound.fact}_from")


def _listed(
    reading: TextReading, raw: Any, at: str, fault_of: Callable[[str], str | None]
) -> frozenset[str]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= WORDS_MAX:
        reading.fault(at, f"must be a list of 1 to {WORDS_MAX} words")
        return frozenset()
    good = []
    for index, word in enumerate(raw):
        if not isinstance(word, str) or not 1 <= len(word) <= WORD_LENGTH_MAX:
            reading.fault(f"{at}/{index}", f"must be a text of 1 to {WORD_LENGTH_MAX} characters")
        elif fault := fault_of(word):
            reading.fault(f"{at}/{index}", fault)
        else:
            good.append(word.lower() if at.endswith("/language") else word)
    return frozenset(good)


def _word_fault(name: str) -> Callable[[str], str | None]:
    known = {"kind": _KINDS, "party": _PARTIES}.get(name)

    def fault(word: str) -> str | None:
        if known is not None and word not in known:
            return f"must be one of {', '.join(known)}"
        if name == "country" and (len(word) != 2 or iso_code(word) != word):
            return "must be a country's code (ISO 3166), like DE"
        return name_fault(word)

    return fault


def _arms(reading: TextReading, raw: Any, at: str) -> dict[str, frozenset[str]]:
    if not isinstance(raw, Mapping) or not 1 <= len(raw) <= CASES_MAX:
        reading.fault(at, "must be an object: by experiment, a list of arms")
        return {}
    return {
        str(name): _listed(reading, arms, f"{at}/{escape(shown(str(name)))}", id_fault)
        for name, arms in raw.items()
    }


def _flag(reading: TextReading, raw: Any, at: str) -> bool | None:
    if isinstance(raw, bool):
        return raw
    reading.fault(at, "must be true or false")
    return None


def _amounts(reading: TextReading, raw: Any, at: str) -> dict[str, Decimal]:
    if not isinstance(raw, Mapping):
        limit = _number(reading, raw, at, None)
        return {} if limit is None else {DEFAULT_CURRENCY: limit}
    if not raw:
        reading.fault(at, "must not be empty")
    amounts: dict[str, Decimal] = {}
    for code, wanted in raw.items():
        here = f"{at}/{escape(shown(str(code)))}"
        if code != DEFAULT_CURRENCY and code not in DECIMALS:
            reading.fault(here, "must be `default` or an ISO 4217 code like EUR")
            continue
        limit = _number(reading, wanted, here, None)
        if limit is None:
            continue
        scaled = limit.scaleb(DECIMALS.get(code, 0))
        if code in DECIMALS and scaled != scaled.to_integral_value():
            reading.fault(here, f"has more decimals than {code} ({DECIMALS[code]})")
        amounts[code] = limit
    return amounts


def _number(reading: TextReading, raw: Any, at: str, most: int | None) -> Decimal | None:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        reading.fault(at, "must be a number")
        return None
    value = Decimal(raw)
    if value < 0 or (most is not None and value > most):
        reading.fault(at, "must be at least 0" if most is None else f"must be from 0 to {most}")
        return None
    return value


# ------------------------------------------------------------------------------------- for editors


def case_schema(words: tuple[str, ...]) -> dict[str, Any]:
    """JSON Schema of a `when` with these words."""
    case = {
        "type": "object",
        "additionalProperties": False,
        "properties": {word: _word_schema(word) for word in words},
    }
    cases = {"type": "array", "items": case, "minItems": 1, "maxItems": CASES_MAX}
    return {"description": "All must hold; a list: one of several cases.", "anyOf": [case, cases]}


def _word_schema(word: str) -> dict[str, Any]:
    fact, _, side = word.rpartition("_")
    if word in _BOUNDS:
        number: dict[str, Any] = {"type": "number", "minimum": 0}
        if fact in _SHARES:
            number["maximum"] = 1
        meaning = f"{_MEANINGS[fact]}: {'at least' if side == 'from' else 'less than'}"
        if fact not in _AMOUNTS:
            return {"description": meaning, **number}
        by_currency = {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"enum": [DEFAULT_CURRENCY, *sorted(DECIMALS)]},
            "additionalProperties": number,
        }
        return {"description": f"{meaning}; major units", "anyOf": [number, by_currency]}
    known = {"kind": _KINDS, "party": _PARTIES}.get(word)
    item = {"enum": list(known)} if known else {"type": "string", "minLength": 1}
    listed = {"type": "array", "items": item, "minItems": 1, "maxItems": WORDS_MAX}
    described = {"description": _MEANINGS[word]}
    if word == "answered":
        return {**described, "type": "boolean"}
    if word == "arm":
        return {**described, "type": "object", "minProperties": 1, "additionalProperties": listed}
    return {**described, **listed}
