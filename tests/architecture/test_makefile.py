"""`make help` is made from comments and leaves nothing out; what CI runs can be run."""

import os
import re
import subprocess

import pytest

from tests.architecture.files import ROOT

PROMISED = [
    "demo",
    "run",
    "run-kafka",
    "kafka",
    "stop",
    "test",
    "full",
    "check",
    "fast",
    "static",
    "fmt",
    "unit",
    "integration",
    "e2e",
    "bench",
    "docs",
    "dead-letters",
    "backup",
    "restore",
    "compare",
    "migrate",
    "rebuild-metrics",
    "mutants",
]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def help_text() -> str:
    return subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]},
    ).stdout  # fmt: skip


@pytest.mark.parametrize("target", PROMISED)
def test_help_names_every_promised_target(target: str) -> None:
    assert re.search(rf"^  {re.escape(target)} +\S", help_text(), re.MULTILINE)


def test_every_target_has_a_word_of_help_and_sets_itself_up() -> None:
    targets = re.findall(r"^([a-z][a-z0-9-]*):(.*)$", MAKEFILE, re.MULTILINE)
    for name, rest in targets:
        assert "## " in rest, f"{name} has no ## comment"
        assert name in {"help", "lock"} or "$(INSTALLED)" in rest, f"{name} may run uninstalled"


def test_check_is_what_it_says() -> None:
    recipe = MAKEFILE.partition("\ncheck:")[2].partition("\nstatic:")[0]
    assert recipe.rstrip().endswith(" static fast")


def test_ci_can_be_run_and_ends_with_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("make --no-print-directory test")
