"""Which amounts a reply names, in which currency, with the separators of the account's country."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from services.outreach.inbound.domain.dates import find_days
from services.outreach.inbound.domain.tokens import Token, tokens_of, word_at
from services.outreach.inbound.domain.word_lists import WordLists
from services.outreach.inbound.domain.words import plain, words_of
from shared.money import DECIMALS, MAX_MINOR, to_minor

_POINT_COUNTRIES = frozenset(
    [
        "US",
        "GB",
        "IE",
        "CA",
        "AU",
        "NZ",
        "IN",
        "SG",
        "MX",
        "JP",
        "CN",
        "HK",
        "KR",
        "IL",
        "PH",
        "TH",
        "MY",
        "ZA",
        "NG",
        "KE",
        "GH",
        "PK",
        "BD",
        "LK",
        "TW",
        "MT",
        "PR",
        "DO",
        "GT",
        "HN",
        "NI",
        "PA",
        "PE",
        "SV",
    ]
)  # where 1,234.56 is written; elsewhere 1.234,56
_DOLLARS = frozenset(["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN"])
_SIGNS = {"€": ("EUR",), "£": ("GBP",), "$": tuple(sorted(_DOLLARS)), "¥": ("JPY", "CNY")}
_WORDS = {
    **dict.fromkeys(("euro", "euros"), ("EUR",)),
    **dict.fromkeys(("pound", "pounds", "quid", "pfund", "libras", "livres"), ("GBP",)),
    **dict.fromkeys(("dollar", "dollars", "bucks", "dolares"), tuple(sorted(_DOLLARS))),
    **dict.fromkeys(("franken", "francs", "franc", "francos", "sfr"), ("CHF",)),
    **dict.fromkeys(("yen",), ("JPY",)),
    **dict.fromkeys(("pesos",), ("MXN",)),
}
_CODES = {
    code.lower(): (code,)
    for code in DECIMALS
    if code not in {"ALL", "AMD", "TOP", "TRY", "MAD", "GEL", "MOP", "BAM", "PEN", "LAK", "DEM"}
}
_TIMES = frozenset({"uhr", "h", "heures", "heure", "horas", "hs"})
_TO_WHOM = frozenset(
    {"you", "the", "about", "ihnen", "euch", "dir", "die", "vous", "les", "le", "los"}
)
_PART_WORDS = frozenset({"half", "halfte", "moitie", "mitad", "third", "drittel", "tiers"})


@dataclass(frozen=True)
class NamedAmount:
    minor: int
    currency: str


@dataclass
class Amounts:
    """What was found; `is_unclear`: a number that may be an amount, or is one nobody can read."""

    amounts: set[NamedAmount] = field(default_factory=set)
    is_unclear: bool = False


@dataclass(frozen=True)
class Offer:
    """When, and how much, as a reply has it. An amount of None: none is named."""

    day: date | None
    minor: int | None = None
    is_unclear: bool = False  # what is named can't be read, or is more than one


def read_offer(
    text: str,
    lists: WordLists,
    *,
    today: date,
    country: str | None,
    currency: str,
    known_ids: Sequence[str] = (),
) -> Offer:
    """The one day and the one amount of a reply. Never raises, whatever the text is.

    `known_ids`: invoices' ids and numbers, which are no amounts.
    """
    tokens = tokens_of(without_ids(text, known_ids))
    days = find_days(tokens, lists, today, is_month_first=country == "US")
    found = find_amounts(tokens, days.used, lists, country=country, currency=currency)
    minors = {amount.minor for amount in found.amounts}
    is_foreign = any(amount.currency != currency for amount in found.amounts)
    if found.is_unclear or is_foreign or len(minors) > 1:
        return Offer(days.only, None, is_unclear=True)
    return Offer(days.only, minors.pop() if minors else None)


def without_ids(text: str, known_ids: Sequence[str]) -> str:
    """The text without the ids in it, where they stand as whole words."""
    line = plain(text)
    for id_ in sorted(set(known_ids), key=len, reverse=True):
        wanted = plain(id_)
        if not wanted.strip() or not any(c.isdigit() for c in wanted):
            continue
        start = line.find(wanted)
        while start != -1:
            end = start + len(wanted)
            is_whole = not (line[start - 1 : start].isalnum() or line[end : end + 1].isalnum())
            if is_whole:
                line = f"{line[:start]}; {line[end:]}"
            start = line.find(wanted, start + 1)
    return line


def find_amounts(
    tokens: Sequence[Token],
    used: set[int],
    lists: WordLists,
    *,
    country: str | None,
    currency: str,
) -> Amounts:
    """Numbers with a currency at their side, with two decimals, or right after "will pay"."""
    found = Amounts()
    index = 0
    while index < len(tokens):
        if tokens[index].kind == "word" and tokens[index].text in _PART_WORDS:
            found.is_unclear = True
        if tokens[index].kind != "number" or index in used:
            index += 1
            continue
        text, last = _joined(tokens, index, used)
        currencies = _currencies(tokens, index, last, currency)
        if currencies is None and _is_time(tokens, index, last):
            index = last + 1
            continue
        minor = _minor(text, (currencies or (currency,))[0], country)
        is_amount = (
            currencies is not None or _has_cents(text) or _follows_promise(tokens, index, lists)
        )
        if minor is None or not is_amount:
            found.is_unclear = True
        else:
            found.amounts.add(NamedAmount(minor, (currencies or (currency,))[0]))
        index = last + 1
    return found


def _joined(tokens: Sequence[Token], index: int, used: set[int]) -> tuple[str, int]:
    """Groups of thousands with blanks between them are one number: 1 234,56."""
    text, last = tokens[index].text, index
    while (
        text.isdigit()
        and len(tokens[index].text) <= 3
        and last + 1 < len(tokens)
        and last + 1 not in used
        and tokens[last + 1].kind == "number"
        and tokens[last + 1].start == tokens[last].end + 1
        and len(tokens[last + 1].text) >= 3
        and tokens[last + 1].text[:3].isdigit()
        and not tokens[last + 1].text[3:4].isdigit()
    ):
        text, last = text + tokens[last + 1].text, last + 1
    return text, last


def _currencies(
    tokens: Sequence[Token], first: int, last: int, currency: str
) -> tuple[str, ...] | None:
    """The currency at a side of the number: that of the account where it may be. None: none."""
    for side in (first - 1, last + 1):
        if not 0 <= side < len(tokens):
            continue
        token = tokens[side]
        known = _SIGNS.get(token.text) or _WORDS.get(token.text) or _CODES.get(token.text)
        if known is not None:
            return (currency,) if currency in known else known
    return None


def _is_time(tokens: Sequence[Token], index: int, last: int) -> bool:
    word = word_at(tokens, last + 1)
    if word == "o":
        return word_at(tokens, last + 2) == "clock"
    if word in ("am", "pm"):  # "50 am Freitag" is German
        return tokens[last + 1].start == tokens[last].end
    return ":" in tokens[index].text or word in _TIMES


def _has_cents(text: str) -> bool:
    return len(text) > 3 and text[-3] in ".," and text[-2:].isdigit()


def _follows_promise(tokens: Sequence[Token], index: int, lists: WordLists) -> bool:
    """I will pay 50: right after the words of a promise, or one word later (pay you 50)."""
    words = [t.text for t in tokens[max(0, index - 5) : index] if t.kind == "word"]
    promises = [words_of(phrase) for phrase in lists.matters["promise"]]
    return any(
        words[-len(phrase) - skipped : len(words) - skipped] == phrase
        for phrase in promises
        for skipped in ((0, 1) if words[-1:] and words[-1] in _TO_WHOM else (0,))
        if len(phrase) + skipped <= len(words)
    )


def _minor(text: str, currency: str, country: str | None) -> int | None:
    """Minor units of a written number; None where it can't be told, or is none."""
    plain_number = _decimal(text, currency, country)
    if plain_number is None:
        return None
    try:
        minor = to_minor(plain_number, currency)
    except (ValueError, KeyError):
        return None
    return minor if 0 < minor <= MAX_MINOR else None


def _decimal(text: str, currency: str, country: str | None) -> str | None:
    """The number with a point before its decimals and no thousands' separators."""
    text = text.replace("’", "'")
    signs = [c for c in text if not c.isdigit()]
    if any(sign not in ".,'" for sign in signs):
        return None
    groups = text.replace("'", "\x00").replace(",", "\x00").replace(".", "\x00").split("\x00")
    if not signs:
        return text
    last = signs[-1]
    is_fraction = _is_fraction(signs, groups[-1], last, currency, country)
    if is_fraction is None:
        return None
    whole = groups[:-1] if is_fraction else groups
    if any(len(group) != 3 for group in whole[1:]) or (len(whole) > 1 and len(whole[0]) > 3):
        return None
    return "".join(whole) + (f".{groups[-1]}" if is_fraction else "")


def _is_fraction(
    signs: Sequence[str], tail: str, last: str, currency: str, country: str | None
) -> bool | None:
    """Whether the last separator stands before decimals; None: it can't be told."""
    if last == "'" or signs.count(last) > 1:
        return False
    if len(set(signs)) > 1 or len(tail) in (1, 2):
        return True
    if len(tail) != 3:
        return None
    decimal_sign = "." if country in _POINT_COUNTRIES else ","
    if last != decimal_sign:
        return False
    return True if DECIMALS.get(currency, 2) == 3 else None
