"""What in a message leads back to its contact: mail addresses, callback URLs and portal links.

An address token is the base32 (small, unpadded) of the contact's UUID and the first 5 bytes of an
HMAC over the letter and it: `b` return path, `r` reply address, `u` opting out, `c` callback URLs.
A portal link names no contact: it holds a link id that only who knows the key can make of one.

Two keys hold while they are exchanged: the first signs, all of them are read.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Self, get_args
from uuid import UUID

from shared.errors import Invalid

TokenLetter = Literal["b", "r", "u", "c"]

KEY_BYTES_MIN: Final = 32
KEYS_MAX: Final = 2
TOKEN_LENGTH: Final = 34  # of an address token
LINK_LENGTH: Final = 32  # of a portal link

_ID_BYTES = 16
_MARK_BYTES = 5
_LINK_VERSION = 1
_LINK_ID_BYTES = 10
_LINK_MARK_BYTES = 8
_HOUR_SECONDS = 3600
_LETTERS: tuple[TokenLetter, ...] = get_args(TokenLetter)


@dataclass(frozen=True)
class LinkKey:
    """One key, and the number by which links name it."""

    id: int  # 0…255
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class LinkKeys:
    """The key that signs, and those that are still read."""

    signing: LinkKey
    retired: tuple[LinkKey, ...] = ()

    @property
    def all(self) -> tuple[LinkKey, ...]:
        return (self.signing, *self.retired)

    @classmethod
    def read(cls, text: str) -> Self:
        """`7:BASE64URL` or `7:BASE64URL,6:BASE64URL`, the signing one first. Raises `Invalid`."""
        keys = [_key(part.strip()) for part in text.split(",")]
        if len(keys) > KEYS_MAX:
            raise Invalid(f"has {len(keys)} keys; {KEYS_MAX} hold at once")
        if len({key.id for key in keys}) < len(keys):
            raise Invalid("has two keys of one number")
        return cls(keys[0], tuple(keys[1:]))


def _key(text: str) -> LinkKey:
    number, _, encoded = text.partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) <= 3 and int(number) <= 255):
        raise Invalid("is not number:key, with a number up to 255")
    try:
        plain = encoded.rstrip("=").translate(str.maketrans("+/", "-_"))
        secret = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("has a key that is not base64") from None
    if len(secret) < KEY_BYTES_MIN:
        raise Invalid(f"has a key of {len(secret)} bytes; it must have at least {KEY_BYTES_MIN}")
    return LinkKey(int(number), secret)


def address_token(letter: TokenLetter, contact_id: str, key: LinkKey) -> str:
    """The part after `b+`, `r+`, `u+`; also what `/u/{v}` and callback URLs end with."""
    contact = UUID(contact_id).bytes
    return _base32(contact + _mark(letter, contact, key))


def address_local_part(letter: TokenLetter, contact_id: str, key: LinkKey) -> str:
    return f"{letter}+{address_token(letter, contact_id, key)}"


def read_address_token(letter: TokenLetter, token: str, keys: Sequence[LinkKey]) -> str | None:
    """The contact's id; None: it is no token of ours for this letter. Servers on the way may have
    changed small letters to capital ones."""
    token = token.lower()
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b32decode(token.upper() + "=" * (-TOKEN_LENGTH % 8))
    except binascii.Error:
        return None
    contact, mark = raw[:_ID_BYTES], raw[_ID_BYTES:]
    if _base32(raw) != token:  # the last letter has bits to spare
        return None
    if any(hmac.compare_digest(mark, _mark(letter, contact, key)) for key in keys):
        return str(UUID(bytes=contact))
    return None


def read_address_local_part(
    local_part: str, keys: Sequence[LinkKey]
) -> tuple[TokenLetter, str] | None:
    """Of `b+…`, `r+…` and their like: the letter and the contact's id; None: it is none of ours."""
    first, _, token = local_part.partition("+")
    for letter in _LETTERS:
        if letter == first.lower():
            contact_id = read_address_token(letter, token, keys)
            return None if contact_id is None else (letter, contact_id)
    return None


def _mark(letter: TokenLetter, contact: bytes, key: LinkKey) -> bytes:
    return hmac.digest(key.secret, letter.encode() + contact, "sha256")[:_MARK_BYTES]


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


@dataclass(frozen=True)
class PortalLink:
    """What a genuine link says of itself; whether it stands is for its reader to know."""

    link_id: bytes
    expires_hour: int  # whole hours since 1970

    def is_expired(self, at: datetime) -> bool:
        return at.timestamp() >= self.expires_hour * _HOUR_SECONDS


def portal_link_id(tenant: str, contact_id: str, key: LinkKey) -> bytes:
    """The same contact always has the same link, however often its message is rendered."""
    text = f"link{tenant}/{contact_id}".encode()
    return hmac.digest(key.secret, text, "sha256")[:_LINK_ID_BYTES]


def portal_link(tenant: str, contact_id: str, expires_at: datetime, key: LinkKey) -> str:
    """What `/portal/` is followed by. A begun hour counts as a whole one."""
    hour = -int(-expires_at.timestamp() // _HOUR_SECONDS)
    link_id = portal_link_id(tenant, contact_id, key)
    body = bytes((_LINK_VERSION, key.id)) + link_id + hour.to_bytes(4, "big")
    return base64.urlsafe_b64encode(body + _link_mark(body, key)).decode("ascii")


def read_portal_link(token: str, keys: Sequence[LinkKey]) -> PortalLink | None:
    """What a link says; None: it is forged, damaged, or of a key that no longer holds."""
    if len(token) != LINK_LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    body, mark = raw[:-_LINK_MARK_BYTES], raw[-_LINK_MARK_BYTES:]
    for key in keys:
        if key.id == body[1] and hmac.compare_digest(mark, _link_mark(body, key)):
            is_known = body[0] == _LINK_VERSION
            link = PortalLink(body[2 : 2 + _LINK_ID_BYTES], int.from_bytes(body[-4:], "big"))
            return link if is_known else None
    return None


def _link_mark(body: bytes, key: LinkKey) -> bytes:
    return hmac.digest(key.secret, body, "sha256")[:_LINK_MARK_BYTES]
