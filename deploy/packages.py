"""Install the packages of a hashed lock and say all the while what is going on.

Run by the interpreter of the environment that is being set up (`install.sh`), so it imports nothing
but the standard library: `python packages.py LOCK`. Lines, not bars: they are right in a terminal,
in a log, and for a screen reader.
"""

import subprocess
import sys
import sysconfig
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

SAY_SECONDS = 5.0
TAIL_LINES = 25  # of pip's words, where it failed


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
        elif line.lstrip().startswith(("Collecting ", "Requirement already satisfied: ")):
            self.collected += 1
            self._at = line.partition("==")[0].split()[-1]
        elif line.lstrip().startswith(("Downloading ", "Using cached ")):
            name = line.split()[1 if "Downloading" in line else 2].partition("-")[0]
            size = line.rpartition("(")[2].rstrip(")") if line.endswith(")") else ""
            self._at = f"{name} ({size})" if size else name
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
    lines = lock.read_text(encoding="utf-8").splitlines()
    packages = sum("==" in line and line[:1].isalnum() for line in lines)
    print(f"Installing {packages} packages (a minute or two, once)", flush=True)
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
    print(f"{progress.packages} packages are there", flush=True)
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(Path(sys.argv[1])))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
