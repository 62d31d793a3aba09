"""Every mutant still breaks the code it was made for, and names tests that exist."""

import ast
from pathlib import Path

import pytest

from tests.architecture.files import ROOT
from tests.mutants.mutants import MUTANTS, Misfit, Mutant

by_name = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


@by_name
def test_it_fits_and_what_it_makes_is_python(mutant: Mutant) -> None:
    path, text = mutant.applied_to(ROOT)
    ast.parse(text)
    assert text != (ROOT / path).read_text()


@by_name
def test_the_tests_it_names_exist(mutant: Mutant) -> None:
    for test in mutant.tests:
        file, _, function = test.partition("::")
        function, _, _ = function.partition("[")
        assert f"def {function}" in (ROOT / file).read_text(), test


def test_there_are_ten_and_more_each_with_a_name_of_its_own() -> None:
    names = {mutant.name for mutant in MUTANTS}
    assert len(names) == len(MUTANTS) >= 10


# ------------------------------------------------------------------- how a symbol is looked up

FUNCTION = "def f():\n    return 1\n"
METHOD = "class C:\n    @property\n    def f(self):\n        return 1\n"


def tree(folder: Path, **files: str) -> Path:
    """A package `a` with these modules, and the same text in a package that is not asked."""
    for name, text in {**files, "../b/x": FUNCTION}.items():
        file = folder / "a" / f"{name}.py"
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)
    return folder


def mutant(symbol: str, old: str = "return 1", new: str = "return 2") -> Mutant:
    return Mutant("m", symbol, old, new, ())


@pytest.mark.parametrize("name", ["x", "y"])
def test_the_file_in_the_package_does_not_matter(tmp_path: Path, name: str) -> None:
    root = tree(tmp_path, z="", **{name: f"ONE = 1\n{FUNCTION}\n\ndef g():\n    return 1\n"})
    path, text = mutant("a:f").applied_to(root)
    assert path == Path("a", f"{name}.py")
    assert text == "ONE = 1\ndef f():\n    return 2\n\n\ndef g():\n    return 1\n"


@pytest.mark.parametrize(
    ("symbol", "text"),
    [
        ("a:f", f"async {FUNCTION}"),
        ("a.x:f", FUNCTION),
        ("a:f", METHOD),
        ("a:C.f", METHOD),
        ("a:C.f", f"{METHOD}\n{FUNCTION}"),
        ("a:C", METHOD),
        ("a:f", 'f = """\nreturn 1\n"""\n'),
        ("a:f", 'f: str = "return 1"'),
    ],
)
def test_a_symbol_is_a_function_a_method_a_class_or_a_constant(
    tmp_path: Path, symbol: str, text: str
) -> None:
    root = tree(tmp_path, x=text)
    assert mutant(symbol).applied_to(root)[1] == text.replace("return 1", "return 2", 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def f():\n    return 3\n",
        f"def g():\n    return 1\n\n{FUNCTION}".replace("def f", "def h"),
        f"{FUNCTION}\n{FUNCTION}",
        f"{METHOD}\n{FUNCTION}",
        "def f():\n    if f:\n        return 1\n    return 1\n",
    ],
)
def test_a_mutant_whose_text_has_gone_or_is_there_twice_fails_loudly(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(Misfit):
        mutant("a:f").applied_to(tree(tmp_path, x=text))


def test_a_mutant_that_changes_nothing_fails_loudly(tmp_path: Path) -> None:
    with pytest.raises(Misfit):
        mutant("a:f", new="return 1").applied_to(tree(tmp_path, x=FUNCTION))
