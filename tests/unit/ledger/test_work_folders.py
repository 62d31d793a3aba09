"""Folders of files that are worked on."""

import os
import tempfile
from pathlib import Path

import pytest

from services.ledger.import_files.folders import clear_left_folders, work_folder


def grow_old(folder: Path) -> None:
    os.utime(folder, (0, 0))


def test_what_a_killed_process_left_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with work_folder() as busy:
        left = tmp_path / f"{busy.name}-left"
        young = tmp_path / f"{busy.name}-young"
        for folder in (left, young):
            folder.mkdir()
            (folder / "lock").touch()
            (folder / "file").write_text("x")
        grow_old(left)
        grow_old(busy)
        assert clear_left_folders() == 1
        assert sorted(tmp_path.iterdir()) == sorted([busy, young])
    assert list(tmp_path.iterdir()) == [young]
