"""Every page that is named exists: in code, configuration and prose."""

import re

import pytest

from tests.architecture.files import ROOT, project_files, text_of

# A page by a path from the root or from the page that names it; `*` stands for any.
PAGE = re.compile(r"(?<![\w/.*{}-])((?:[\w.-]+/)*[\w-]+\.md)\b")
FOREIGN = (
    "tests/integration/deploy/compose_spec/",  # another project's
    "tests/architecture/test_documents.py",  # names pages that are gone, on purpose
)


def pages_named_in(text: str) -> list[str]:
    return PAGE.findall(text)


def missing_pages() -> list[str]:
    files = set(project_files())
    found = []
    for path in project_files():
        text = text_of(path)
        if text is None or path.as_posix().startswith(FOREIGN):
            continue
        for name in pages_named_in(text):
            near = (ROOT / path.parent / name).resolve()
            from_root = (ROOT / name).resolve()
            places = (near, from_root, ROOT / "docs" / name)
            if not any(
                place.is_relative_to(ROOT) and place.relative_to(ROOT) in files for place in places
            ):
                found.append(f"{path}: {name}")
    return found


def test_every_page_that_is_named_exists() -> None:
    assert not missing_pages(), "\n".join(missing_pages())


@pytest.mark.parametrize("text", ["as the rules say (GONE.md)", "[x](docs/gone.md)", "`gone.md`"])
def test_a_page_that_is_named_is_seen(text: str) -> None:
    assert [name.lower().rpartition("/")[2] for name in pages_named_in(text)] == ["gone.md"]


def test_an_address_is_no_page_of_ours() -> None:
    assert not pages_named_in("https://example.com/x/README.md")


PYTHON = re.compile(r"(?<![\w/.-])python3? -m ")
FILES_OF_COMMANDS = re.compile(r"--data-binary @(\S+)|(?:DATA|MAPPING)=(deploy/\S+)")


def commands_for_people() -> dict[str, str]:
    """Every page that tells a person what to type."""
    paths = [path for path in project_files() if path.suffix == ".md"]
    paths += [path for path in project_files() if path.name == ".env.example"]
    return {path.as_posix(): text_of(path) or "" for path in paths}


def test_python_is_called_where_the_packages_are() -> None:
    """`python` is on few PATHs, and finds none of them; in a container it does."""
    wrong = [
        f"{path}: {line.strip()}"
        for path, text in commands_for_people().items()
        for line in text.splitlines()
        if PYTHON.search(line) and "docker" not in line
    ]
    assert not wrong, "\n".join(wrong)


def test_help_says_how_a_program_is_called() -> None:
    for path in project_files():
        if path.parts[0] in ("deploy", "services") and path.suffix == ".py":
            assert 'prog="python' not in (text_of(path) or ""), path


def test_what_a_command_reads_is_there() -> None:
    for path, text in commands_for_people().items():
        for names in FILES_OF_COMMANDS.findall(text):
            (name,) = filter(None, names)
            if name.startswith(("services/", "deploy/")):
                assert (ROOT / name.rstrip("`;.,")).exists(), f"{path}: {name}"
    assert "@my-policy" not in (ROOT / "README.md").read_text()
