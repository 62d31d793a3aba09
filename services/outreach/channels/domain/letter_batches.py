"""A batch of letters as one ZIP: PDFs and a manifest. The same letters are the same bytes."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

MANIFEST: Final = "manifest.json"
MANIFEST_BYTES_MAX: Final = 4 * 1024 * 1024
_NUMBER = re.compile(r"-([0-9]{1,6})\.zip", re.ASCII)


class BatchLetter(Struct, frozen=True):
    """One letter, as the manifest names it."""

    contact_id: str
    file: str
    sha256: str
    pages: Annotated[int, Meta(ge=1)]
    country: str


class BatchManifest(Struct, frozen=True):
    batch_id: str
    letters: tuple[BatchLetter, ...]


@dataclass(frozen=True)
class PrintedLetter:
    """One letter, ready for the printer."""

    contact_id: str
    content: bytes
    pages: int
    country: str


def batch_id(tenant: str, day: date, number: int) -> str:
    return f"letters-{tenant}-{day.isoformat()}-{number}"


def batch_prefix(tenant: str, day: date) -> str:
    return f"letters-{tenant}-{day.isoformat()}-"


def number_of(tenant: str, day: date, name: str) -> int | None:
    """Of a file of ours; None: it is another one."""
    prefix = batch_prefix(tenant, day)
    if not name.startswith(prefix):
        return None
    match = _NUMBER.fullmatch(name[len(prefix) - 1 :])
    return None if match is None else int(match[1])


def batch_zip(tenant: str, day: date, number: int, letters: Sequence[PrintedLetter]) -> bytes:
    """The whole file, its letters in one order."""
    ordered = sorted(letters, key=lambda letter: letter.contact_id)
    manifest = BatchManifest(
        batch_id(tenant, day, number),
        tuple(
            BatchLetter(
                each.contact_id,
                f"{each.contact_id}.pdf",
                sha256(each.content).hexdigest(),
                each.pages,
                each.country,
            )
            for each in ordered
        ),
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        _put(archive, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n", day)
        for named, letter in zip(manifest.letters, ordered, strict=True):
            _put(archive, named.file, letter.content, day)
    return stream.getvalue()


def _put(archive: zipfile.ZipFile, name: str, content: bytes, day: date) -> None:
    info = zipfile.ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
    info.external_attr = 0o600 << 16
    archive.writestr(info, content)


def read_manifest(content: bytes) -> BatchManifest | None:
    """None: it is no batch of ours."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            info = archive.getinfo(MANIFEST)
            if info.file_size > MANIFEST_BYTES_MAX:
                return None
            return msgspec.json.decode(archive.read(info), type=BatchManifest)
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError, OSError, ValueError):
        return None
