"""Servers that we start end with us, also when we are killed.

A guard, a small process of its own, reads a pipe whose other end only we hold. However we end, the
pipe closes, and the guard stops what it was given and was not told to forget. It is started with
the first server, and one serves all.

Who comes after a killed start finds its servers about to end: `sign` says in a folder whose they
are, and `await_earlier` waits until the guard of one that is gone has done its work.
"""

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

STOP_SECONDS_MAX = 20.0
_LOOK_SECONDS = 0.05
_RECORD = "parent"


class _Guard:
    """The guard process, as we see it."""

    def __init__(self) -> None:
        # By its file: it needs nothing of ours, and starts from any folder and for any package.
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; the guard ends when we have
        )
        self.pid = self._process.pid
        atexit.register(self._end)

    def say(self, **words: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # somebody killed it: nothing is guarded
            self._process.stdin.write(json.dumps(words).encode() + b"\n")
            self._process.stdin.flush()

    def _end(self) -> None:
        """What is left at a clean end is stopped before we are gone."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


_guard: _Guard | None = None


def _own_guard() -> _Guard:
    global _guard
    if _guard is None:
        _guard = _Guard()
    return _guard


def end_with_us(
    pid: int,
    *,
    stop: signal.Signals = signal.SIGTERM,
    is_server: bool = False,
    removing: Path | None = None,
) -> None:
    """Have the process stopped when we are gone: by `stop`, later by SIGKILL.

    Servers are stopped after those that use them. A folder that nobody needs then is deleted.
    """
    folder = str(removing) if removing else None
    _own_guard().say(pid=pid, stop=int(stop), is_server=is_server, removing=folder)


def forget(pid: int) -> None:
    """It has ended, or may live on."""
    if _guard is not None:
        _guard.say(pid=pid)


def sign(folder: Path) -> None:
    """What runs on this folder from now on is ours."""
    named = [_name(process) for process in (psutil.Process(), psutil.Process(_own_guard().pid))]
    (folder / _RECORD).write_text(json.dumps(named))


def lives(folder: Path) -> bool:
    """Whether who signed the folder last is still there (its id given anew: no)."""
    return _find(_signed(folder)[0]) is not None


def await_earlier(folder: Path) -> bool:
    """Return when what a killed start left on this folder has been ended; whether it still was."""
    earlier, guard = _signed(folder)
    if _find(earlier) is not None or (process := _find(guard)) is None:
        return False
    _wait_until_gone([process], 3 * STOP_SECONDS_MAX)
    return True


def _name(process: psutil.Process) -> tuple[int, float]:
    return process.pid, process.create_time()


def _signed(folder: Path) -> tuple[tuple[int, float], tuple[int, float]]:
    nobody = (0, 0.0)
    try:
        (own, own_created), (guard, created) = json.loads((folder / _RECORD).read_text())
        return (int(own), float(own_created)), (int(guard), float(created))
    except (OSError, ValueError, TypeError):
        return nobody, nobody


def _find(name: tuple[int, float]) -> psutil.Process | None:
    pid, created = name
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if pid and abs(process.create_time() - created) < 1.0 and is_alive(process):
            return process
    return None


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs: one that ended and that nobody asked about does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_until_gone(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that are still there after so long. They need not be our children."""
    left = [*processes]
    for _ in range(int(seconds / _LOOK_SECONDS)):
        left = [process for process in left if is_alive(process)]
        if not left:
            break
        time.sleep(_LOOK_SECONDS)
    return left


# ---------------------------------------------------------------------------- the guard itself


class _Charge(NamedTuple):
    process: psutil.Process
    stop: int
    is_server: bool
    removing: Path | None


def _guarding() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    charges: dict[int, _Charge] = {}
    for line in sys.stdin:
        words = json.loads(line)
        charges.pop(words["pid"], None)
        if "stop" in words:
            with contextlib.suppress(psutil.Error):
                charges[words["pid"]] = _Charge(
                    psutil.Process(words["pid"]),
                    words["stop"],
                    words["is_server"],
                    Path(words["removing"]) if words["removing"] else None,
                )
    _end([charge for charge in charges.values() if not charge.is_server])
    _end([charge for charge in charges.values() if charge.is_server])


def _end(charges: Sequence[_Charge]) -> None:
    for charge in charges:
        with contextlib.suppress(psutil.Error):  # it compares start times: no other program's
            charge.process.send_signal(charge.stop)
    stubborn = _wait_until_gone([charge.process for charge in charges], STOP_SECONDS_MAX)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    _wait_until_gone(stubborn, STOP_SECONDS_MAX)
    for charge in charges:
        if charge.removing is not None:
            shutil.rmtree(charge.removing, ignore_errors=True)


if __name__ == "__main__":
    os.chdir("/")
    _guarding()
