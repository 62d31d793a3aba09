"""Documents that carry the hash of their own content: one changed after training is refused."""

import hashlib
from typing import TypeVar

import msgspec
from msgspec import Struct

from shared.errors import Invalid

CODE_VERSION = "learning-2"  # raise it when features or training change: old models are refused


class SealedDocument(Struct, frozen=True, kw_only=True):
    """What every trained document says first."""

    code_version: str


T = TypeVar("T", bound=SealedDocument)


class _Sealed(Struct, frozen=True):
    sha256: str
    model: msgspec.Raw


def content_of(document: SealedDocument) -> bytes:
    return msgspec.json.encode(document, order="deterministic")


def hash_of(document: SealedDocument) -> str:
    return hashlib.sha256(content_of(document)).hexdigest()


def seal(document: SealedDocument) -> bytes:
    return b'{"sha256":"%b","model":%b}' % (hash_of(document).encode(), content_of(document))


def unseal(content: bytes, kind: type[T]) -> T:
    """The document. Raises `Invalid` for one that is none, was changed, or is of older code."""
    try:
        sealed = msgspec.json.decode(content, type=_Sealed)
        version = msgspec.json.decode(sealed.model, type=SealedDocument).code_version
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"This is no model: {error}") from error
    found = hashlib.sha256(bytes(sealed.model)).hexdigest()
    if found != sealed.sha256:
        raise Invalid(
            f"The model was changed after training: its hash is {found[:12]},"
            f" it says {sealed.sha256[:12]}"
        )
    if version != CODE_VERSION:
        raise Invalid(f"The model was made by {version}, this is {CODE_VERSION}: train it again")
    try:
        return msgspec.json.decode(sealed.model, type=kind)
    except msgspec.DecodeError as error:
        raise Invalid(f"This is no such model: {error}") from error
