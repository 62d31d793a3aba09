"""A postal address from its lines: whether a letter can arrive there, and how its envelope says it.

The lines are a street, perhaps more, the place, and the country at last: `Musterstr. 1`,
`10115 Berlin`, `DE`. A postal code on a line of its own is put with its place, as its country does.
"""

import re
from dataclasses import dataclass
from typing import Final

from babel.core import Locale, UnknownLocaleError

from shared.countries import country_code

NAME_LINES_MAX: Final = 2
LINES_MAX: Final = 6  # of a window, the name and the country among them
_POSTAL_CODE = re.compile(r"(?=[^0-9]{0,9}[0-9])[A-Za-z0-9][A-Za-z0-9 \-]{1,9}", re.ASCII)
# Where the code stands behind the place, on the same line.
_CODE_BEHIND = frozenset({"US", "CA", "AU", "NZ", "IN", "SG", "ZA", "TH", "TW", "SA", "PK"})
_CODE_BELOW = frozenset({"GB", "IE", "GG", "JE", "IM", "GI", "UA", "RU", "KZ"})


@dataclass(frozen=True)
class PostalAddress:
    """To whom, without the name; `lines` as they stand in the country itself."""

    lines: tuple[str, ...]
    country: str  # ISO 3166


def read_postal_address(text: str) -> PostalAddress | None:
    """None: it is not complete, so that nothing would arrive."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    country = country_code(lines[-1]) if lines else None
    lines = lines[:-1]
    if country is None or len(lines) < 2:
        return None
    placed = _placed(lines, country)
    if len(placed) < 2 or not any(letter.isalpha() for letter in placed[-1] + placed[-2]):
        return None
    return PostalAddress(tuple(placed), country)


def _placed(lines: list[str], country: str) -> list[str]:
    """A code that stands alone put where its country has it, from the second line on."""
    for index in range(1, len(lines) - 1):
        code, place, rest = lines[index], lines[index + 1], lines[index + 2 :]
        if not _POSTAL_CODE.fullmatch(code) or not any(c.isalpha() for c in place):
            continue
        before = lines[:index]
        if country in _CODE_BELOW:
            return [*before, place, *rest, code]
        if country in _CODE_BEHIND:
            region = f" {rest[0]}" if rest else ""
            return [*before, f"{place}{region} {code}"]
        return [*before, f"{code} {place}"]  # elsewhere regions are not written
    return lines


def envelope_lines(
    name: str, address: PostalAddress, *, from_country: str | None, language: str
) -> tuple[str, ...]:
    """What stands in the window: no more lines than fit, the country only where it is another."""
    lines = [" ".join(name.split()), *address.lines]
    abroad = [] if address.country == from_country else [country_name(address.country, language)]
    room = LINES_MAX - len(abroad)
    if len(lines) > room:  # what is between the street and the place goes together
        keep = lines[: room - 2]
        lines = [*keep, ", ".join(lines[room - 2 : -1]), lines[-1]]
    return (*lines, *abroad)


def country_name(country: str, language: str) -> str:
    """In capitals, as the post wants it, in the sender's language."""
    try:
        names = Locale.parse(language.replace("-", "_")).territories
    except (ValueError, UnknownLocaleError):
        names = Locale("en").territories
    return str(names.get(country, country)).upper()
