"""Texts as a header may carry them."""

import re

_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
)


def printable(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text).strip()
