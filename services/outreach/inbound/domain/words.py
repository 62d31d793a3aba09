"""Texts as they are compared: without marks, case and punctuation, in whole words."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

TEXT_MAX = 10_000  # characters that are read of a reply
Meaning = TypeVar("Meaning")

SEAM = "\n"  # in place of a phrase that is not to be seen: no phrase goes across it


def plain(text: str) -> str:
    """After NFKD without marks and with its case folded; punctuation stays."""
    folded = unicodedata.normalize("NFKD", text[:TEXT_MAX]).casefold()
    parts = unicodedata.normalize("NFKD", folded)
    return "".join(c for c in parts if not unicodedata.combining(c))


def words_of(text: str) -> list[str]:
    """The words of a text: all but letters and digits separates."""
    return "".join(c if c.isalnum() else " " for c in plain(text)).split()


def joined(text: str) -> str:
    """The words, one space between and around them."""
    return f" {' '.join(words_of(text))} "


def hidden(line: str, phrases: Iterable[str]) -> str:
    """A joined text in which these phrases cannot be found any more."""
    for phrase in phrases:
        line = line.replace(f" {phrase} ", f" {SEAM} ")
    return line


def has_any(line: str, phrases: Iterable[str]) -> bool:
    """Whether a joined text has one of these phrases."""
    return any(f" {phrase} " in line for phrase in phrases)


class Phrases(Generic[Meaning]):
    """Phrases by their words, of which the longest that begins at a word counts."""

    def __init__(self, meanings: Mapping[str, Meaning]) -> None:
        self._meanings = {tuple(phrase.split()): of for phrase, of in meanings.items()}
        self._longest = max(map(len, self._meanings), default=0)

    def at(self, words: Sequence[str], start: int) -> tuple[int, Meaning] | None:
        """How many words are a phrase here, and what it means."""
        for length in range(min(self._longest, len(words) - start), 0, -1):
            meaning = self._meanings.get(tuple(words[start : start + length]))
            if meaning is not None:
                return length, meaning
        return None
