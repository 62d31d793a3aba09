"""Files that come in: written to a folder as they arrive, never whole in memory."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Request
from msgspec import Struct
from starlette.datastructures import FormData, UploadFile

from services.ledger.import_files.folders import work_folder
from services.ledger.import_files.work import file_in
from shared.errors import FieldError, Invalid, TooLarge, UnsupportedMediaType
from shared.texts import line

FILE_BYTES_MAX = 512 * 1024 * 1024
BODY_BYTES_MAX = FILE_BYTES_MAX + 2 * 1024 * 1024  # with the mapping, and what is between them
MAPPING_BYTES_MAX = 1024 * 1024
PART_BYTES = 1024 * 1024
_NAME_MAX = 200


class Upload(Struct, frozen=True):
    """A file in a folder of its own, and the mapping that came with it."""

    folder: Path
    name: str
    mapping: str | None

    @property
    def path(self) -> Path:
        return file_in(self.folder)

    async def parts(self) -> AsyncIterator[bytes]:
        with self.path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, PART_BYTES):
                yield part


@asynccontextmanager
async def uploaded(request: Request, *, has_mapping: bool = True) -> AsyncIterator[Upload]:
    """What a `multipart/form-data` request brings. Raises `Invalid`, `UnsupportedMediaType`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedMediaType("Send multipart/form-data with the part `file`.")
    with work_folder() as folder:
        async with request.form(max_files=2, max_fields=4, max_part_size=MAPPING_BYTES_MAX) as form:
            file = form.get("file")
            errors = _faults(form, has_mapping=has_mapping)
            if errors or not isinstance(file, UploadFile):
                raise Invalid("The upload is not valid.", errors)
            mapping = await _mapping(form.get("mapping")) if has_mapping else None
            await asyncio.to_thread(_copy, file, file_in(folder))
            name = line(file.filename or "file")[:_NAME_MAX]
        size = file_in(folder).stat().st_size
        if size > FILE_BYTES_MAX:
            raise TooLarge(f"A file may have at most {FILE_BYTES_MAX} bytes.")
        if not size:
            raise Invalid("The upload is not valid.", [FieldError("/file", "is empty")])
        yield Upload(folder, name, mapping)


def _faults(form: FormData, *, has_mapping: bool) -> list[FieldError]:
    known = {"file", "mapping"} if has_mapping else {"file"}
    errors = [
        FieldError(f"/{line(name)[:_NAME_MAX]}", "is not known here")
        for name in form
        if name not in known
    ]
    if not isinstance(form.get("file"), UploadFile):
        errors.append(FieldError("/file", "is needed: a part with a file name"))
    return errors


async def _mapping(part: UploadFile | str | None) -> str | None:
    """The mapping as a field, or as a file (`curl -F mapping=@m.yaml`)."""
    if part is None or isinstance(part, str):
        return part
    content = await part.read(MAPPING_BYTES_MAX + 1)
    if len(content) > MAPPING_BYTES_MAX:
        detail = f"has more than {MAPPING_BYTES_MAX} bytes"
        raise Invalid("The upload is not valid.", [FieldError("/mapping", detail)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        error = FieldError("/mapping", "is not UTF-8")
        raise Invalid("The upload is not valid.", [error]) from None


def _copy(file: UploadFile, path: Path) -> None:
    file.file.seek(0)
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target, PART_BYTES)
