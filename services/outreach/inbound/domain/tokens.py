"""A text cut into words, numbers and signs, as dates and amounts are looked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.outreach.inbound.domain.words import plain

TOKENS_MAX = 3_000
_TOKEN = re.compile(
    r"(?P<number>[0-9]{1,12}(?:[.,:/'’-][0-9]{1,12}){0,6})|(?P<word>[^\W\d_]{1,80})|(?P<sign>[^\w\s])"
)


@dataclass(frozen=True)
class Token:
    kind: str  # number | word | sign
    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """The first tokens of the text, compared as words are (words.py)."""
    found = []
    for match in _TOKEN.finditer(plain(text)):
        found.append(Token(match.lastgroup or "", match.group(), match.start(), match.end()))
        if len(found) == TOKENS_MAX:
            break
    return found


def word_at(tokens: Sequence[Token], index: int) -> str | None:
    """The word there, if one is."""
    if 0 <= index < len(tokens) and tokens[index].kind == "word":
        return tokens[index].text
    return None


def sign_after(tokens: Sequence[Token], index: int, sign: str) -> bool:
    """Whether the sign stands right behind the token, without a blank."""
    follower = index + 1
    return (
        follower < len(tokens)
        and tokens[follower].text == sign
        and tokens[follower].start == tokens[index].end
    )
