"""The dashboard's files: small typed modules, no markup that the page's policy would block."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from services.metrics.api.pages import DASHBOARD, PATHS, dashboard
from tests.architecture.files import ROOT
from tests.conftest import not_run

LINES_MAX = 200
MODULES = sorted((DASHBOARD / "js").rglob("*.js"))
IMPORT = re.compile(r"""(?:from|import\()\s*"(\.{1,2}/[^"]+)\"""")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_is_short_says_what_it_is_and_finds_what_it_imports(module: Path) -> None:
    text = module.read_text("utf-8")
    assert text.startswith("// ")
    assert len(text.splitlines()) <= LINES_MAX
    for name in IMPORT.findall(text):
        target = (module.parent / name).resolve()
        assert target.exists() or target.with_suffix(".d.ts").exists(), name


def test_the_page_has_nothing_that_its_policy_blocks() -> None:
    text = (DASHBOARD / "index.html").read_text("utf-8")
    assert re.findall(r"<style|<script(?! src=)|\sstyle=|\son[a-z]+=|https?://", text) == []
    scripts = "".join(path.read_text("utf-8") for path in MODULES)
    assert re.findall(r"innerHTML|insertAdjacentHTML|\beval\(|new Function", scripts) == []


def test_every_tab_is_an_address_of_the_page() -> None:
    tabs = re.findall(r'<a href="(/[a-z]*)" data-page', (DASHBOARD / "index.html").read_text())
    assert set(tabs) <= {"/", *PATHS}
    assert len(tabs) == 8


def test_what_is_fetched_at_once_is_what_the_first_page_needs() -> None:
    assert all(name.count("/") == 1 for name in dashboard().preloads)


def test_the_modules_have_the_types_that_they_say() -> None:
    """`tsc --checkJs`, with the compiler that the TypeScript client is made with."""
    compiler = ROOT / "clients" / "typescript" / "node_modules" / ".bin" / "tsc"
    if shutil.which("node") is None or not compiler.exists():
        not_run("there is no TypeScript compiler (make clients)")
    ended = subprocess.run(
        [compiler, "--project", DASHBOARD], capture_output=True, text=True, check=False
    )
    assert ended.stdout == ""
    assert ended.returncode == 0


def test_the_compiler_is_told_to_be_strict() -> None:
    options = json.loads((DASHBOARD / "tsconfig.json").read_text())["compilerOptions"]
    assert options["checkJs"] is True
    assert options["strict"] is True
