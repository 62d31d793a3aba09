"""What a reply wants: one class for any text, the strictest that fits."""

from dataclasses import dataclass
from typing import Literal

from services.outreach.inbound.domain.word_lists import WordLists
from services.outreach.inbound.domain.words import has_any, hidden, joined, words_of

ReplyClass = Literal[
    "auto-reply", "stop", "stop-unclear", "start", "wrong-party", "legal", "hardship", "dispute",
    "claim", "promise", "other",
]  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """The class of a text, and every matter in it that needs an answer, strictest first."""

    reply_class: ReplyClass
    matters: tuple[str, ...] = ()
    is_negated: bool = False

    @property
    def is_mixed(self) -> bool:
        """Two matters or more: no machine answers that."""
        return len(self.matters) > 1


def read_words(text: str, lists: WordLists) -> Reading:
    """Never raises, whatever the text is."""
    line = joined(text)
    matters = tuple(
        class_
        for class_, phrases in lists.matters.items()
        if has_any(hidden(line, lists.exceptions.get(class_, ())), phrases)
    )
    return Reading(_class_of(text, line, matters, lists), matters, has_any(line, lists.negations))


def _class_of(text: str, line: str, matters: tuple[str, ...], lists: WordLists) -> ReplyClass:
    alone = _meaning_alone(text, lists)
    if alone == "stop":
        return "stop"
    if has_any(line, lists.stop):
        return "stop-unclear"
    if alone == "start":
        return "start"
    if has_any(hidden(line, lists.exceptions.get("wrong-party", ())), lists.wrong_party):
        return "wrong-party"
    for class_ in matters:
        return class_  # type: ignore[return-value]  # the lists' classes are these
    return "other"


def _meaning_alone(text: str, lists: WordLists) -> str | None:
    """`stop` or `start`, if the text is nothing but words for it and fillers."""
    words = words_of(text)
    meanings = set()
    index = 0
    while index < len(words):
        found = lists.alone.at(words, index)
        if found is None:
            return None
        index += found[0]
        meanings.add(found[1])
    meanings.discard("filler")
    return meanings.pop() if len(meanings) == 1 else None
