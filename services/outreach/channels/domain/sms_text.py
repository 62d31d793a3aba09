"""A text as it goes out as SMS: typography made plain, the alphabet chosen, cut into parts.

GSM 03.38 counts septets (160, or parts of 153 with the header that joins them), UCS-2 counts UTF-16
units (70, or parts of 67). No part ends inside of a character.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from aiosmpplib.codec import GSM_BASIC_ENCODE_MAP, GSM_EXTENDED_ENCODE_MAP

SmsAlphabet = Literal["gsm-7", "ucs-2"]

SINGLE_MAX: dict[SmsAlphabet, int] = {"gsm-7": 160, "ucs-2": 70}
PART_MAX: dict[SmsAlphabet, int] = {"gsm-7": 153, "ucs-2": 67}

_PLAIN = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "•": "-",
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
    }
)
_EXTENDED = frozenset(GSM_EXTENDED_ENCODE_MAP) - {"\f"}  # two septets each: ^{}\[]~|€
_GSM = frozenset(GSM_BASIC_ENCODE_MAP) | _EXTENDED


@dataclass(frozen=True)
class SmsText:
    """What leaves, part by part. `units` are septets or UTF-16 units of the whole text."""

    alphabet: SmsAlphabet
    parts: tuple[str, ...]
    units: int

    @property
    def segments(self) -> int:
        """What is paid for."""
        return len(self.parts)


def sms_text(text: str) -> SmsText:
    """The text as it leaves."""
    plain = text.translate(_PLAIN)
    alphabet: SmsAlphabet = "gsm-7" if _GSM.issuperset(plain) else "ucs-2"
    units = sum(_units(plain, alphabet))
    if units <= SINGLE_MAX[alphabet]:
        return SmsText(alphabet, (plain,), units)
    return SmsText(alphabet, tuple(_parts(plain, alphabet)), units)


def _parts(text: str, alphabet: SmsAlphabet) -> Iterable[str]:
    most = PART_MAX[alphabet]
    start = length = 0
    for position, units in enumerate(_units(text, alphabet)):
        if length + units > most:
            yield text[start:position]
            start, length = position, 0
        length += units
    yield text[start:]


def _units(text: str, alphabet: SmsAlphabet) -> Iterable[int]:
    """What each character counts."""
    if alphabet == "gsm-7":
        return (2 if character in _EXTENDED else 1 for character in text)
    return (2 if ord(character) > 0xFFFF else 1 for character in text)
