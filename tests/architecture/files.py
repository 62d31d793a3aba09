"""The files of the project: what is or would be committed."""

import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where there is no git (an unpacked archive): what it would ignore.
IGNORED = {".git", ".venv", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@lru_cache(maxsize=1)
def project_files() -> tuple[Path, ...]:
    """Every file, paths from the root."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.split("\0")
        found = [Path(name) for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        found = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    return tuple(
        sorted(
            path
            for path in found
            if not IGNORED.intersection(path.parts) and (ROOT / path).is_file()
        )
    )


def python_files() -> tuple[Path, ...]:
    return tuple(path for path in project_files() if path.suffix == ".py")


def text_of(path: Path) -> str | None:
    """The file's text; None if it is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
