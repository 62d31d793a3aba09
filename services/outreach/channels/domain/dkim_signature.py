"""DKIM signatures (RFC 6376): rsa-sha256, relaxed/relaxed.

The canonical forms are those of its sections 3.4.2 and 3.4.4; no package of DKIM comes as a wheel.
Tests have every signature checked by another implementation.
"""

import base64
import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.errors import Invalid

# Signed whether they are there or not, so that nobody adds one on the way.
SIGNED_HEADERS: Final = (
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Unsubscribe",
    "List-Unsubscribe-Post",
)  # fmt: skip
KEY_BITS_MIN: Final = 1024  # as RFC 8301 demands; 2048 are advised

_BLANKS = re.compile(rb"[ \t]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_LENGTH = 72


@dataclass(frozen=True)
class DkimKey:
    """Who signs, and where the public half stands: `{selector}._domainkey.{domain}`."""

    domain: str
    selector: str
    key: RSAPrivateKey = field(repr=False)

    @classmethod
    def read(cls, domain: str, selector: str, pem: str) -> Self:
        r"""From a private key in PEM; line ends may stand as `\n` in it. Raises `Invalid`."""
        try:
            key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise Invalid("is no private key in PEM without a password") from None
        if not isinstance(key, RSAPrivateKey):
            raise Invalid("is not an RSA key")
        if key.key_size < KEY_BITS_MIN:
            raise Invalid(f"has {key.key_size} bits; it must have at least {KEY_BITS_MIN}")
        return cls(domain, selector, key)


def signed(message: bytes, key: DkimKey, at: datetime) -> bytes:
    """The message with a signature on top, its lines ended as SMTP ends them."""
    message = with_line_ends(message)
    if not message.endswith(b"\r\n"):  # as SMTP would end it, after it was signed
        message += b"\r\n"
    head, _, body = message.partition(b"\r\n\r\n")
    body_hash = sha256(canonical_body(body)).digest()
    values = {
        "v": "1",
        "a": "rsa-sha256",
        "c": "relaxed/relaxed",
        "d": key.domain,
        "s": key.selector,
        "t": str(int(at.timestamp())),
        "h": ":".join(SIGNED_HEADERS),
        "bh": base64.b64encode(body_hash).decode("ascii"),
    }
    unsigned = "; ".join(f"{name}={value}" for name, value in values.items()) + "; b="
    text = _folded(unsigned).encode()
    chosen = [*_chosen(head), (b"DKIM-Signature", text)]
    to_sign = b"\r\n".join(canonical_header(name, value) for name, value in chosen)
    signature = base64.b64encode(key.key.sign(to_sign, PKCS1v15(), SHA256())).decode("ascii")
    pieces = [signature[i : i + _LINE_LENGTH] for i in range(0, len(signature), _LINE_LENGTH)]
    ending = "\r\n ".join(["", *pieces]).encode()
    return b"DKIM-Signature:" + text + ending + b"\r\n" + message


def canonical_header(name: bytes, value: bytes) -> bytes:
    """Relaxed (3.4.2): on one line, its name in small letters, blanks as one, none at the ends."""
    unfolded = value.replace(b"\r\n", b"")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", unfolded).strip(b" \t")


def canonical_body(body: bytes) -> bytes:
    """Relaxed (3.4.4): blanks as one, none at the ends of lines, no empty lines at its end."""
    lines = _BLANKS.sub(b" ", body + b"\r\n").replace(b" \r\n", b"\r\n")
    rest = lines.rstrip(b"\r\n")
    return rest + b"\r\n" if rest else b""


def with_line_ends(message: bytes) -> bytes:
    return _LINE_END.sub(b"\r\n", message)


def _folded(text: str) -> str:
    """Broken where the canonical form has a blank all the same."""
    lines = ["DKIM-Signature:"]
    for word in text.replace(":", ": ").split(" "):
        if len(lines[-1]) + len(word) >= _LINE_LENGTH:
            lines.append("")
        lines[-1] += word if not lines[-1] else f" {word}"
    return "\r\n ".join(lines).removeprefix("DKIM-Signature:")


def _chosen(head: bytes) -> list[tuple[bytes, bytes]]:
    """The headers that are signed, in the order in which the signature names them."""
    found: dict[bytes, bytes] = {}  # the last of a name is the one that is meant
    name = b""
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            found[name] = found.get(name, b"") + b"\r\n" + line
        elif line:
            name, _, value = line.partition(b":")
            name = name.strip().lower()
            found[name] = value
    named = [name.lower().encode() for name in SIGNED_HEADERS]
    return [(name, found[name] + b"\r\n") for name in named if name in found]
