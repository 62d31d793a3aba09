"""`make mutants [names…]`: break a copy of the code in each named way; the tests must go red.

The tests that a mutant is shown to are run once on the unbroken copy first: what is red anyway
proves nothing. Exit code 1 when a mutant survives, 2 when it cannot be told.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.postgres import FORGETFUL, Postgres
from shared import clock
from tests.architecture.files import ROOT, project_files
from tests.mutants.mutants import MUTANTS, Misfit, Mutant

SECONDS_MAX = 300
GREEN, RED = 0, 1  # pytest's exit codes; all others mean that it could not run them


class Undecided(Exception):
    """The tests could not be run as they should."""


@contextmanager
def copied_tree() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="recoup-mutants-") as folder:
        root = Path(folder)
        for path in project_files():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, root / path)
        yield root


@contextmanager
def postgres() -> Iterator[str]:
    """One server for all runs."""
    given = os.environ.get("RECOUP_POSTGRES_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="recoup-mutants-") as folder:
        server = Postgres(Path(folder), settings=FORGETFUL, is_kept=False)
        try:
            yield server.start()
        finally:
            server.remove()


def outcome(root: Path, server: str, tests: Sequence[str]) -> tuple[int, str]:
    """pytest's exit code on these tests, and the first test that failed."""
    environment = {
        **os.environ,
        "RECOUP_POSTGRES_URL": server,
        "CI": "true",  # nothing is passed over for want of a server
        "PYTHONDONTWRITEBYTECODE": "1",  # two mutants of one second would share their bytecode
        "HYPOTHESIS_STORAGE_DIRECTORY": str(root / ".hypothesis"),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-rf", "-p", "no:cacheprovider", *tests],
            cwd=root, env=environment, capture_output=True, text=True, check=False,
            timeout=SECONDS_MAX,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Undecided(f"not done within {SECONDS_MAX} s: {' '.join(tests)}") from error
    if done.returncode not in (GREEN, RED):
        raise Undecided(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}")
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    first = failed[0].split(" - ")[0].removeprefix("FAILED ") if failed else ""
    return done.returncode, first


def main(names: Sequence[str]) -> int:
    chosen = [m for m in MUTANTS if not names or any(name in m.name for name in names)]
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table("mutant", "broken", "seen by", "seconds", title="Mutants")
    survivors = 0
    try:
        with copied_tree() as root, postgres() as server:
            tests = sorted({test for mutant in chosen for test in mutant.tests})
            code, failed = outcome(root, server, tests)
            if code != GREEN:
                raise Undecided(f"red without any mutant: {failed}")
            console.print(f"{len(tests)} selections are green unbroken; {len(chosen)} mutants")
            for mutant in chosen:
                began = clock.monotonic()
                is_seen, by = see(mutant, root, server)
                seconds = f"{clock.monotonic() - began:.0f}"
                survivors += not is_seen
                shown = by.rpartition("/")[2] if is_seen else "[red]SURVIVES[/red]"
                console.print(f"  {'seen' if is_seen else 'SURVIVES'}: {mutant.name}")
                table.add_row(mutant.name, mutant.symbol, shown, seconds)
    except (Undecided, Misfit) as error:
        console.print(f"[red]undecided:[/red] {error}", markup=True)
        return 2
    console.print(table)
    console.print(f"{len(chosen) - survivors} of {len(chosen)} mutants are seen")
    return 1 if survivors else 0


def see(mutant: Mutant, root: Path, server: str) -> tuple[bool, str]:
    """Whether the tests go red, and the first that did; the tree is whole again afterwards."""
    path, broken = mutant.applied_to(root)
    whole = (root / path).read_text(encoding="utf-8")
    (root / path).write_text(broken, encoding="utf-8")
    try:
        code, failed = outcome(root, server, mutant.tests)
    finally:
        (root / path).write_text(whole, encoding="utf-8")
    return code == RED, failed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
