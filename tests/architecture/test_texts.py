"""No file names a package registry, a path of one machine, or hides a host in the lock."""

import re

import pytest

from tests.architecture.files import project_files, text_of

# Written in parts, so that this file does not name them either.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("maven", "org"),
        ("maven", "apache", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("docker", "io"),
    )
)
MACHINE_PATHS = tuple(f"/{name}/" for name in ("root", "work", "home", "Users", "opt/wheels"))
PATTERN = re.compile(
    "|".join(
        [rf"\b{re.escape(host)}\b" for host in REGISTRIES]
        + [rf"(?<![\w.\-}}$/]){re.escape(path)}" for path in MACHINE_PATHS]
    )
)


def found_in(text: str) -> list[str]:
    if not any(word in text for word in (*REGISTRIES, *MACHINE_PATHS)):
        return []  # which is quick to see, and true of nearly every file
    return [match.group() for match in PATTERN.finditer(text)]


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in project_files():
        text = text_of(path)
        if text is not None:
            found += [f"{path}: {word}" for word in found_in(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("host", REGISTRIES)
def test_a_planted_registry_is_seen(host: str) -> None:
    assert found_in(f"index = https://{host}/simple")


@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_a_planted_path_is_seen(path: str) -> None:
    assert found_in(f"cd {path}thing")


def test_an_address_in_a_url_is_not_a_path() -> None:
    assert not found_in("https://example.com/home/page and services/work/x")


def test_the_lock_has_hashes_and_no_host() -> None:
    from pathlib import Path

    lock = text_of(Path("requirements.lock"))
    assert lock is not None
    assert "://" not in lock
    pins = re.findall(r"^[a-z0-9][^ #]*==", lock, re.MULTILINE)
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(pins) == len(blocks) > 50
    assert all("--hash=sha256:" in block for block in blocks)
