"""How the tests are cut into parts, each the work of one pytest process.

A process costs seconds before its first test: so small folders go together, and what takes a
minute or waits for servers is a part of its own. Tests from outside are cut by file: those that
share a running platform stay together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.files import ROOT

TESTS = ROOT / "tests"
RULES = ("architecture", "contracts", "unit")  # need no server
LARGE_RULES = ("unit/outreach", "unit/segmentation")
# Every other file in tests/e2e starts platforms of its own, so it can run anywhere.
SHARE_A_PLATFORM = (
    "test_balances", "test_ibm_late_payment", "test_intake", "test_log", "test_segmentation",
    "test_watching",
)  # fmt: skip
SHORT = "not full and not bench"
LONG = "full"
FAST = f"not slow and not hypothesis and {SHORT}"


@dataclass(frozen=True)
class Part:
    """What one pytest process runs."""

    name: str
    paths: tuple[str, ...]  # from the root

    @property
    def waits(self) -> bool:
        """Whether it waits for servers; the others only compute."""
        return not self.name.startswith(("rules", "unit"))


def parts_under(paths: Sequence[str]) -> list[Part]:
    """Those of these folders and files, in no order; all of tests/ if none is named."""
    chosen = [(ROOT / path).resolve() for path in paths or ("tests",)]
    parts = []
    for part in every_part():
        files = tuple(path for path in part.paths if _is_within(ROOT / path, chosen))
        if files:
            parts.append(Part(part.name, files))
    return parts


def every_part() -> list[Part]:
    """Each test file is in exactly one of them."""
    groups: dict[str, list[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        path = file.relative_to(ROOT).as_posix()
        name = _part_of(file.relative_to(TESTS))
        groups.setdefault(name, []).append(path)
    return [Part(name, tuple(files)) for name, files in groups.items()]


def _part_of(file: Path) -> str:
    kind, folder = file.parts[0], "/".join(file.parts[:2])
    if kind in RULES:
        return folder if folder in LARGE_RULES else "rules"
    if kind == "e2e":
        return "e2e/shared" if file.stem in SHARE_A_PLATFORM else f"e2e/{file.stem[5:]}"
    return folder if kind == "integration" else kind


def _is_within(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def in_order(parts: Iterable[Part], seconds: Mapping[str, float]) -> list[Part]:
    """The longest first, by what each took last time: so that all lanes end together.

    What is not known may be long.
    """
    return sorted(parts, key=lambda part: (-seconds.get(part.name, float("inf")), part.name))
