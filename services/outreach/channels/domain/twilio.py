"""Twilio's HTTP API, and what has its shape, as values: what is asked, what answers mean.

Nothing here reaches the network: `clients/twilio.py` does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import msgspec

from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Later,
    NotThere,
    Refused,
    Unknown,
)
from shared.addresses import BadUrl, read_url

API_VERSION: Final = "2010-04-01"
CALLBACK_MEMBER: Final = "contact"  # of our token, in callback URLs
CREATED = 201
_LATER = frozenset({408, 429, 503})
_DEAD = frozenset({21211, 21614})  # no valid number; no number that takes texts
_REVOKED = 21610  # the recipient has texted STOP to this sender
_RING_SECONDS = 30
_CLOCKS_APART = timedelta(minutes=2)  # the provider's and ours
SETTLED_AFTER = timedelta(minutes=5)  # until then a list may not have it yet
_RETRY_AFTER_MAX = 86_400.0
_SPOKEN = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "es": "es-ES"}


@dataclass(frozen=True)
class TwilioAccount:
    """An account, from `https://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com`."""

    url: str  # without what is secret, without a slash at its end
    sid: str
    token: str = field(repr=False)

    @classmethod
    def from_url(cls, text: str) -> Self:
        """Raises `BadUrl`."""
        url = read_url(text, ("https", "http"))
        if url.scheme == "http" and not url.is_here:
            raise BadUrl("is not encrypted; it must be https://")
        if not url.user or not url.password:
            raise BadUrl("names no account (https://ACCOUNT_SID:AUTH_TOKEN@host)")
        if not url.user.isalnum() or not url.user.isascii():
            raise BadUrl("names an account with more than letters and digits")
        host = f"[{url.host}]" if ":" in url.host else url.host
        port = f":{url.port}" if url.port is not None else ""
        path = url.path.rstrip("/")
        return cls(f"{url.scheme}://{host}{port}{path}", url.user, url.password)

    def resource(self, path: str) -> str:
        return f"{self.url}/{API_VERSION}/Accounts/{self.sid}/{path}.json"


def callback_url(public_url: str, provider: str, token: str) -> str:
    """Where the provider tells how a contact went on."""
    return f"{public_url}/v1/providers/{provider}/events?{CALLBACK_MEMBER}={token}"


def script_url(public_url: str, provider: str, token: str) -> str:
    """Where the provider asks what it shall say, once it knows who has answered."""
    return f"{public_url}/v1/providers/{provider}/script?{CALLBACK_MEMBER}={token}"


def token_in(url: str) -> str | None:
    """Our token in a callback URL; None: it has none."""
    try:
        found = parse_qs(urlsplit(url).query, max_num_fields=20).get(CALLBACK_MEMBER, [])
    except ValueError:
        return None
    return found[0] if len(found) == 1 else None


def message_form(intent: Intent, sender: str, text: str, callback: str) -> dict[str, str]:
    name = "MessagingServiceSid" if sender.startswith("MG") and len(sender) == 34 else "From"
    return {"To": intent.to, name: sender, "Body": text, "StatusCallback": callback}


def call_form(intent: Intent, sender: str, script: str, callback: str) -> list[tuple[str, str]]:
    """Machines are told from people before anything is said."""
    return [
        ("To", intent.to),
        ("From", sender),
        ("Url", script),
        ("Method", "POST"),
        ("MachineDetection", "Enable"),
        ("Timeout", str(_RING_SECONDS)),
        ("StatusCallback", callback),
        ("StatusCallbackMethod", "POST"),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "completed"),
    ]


def spoken(script: str, language: str) -> str:
    """The script as TwiML."""
    voice = _SPOKEN.get(language.partition("-")[0], language)
    lines = "".join(
        f'<Say language="{escape(voice)}">{escape(line)}</Say><Pause length="1"/>'
        for line in script.splitlines()
        if line.strip()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{lines}</Response>'


SILENCE: Final = '<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>'


def created(
    status: int, body: bytes, headers: Mapping[str, str]
) -> Accepted | Refused | Later | Unknown:
    """What the answer to a POST that creates means."""
    answer = _object(body)
    if 200 <= status < 300:
        sid = answer.get("sid")
        if status != CREATED or not isinstance(sid, str) or not sid:
            return Unknown("twilio-unreadable")
        return Accepted(sid, _units(answer.get("num_segments")))
    if status in _LATER:
        return Later(f"twilio-{status}", retry_after=_seconds(headers.get("retry-after")))
    if 400 <= status < 500:
        number = answer.get("code")
        code = number if isinstance(number, int) else status
        return Refused(
            f"twilio-{code}",
            is_address_dead=status == 400 and code in _DEAD,
            is_consent_revoked=status == 400 and code == _REVOKED,
        )
    return Unknown(f"twilio-{status}")


def found(listed: Sequence[Any], intent: Intent, sender: str, now: datetime) -> Found:
    """Whether a contact is among what the provider lists for its number, newest first.

    Providers who repeat the callback URL show our token. What shows none may be ours or not; then
    its receipts will tell. Nothing at all means that it never arrived, once lists are up to date.
    """
    since = intent.since
    if since is None:
        return CannotSay()
    is_unclear = False
    for item in _since(listed, since - _CLOCKS_APART):
        callback, from_ = item.get("status_callback"), item.get("from")
        if sender.startswith("+") and isinstance(from_, str) and from_ not in ("", sender):
            continue  # another sender's
        if not isinstance(callback, str) or not callback:
            is_unclear = True
        elif token_in(callback) == intent.callback_token and isinstance(item.get("sid"), str):
            return Accepted(item["sid"], _units(item.get("num_segments")))
    if is_unclear or now < since + SETTLED_AFTER:
        return CannotSay()
    return NotThere()


def is_past(listed: Sequence[Any], since: datetime) -> bool:
    """Whether what is listed reaches back to before an instant: no further page is needed."""
    instants = [_instant(item.get("date_created")) for item in listed if isinstance(item, dict)]
    return any(at is not None and at < since - _CLOCKS_APART for at in instants)


def _since(listed: Sequence[Any], since: datetime) -> Iterator[dict[str, Any]]:
    for item in listed:
        if not isinstance(item, dict) or str(item.get("direction", "")).startswith("inbound"):
            continue
        at = _instant(item.get("date_created"))
        if at is None or at >= since:
            yield item


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def page(body: bytes, name: str) -> tuple[list[Any], str | None] | None:
    """The items of a list and the path of the next page; None: it is no list."""
    answer = _object(body)
    items, following = answer.get(name), answer.get("next_page_uri")
    if not isinstance(items, list):
        return None
    return items, following if isinstance(following, str) and following else None


def _units(text: Any) -> int:
    """Twilio writes numbers as texts."""
    digits = str(text)
    return max(1, int(digits)) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 1


def _seconds(text: str | None) -> float | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return min(float(text), _RETRY_AFTER_MAX)


def _instant(text: Any) -> datetime | None:
    """RFC 2822, as Twilio writes instants."""
    if not isinstance(text, str) or len(text) > 60:
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
