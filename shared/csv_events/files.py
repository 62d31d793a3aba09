"""Bytes as lines: formats by the first bytes, encodings, pipes."""

import codecs
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shared.errors import Invalid

LINE_MAX = 1_000_000  # characters
STANDARD_INPUT = Path("-")
_UTF_8 = "utf-8"
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"\x1f\x8b", "compressed (gzip)"),
    (b"BZh", "compressed (bzip2)"),
    (b"\xfd7zXZ", "compressed (xz)"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a database"),
)
FORMATS = ("csv", "xlsx", "ndjson")
_ZIP = b"PK\x03\x04"
_START_BYTES = 4096
_DAMAGE = "\udcff"  # stands for a byte that is not of the encoding; never in a text


def _mark_damage(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _DAMAGE, max(error.end, error.start + 1)


codecs.register_error("recoup-damage", _mark_damage)


def is_damaged(text: str) -> bool:
    """Whether a text holds what is not of the file's encoding."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line as it stands in the file, with its end; of one that is too long, its begin."""

    number: int
    text: str
    whole: bool = True

    @property
    def content(self) -> str:
        return self.text.rstrip("\r\n")


@dataclass(frozen=True)
class TextFile:
    """A file of texts, whose encoding is known or taken to be UTF-8."""

    path: Path
    name: str  # for messages
    encoding: str
    declared: bool  # by the mapping, or by the file's first bytes

    def lines(self) -> Iterator[TextLine]:
        """Raises `Invalid` where the bytes make no text at all."""
        try:
            with self.path.open(encoding=self.encoding, errors="recoup-damage", newline="") as file:
                yield from _numbered(file)
        except (UnicodeError, LookupError) as error:
            raise Invalid(f"{self.name} is not {self.encoding}: {error}") from error

    def advice(self) -> str:
        """What to do about bytes that are not of the encoding."""
        if self.declared:
            return f"is not {self.encoding}"
        return "is not utf-8; say what it is, as in `file: {encoding: windows-1252}`"


@contextmanager
def regular_file(path: Path) -> Iterator[Path]:
    """The file itself, or what a pipe (`-`: standard input) holds, as a file that can be read
    twice. Raises `Invalid` where there is none."""
    try:
        if path != STANDARD_INPUT and stat.S_ISREG(path.stat().st_mode):
            yield path
            return
        if path != STANDARD_INPUT and path.is_dir():
            raise Invalid(f"{path} is a folder: name a file")
        with tempfile.NamedTemporaryFile(prefix="recoup-import-") as copy:
            if path == STANDARD_INPUT:
                shutil.copyfileobj(sys.stdin.buffer, copy)
            else:
                with path.open("rb") as pipe:
                    shutil.copyfileobj(pipe, copy)
            copy.flush()
            yield Path(copy.name)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from error


def format_of(path: Path, declared: str | None = None, name: str | None = None) -> str:
    """csv, xlsx or ndjson: as declared, or by the first bytes. Raises `Invalid` for what is none
    of them."""
    name = name or path.name
    start = _start_of(path, name)
    if start.startswith(_ZIP) and declared in (None, "xlsx"):
        return "xlsx"
    for magic, what in (*_OTHERS, (_ZIP, "a zip file or an Excel workbook")):
        if start.startswith(magic):
            known = declared or "a workbook (.xlsx)"
            raise Invalid(f"{name} is {what}, not {known}: save it as CSV (UTF-8), unpacked")
    if declared == "xlsx":
        raise Invalid(f"{name} is no workbook (.xlsx)")
    if declared is not None:
        return declared
    text = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if text.startswith(b"[") and text[1:].lstrip().startswith(b"{"):
        raise Invalid(f"{name} is one JSON list: write an object on each line, without brackets")
    return "ndjson" if text.startswith(b"{") else "csv"


def text_file(path: Path, declared: str | None, name: str | None = None) -> TextFile:
    """Raises `Invalid` for what is no file of texts."""
    name = name or path.name
    start = _start_of(path, name)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return TextFile(path, name, encoding, declared=True)
    return TextFile(path, name, declared or _UTF_8, declared=declared is not None)


def _start_of(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except OSError as error:
        raise Invalid(f"{name} cannot be read: {error.strerror}") from error
    if not start:
        raise Invalid(f"{name} is empty")
    return start


def _numbered(file: IO[str]) -> Iterator[TextLine]:
    number = 0
    while text := file.readline(LINE_MAX):
        number += 1
        whole = len(text) < LINE_MAX or text.endswith(("\n", "\r"))
        yield TextLine(number, text, whole)
        while not whole:
            rest = file.readline(LINE_MAX)
            whole = len(rest) < LINE_MAX or rest.endswith(("\n", "\r"))
