"""Passwords as who signs in prepares them: SASLprep (RFC 4013), as PostgreSQL does it.

Two ways to write the same letter are one password (`é` is one character, or two). A password that
has no prepared form is taken as it is.
"""

import stringprep
import unicodedata

_REFUSED = (
    stringprep.in_table_a1,  # unassigned
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def prepared(password: str) -> str:
    """The password whose verifier the server has to hold."""
    if password.isascii():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(letter) else letter
        for letter in password
        if not stringprep.in_table_b1(letter)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    if not normal or any(refuses(letter) for refuses in _REFUSED for letter in normal):
        return password
    return normal if _reads_one_way(normal) else password


def _reads_one_way(text: str) -> bool:
    """Whether it is written from left to right, or all of it from right to left."""
    if not any(map(stringprep.in_table_d1, text)):
        return True
    return (
        stringprep.in_table_d1(text[0])
        and stringprep.in_table_d1(text[-1])
        and not any(map(stringprep.in_table_d2, text))
    )
