"""How easily a text is read: 0 (hardly) to 100 (by a child).

English: Flesch (1948), 206.835 − 1.015 L − 84.6 S. German: Amstad (1978), 180 − L − 58.5 S. French:
Kandel and Moles (1958), 207 − 1.015 L − 73.6 S. Spanish: Fernández Huerta (1959), 206.84 − 1.02 L −
60 S. L: words in a sentence, S: syllables in a word, on average. Syllables are counted by the
vowels that are written: a rule of thumb, the same for every text.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

READABLE_MIN = 60.0
WORDS_MIN = 20  # of a text that is judged: of fewer no average says anything


class Formula(NamedTuple):
    base: float
    of_sentence: float
    of_word: float


FORMULAS: Mapping[str, Formula] = {
    "en": Formula(206.835, 1.015, 84.6),
    "de": Formula(180.0, 1.0, 58.5),
    "fr": Formula(207.0, 1.015, 73.6),
    "es": Formula(206.84, 1.02, 60.0),
}

_SILENT = re.compile(r"(?<=[bcdfghjklmnpqrstvwxz])(?:e|es|ent)\Z")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"(?<![.!?:;…])[.!?:;…]+(?=\s|$)|\n\s*\n")
_VOWELS: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(r"[aeiouy]+"),
    "de": re.compile(r"aa|ee|oo|ie|ei|ai|au|äu|eu|ey|ay|[aeiouyäöü]"),
    "fr": re.compile(r"[aeiouyàâæéèêëîïôœùûüÿ]+"),
    "es": re.compile(r"[iuü]?[aeoáéó][iuy]?(?![aeoáéóíú])|[iuü]?[aeoáéó]|[íú]|[iuü]+y?|y(?!\w)"),
}


def readability(text: str, language: str) -> float | None:
    """None: no formula for this language, or too few words."""
    code = language.partition("-")[0]
    formula = FORMULAS.get(code)
    words = _WORD.findall(text)
    if formula is None or len(words) < WORDS_MIN:
        return None
    sentences = sum(1 for each in _SENTENCE_END.split(text) if _WORD.search(each))
    length = len(words) / max(1, sentences)
    per_word = sum(syllables(word, code) for word in words) / len(words)
    return formula.base - formula.of_sentence * length - formula.of_word * per_word


def syllables(word: str, language: str) -> int:
    """As spoken, by a rule of thumb; one at least."""
    word = word.lower()
    if language == "en":
        return _english(word)
    if language == "fr":
        return _french(word)
    return max(1, len(_VOWELS[language].findall(word)))


def _english(word: str) -> int:
    found = len(_VOWELS["en"].findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee", "ie")):
        found -= 1  # date
    elif word.endswith("es") and not word.endswith(("ses", "zes", "ches", "shes", "xes", "ces")):
        found -= 1  # dates
    elif word.endswith("ed") and not word.endswith(("ted", "ded")):
        found -= 1  # asked
    return max(1, found)


def _french(word: str) -> int:
    """A last e is not spoken, nor that of -es and -ent."""
    stem = _SILENT.sub("", word) if len(word) > 3 else word
    return max(1, len(_VOWELS["fr"].findall(stem)))
