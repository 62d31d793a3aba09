"""Links of others in a message: every reader follows ours only."""

import re
from collections.abc import Iterator
from html import unescape

from services.outreach.channels.domain.lint.samples import CREDITOR, PAY_URL, PORTAL_URL

OURS = frozenset({PAY_URL, PORTAL_URL, str(CREDITOR.url)})
_PUNCTUATION = ".,;:!?"  # at the end of a sentence, not of a link
_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>\"')]+|\bwww\.[^\s<>\"')]+", re.IGNORECASE)
_DOMAIN = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|info|biz|io|co|eu|de|at|ch|fr|es|uk|us"
    r"|ly|me|to|app|link|shop)(?:/[^\s<>\"')]*)?(?![\w.-])",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"""\b(?:href|src|srcset|action|formaction|background|poster|data)\s*=\s*"""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s>]+))""",
    re.IGNORECASE,
)
_STYLE_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]?([^'\";]+)", re.IGNORECASE)
_ELEMENT = re.compile(
    r"<\s*(script|iframe|frame|object|embed|applet|form|input|button|link|base|meta\s+http-equiv)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")


def foreign(text: str, *, is_html: bool) -> Iterator[str]:
    """Whatever leads elsewhere, or loads from elsewhere."""
    bare = text
    if is_html:
        for element in _ELEMENT.findall(text):
            yield f"<{element.lower()}>"
        for found in (*_ATTRIBUTE.findall(text), *_STYLE_URL.findall(text)):
            target = unescape("".join(found)).strip()
            if not _is_ours(target) and not target.startswith("#"):
                yield target[:100]
        bare = unescape(_TAG.sub(" ", text))
    for found in _URL.findall(bare):
        if not _is_ours(found.rstrip(_PUNCTUATION)):
            yield found[:100]
    for found in _DOMAIN.findall(_URL.sub(" ", bare)):
        yield found[:100]


def _is_ours(link: str) -> bool:
    """One of ours, or what lies below it."""
    return link in OURS or link.startswith(tuple(f"{ours}{c}" for ours in OURS for c in "/?#"))
