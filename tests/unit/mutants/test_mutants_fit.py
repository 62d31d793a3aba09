"""Every mutant still breaks the code it was made for, and names tests that exist."""

import ast

import pytest

from tests.architecture.files import ROOT
from tests.mutants.mutants import MUTANTS, Misfit, Mutant

by_name = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


@by_name
def test_it_fits_and_what_it_makes_is_python(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text()
    ast.parse(mutant.applied_to(text))


@by_name
def test_the_tests_it_names_exist(mutant: Mutant) -> None:
    for test in mutant.tests:
        file, _, function = test.partition("::")
        function, _, _ = function.partition("[")
        assert f"def {function}" in (ROOT / file).read_text(), test


def test_there_are_ten_and_more_each_with_a_name_of_its_own() -> None:
    names = {mutant.name for mutant in MUTANTS}
    assert len(names) == len(MUTANTS) >= 10


@pytest.mark.parametrize("text", ["", "once here, once here"])
def test_a_mutant_whose_text_has_gone_fails_loudly(text: str) -> None:
    with pytest.raises(Misfit, match="it must be once"):
        Mutant("m", "file.py", "once here", "x", ()).applied_to(text)
