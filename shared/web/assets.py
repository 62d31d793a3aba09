"""Files of pages under addresses that name their content: a browser may keep them for ever.

`/assets/<digest>/<name>`, where the digest is of the whole folder: whoever has a page of one
release gets its files of that release, or a 404, never a mixture. Files are read once, at the
start, and kept gzipped beside the plain bytes.
"""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from shared.process.answer_headers import NO_CONTENT_POLICY

PATH = "/assets"
DESIGN = Path(__file__).resolve().parent / "design"  # what every page looks like
_DIGEST_LENGTH = 16
_GZIP_BYTES_MIN = 512  # below, the saving is less than the header
_ALSO = {".js": "text/javascript", ".md": "text/plain", ".txt": "text/plain"}
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": NO_CONTENT_POLICY,
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True)
class Asset:
    """One file."""

    content: bytes
    kind: str

    @cached_property
    def gzipped(self) -> bytes | None:
        """None where it would not be shorter."""
        if len(self.content) < _GZIP_BYTES_MIN:
            return None
        made = gzip.compress(self.content, 9, mtime=0)
        return made if len(made) < len(self.content) else None

    def answer(self, accept_encoding: str) -> Response:
        if self.gzipped is not None and "gzip" in accept_encoding:
            headers = {**_HEADERS, "Content-Encoding": "gzip"}
            return Response(self.gzipped, media_type=self.kind, headers=headers)
        return Response(self.content, media_type=self.kind, headers=_HEADERS)


class Assets:
    """The files of one folder, hidden ones left out."""

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if _is_served(path.relative_to(folder)))
        self.files: Mapping[str, Asset] = {
            path.relative_to(folder).as_posix(): Asset(path.read_bytes(), _kind(path))
            for path in paths
            if path.is_file()
        }
        digest = sha256()
        for name, asset in self.files.items():
            digest.update(f"{name}\0{len(asset.content)}\0".encode())
            digest.update(asset.content)
        self.digest = digest.hexdigest()[:_DIGEST_LENGTH]

    @property
    def prefix(self) -> str:
        return f"{PATH}/{self.digest}"

    def text(self, name: str) -> str:
        return self.files[name].content.decode()


def add_assets(app: FastAPI, *folders: Assets) -> None:
    """Serve them, to whoever asks: nothing in them is anybody's."""
    by_digest = {assets.digest: assets for assets in folders}

    async def asset(request: Request) -> Response:
        assets = by_digest.get(request.path_params["digest"])
        found = assets.files.get(request.path_params["name"]) if assets else None
        if found is None:
            raise HTTPException(404)
        return found.answer(request.headers.get("accept-encoding", ""))

    path = PATH + "/{digest}/{name:path}"
    app.add_route(path, asset, methods=["GET"], include_in_schema=False)


def _is_served(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts)


def _kind(path: Path) -> str:
    kind = _ALSO.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return kind or "application/octet-stream"
