"""Where batches of letters are put: a folder, or a server by HTTP PUT."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from shared.errors import Unavailable

PUT_SECONDS = 30.0
PUT_TRIES = 3  # of the same file under the same name
FILE_BYTES_MAX = 64 * 1024 * 1024  # of a batch that is read again
_AWAY = 503
_NUMBERS_MAX = 2000  # batches of a tenant's day

Placed = Literal["placed", "taken", "unsure"]  # `taken`: another file has that name


class LetterTarget(Protocol):
    """Raises `Unavailable` where it is away: surely nothing is there then."""

    async def place(self, name: str, content: bytes) -> Placed: ...

    def files(self, prefix: str) -> AsyncIterator[tuple[str, bytes]]:
        """The batches that are there, by name."""
        ...

    async def close(self) -> None: ...


class FolderTarget:
    """A folder. A batch is written beside, made durable and then renamed: who watches the folder
    never sees half of one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def place(self, name: str, content: bytes) -> Placed:
        try:
            return await asyncio.to_thread(self._place, name, content)
        except OSError as error:
            raise Unavailable(f"letters: {type(error).__name__}") from error

    def _place(self, name: str, content: bytes) -> Placed:
        final = self._folder / name
        if final.exists():
            return "placed" if final.read_bytes() == content else "taken"
        beside = self._folder / f".{name}.{uuid4().hex}.part"
        try:
            with beside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(beside, final)  # unlike a rename, it never takes another one's place
            self._make_durable()
        except FileExistsError:
            return "placed" if final.read_bytes() == content else "taken"
        finally:
            beside.unlink(missing_ok=True)
        return "placed"

    def _make_durable(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    async def files(self, prefix: str) -> AsyncIterator[tuple[str, bytes]]:
        try:
            names = await asyncio.to_thread(self._names, prefix)
            for name in names:
                path = self._folder / name
                if path.stat().st_size <= FILE_BYTES_MAX:
                    yield name, await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise Unavailable(f"letters: {type(error).__name__}") from error

    def _names(self, prefix: str) -> list[str]:
        found = os.listdir(self._folder)  # raises where the folder is away
        return sorted(name for name in found if name.startswith(prefix))

    async def close(self) -> None:
        return


class PutTarget:
    """A server that takes files by PUT. The same name gets the same file however often it is put:
    what a lost answer leaves open is asked for."""

    def __init__(self, url: str, token: str | None, *, is_local: bool) -> None:
        self._url = url.rstrip("/")
        self._is_local = is_local
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        self._http = httpx.AsyncClient(
            headers=headers, timeout=PUT_SECONDS, follow_redirects=False, trust_env=False
        )

    async def place(self, name: str, content: bytes) -> Placed:
        await self._refuse_inside()
        was_sent = False
        for _ in range(PUT_TRIES):
            try:
                answer = await self._http.put(
                    f"{self._url}/{name}",
                    content=content,
                    headers={"Content-Type": "application/zip", "If-None-Match": "*"},
                )
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not was_sent:
                    raise Unavailable("letters: the server is away") from None
                continue
            except httpx.HTTPError:
                was_sent = True  # perhaps it arrived all the same
                continue
            if answer.is_success:
                return "placed"
            if answer.status_code in (409, 412):
                there = await self._read(name)
                return "placed" if there == content else "taken"
            if (answer.status_code < 500 or answer.status_code == _AWAY) and not was_sent:
                raise Unavailable(f"letters: the server answered {answer.status_code}")
            was_sent = True
        with suppress(Unavailable):
            if await self._read(name) == content:
                return "placed"
        return "unsure"  # perhaps it is still on its way

    async def _read(self, name: str) -> bytes | None:
        """None: there is no such file. Raises `Unavailable`."""
        try:
            async with self._http.stream("GET", f"{self._url}/{name}") as answer:
                if answer.status_code in (404, 410):
                    return None
                if not answer.is_success:
                    raise Unavailable(f"letters: the server answered {answer.status_code}")
                content = bytearray()
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > FILE_BYTES_MAX:
                        raise Unavailable("letters: a file is larger than any of ours")
                return bytes(content)
        except httpx.HTTPError as error:
            raise Unavailable(f"letters: {type(error).__name__}") from error

    async def files(self, prefix: str) -> AsyncIterator[tuple[str, bytes]]:
        await self._refuse_inside()
        for number in range(1, _NUMBERS_MAX):
            name = f"{prefix}{number}.zip"
            content = await self._read(name)
            if content is None:
                return
            yield name, content

    async def _refuse_inside(self) -> None:
        """Outside the local mode nobody's settings reach into our own network."""
        if self._is_local:
            return
        host, port = urlsplit(self._url).hostname or "", urlsplit(self._url).port or 443
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unavailable("letters: the server's name is not known") from error
        if not is_outside([str(entry[4][0]) for entry in found]):
            raise Unavailable("letters: the server's address is not a public one")

    async def close(self) -> None:
        await self._http.aclose()


def is_outside(addresses: Sequence[str]) -> bool:
    """Whether all of these are addresses of the public network."""
    return bool(addresses) and all(ipaddress.ip_address(each).is_global for each in addresses)
