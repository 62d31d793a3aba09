"""Install the packages of a hashed lock and say all the while what is going on.

Run by the interpreter of the environment that is being set up (`install.sh`), so it imports nothing
but the standard library: `python packages.py LOCK`. Lines, not bars: they are right in a terminal,
in a log, and for a screen reader.
"""

import re
import subprocess
import sys
import sysconfig
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

SAY_SECONDS = 5.0
TAIL_LINES = 25  # of pip's words, where it failed

_PACKAGE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*==", re.MULTILINE)
_COLLECTING = re.compile(r"^\s*(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)")
_LOADING = re.compile(r"^\s*(?:Downloading|Using cached) (\S+?)-\d.*?(?: \(([^)]+)\))?$")


class Progress:
    """What pip has done so far, by its own words."""

    def __init__(self, packages: int) -> None:
        self.packages = packages
        self.collected = 0
        self.is_installing = False
        self.installed = 0
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._at = ""

    def take(self, line: str) -> None:
        """A line of pip's."""
        self.tail.append(line)
        if line.startswith("Ignoring "):  # not for this machine
            self.packages -= 1
        elif found := _COLLECTING.match(line):
            self.collected += 1
            self._at = found[1]
        elif found := _LOADING.match(line):
            self._at = f"{found[1]} ({found[2]})" if found[2] else found[1]
        elif line.startswith("Installing collected packages"):
            self.is_installing = True

    @property
    def words(self) -> str:
        if self.is_installing:
            return f"  unpacking: {min(self.installed, self.packages)} of {self.packages}"
        at = f": {self._at}" if self._at else ""
        return f"  fetching: {min(self.collected, self.packages)} of {self.packages}{at}"


def run(command: Sequence[str], progress: Progress, folder: Path) -> int:
    """Run pip and report on it; its exit code."""
    over = threading.Event()
    begun = _installed(folder)

    def say() -> None:
        while not over.wait(SAY_SECONDS):
            progress.installed = _installed(folder) - begun
            print(progress.words, flush=True)

    speaker = threading.Thread(target=say, daemon=True)
    speaker.start()
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                progress.take(line.rstrip())
        code = process.returncode
    finally:
        over.set()
        speaker.join()
    if code:
        print("\n".join(progress.tail), file=sys.stderr)
    return code


def _installed(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*.dist-info"))


def main(lock: Path) -> int:
    packages = len(_PACKAGE.findall(lock.read_text(encoding="utf-8")))
    print(f"Installing {packages} packages (a minute or two, once)", flush=True)
    started = time.monotonic()
    command = [
        sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
        "--progress-bar", "off", "--require-hashes", "--only-binary", ":all:",
        "--requirement", str(lock),
    ]  # fmt: skip
    progress = Progress(packages)
    code = run(command, progress, Path(sysconfig.get_path("purelib")))
    if code:
        print(f"The packages could not be installed (pip ended with code {code}).", file=sys.stderr)
        return code
    print(
        f"{progress.packages} packages are there ({time.monotonic() - started:.0f} s)", flush=True
    )
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(Path(sys.argv[1])))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
