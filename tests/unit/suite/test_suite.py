"""The suite leaves no test out, runs every part, and tells truly what became of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.files import ROOT
from tests.suite import report
from tests.suite.lanes import Ended, Lanes
from tests.suite.parts import Part, every_part, in_order, parts_under

pytestmark = pytest.mark.slow

TESTS = """
import pytest

def test_green(): pass
def test_red(): assert 1 == 2
def test_without_a_server(): pytest.skip("NOT RUN: no server")
@pytest.fixture
def broken(): raise OSError("no place")
def test_with_what_is_broken(broken): pass
"""


def test_every_test_file_is_in_exactly_one_part() -> None:
    listed = [path for part in every_part() for path in part.paths]
    assert sorted(listed) == sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")
    )


def test_a_part_can_be_chosen_by_folder_and_by_file() -> None:
    assert {part.name for part in parts_under(["tests/unit/outreach"])} == {"unit/outreach"}
    (part,) = parts_under(["tests/unit/suite/test_suite.py"])
    assert (part.name, part.paths) == ("rules", ("tests/unit/suite/test_suite.py",))


def test_the_longest_begins_and_what_is_unknown_before_it() -> None:
    parts = [Part(name, ()) for name in ("short", "long", "new")]
    ordered = in_order(parts, {"short": 1.0, "long": 9.0})
    assert [part.name for part in ordered] == ["new", "long", "short"]


def test_what_waits_for_servers_is_known() -> None:
    waits = {part.name.partition("/")[0] for part in every_part() if part.waits}
    assert waits == {"benchmarks", "e2e", "integration"}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    """Three parts: one with every kind of end, one that cannot be collected, one without tests."""
    folder = tmp_path_factory.mktemp("suite")
    texts = {"mixed": TESTS, "broken": "import nothing_of_this_name", "empty": ""}
    parts = []
    for name, text in texts.items():
        file = folder / f"test_{name}.py"
        file.write_text(text)
        parts.append(Part(f"unit/{name}", (str(file),)))
    options = ("-p", "no:cacheprovider")
    return Lanes(folder, {}, options, when_ended=lambda _: None).run(parts, 1)


def test_every_part_runs_to_its_end(ended: list[Ended]) -> None:
    assert {each.part.name: each.code for each in ended} == {
        "unit/mixed": 1,
        "unit/broken": 2,
        "unit/empty": 5,
    }
    assert [each.part.name for each in ended if each.is_good] == ["unit/empty"]


def test_the_report_names_what_failed_and_what_did_not_run(ended: list[Ended]) -> None:
    lines = report.lines(ended, 3.0)
    text = "\n".join(lines)
    assert "test_mixed.py::test_red: assert 1 == 2" in text
    assert "test_mixed.py::test_without_a_server: NOT RUN: no server" in text
    assert "unit/broken: pytest ended with 2" in text
    per_folder = [int(line.split()[2]) for line in lines if " tests  " in line]
    assert sum(per_folder) == 5  # what cannot be collected counts as one
    assert "== slowest 10" in text
    assert (
        text.rpartition("\n")[2].strip("= ") == "1 failed, 1 passed, 1 skipped, 2 errors in 3.00s"
    )


def test_a_part_that_died_is_red(tmp_path: Path) -> None:
    died = Ended(Part("unit/x", ()), -9, 1.0, "", tmp_path / "none.xml")
    assert report.lines([died], 1.0)[-1].strip("= ") == "1 error in 1.00s"


def test_the_command_line_chooses_one_form() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "tests.suite", "--fast", "--long"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "not allowed with" in refused.stderr
