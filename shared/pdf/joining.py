"""Arabic letters in the forms in which they join their neighbours, as Unicode lists them.

Who draws letters by their code points, as we do on paper, would show each standing alone. Marks
between two letters don't part them. A letter of which Unicode lists no form stays as it is.
"""

import unicodedata
from functools import cache

_LISTED = (range(0xFB50, 0xFDFC), range(0xFE70, 0xFEFD))
_LAM = "\u0644"
_TATWEEL = "\u0640"  # a stroke that joins on both sides, in one form


def joined(text: str) -> str:
    """The text in its letters' forms, in the order in which it is read."""
    if not any("\u0600" <= letter <= "\u08ff" for letter in text):
        return text
    letters = _with_ligatures(text)
    forms = _forms()
    bases = [place for place, letter in enumerate(letters) if not unicodedata.combining(letter[0])]
    shown = list(letters)
    for before, place, after in zip([None, *bases], bases, [*bases[1:], None], strict=False):
        letter = letters[place]
        is_joined = before is not None and _meet(letters[before], letter)
        joins = after is not None and _meet(letter, letters[after])
        form = ("medial" if joins else "final") if is_joined else "initial" if joins else "isolated"
        shown[place] = forms.get((letter, form), letter)
    return "".join(shown)


def _meet(letter: str, following: str) -> bool:
    forms = _forms()
    reaches = letter == _TATWEEL or (letter, "initial") in forms
    return reaches and (following == _TATWEEL or (following, "final") in forms)


def _with_ligatures(text: str) -> list[str]:
    """Letters one by one, but lam with the alef that follows it: the two have forms together."""
    letters: list[str] = []
    for letter in text:
        if letters and letters[-1] == _LAM and (_LAM + letter, "final") in _forms():
            letters[-1] += letter
        else:
            letters.append(letter)
    return letters


@cache
def _forms() -> dict[tuple[str, str], str]:
    """(letter, form) → its sign; of the ligatures only lam with alef, which all fonts have."""
    found: dict[tuple[str, str], str] = {}
    for listed in _LISTED:
        for point in listed:
            form, *points = unicodedata.decomposition(chr(point)).split() or [""]
            letters = "".join(chr(int(each, 16)) for each in points)
            if form and (len(letters) == 1 or _is_lam_alef(letters)):
                found.setdefault((letters, form.strip("<>")), chr(point))
    return found


def _is_lam_alef(letters: str) -> bool:
    return len(letters) == 2 and letters[0] == _LAM and letters[1] in "\u0622\u0623\u0625\u0627"
