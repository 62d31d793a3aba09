"""What a backup says of itself: `backup.json`, written last, so a folder that has one is whole."""

import hashlib
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from deploy.local.databases import SERVICES
from deploy.local.errors import CannotStart
from shared.database import migrate

FORMAT = 1
NAME = "backup.json"
_CHUNK = 1 << 20


class Copy(Struct, frozen=True, kw_only=True):
    """One service's database."""

    file: str
    bytes: int
    sha256: str
    revision: str  # of its migrations
    epoch: int
    postgres: int  # the server's major version


class Manifest(Struct, frozen=True, kw_only=True):
    """The whole set, at one instant."""

    format: int
    taken_at: datetime
    copies: dict[str, Copy]  # by service


def write(folder: Path, manifest: Manifest) -> None:
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    path = folder / NAME
    path.touch(mode=0o600)
    path.write_bytes(text + b"\n")


def read(folder: Path) -> Manifest:
    """The manifest of a backup that is whole. Raises `CannotStart` in one line for any other."""
    path = folder / NAME
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise CannotStart(
            f"{folder} is no backup: it has no {NAME}, which is written when one is whole."
        ) from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CannotStart(f"{path} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise CannotStart(
            f"{path} has format {manifest.format}; this version of Recoup knows {FORMAT}."
        )
    if manifest.copies.keys() != set(SERVICES):
        raise CannotStart(f"{path} is not of the four services: {', '.join(manifest.copies)}.")
    for service in SERVICES:
        _check(folder, service, manifest.copies[service])
    return manifest


def _check(folder: Path, service: str, copy: Copy) -> None:
    path = folder / copy.file
    if Path(copy.file).name != copy.file:
        raise CannotStart(f"{folder / NAME} names a file elsewhere: {copy.file}")
    try:
        found = describe(path)
    except OSError as error:
        raise CannotStart(
            f"the copy of {service} cannot be read: {error.strerror}: {path}"
        ) from error
    if found != (copy.bytes, copy.sha256):
        raise CannotStart(
            f"the copy of {service} is damaged: {path} is not what was written when it was made."
        )
    if copy.revision not in migrate.revisions(service):
        raise CannotStart(
            f"the backup was made by a newer version of Recoup: its {service} stands at "
            f"{copy.revision}, which this one does not know."
        )


def describe(path: Path) -> tuple[int, str]:
    """Its length and its hash."""
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            length += len(chunk)
    return length, digest.hexdigest()
