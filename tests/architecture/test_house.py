"""Services have the layout of the house, and no name means two things in one of them."""

from pathlib import Path

import pytest

from tests.architecture.files import ROOT, project_files, python_files
from tests.architecture.house import AREAS, misplaced, repeated_classes


def test_every_file_of_a_service_has_its_place() -> None:
    assert not misplaced(project_files())


@pytest.mark.parametrize(
    "path",
    ["services/ledger/helpers.py", "services/metrics/utils/x.py", "services/outreach/dunning/x.py"],
)
def test_a_file_without_a_place_is_seen(path: str) -> None:
    assert misplaced([Path(path)]) == [path]


def test_every_area_that_is_declared_is_there() -> None:
    areas = {
        path.parts[2]
        for path in python_files()
        if path.parts[:2] == ("services", "outreach") and len(path.parts) > 3
    }
    assert areas >= AREAS["outreach"]


def test_no_public_class_name_stands_twice_in_a_service() -> None:
    sources = [(path.as_posix(), (ROOT / path).read_text("utf-8")) for path in python_files()]
    assert repeated_classes(sources) == {}


def test_a_name_that_stands_twice_is_seen() -> None:
    found = repeated_classes(
        [
            ("services/x/domain/a.py", "class Thing: ..."),
            ("services/x/store/b.py", "class Thing: ..."),
            ("services/y/store/b.py", "class Thing: ..."),
        ]
    )
    assert found == {"x: Thing": ["services/x/domain/a.py", "services/x/store/b.py"]}
