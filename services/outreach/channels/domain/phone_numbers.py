"""Telephone numbers in the one form in which providers take them, E.164."""

import phonenumbers
from phonenumbers import PhoneNumberFormat

_INPUT_MAX = 40
_LENGTHS = range(8, 17)  # with the plus: what networks route


def e164(text: str, country: str | None = None) -> str | None:
    """The number as `+4915112345678`; None: it is none. `country` (ISO 3166, two letters) is where
    numbers without a country's code are at home."""
    if len(text) > _INPUT_MAX:
        return None
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return number if len(number) in _LENGTHS and _is_number(text) else None


def caller(text: str) -> str:
    """Who a message comes from: E.164 for an international number with or without its plus, as
    networks write it; short codes and names as they came."""
    digits = text.strip()
    international = digits if digits.startswith("+") else f"+{digits.removeprefix('00')}"
    if not international[1:].isdigit() or len(international) not in _LENGTHS:
        return digits
    number = e164(international)
    return number if number is not None and is_possible(number) else digits


def is_possible(number: str) -> bool:
    """Whether an E.164 number has a length that its country has."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


def _is_number(text: str) -> bool:
    """Letters are words on a keypad (1-800-FLOWERS) to the library; nobody has such a number."""
    return not any(character.isalpha() for character in text)
