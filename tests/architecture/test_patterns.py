"""No text that anybody sends keeps a pattern busy for longer than reading it does."""

import re

import pytest

from tests.architecture.patterns import Found, TooSlow, patterns, try_pattern

FOUND = patterns()


@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.name)
def test_a_megabyte_of_its_worst_text_is_soon_read(found: Found) -> None:
    try_pattern(found)


def test_patterns_are_found() -> None:
    names = {found.name for found in FOUND}
    assert {"shared.ids.TENANT", "shared.field_errors._STEP", "shared.texts._CONTROLS"} <= names
    assert any("compliance" in name and "Header.version" in name for name in names)
    assert any(name.startswith("shared.process.redaction._SHAPES") for name in names)


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        # What once stood in the code: of messages, of log lines, of gates.
        (r"(?P<what>.*?)(?: - at `(?P<key>key in )?(?P<path>\$.*)`)?", "fullmatch"),
        (r"[\w.+-]+@[\w-]+\.[\w.-]*\w", "search"),
        (r"a.*a.*a.*b", "fullmatch"),
        # What may come.
        (r"(a+)+\Z", "match"),
        (r"\s+\Z", "search"),
    ],
)
def test_a_pattern_that_goes_back_is_caught(pattern: str, method: str) -> None:
    planted = Found("planted", re.compile(pattern, re.DOTALL), frozenset({method}))
    with pytest.raises(TooSlow):
        try_pattern(planted, seconds_max=0.3)
