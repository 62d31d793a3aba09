"""In which language a debtor is written to."""

import re

LANGUAGE_DEFAULT = "en"
READY_LANGUAGES = ("en", "de", "fr", "es")  # of the templates that come with the platform
LANGUAGE_LENGTH_MAX = 20
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


def language_code(text: str) -> str | None:
    """`DE_at` → `de-AT`; None: not a language's code."""
    code = text.strip().replace("_", "-").lower()
    if len(code) > LANGUAGE_LENGTH_MAX or not _CODE.fullmatch(code):
        return None
    first, *rest = code.split("-")
    return "-".join([first, *(each.upper() if len(each) == 2 else each.title() for each in rest)])


def language_chain(*preferred: str | None) -> tuple[str, ...]:
    """The languages to try, best first: each of those named (the debtor's preference, the
    account's, the tenant's), `de-AT` before `de`, and English at last."""
    chain: dict[str, None] = {}
    for each in (*preferred, LANGUAGE_DEFAULT):
        code = language_code(each) if each else None
        while code:
            chain[code] = None
            code = code.rpartition("-")[0]
    return tuple(chain)
