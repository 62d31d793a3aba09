"""Log lines without secrets and personal data, by key and by shape."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from structlog.typing import EventDict, WrappedLogger

BLANK = "[redacted]"
_SECRET_KEYS = frozenset(
    {
        "authorization",
        "token",
        "access_token",
        "service_token",
        "dev_key",
        "api_key",
        "secret",
        "password",
        "cookie",
        "set_cookie",
        "jwks",
        "database_url",
        "dsn",
        "smtp_url",
        "credentials",
        "private_key",
    }
)
_PERSONAL_KEYS = frozenset(
    {
        "name",
        "email",
        "emails",
        "phone",
        "phones",
        "number",
        "address",
        "addresses",
        "line1",
        "line2",
        "postal_code",
        "birth_date",
        "comment",
        "body",
        "message_text",
        "recipient",
        "to",
    }
)
_BLANKED_KEYS = _SECRET_KEYS | _PERSONAL_KEYS
# Of a value and of a traceback in a line; no pattern below sees more. Each begins where no longer
# run of its own letters does, and never goes back, so that its time grows with the text alone.
VALUE_MAX, TRACEBACK_MAX, ITEMS_MAX = 2_000, 16_000, 100
_INT_MAX = 2**63
_SHAPES = (
    (re.compile(r"(?i)\b(bearer)\s++[A-Za-z0-9._~+/=-]+"), rf"\1 {BLANK}"),
    (re.compile(r"(://[^\s:/@]*+):[^\s/@]++@"), rf"\1:{BLANK}@"),
    (re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]*\w"), BLANK),  # an e-mail address
    (re.compile(r"(?<![\w-])\+\d[\d ()./-]{6,}\d"), BLANK),  # an international phone number
)
_DOTTED = re.compile(r"(?<![\w-])[\w-]++\.[\w-]++\.[\w-]*+")


def scrub(text: str) -> str:
    """A text without what looks like a secret, an e-mail address or a phone number."""
    text = _DOTTED.sub(_without_token, text)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


def _without_token(dotted: re.Match[str]) -> str:
    """A JSON Web Token is three such parts; each of the first two is base64 of `{"`…"""
    start = dotted[0].find("eyJ")
    return dotted[0] if start < 0 else dotted[0][:start] + BLANK


def _cut(text: str, length_max: int = VALUE_MAX) -> str:
    """A text within its bound (what it begins with, and what it ends with), fit for the writer."""
    if len(text) > length_max:
        tail = length_max // 4
        text = f"{text[: length_max - tail]} … {text[-tail:]}"
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _scrubbed(value: Any, depth: int = 0, length_max: int = VALUE_MAX) -> Any:
    if isinstance(value, str):
        return scrub(_cut(value, length_max))
    if isinstance(value, int) and not -_INT_MAX <= value < _INT_MAX:
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, bool | int | float | None):
        return value
    if depth > 5:
        return BLANK
    if isinstance(value, Mapping):
        return {
            _cut(str(key)): BLANK
            if str(key).lower() in _BLANKED_KEYS
            else _scrubbed(item, depth + 1)
            for key, item in islice(value.items(), ITEMS_MAX)
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(item, depth + 1) for item in islice(value, ITEMS_MAX)]
    if isinstance(value, bytes | bytearray | memoryview):
        return scrub(repr(bytes(value[:VALUE_MAX])))
    return scrub(_cut(str(value)))


def redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Blank secrets and personal data, by key and by shape."""
    for key, value in line.items():
        if key in ("timestamp", "level", "logger", "module", "service"):
            continue
        longest = TRACEBACK_MAX if key in ("exception", "stack") else VALUE_MAX
        blank = key.lower() in _BLANKED_KEYS
        line[key] = BLANK if blank else _scrubbed(value, length_max=longest)
    return line
