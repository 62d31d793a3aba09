"""Imports go the way the layers say, and every contract bites: violations are planted and seen."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.files import ROOT, python_files

LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(limit_to_contracts=tuple(sys.argv[1:]), no_cache=True, no_logo=True))
"""

# (contract, file, line to add, what the report must name)
PLANTED = [
    (
        "governor-layers",
        "services/outreach/compliance/kinds/planted.py",
        "import services.outreach.compliance.evaluation",
        "evaluation",
    ),
    ("layers", "services/ledger/domain/planted.py", "import services.ledger.tables", "tables"),
    ("layers", "services/ledger/store/planted.py", "import services.ledger.commands", "commands"),
    ("layers", "services/metrics/helpers.py", "", "helpers"),
    ("area-layers", "services/outreach/dunning/helpers.py", "", "helpers"),
    ("outreach-areas", "services/outreach/helpers.py", "", "helpers"),
    (
        "outreach-areas",
        "services/outreach/activity/domain/planted.py",
        "import services.outreach.dunning.domain.planning",
        "dunning",
    ),
    (
        "outreach-areas",
        "services/outreach/consents/planted.py",
        "import services.outreach.history.domain",
        "history",
    ),
    (
        "outreach-areas",
        "services/outreach/dunning/commands/planted.py",
        "import services.outreach.context",
        "context",
    ),
    (
        "pure-domain",
        "services/outreach/dunning/domain/planted.py",
        "import shared.database",
        "shared.database",
    ),
    (
        "doors-and-commands",
        "services/outreach/dunning/processes/planted.py",
        "import asyncpg",
        "asyncpg",
    ),
    ("independence", "services/metrics/domain/planted.py", "import services.ledger.tables", ""),
    (
        "outreach-areas",
        "services/outreach/history/planted.py",
        "import services.outreach.dunning",
        "dunning",
    ),
    (
        "outreach-areas",
        "services/outreach/channels/planted.py",
        "import services.outreach.debtors",
        "debtors",
    ),
    (
        "area-layers",
        "services/outreach/dunning/domain/planted.py",
        "import services.outreach.dunning.store",
        "store",
    ),
    ("area-layers", "services/outreach/debtors/helpers.py", "", "helpers"),
    (
        "no-circles",
        "services/segmentation/domain/priority.py",
        "import services.segmentation.domain.assess",
        "priority",
    ),
    ("pure-domain", "services/outreach/dunning/domain/planted.py", "import asyncio", "asyncio"),
    ("pure-domain", "services/outreach/compliance/planted.py", "import shared.web", "shared.web"),
    ("pure-domain", "services/segmentation/learning/planted.py", "import asyncpg", "asyncpg"),
    ("shared-layers", "shared/process/planted.py", "import shared.web", "shared.web"),
    ("shared-layers", "shared/web/planted.py", "import shared.log", "shared.log"),
    ("shared-layers", "shared/events/planted.py", "import shared.database", "shared.database"),
    ("shared-layers", "shared/helpers.py", "", "helpers"),
    ("shared-knows-nobody", "shared/planted.py", "import services.ledger.tables", "planted"),
    ("services-know-no-deployment", "services/ledger/domain/planted.py", "import deploy", ""),
    ("pure-domain", "services/ledger/domain/planted.py", "import sqlalchemy", "sqlalchemy"),
    (
        "pure-domain",
        "services/ledger/domain/planted.py",
        "import shared.database",
        "shared.database",
    ),
    ("doors-and-commands", "services/ledger/commands/planted.py", "import aiokafka", "aiokafka"),
    ("doors-and-commands", "services/ledger/api/planted.py", "import asyncpg", "asyncpg"),
]


def lint(root: Path, *contracts: str) -> tuple[int, str]:
    """The linter's exit code and report, on these contracts or on all."""
    outcome = subprocess.run(
        [sys.executable, "-c", LINT, *contracts],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return outcome.returncode, outcome.stdout + outcome.stderr


def test_imports_keep_every_contract() -> None:
    code, report = lint(ROOT)
    assert code == 0, report


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's source, to be spoilt."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", root)
    for path in python_files():
        if path.parts[0] in {"shared", "services", "deploy"}:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, root / path)
    return root


@pytest.mark.slow
@pytest.mark.parametrize(("contract", "file", "line", "named"), PLANTED)
def test_a_planted_import_breaks_its_contract(
    copy: Path, contract: str, file: str, line: str, named: str
) -> None:
    planted = copy / file
    before = planted.read_text() if planted.exists() else None
    planted.write_text(f'"""Planted."""\n\n{line}\n')
    try:
        code, report = lint(copy, contract)
    finally:
        planted.unlink() if before is None else planted.write_text(before)
    assert code == 1, report
    assert "BROKEN" in report
    assert named in report
