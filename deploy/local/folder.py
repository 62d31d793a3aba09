"""The data folder of the local mode: who uses it, and the key that opens everything in it."""

import contextlib
import fcntl
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import parent
from deploy.local.errors import CannotStart
from deploy.local.postgres import Postgres, write_secret
from deploy.local.waiting import wait_for

STOP_SECONDS_MAX = 60


def make(path: Path) -> Path:
    """The folder, made if it is missing. Others may pass through it; what is secret says so."""
    try:
        if not path.exists():
            path.mkdir(parents=True)
            path.chmod(0o755)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(f"{path} cannot be written by this user")
    except OSError as error:
        raise CannotStart(
            f"the data folder cannot be used: {error}; choose another with RECOUP_DATA_DIR."
        ) from error
    return path.resolve()


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the folder for this process; refuse if another one does."""
    with (data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                f"Recoup already runs on {data} (process {_holder(data) or 'unknown'}); stop it "
                "with `make stop`, or choose another folder with RECOUP_DATA_DIR."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def dev_key(data: Path, given: str | None) -> tuple[str, bool]:
    """The key of this folder, and whether it was made just now. A given one stands for it."""
    path = data / "dev-key"
    if given:
        if not path.exists() or path.read_text().strip() != given:
            write_secret(path, given)
        return given, False
    if path.exists():
        return path.read_text().strip(), False
    key = secrets.token_urlsafe(24)
    write_secret(path, key)
    return key, True


def running_key(data: Path) -> str:
    """The key of what runs on the folder."""
    path = data / "dev-key"
    if not path.exists() or not _is_held(data):
        raise CannotStart(f"nothing runs on {data}; `make run` starts it")
    return path.read_text().strip()


def stop_running(data: Path) -> str:
    """Stop what runs on the folder, and what a killed start left behind; say what was done."""
    if not data.exists():
        return f"nothing runs on {data}"
    pid = _holder(data)
    if pid is not None and _is_held(data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        if not wait_for(lambda: not _is_held(data), STOP_SECONDS_MAX):
            raise CannotStart(f"process {pid} on {data} did not stop within {STOP_SECONDS_MAX} s")
        return f"stopped process {pid} on {data}"
    with locked(data):
        ended = _stop_left_over(data)
    return f"stopped on {data}: {', '.join(ended)}" if ended else f"nothing runs on {data}"


def _stop_left_over(data: Path) -> list[str]:
    """Stop what a killed start left, in the order of a clean stop; what that was.

    It ends by itself; servers whose guard was killed, too, do not.
    """
    ended = ["what a killed start left"] if parent.await_earlier(data) else []
    if (data / "kafka").exists():
        from deploy.kafka.broker import Broker  # its packages are not needed without Kafka

        if Broker(data / "kafka").stop_left_over():
            ended.append("Kafka")
    if Postgres(data).stop():
        ended.append("the database")
    return ended


def _is_held(data: Path) -> bool:
    with (data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _holder(data: Path) -> int | None:
    """The process that wrote itself into the lock file."""
    try:
        text = (data / "lock").read_text().strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdigit() else None
