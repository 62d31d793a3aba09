"""Numbers and money as people write them: nothing is guessed.

A number has digits, a decimal character, and groups only where the mapping says so. One minus:
leading, trailing, U+2212, or parentheses. Beside it may stand the currency, as code or symbol.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal

from shared.csv_events.typed import NumberCell
from shared.money import DECIMALS, MAX_MINOR

Sign = Literal["keep", "flip", "drop"]
SIGNS: tuple[Sign, ...] = ("keep", "flip", "drop")
GROUPINGS = ("western", "indian")
DECIMAL_MARKS = (".", ",")
THOUSANDS_MARKS = (".", ",", "'", " ")

_TEXT_MAX = 80
_OFF_MAX = Decimal("0.000001")  # of a minor unit: what a workbook's floats don't keep
_DIGITS_MAX = 25
# What prints as a space, an apostrophe or a minus.
_SAME = str.maketrans(
    {"\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'", "\u2212": "-"}
)
_SYMBOLS: Mapping[str, str] = {
    "$": "USD AUD BBD BMD BND BSD BZD CAD CLP COP CVE FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD"
    " SRD TTD TWD XCD",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD NIO",
    "CA$": "CAD",
    "HK$": "HKD",
    "MX$": "MXN",
    "NT$": "TWD",
    "NZ$": "NZD",
    "S$": "SGD",
    "R$": "BRL",
    "€": "EUR",
    "£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP",
    "¥": "JPY CNY",
    "￥": "JPY CNY",
    "円": "JPY",
    "元": "CNY",
    "₹": "INR",
    "₨": "INR LKR MUR NPR PKR SCR",
    "rs": "INR LKR MUR NPR PKR SCR",
    "₩": "KRW KPW",
    "₽": "RUB",
    "₺": "TRY",
    "tl": "TRY",
    "₴": "UAH",
    "₪": "ILS",
    "₫": "VND",
    "₦": "NGN",
    "₱": "PHP CUP",
    "฿": "THB",
    "₡": "CRC",
    "₵": "GHS",
    "₸": "KZT",
    "₼": "AZN",
    "₾": "GEL",
    "₮": "MNT",
    "₲": "PYG",
    "៛": "KHR",
    "৳": "BDT",
    "kr": "SEK NOK DKK ISK",
    "zł": "PLN",
    "kč": "CZK",
    "ft": "HUF",
    "lei": "RON MDL",
    "лв": "BGN KGS",
    "fr": "CHF",
    "sfr": "CHF",
    "r": "ZAR",
    "rm": "MYR",
    "rp": "IDR",
    "din": "RSD",
}  # fmt: skip


def _whole(thousands: str, grouping: str) -> str:
    mark = re.escape(thousands)
    if not thousands:
        return "[0-9]+"
    if grouping == "indian":
        return rf"[0-9]+|[0-9]{{1,2}}(?:{mark}[0-9]{{2}})*{mark}[0-9]{{3}}"
    return rf"[0-9]+|[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+"


_PATTERNS = {
    (decimal, thousands, grouping): re.compile(
        rf"(?:{_whole(thousands, grouping)})?(?:{re.escape(decimal)}[0-9]+)?"
    )
    for decimal in DECIMAL_MARKS
    for thousands in ("", *THOUSANDS_MARKS)
    for grouping in GROUPINGS
}
_NO_WORD = re.compile(r"[-+() ]")


def shown(text: str) -> str:
    """A cell's text for a message: quoted, bounded, without control characters."""
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def currencies_of(word: str) -> frozenset[str]:
    """The currencies that a code or a symbol may stand for; none: it is neither."""
    word = word.strip()
    if word.isascii() and word.upper() in DECIMALS:
        return frozenset({word.upper()})
    codes = _SYMBOLS.get(word) or _SYMBOLS.get(word.rstrip(".").casefold()) or ""
    return frozenset(codes.split())


def currency_of(word: str) -> str:
    """One ISO code. Raises `ValueError` where there is none, or more than one."""
    found = currencies_of(word)
    if len(found) == 1:
        return next(iter(found))
    if found:
        raise ValueError(f"{shown(word)} may be {' or '.join(sorted(found)[:4])}: write the code")
    raise ValueError(f"{shown(word)} is no ISO 4217 code in use")


@dataclass(frozen=True)
class NumberFormat:
    """How a file writes its numbers."""

    decimal: str = "."
    thousands: str = ""
    grouping: str = "western"

    @property
    def _pattern(self) -> re.Pattern[str]:
        return _PATTERNS[self.decimal, self.thousands, self.grouping]

    @cached_property
    def example(self) -> str:
        if self.grouping == "indian" and self.thousands:
            return f"1{self.thousands}23{self.thousands}456{self.decimal}78"
        return f"1{self.thousands}234{self.decimal}56"

    def read(self, text: str, currency: str | None = None, *, what: str = "an amount") -> Decimal:
        """The number of a text. Raises `ValueError`.

        A currency beside it must be `currency`; where that is None, there must be none.
        """
        if isinstance(text, NumberCell):
            return text.value
        if text and len(text) <= _DIGITS_MAX and self._pattern.fullmatch(text):
            number, negative = text, False  # which is quick to see, and true of nearly all
        else:
            number, negative, word = self._parts(text, what)
            if word:
                self._check_word(text, word, currency, what)
        digits = sum(character.isdigit() for character in number)
        if not digits or not self._pattern.fullmatch(number):
            raise self._bad(text, what)
        if digits > _DIGITS_MAX:
            raise ValueError(f"{shown(text)} has too many digits")
        plain = number.replace(self.thousands, "") if self.thousands else number
        value = Decimal(plain.replace(self.decimal, "."))
        return -value if negative else value

    def amount_beside(self, text: str) -> Decimal:
        """The number of a text, whatever currency stands beside it. Raises `ValueError`."""
        if isinstance(text, NumberCell):
            return text.value
        _, _, word = self._parts(text, "a number")
        return self.read(text, next(iter(currencies_of(word)), None), what="a number")

    def _parts(self, text: str, what: str) -> tuple[str, bool, str]:
        """The digits and marks, whether a minus stands there, and the word beside them."""
        if len(text) > _TEXT_MAX:
            raise ValueError(f"{shown(text)} is too long for {what}")
        plain = text.translate(_SAME).strip()
        digits = [index for index, character in enumerate(plain) if character in "0123456789"]
        if not digits:
            raise self._bad(text, what)
        first, last = digits[0], digits[-1] + 1
        if plain[:first].endswith(self.decimal) and self.decimal not in plain[first:last]:
            first -= 1 if not plain[: first - 1][-1:].isalnum() else 0  # .50, but not Fr.50
        before, number, behind = plain[:first], plain[first:last], plain[last:]
        parentheses = (before.count("("), before.count(")"), behind.count("("), behind.count(")"))
        if parentheses not in ((0, 0, 0, 0), (1, 0, 0, 1)):
            raise self._bad(text, what)
        minus = (before + behind).count("-") + parentheses[0]
        if minus > 1:
            raise ValueError(f"{shown(text)} has two minus signs")
        if before.count("+") + minus > 1 or "+" in behind:
            raise self._bad(text, what)
        words = [_word(before), _word(behind)]
        if all(words):
            raise self._bad(text, what)
        return number, minus == 1, words[0] or words[1]

    def _check_word(self, text: str, word: str, currency: str | None, what: str) -> None:
        codes = currencies_of(word)
        if not codes:
            raise self._bad(text, what)
        if currency is None:
            raise ValueError(f"{shown(text)} has {shown(word)} beside the number")
        if currency not in codes:
            raise ValueError(f"{shown(text)} is not in {currency}, as the row is")

    def _bad(self, text: str, what: str) -> ValueError:
        example = "1234" if what == "a whole number" else self.example
        return ValueError(f"{shown(text)} is not {what} like {example}")


PLAIN = NumberFormat()


def _word(text: str) -> str:
    """What stands beside a number, without its signs."""
    return _NO_WORD.sub("", text)


def signed(value: int, sign: Sign) -> int:
    """Raises `ValueError` beyond what every JSON reader keeps exact."""
    if abs(value) > MAX_MINOR:
        raise ValueError(f"is more than {MAX_MINOR}")
    return -value if sign == "flip" else abs(value) if sign == "drop" else value


def to_minor(text: str, currency: str, numbers: NumberFormat) -> int:
    """Minor units of an amount of that currency. Raises `ValueError`."""
    decimals = DECIMALS[currency]
    scaled = numbers.read(text, currency).scaleb(decimals)
    if isinstance(text, NumberCell) and text.is_float:
        nearest = scaled.to_integral_value()
        scaled = nearest if abs(scaled - nearest) <= _OFF_MAX else scaled
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{shown(text)} has more decimals than {currency} ({decimals})")
    return int(scaled)


def to_whole(
    text: str, numbers: NumberFormat, currency: str | None = None, *, what: str = "a whole number"
) -> int:
    """A whole number; decimals only if they are zeros. Raises `ValueError`."""
    value = numbers.read(text, currency, what=what)
    if value != value.to_integral_value():
        raise ValueError(f"{shown(text)} is not {what}")
    return int(value)
